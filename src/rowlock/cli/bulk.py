"""Changing many tasks from the command line: count, ask, show how far it is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from rowlock.app import bulk_flows
from rowlock.app.bulk_flows import Wish
from rowlock.app.intake import Intake
from rowlock.cli.changing import Chosen
from rowlock.cli.confirming import confirm
from rowlock.cli.doors import Door
from rowlock.cli.output import say, say_json, warn
from rowlock.cli.progress import progress_bar
from rowlock.model.changes import Operation
from rowlock.model.listing import TaskCount
from rowlock.wire.changes import operation_to_wire

Show = Callable[[Operation], None]


def change_many(chosen: Chosen, action: str, asked: Mapping[str, Any]) -> None:
    """Change every task that passes the filter, after counting and asking."""
    wanted = Wish(action, all_tasks=chosen.all_tasks, **asked), chosen.wanted
    with chosen.place.door(Intake) as door:
        plan, found = door.ask(bulk_flows.preview, wanted, chosen.by)
        if chosen.dry_run or not found.count:
            _tell_plan(plan, found, as_json=chosen.as_json)
            return
        tasks = "1 task" if found.count == 1 else f"{_number(found)} tasks"
        confirm(f"{action} {tasks}?", yes=chosen.yes)
        total = None if found.capped else found.count
        with _shown(total, as_json=chosen.as_json) as show:
            done = door.ask(bulk_flows.bulk, wanted, chosen.by, dry_run=False, on_progress=show)
    tell_operation(done, as_json=chosen.as_json)


def _number(found: TaskCount) -> str:
    return f"{found.count:,}{'+' if found.capped else ''}"


def _tell_plan(plan: Operation, found: TaskCount, *, as_json: bool) -> None:
    if as_json:
        say_json({**operation_to_wire(plan), "matched_capped": found.capped})
    else:
        say(f"matched\t{plan.matched}{'+' if found.capped else ''}")


def tell_operation(operation: Operation, *, as_json: bool) -> None:
    """Print what became of an operation."""
    if as_json:
        say_json(operation_to_wire(operation))
        return
    say(f"{operation.id}\tdone\t{operation.done}")
    for reason, count in sorted(operation.refused.items()):
        warn(f"{count:,} left as they are: {reason}")


@contextmanager
def _shown(total: int | None, *, as_json: bool) -> Generator[Show]:
    """Draw a bar where one can be seen; say how to go on when it is interrupted."""
    last: list[Operation] = []
    try:
        with progress_bar(total, hidden=as_json) as draw:

            def show(operation: Operation) -> None:
                last.append(operation)
                draw(operation.seen)

            yield show
    except KeyboardInterrupt:
        if last:
            warn(f"interrupted after {last[-1].seen:,} tasks; go on with:")
            warn(f"  rowlock operations resume {last[-1].id}")
        raise


def resume(door: Door[Intake], operation: str, *, as_json: bool) -> None:
    """Go on with an operation that was interrupted."""
    with _shown(None, as_json=as_json) as show:
        done = door.ask(bulk_flows.resume_operation, operation, on_progress=show)
    tell_operation(done, as_json=as_json)
