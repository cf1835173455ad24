# What type checkers see of the package; at run time `__init__.py` loads the same names lazily.
from rowlock.errors import TaskFailedError as TaskFailedError
from rowlock.testing.attempts import TaskRun as TaskRun
from rowlock.testing.clocks import Clock as Clock
from rowlock.testing.clocks import clock as clock
from rowlock.testing.inlining import inline as inline
from rowlock.testing.looking import aall_enqueued as aall_enqueued
from rowlock.testing.looking import aassert_enqueued as aassert_enqueued
from rowlock.testing.looking import all_enqueued as all_enqueued
from rowlock.testing.looking import arefute_enqueued as arefute_enqueued
from rowlock.testing.looking import assert_enqueued as assert_enqueued
from rowlock.testing.looking import refute_enqueued as refute_enqueued
from rowlock.testing.places import in_transaction as in_transaction
from rowlock.testing.places import on_memory as on_memory
from rowlock.testing.running import ado_upkeep as ado_upkeep
from rowlock.testing.running import adrain as adrain
from rowlock.testing.running import arun_task as arun_task
from rowlock.testing.running import do_upkeep as do_upkeep
from rowlock.testing.running import drain as drain
from rowlock.testing.running import run_task as run_task
from rowlock.testing.ticking import arun_ticks as arun_ticks
from rowlock.testing.ticking import run_ticks as run_ticks

__all__: list[str]  # noqa: PYI035 - the names above, in another order
