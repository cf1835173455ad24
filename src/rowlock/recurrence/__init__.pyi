# What type checkers see of the package; at run time `__init__.py` loads the same names lazily.
from rowlock.recurrence.cron import parse_cron as parse_cron
from rowlock.recurrence.parsing import parse as parse
from rowlock.recurrence.recurrence import ClockChange as ClockChange
from rowlock.recurrence.recurrence import Notation as Notation
from rowlock.recurrence.recurrence import Occurrence as Occurrence
from rowlock.recurrence.recurrence import Recurrence as Recurrence
from rowlock.recurrence.rrule import parse_rrule as parse_rrule
from rowlock.recurrence.rule import parse_rule as parse_rule
from rowlock.recurrence.series import Gap as Gap
from rowlock.recurrence.series import Overlap as Overlap

__all__: list[str]  # noqa: PYI035 - the names above, in another order
