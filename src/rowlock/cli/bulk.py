"""Changing many tasks from the command line: count, ask, show how far it is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from rowlock.app import bulk_flows
from rowlock.app.bulk_flows import Wish
from rowlock.app.flow import run_flow
from rowlock.app.intake import Intake
from rowlock.cli.changing import Chosen
from rowlock.cli.confirming import confirm
from rowlock.cli.output import say, say_json, warn
from rowlock.cli.progress import progress_bar
from rowlock.model.changes import Operation
from rowlock.wire.changes import operation_to_wire

Show = Callable[[Operation], None]


def change_many(chosen: Chosen, action: str, asked: Mapping[str, Any]) -> None:
    """Change every task that passes the filter, after counting and asking."""
    wish = Wish(action, all_tasks=chosen.all_tasks, **asked)

    def bulk(core: Intake, *, dry_run: bool, show: Show | None = None) -> Operation:
        flow = bulk_flows.bulk(
            core, (wish, chosen.wanted), chosen.by, dry_run=dry_run, on_progress=show
        )
        return run_flow(core, flow)

    with closing(chosen.database.open_as(Intake)) as core:
        plan = bulk(core, dry_run=True)
        if chosen.dry_run or not plan.matched:
            _tell_plan(plan, as_json=chosen.as_json)
            return
        tasks = "1 task" if plan.matched == 1 else f"{plan.matched:,} tasks"
        confirm(f"{action} {tasks}?", yes=chosen.yes)
        with _shown(plan.matched, as_json=chosen.as_json) as show:
            done = bulk(core, dry_run=False, show=show)
    tell_operation(done, as_json=chosen.as_json)


def _tell_plan(plan: Operation, *, as_json: bool) -> None:
    if as_json:
        say_json(operation_to_wire(plan))
    else:
        say(f"matched\t{plan.matched}")


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


def resume(core: Intake, operation: str, *, as_json: bool) -> None:
    """Go on with an operation that was interrupted."""
    with _shown(None, as_json=as_json) as show:
        done = run_flow(core, bulk_flows.resume_operation(core, operation, on_progress=show))
    tell_operation(done, as_json=as_json)
