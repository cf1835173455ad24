"""The methods of the client, written from the route table: `python -m tests.docs.client_routes`.

A module for each resource of the table, once for `Client` and once for `AsyncClient`.
"""

from __future__ import annotations

import importlib
import inspect
import keyword
import pkgutil
import re
import textwrap
import types
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

import rowlock
from rowlock.wire import routes as table
from rowlock.wire.bodies.common import Duration, Moment
from rowlock.wire.routes import ROUTES
from rowlock.wire.routes.table import COUNT, HEALTH, Parameter, Route, full_path
from rowlock.wire.routes.task_queue import TASK_QUEUE_ROUTES

FOLDER = Path(rowlock.__file__).parent / "client" / "routes"
WIDTH = 100
HEAD = '''"""{about}

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations
'''
LISTS = re.compile(r"list_(\w+)")
CURSORS = ("before", "after", "cursor")
WITHOUT_METHOD = frozenset(one.name for one in TASK_QUEUE_ROUTES)
"""Names of routes that are for other clients, or no single request and answer."""
Resources = dict[str, list[Route]]


def resources() -> Resources:
    """The routes by the module of the table in which they stand."""
    found: Resources = {}
    for module in pkgutil.iter_modules(table.__path__):
        values = vars(importlib.import_module(f"{table.__name__}.{module.name}")).values()
        tuples = [one for one in values if isinstance(one, tuple)]
        names = {one.name for many in tuples for one in many if isinstance(one, Route)}
        rows = [one for one in ROUTES if one.name in names - WITHOUT_METHOD]
        if rows:
            found[module.name] = rows
    assert sum(map(len, found.values())) == len(ROUTES) - len(WITHOUT_METHOD)
    return found


class Module:
    """One written module, and the names that it needs."""

    def __init__(self, name: str, *, asynchronous: bool) -> None:
        self.name = name
        self.asynchronous = asynchronous
        self.imports: defaultdict[str, set[str]] = defaultdict(set)

    def need(self, module: str, name: str) -> str:
        """Import a name; returns it."""
        self.imports[module].add(name)
        return name

    def text(self, routes: list[Route]) -> str:
        """The whole file."""
        sender = "AsyncSender" if self.asynchronous else "Sender"
        self.need("rowlock.client.sending", sender)
        self.need("rowlock.client.calls", "Call")
        lines = list(self._methods(routes))
        kind = f"{camel(self.name)}Routes"
        about = f"The routes about {self.name.replace('_', ' ')}, as methods of a client."
        head = HEAD.format(about=about)
        return "\n".join([
            head, *self._import_lines(), "", "# fmt: off", "", "",
            f"class {kind}({sender}):", f'    """{about}"""', *lines, "",
        ])  # fmt: skip

    def _import_lines(self) -> Iterator[str]:
        ours = [one for one in self.imports if one.startswith("rowlock")]
        others = [one for one in self.imports if one == "msgspec"]
        standard = [one for one in self.imports if one not in ours + others]
        blocks = [sorted(block) for block in (standard, others, ours) if block]
        for place, block in enumerate(blocks):
            if place:
                yield ""
            for module in block:
                names = sorted(self.imports[module], key=import_order)
                line = f"from {module} import {', '.join(names)}"
                if len(line) <= WIDTH:
                    yield line
                else:
                    yield f"from {module} import ("
                    yield from (f"    {name}," for name in names)
                    yield ")"

    def _methods(self, routes: list[Route]) -> Iterator[str]:
        for route in routes:
            method = Method(self, route)
            yield from ("", *method.lines())
            yield from method.iterator_lines()


def is_one(hint: Any, alias: Any) -> bool:
    """Whether a type is that alias, perhaps with more said of it."""
    if get_origin(hint) is not Annotated or get_args(hint)[0] != get_args(alias)[0]:
        return False
    known = alias.__metadata__
    return bool(hint.__metadata__[: len(known)] == known)


class Method:
    """The methods of one route."""

    def __init__(self, module: Module, route: Route) -> None:
        self.module = module
        self.route = route
        self.path = [(one.name, self.given(one)) for one in route.parameters]
        self.queries = [(one.name, one) for one in route.queries]
        taken = {name for name, _ in self.path + self.queries}
        self.fields = [
            (f"body_{one.encode_name}" if one.encode_name in taken else one.encode_name, one)
            for one in ([] if route.request is None else msgspec.structs.fields(route.request))
        ]
        self.hints: dict[str, Any] = {}
        if route.request is not None:
            self.hints = get_type_hints(route.request, include_extras=True)

    def lines(self) -> Iterator[str]:
        """The method that makes the request."""
        route = self.route
        waits = self.module.asynchronous and not route.events
        before = "async def" if waits else "def"
        answer = self.events() if route.events else self.answer()
        yield from self.definition(before, route.name, self.keywords(), answer)
        yield from self.docstring()
        sends = "_stream" if route.events else "_send"
        yield f"        return {'await ' if waits else ''}self.{sends}(Call("
        yield f'            method="{route.method}",'
        yield f"            path={self.shown_path()},"
        yield f"            answer={self.answer()},"
        if self.queries:
            yield from self.called("queries", [(name, name) for name, _ in self.queries])
        if route.request is not None:
            yield from self.called("fields", [(one.encode_name, name) for name, one in self.fields])
        if route.key:
            need = self.module.need("rowlock.client.calls", "key_of")
            yield f"            key={need}(idempotency_key),"
        if not route.events:
            yield "        ))"
            return
        yield "        ), {"
        for name, kind in route.events:
            yield f'            "{name}": {self.shown(kind)},'
        yield "        })"

    def events(self) -> str:
        """The type of the events of a stream."""
        kinds = " | ".join(self.shown(kind) for _, kind in self.route.events)
        each = "AsyncGenerator" if self.module.asynchronous else "Generator"
        self.module.need("collections.abc", each)
        self.module.need("rowlock.client.streams", "ServerEvent")
        return f"{each}[ServerEvent[{kinds} | None]]"

    def called(self, function: str, values: list[tuple[str, str]]) -> Iterator[str]:
        """A part of the request, from the arguments."""
        self.module.need("rowlock.client.calls", function)
        part = {"queries": "queries", "fields": "body"}[function]
        pairs = [f"{safe(key)}={safe(value)}" for key, value in values]
        line = f"            {part}={function}({', '.join(pairs)}),"
        if len(line) <= WIDTH:
            yield line
            return
        yield f"            {part}={function}("
        yield from packed(pairs, 16)
        yield "            ),"

    def definition(self, before: str, name: str, given: list[str], answer: str) -> Iterator[str]:
        """The first lines of a method."""
        positional = [f"{safe(one)}: {kind}" for one, kind in self.path]
        parts = ["self", *positional, *(["*", *given] if given else [])]
        line = f"    {before} {safe(name)}({', '.join(parts)}) -> {answer}:"
        if len(line) <= WIDTH:
            yield line
            return
        yield f"    {before} {safe(name)}("
        yield from packed(parts, 8)
        line = f"    ) -> {answer}:"
        if len(line) <= WIDTH:
            yield line
            return
        outer, _, inner = answer.partition("[")
        yield from (f"    ) -> {outer}[", f"        {inner[:-1]}", "    ]:")

    def docstring(self) -> Iterator[str]:
        """What it is for, and what it raises."""
        route = self.route
        yield from told(route.summary, '        """', "        ")
        takes = f", whose body is a `{route.request.__name__}`" if route.request else ""
        yield from (
            "",
            *told(f"`{route.method} {full_path(route)}`{takes}.", "        ", "        "),
        )
        if route.errors:
            yield from ("", "        Raises:")
        for error in route.errors:
            about = " ".join((inspect.getdoc(error) or "").partition("\n\n")[0].split())
            yield from told(f"{error.__name__}: {about}", " " * 12, " " * 16)
        yield '        """'

    def keywords(self, *, without: tuple[str, ...] = ()) -> list[str]:
        """The arguments by name, with their types and defaults."""
        needed, others = [], []
        for name, one in self.queries:
            if name not in without:
                kind = self.given(one)
                needed.append(f"{safe(name)}: {kind}") if one.required else others.append(
                    f"{safe(name)}: {kind} | None = None"
                )
        for name, field in self.fields:
            kind = self.shown(self.hints[field.name])
            if field.required:
                needed.append(f"{safe(name)}: {kind}")
                continue
            default = field.default
            if not isinstance(default, (bool, int, float, str, types.NoneType)):
                default = msgspec.UNSET
                self.module.need("msgspec", "UNSET")
                if "UnsetType" not in kind and kind != "Any":
                    kind += " | " + self.module.need("msgspec", "UnsetType")
            shown = "UNSET" if default is msgspec.UNSET else literal(default)
            others.append(f"{safe(name)}: {none_last(kind)} = {shown}")
        if self.route.key:
            uuid = self.module.need("uuid", "UUID")
            others.append(f"idempotency_key: {uuid} | str | None = None")
        return needed + others

    def answer(self) -> str:
        """The type of what it returns."""
        if self.route.response is not None:
            return self.shown(self.route.response)
        return "bool" if self.route.door is HEALTH else "str"

    def shown_path(self) -> str:
        """The path as code."""
        if not self.path:
            return f'"{full_path(self.route)}"'
        need = self.module.need("rowlock.client.calls", "path_with")
        values = ", ".join(f"{name}={safe(name)}" for name, _ in self.path)
        return f'{need}("{full_path(self.route)}", {values})'

    def given(self, parameter: Parameter) -> str:
        """The type of a parameter."""
        kind = {UUID: "UUID | str", datetime: "datetime", int: "int", bool: "bool"}.get(
            parameter.kind, "str"
        )
        if parameter.kind in {UUID, datetime}:
            self.module.need(parameter.kind.__module__, parameter.kind.__name__)
        if parameter.repeated:
            return f"{self.module.need('collections.abc', 'Iterable')}[{kind}]"
        return kind

    def shown(self, hint: Any) -> str:
        """A type as code."""
        for name, alias in (("Duration", Duration), ("Moment", Moment)):
            if is_one(hint, alias):
                return self.module.need("rowlock.wire.bodies.common", name)
        origin = get_origin(hint)
        return self.shown_name(hint) if origin is None else self.shown_form(origin, get_args(hint))

    def shown_form(self, origin: Any, args: tuple[Any, ...]) -> str:
        """A type that is made of others."""
        if origin is Annotated:
            return self.shown(args[0])
        if origin in {Union, types.UnionType}:
            return none_last(" | ".join(dict.fromkeys(self.shown(one) for one in args)))
        if origin is Literal:
            return f"{self.module.need('typing', 'Literal')}[{', '.join(map(repr, args))}]"
        inner = ("..." if one is ... else self.shown(one) for one in args)
        return f"{self.shown(origin)}[{', '.join(inner)}]"

    def shown_name(self, hint: Any) -> str:
        """A type that has a name."""
        if hint is types.NoneType:
            return "None"
        if hint is Any:
            return self.module.need("typing", "Any")
        if hint.__module__ == "builtins":
            return str(hint.__name__)
        module = "msgspec" if hint is msgspec.UnsetType else hint.__module__
        return self.module.need(module, hint.__name__)

    def iterator_lines(self) -> Iterator[str]:
        """The iterator over all pages, if the route answers a part of a list."""
        found, names = LISTS.fullmatch(self.route.name), [name for name, _ in self.queries]
        kind = self.route.response
        if not found or self.route.method != "GET" or kind is None or self.fields:
            return
        cursor = next((one for one in CURSORS if one in names), None)
        linked = cursor is not None and "next" in kind.__struct_fields__
        if not linked and "offset" not in names:
            return
        place = cursor if linked and cursor is not None else "offset"
        left_out = tuple({place, "offset", COUNT})
        entry = self.shown(get_args(get_type_hints(kind)["body"])[0])
        suffix = "_async" if self.module.asynchronous else ""
        pages = f"{'linked' if linked else 'numbered'}_pages{suffix}"
        self.module.need("rowlock.client.sending", pages)
        each = "AsyncIterator" if self.module.asynchronous else "Iterator"
        self.module.need("collections.abc", each)
        yield ""
        kept = self.keywords(without=left_out)
        yield from self.definition("def", f"iter_{found[1]}", kept, f"{each}[{entry}]")
        yield f'        """Yield what `{self.route.name}` lists, page after page.'
        yield from ("", "        `limit` is the size of a page.", '        """')
        # What can be read once only has to last for all pages.
        again = [name for name, one in self.queries if one.repeated]
        if again:
            self.module.need("rowlock.client.calls", "kept")
        for name in again:
            yield f"        {safe(name)} = kept({safe(name)})"
        yield f"        return {pages}(lambda page: self.{self.route.name}("
        positional = [safe(name) for name, _ in self.path]
        by_name = [f"{n}={n}" for n in map(safe, names) if n not in left_out]
        page = "page"
        if dict(self.queries)[place].kind is datetime:
            page = f"{self.module.need('rowlock.client.calls', 'moment_of')}(page)"
        if COUNT in names:
            by_name.append(f"{COUNT}=False")
        yield from packed([*positional, *by_name, f"{place}={page}"], 12)
        yield "        ))"


def literal(value: object) -> str:
    """A default as the formatter writes it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def none_last(kind: str) -> str:
    """A type with None at its end."""
    parts = kind.split(" | ")
    return " | ".join([*(one for one in parts if one != "None"), *(["None"] * ("None" in parts))])


def safe(name: str) -> str:
    """A name that Python takes for an argument or a method."""
    return (
        f"{name}_" if keyword.iskeyword(name) or name in {"id", "filter", "all", "type"} else name
    )


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def import_order(name: str) -> tuple[int, str]:
    """As the linter sorts: constants, classes, others."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def packed(parts: list[str], indent: int) -> Iterator[str]:
    """Arguments over several lines, as many on each as fit."""
    line = " " * indent
    for part in parts:
        if line.strip() and len(line) + len(part) + 1 > WIDTH:
            yield line.rstrip()
            line = " " * indent
        line += f"{part}, "
    yield line.rstrip()


def told(text: str, first: str, others: str) -> list[str]:
    """Prose over several lines."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )


def files() -> dict[str, str]:
    """Every file's name and text."""
    about = "The methods of the client, one for each route of the service."
    found = {"__init__.py": HEAD.format(about=about).partition("\nfrom __future__")[0]}
    for kind, asynchronous in (("sync", False), ("async", True)):
        names = resources()
        for name, routes in names.items():
            found[f"{name}_{kind}.py"] = Module(name, asynchronous=asynchronous).text(routes)
        bases = [f"{camel(name)}Routes" for name in names]
        lines = [
            f"from rowlock.client.routes.{name}_{kind} import {base}"
            for name, base in zip(names, bases, strict=True)
        ]
        found[f"all_{kind}.py"] = "\n".join([
            HEAD.format(about="All routes, as methods of a client."),
            *lines, "", "# fmt: off", "", "",
            "class Routes(", *(f"    {base}," for base in bases), "):",
            '    """A method for each route of the service."""', "",
        ])  # fmt: skip
    return found


def write() -> None:
    """Write the files, and delete those that are no longer."""
    FOLDER.mkdir(exist_ok=True)
    wanted = files()
    for path in FOLDER.glob("*.py"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write()
