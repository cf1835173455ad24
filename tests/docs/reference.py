"""The reference pages that are written from the code: `python -m tests.docs.reference`."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from enum import EnumType
from typing import Any

import click

import rowlock
from rowlock import errors, testing
from rowlock.cli.program import SECTIONS, program
from tests.docs import client_routes
from tests.docs.pages import DOCS
from tests.docs.rest import rest_page

API = DOCS / "reference" / "python-api.md"
ERRORS = DOCS / "reference" / "errors.md"
COMMANDS = DOCS / "reference" / "command-line.md"
REST = DOCS / "reference" / "rest-api.md"
SCHEMA = DOCS / "reference" / "schema.graphql"

HELP_WIDTH = 100

GROUPS = {
    "Apps": (
        "Rowlock",
        "AsyncRowlock",
    ),
    "Definitions": (
        "TaskDefinition",
        "TaskHandler",
        "Tasks",
        "Context",
        "context",
        "depends",
        "TaskTransaction",
    ),
    "Outcomes": (
        "Snooze",
        "Retry",
        "Cancel",
        "Fail",
    ),
    "Workers": ("Worker",),
    "Policies": (
        "QueuePolicy",
        "RetryPolicy",
        "Backoff",
    ),
    "Schedules": (
        "Schedule",
        "ScheduleStatus",
        "Firing",
        "ScheduleSync",
        "Backfill",
    ),
    "What you read": (
        "Task",
        "TaskState",
        "ClaimedTask",
        "TaskOrder",
        "TaskProgress",
        "TaskCount",
        "TaskFailure",
        "Attempt",
        "LogLine",
        "Definition",
        "DefinitionStatus",
        "DefinitionTasks",
        "Queue",
        "QueueCounts",
        "Ticker",
        "Tick",
        "Durations",
        "Throughput",
        "Canceled",
        "Operation",
        "OperationState",
        "AuditEntry",
    ),
}
"""The public names, as the page groups them."""

TESTING = (
    "on_memory", "in_transaction", "clock", "inline", "run_task", "drain", "run_ticks",
    "do_upkeep", "assert_enqueued", "refute_enqueued", "all_enqueued", "Clock", "TaskRun",
)  # fmt: skip
"""The names of `rowlock.testing`; some functions have an async twin with an `a` in front."""

ALIKE = {"AsyncRowlock": "Rowlock", "AsyncClient": "Client"}

TESTING_INTRODUCTION = (
    "What follows is imported from `rowlock.testing`, see [Testing](../guides/testing.md). "
    "Async twins: {twins}."
)

CLIENT_INTRODUCTION = (
    "What follows is imported from `rowlock.client`, see [HTTP client](../guides/http-client.md). "
    "It needs the extra `client`."
)

# What other layers call; users have no use for it.
INTERNAL = {
    "absorb_report", "ceiling", "core", "detached", "enqueuer", "handler", "is_open_in",
    "is_settling", "join", "joined_in", "keep_line", "key", "request_cancel", "says_the_same",
    "settled", "signature", "take_report", "updated",
}  # fmt: skip


def summary(value: object) -> str:
    """The first sentence of a docstring, on one line."""
    text = inspect.getdoc(value) or ""
    return " ".join(text.partition("\n\n")[0].split())


def shown_signature(name: str, member: object) -> str:
    """A call as a reader types it, without annotations."""
    signature = inspect.signature(member)  # type: ignore[arg-type] # a callable
    shown = (shown_parameter(one) for one in signature.parameters.values())
    return f"{name}({', '.join(text for text in shown if text)})"


def shown_parameter(parameter: inspect.Parameter) -> str:
    """A parameter with its default, if that has a short name."""
    if parameter.name in {"self", "cls", "args"}:
        return ""
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return "…" if parameter.name == "kwargs" else f"**{parameter.name}"
    if parameter.default is inspect.Parameter.empty:
        return parameter.name
    return f"{parameter.name}={'…' if callable(parameter.default) else parameter.default!r}"


def public_members(kind: type) -> Iterator[tuple[str, Any]]:
    """The methods and properties that a class has beyond `object`, in the order of the code."""
    seen: set[str] = set()
    for base in kind.__mro__:
        if not base.__module__.startswith("rowlock"):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") or name in seen | INTERNAL:
                continue
            seen.add(name)
            if inspect.isfunction(member) or isinstance(member, (property, classmethod)):
                yield name, member


def attributes(kind: type) -> list[str]:
    """The fields of a value, or the members of an enumeration."""
    if isinstance(kind, EnumType):
        members: Mapping[str, Any] = kind.__members__
        return [str(one.value) for one in members.values()]
    fields = getattr(kind, "__dataclass_fields__", {})
    return [name for name in fields if name not in INTERNAL]


API_INTRODUCTION = """\
# Python API

<!-- Written by `python -m tests.docs.reference`; do not edit. -->

Everything here is imported from `rowlock`; exceptions from `rowlock.errors`, see
[Errors](errors.md). What is not on this page is not public. Parameters, types and what each
method raises are in the docstrings, which editors show. Durations are a `timedelta`, seconds, or
text such as `"30s"`.
"""

ERRORS_INTRODUCTION = """\
# Errors

<!-- Written by `python -m tests.docs.reference`; do not edit. -->

Every exception that Rowlock raises on purpose is a `rowlock.errors.RowlockError`:
"""

ERRORS_END = """\
`InvalidValueError` names the parameter in `field` and what is wrong with it in `problem`; nothing
was stored. `StorageUnavailableError.outcome_unknown` is true if the connection broke after a
write had been sent: see [unknown commits](../explanation/protocol.md#unknown-commits).

What a handler raises is not wrapped: it becomes the task's `error`, with type, message and
traceback. The command line turns errors into exit codes: see
[Command line](command-line.md#exit-codes).
"""


def api_page() -> str:
    """Every public name with a sentence."""
    lines = [API_INTRODUCTION.rstrip()]
    for group, names in GROUPS.items():
        lines += ["", f"## {group}"]
        for name in names:
            lines += ["", *entry(name, getattr(rowlock, name))]
    lines += ["", *client_entries(), "", *testing_entries()]
    return "\n".join(lines) + "\n"


def client_entries() -> Iterator[str]:
    """The clients of the HTTP service."""
    from rowlock import client  # its methods may just have been written

    yield from ("## Client of the HTTP service", "")
    yield textwrap.fill(CLIENT_INTRODUCTION, HELP_WIDTH)
    for kind in (client.Client, client.AsyncClient):
        yield from ("", *entry(kind.__name__, kind))


def testing_entries() -> Iterator[str]:
    """Every public name of the testing kit."""
    twins = ", ".join(f"`a{name}`" for name in TESTING if hasattr(testing, f"a{name}"))
    yield from ("## Testing", "")
    yield textwrap.fill(TESTING_INTRODUCTION.format(twins=twins), HELP_WIDTH)
    for name in TESTING:
        yield from ["", *entry(name, getattr(testing, name))]


def entry(name: str, value: Any) -> list[str]:
    """One name: its sentence, its fields, its methods."""
    if not inspect.isclass(value):
        return [f"### `{shown_signature(name, value)}`", "", summary(value)]
    lines = [f"### `{name}`", "", summary(value)]
    if name in ALIKE:
        return [*lines, "", f"Every method of `{ALIKE[name]}`, to be awaited."]
    if found := attributes(value):
        kind = "Values" if isinstance(value, EnumType) else "Fields"
        text = f"{kind}: {', '.join(f'`{one}`' for one in found)}."
        lines += ["", textwrap.fill(text, HELP_WIDTH)]
    members: list[tuple[str, Any]] = list(public_members(value))
    rows = [f"| `{shown_member(name, one)}` | {summary(one)} |" for name, one in members]
    if rows and not isinstance(value, EnumType):
        lines += ["", "| | |", "|---|---|", *rows]
    return lines


def shown_member(name: str, member: Any) -> str:
    """A method as it is called, or a property."""
    if isinstance(member, property):
        return name
    return shown_signature(name, getattr(member, "__func__", member))


def errors_page() -> str:
    """The tree of exceptions, and a sentence for each."""
    tree = (errors.__doc__ or "").partition("\n\n")[2].strip()
    order = re.findall(r"\w+Error", tree)
    kinds = [
        kind
        for kind in vars(errors).values()
        if inspect.isclass(kind) and issubclass(kind, errors.RowlockError)
    ]
    kinds.sort(key=lambda kind: order.index(kind.__name__))
    rows = [f"| `{kind.__name__}` | {summary(kind)} |" for kind in kinds]
    table = "\n".join(["| Error | Meaning |", "|---|---|", *rows])
    return "\n".join([ERRORS_INTRODUCTION, f"```text\n{tree}\n```", "", table, "", ERRORS_END])


COMMANDS_INTRODUCTION = """\
# Command line

<!-- Written by `python -m tests.docs.reference`; do not edit. -->

`rowlock COMMAND --help` prints what is below.

- Every command takes the database as `--url` or from `ROWLOCK_URL`; those that look at tasks or
  change something take a [server](../guides/remote-command-line.md) instead. Every option has a
  variable too, such as `ROWLOCK_WORKER_GRACE` for `rowlock worker --grace`. Flags come first,
  then variables, then what the app itself says.
- Data goes to stdout and messages to stderr. On a terminal lists are tables; piped, they are
  lines of fields separated by tabs; with `--json` they are one JSON document.
- A task is named by its id, or by the beginning of it if no other task begins so.

## Exit codes

| Code | Meaning |
|---|---|
| 0 | done |
| 1 | the operation failed; `watch`: the task did not succeed; `worker`: tasks were handed back |
| 2 | misused: an unknown option, or a value that was refused |
| 3 | the database or the server cannot be reached |
| 4 | the schema is missing, too old or too new |
| 5 | no such thing, such as a task or a queue; `retain-task`: nothing to do |
| 6 | unhealthy |
| 7 | refused: already finished, key held, id taken; or the token may not do that |
| 130 | interrupted |
"""


def commands_page() -> str:
    """Every command's help."""
    lines = [COMMANDS_INTRODUCTION]
    with click.Context(program, info_name="rowlock") as top:
        for section, names in SECTIONS.items():
            lines += [f"## {section}", ""]
            for name in names:
                command = program.get_command(top, name)
                assert command is not None
                lines += command_entries(command, name, top)
    return "\n".join(lines).rstrip() + "\n"


def command_entries(command: click.Command, name: str, parent: click.Context) -> list[str]:
    """A command's help, and below it that of its own commands."""
    with click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=HELP_WIDTH,
        help_option_names=["-h", "--help"],
    ) as context:
        text = command.get_help(context).rstrip()
        lines = [f"### `{context.command_path}`", "", "```text", text, "```", ""]
        if isinstance(command, click.Group):
            for below in command.list_commands(context):
                found = command.get_command(context, below)
                assert found is not None
                lines += command_entries(found, below, context)
    return lines


SCHEMA_INTRODUCTION = "# Written by `python -m tests.docs.reference`; do not edit.\n\n"


def schema_page() -> str:
    """What can be asked for in GraphQL."""
    from rowlock.http.graphql import schema  # a second to import, for one page

    return SCHEMA_INTRODUCTION + schema.SCHEMA.as_str() + "\n"


def write() -> None:
    """Write the client's methods and the pages, which list them."""
    client_routes.write()
    API.write_text(api_page(), "utf-8")
    ERRORS.write_text(errors_page(), "utf-8")
    COMMANDS.write_text(commands_page(), "utf-8")
    REST.write_text(rest_page(), "utf-8")
    SCHEMA.write_text(schema_page(), "utf-8")


if __name__ == "__main__":
    write()
