"""`definition.every(…)`: schedules that code declares."""

from __future__ import annotations

from typing import Self, Unpack

from rowlock.definitions.scheduling import Declaration, GivenSchedule, Rule, declare


class Scheduled:
    """Gives a definition its schedules; apps that include its collection share them."""

    alias: str
    schedules: list[Declaration]

    def every(
        self,
        rule: Rule,
        /,
        *,
        name: str | None = None,
        **given: Unpack[GivenSchedule],
    ) -> Self:
        """Declare a schedule of this definition; workers store it when they start.

        Args:
            rule: An interval such as `"1h30m"`, a cron expression, an RRULE, a rule of seven
                keys, or a `Recurrence`.
            name: Its name; by default the definition's alias.
            **given: See `GivenSchedule`.

        Returns:
            The definition.

        Raises:
            InvalidValueError: A value is refused, or the definition has one of that name.
        """
        self.schedules.append(declare(self.alias, self.schedules, name, rule, given))
        return self
