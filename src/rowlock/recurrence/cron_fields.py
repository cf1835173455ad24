"""The fields of a cron expression: names, ranges, steps, `L`, `W`, `#`, `?` and `H`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from rowlock.errors import InvalidValueError
from rowlock.recurrence.days import Weekday

MONTH_NAMES = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_RANGE = re.compile(r"(?P<low>\*|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\d+))?")
_SPREAD = re.compile(r"h(?:\((?P<low>\d+)-(?P<high>\d+)\))?(?:/(?P<step>\d+))?")


@dataclass(frozen=True, slots=True)
class Field:
    """What one field may hold.

    Attributes:
        name: What errors call it.
        low: The least number.
        high: The greatest number.
        size: How many there are to step through; Sunday is both 0 and 7.
        spread_high: The greatest number that `H` draws.
        names: Words for the numbers from `low`, if there are any.
    """

    name: str
    low: int
    high: int
    size: int
    spread_high: int
    names: tuple[str, ...] = ()

    def refuse(self, problem: str) -> InvalidValueError:
        """Return the error that names this field."""
        return InvalidValueError(self.name, problem)

    def number(self, word: str) -> int:
        """Return the number that a word means.

        Raises:
            InvalidValueError: It means none, or one that is out of range.
        """
        if word in self.names:
            return self.low + self.names.index(word)
        if not (word.isascii() and word.isdigit()):
            words = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
            raise self.refuse(f"{word!r} is not a number from {self.low} to {self.high}{words}")
        if len(word) > 2 or not self.low <= int(word) <= self.high:
            raise self.refuse(f"{word} is outside {self.low} to {self.high}")
        return int(word)

    def numbers(self, item: str, key: str) -> set[int]:
        """Return the numbers that one item of a list means.

        Raises:
            InvalidValueError: It cannot be read, or its step is wider than the field.
        """
        spread = _SPREAD.fullmatch(item)
        if spread is not None:
            return self._spread(spread, key)
        match = _RANGE.fullmatch(item)
        if match is None or (match["low"] == "*" and match["high"]):
            raise self.refuse(f"{item!r} is not a number, a range such as 1-5, or * with a step")
        step = self._step(match["step"])
        if match["low"] == "*":
            low, high = self.low, self.high
        else:
            low = self.number(match["low"])
            high = self.number(match["high"]) if match["high"] else low
            if match["step"] and not match["high"]:
                high = self.high
        return self._range(low, high, step)

    def _range(self, low: int, high: int, step: int) -> set[int]:
        """Return every `step`-th number; a range that ends before it begins wraps around."""
        end = high if low <= high else high + self.size
        return {self._plain(number) for number in range(low, end + 1, step)}

    def _plain(self, number: int) -> int:
        return self.low + (number - self.low) % self.size

    def _step(self, text: str | None) -> int:
        if text is None:
            return 1
        if len(text) > 4 or not 0 < int(text) <= self.size:
            raise self.refuse(f"step {text} is outside 1 to {self.size}; @every takes longer steps")
        return int(text)

    def _spread(self, match: re.Match[str], key: str) -> set[int]:
        if not key:
            raise self.refuse("H needs a key to be spread by, such as the name of the schedule")
        low = self.number(match["low"]) if match["low"] else self.low
        high = self.number(match["high"]) if match["high"] else self.spread_high
        if low > high:
            raise self.refuse(f"{match[0].upper()!r} ends before it begins")
        digest = hashlib.sha256(f"{self.name}\n{key}".encode()).digest()
        drawn = int.from_bytes(digest[:8], "big")
        if match["step"] is None:
            return {self._plain(low + drawn % (high - low + 1))}
        step = self._step(match["step"])
        first = low + drawn % min(step, high - low + 1)
        return {self._plain(number) for number in range(first, high + 1, step)}


SECOND = Field("second", 0, 59, size=60, spread_high=59)
MINUTE = Field("minute", 0, 59, size=60, spread_high=59)
HOUR = Field("hour", 0, 23, size=24, spread_high=23)
MONTH_DAY = Field("day of month", 1, 31, size=31, spread_high=28)
MONTH = Field("month", 1, 12, size=12, spread_high=12, names=MONTH_NAMES)
WEEKDAY = Field("day of week", 0, 7, size=7, spread_high=6, names=DAY_NAMES)


def plain_numbers(field: Field, text: str, key: str) -> tuple[int, ...]:
    """Return the numbers of a field that has nothing but numbers, ascending.

    Raises:
        InvalidValueError: The field cannot be read.
    """
    found: set[int] = set()
    for item in text.split(","):
        found |= field.numbers(item, key)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class MonthDays:
    """The days of a month that a field names: from either end, and working days near a day."""

    days: tuple[int, ...]
    nearest: tuple[int, ...]


def month_days(text: str, key: str) -> MonthDays:
    """Return what the field of the days of the month says.

    Raises:
        InvalidValueError: It cannot be read.
    """
    days: set[int] = set()
    nearest: set[int] = set()
    for item in text.split(","):
        if item == "l":
            days.add(-1)
        elif item in {"lw", "wl"}:
            nearest.add(-1)
        elif item.endswith("w"):
            nearest.add(MONTH_DAY.number(item[:-1]))
        else:
            days |= MONTH_DAY.numbers(item, key)
    return MonthDays(tuple(sorted(days)), tuple(sorted(nearest)))


def weekdays(text: str, key: str) -> tuple[Weekday, ...]:
    """Return what the field of the days of the week says, Monday being 0.

    Raises:
        InvalidValueError: It cannot be read.
    """
    found: set[Weekday] = set()
    for item in text.split(","):
        day, sign, nth = item.partition("#")
        if sign:
            if nth not in {"1", "2", "3", "4", "5"}:
                raise WEEKDAY.refuse(f"{item!r} must end in #1 to #5")
            found.add(Weekday(_from_sunday(WEEKDAY.number(day)), int(nth)))
        elif len(item) > 1 and item.endswith("l"):
            found.add(Weekday(_from_sunday(WEEKDAY.number(item[:-1])), -1))
        else:
            found |= {Weekday(_from_sunday(one)) for one in WEEKDAY.numbers(item, key)}
    return tuple(sorted(found))


def _from_sunday(number: int) -> int:
    return (number - 1) % 7
