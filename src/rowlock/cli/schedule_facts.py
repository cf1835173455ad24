"""A schedule as `rowlock schedule show` tells it."""

from __future__ import annotations

from collections.abc import Sequence

from rowlock.app.occurrence_flows import A_CENTURY, later, simulated
from rowlock.cli.output import age_text, duration_text, time_text
from rowlock.cli.schedules import problem_text, rule_text, status_text
from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from rowlock.model.schedules import CatchUp, Firing, Outcome, Schedule
from rowlock.ops.occurrences import recurrence_of
from rowlock.recurrence.recurrence import Occurrence

UPCOMING = 5


def upcoming(schedule: Schedule) -> tuple[str, list[Occurrence]]:
    """Return a schedule's rule in plain words, and what it will fire next."""
    try:
        words = recurrence_of(schedule).explain()
    except InvalidValueError as error:
        return f"cannot be read any more: {error}", []
    if schedule.next_at is None:
        return words, []
    end = later(schedule.next_at, A_CENTURY)
    return words, simulated(schedule, schedule.next_at, end, UPCOMING)


def facts_of(schedule: Schedule) -> list[tuple[str, str]]:
    """Return what there is to know about a schedule, with labels."""
    words, coming = upcoming(schedule)
    written = rule_text(schedule)
    return [
        ("Schedule", schedule.name),
        ("Id", str(schedule.id)),
        ("Description", schedule.description or "-"),
        ("Status", status_text(schedule)),
        ("Rule", f"{written}\n{words}"),
        ("Bounds", _bounds(schedule)),
        ("Definition", schedule.definition),
        ("Arguments", json_text.encode_plain(dict(schedule.arguments))),
        ("Queue", schedule.queue or "as the definition says"),
        ("Options", _options(schedule)),
        ("Catch-up", _catch_up(schedule)),
        ("Overlap", schedule.overlap.value),
        ("Jitter", duration_text(schedule.jitter) if schedule.jitter else "-"),
        ("Declared", "-" if schedule.declared is None else "in code"),
        ("Runs", _runs(schedule)),
        ("Last run", _last(schedule)),
        ("Problem", problem_text(schedule)),
        ("Next", "\n".join(map(_coming, coming)) or "-"),
    ]


def _coming(occurrence: Occurrence) -> str:
    local = occurrence.local.isoformat(sep=" ")
    change = "" if occurrence.change is None else f", {occurrence.change.value}"
    return f"{local}  {time_text(occurrence.at)}  {age_text(occurrence.at)}{change}"


def last_firings(firings: Sequence[Firing]) -> str:
    """Return what became of occurrences, a line for each."""
    return "\n".join(map(_fired, firings))


def _fired(firing: Firing) -> str:
    parts = [firing.outcome.value]
    parts += [] if firing.reason is None else [firing.reason.value]
    parts += [f"{duration_text(firing.late)} late"] if firing.outcome is Outcome.FIRED else []
    parts += [] if firing.task is None else [f"task {firing.task}"]
    parts += [f"{firing.passed:,} passed over"] if firing.passed else []
    return f"{time_text(firing.occurrence)}  {', '.join(parts)}"


def _bounds(schedule: Schedule) -> str:
    starts, ends = schedule.starts_at, schedule.ends_at
    parts = [] if starts is None else [f"from {time_text(starts)}"]
    parts += [] if ends is None else [f"until {time_text(ends)}"]
    return " ".join(parts) or "-"


def _options(schedule: Schedule) -> str:
    options = dict(schedule.options)
    if schedule.priority is not None:
        options["priority"] = schedule.priority
    return json_text.encode_plain(options) if options else "-"


def _catch_up(schedule: Schedule) -> str:
    if schedule.catch_up is CatchUp.ALL:
        return f"all, the last {schedule.catch_up_limit:,}"
    return schedule.catch_up.value


def _runs(schedule: Schedule) -> str:
    most = "" if schedule.max_runs is None else f" of {schedule.max_runs:,}"
    return f"{schedule.runs:,}{most}, {schedule.missed:,} missed"


def _last(schedule: Schedule) -> str:
    if schedule.last_run_at is None:
        return "-"
    return (
        f"{time_text(schedule.last_run_at)}, {age_text(schedule.last_run_at)}, "
        f"task {schedule.last_task}"
    )
