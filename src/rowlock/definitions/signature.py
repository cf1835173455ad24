"""The arguments that a handler takes: checked, stored as JSON, and read back."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from types import FunctionType, MethodType
from typing import Any, NamedTuple, TypeAlias

import msgspec

from rowlock.definitions.context import Context, InjectedContext
from rowlock.definitions.conversion import payload_error, plain, stored_text
from rowlock.definitions.dependencies import Dependency, check_dependency
from rowlock.errors import ConfigError, InvalidValueError, PayloadError
from rowlock.model import json_text

Injection: TypeAlias = Callable[[Context], object]
"""Makes the value of a parameter that is not an argument."""

_ATOMS = (type(None), bool, int, float, str, bytes, Enum)
_PLAIN = (bool, int, float, str)

_REFUSED_KINDS = {
    inspect.Parameter.VAR_POSITIONAL: "a handler cannot take *args: name every argument",
    inspect.Parameter.VAR_KEYWORD: "a handler cannot take **kwargs: name every argument",
    inspect.Parameter.POSITIONAL_ONLY: "a handler's arguments are passed by name: remove the '/'",
}


def _context_itself(context: Context) -> object:
    return context


class _Shape(NamedTuple):
    """What is known once the annotations are resolved.

    Attributes:
        plain: The arguments whose values are stored as they are, if they have just that type.
    """

    names: tuple[str, ...]
    positional: tuple[str, ...]
    required: tuple[str, ...]
    plain: Mapping[str, type]
    injections: Mapping[str, Injection]
    dependencies: Mapping[str, Dependency]
    struct: type[msgspec.Struct]
    decoder: msgspec.json.Decoder[msgspec.Struct]


class Signature:
    """A handler's arguments, without the parameters that are injected.

    Annotations are resolved at first use, so that they may name what is defined below the
    handler. Arguments without an annotation take any JSON value.

    A datetime is stored as it is given: an aware one with its offset in whole minutes, a
    naive one without, and each comes back so.
    """

    __slots__ = ("_parameters", "_shape", "handler")

    def __init__(self, handler: Callable[..., object]) -> None:
        """Look at the handler's parameters, not yet at their types.

        Raises:
            InvalidValueError: Not a function, or a parameter that no stored task can fill.
        """
        self.handler = handler
        self._parameters = _checked_parameters(handler)
        self._shape: _Shape | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters that may be arguments; known before the types are.

        Only a first one that gets the context by its type is not told apart yet.
        """
        marked = (Dependency, InjectedContext)
        return tuple(one.name for one in self._parameters if not isinstance(one.default, marked))

    @property
    def names(self) -> tuple[str, ...]:
        """The arguments in the order of the parameters."""
        return (self._shape or self._resolved()).names

    def takes(self, name: str) -> bool:
        """Whether there is an argument of that name."""
        return name in self.names

    @property
    def required(self) -> tuple[str, ...]:
        """The arguments that have no default."""
        return (self._shape or self._resolved()).required

    @property
    def injected(self) -> tuple[str, ...]:
        """The parameters that are not arguments."""
        shape = self._shape or self._resolved()
        return (*shape.injections, *shape.dependencies)

    @property
    def dependencies(self) -> Mapping[str, Dependency]:
        """What `depends` says of the parameters that providers fill."""
        return (self._shape or self._resolved()).dependencies

    def bind(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, Any]:
        """Return the arguments of a Python call by name; defaults are not filled in.

        Raises:
            PayloadError: The call does not fit, as Python would say with a `TypeError`.
        """
        shape = self._shape or self._resolved()
        if len(args) > len(shape.positional):
            takes = f"takes {len(shape.positional)} by position, {len(args)} were given"
            raise PayloadError("arguments", takes)
        bound: dict[str, Any] = dict(zip(shape.positional, args, strict=False))
        for name, value in kwargs.items():
            if name in bound:
                raise PayloadError(name, "is given twice, by position and by name")
            if name not in shape.names:
                raise PayloadError(name, self._why_unknown(name))
            bound[name] = value
        for name in shape.required:
            if name not in bound:
                raise PayloadError(name, "is missing")
        return bound

    def encode(self, arguments: Mapping[str, Any]) -> str:
        """Return the canonical JSON text of arguments that fit; defaults are not stored.

        Both Python values and their JSON forms fit, a datetime and an ISO text; nothing is
        guessed beyond that: `"1"` is no int. What this returns, `decode` takes.

        Raises:
            PayloadError: An argument is unknown, missing, of another type, or has a value
                that cannot be stored; the error names it.
        """
        shape = self._shape or self._resolved()
        if not arguments and not shape.required:
            return "{}"
        if _are_plain(arguments, shape):
            return json_text.encode_arguments(arguments)
        try:
            checked = msgspec.convert(arguments, shape.struct, str_keys=True)
        except msgspec.ValidationError as error:
            raise self._payload_error(error) from error
        given = {name: getattr(checked, name) for name in arguments}
        try:
            text = stored_text("payload", given)
        except PayloadError as error:
            raise _naming_argument(given, error) from error
        try:
            # Objects of the right class pass the check above with any content.
            shape.decoder.decode(text)
        except msgspec.DecodeError as error:
            raise self._payload_error(error) from error
        return text

    def decode(self, payload_text: str) -> dict[str, Any]:
        """Return the keyword arguments in a stored payload, defaults filled in.

        Raises:
            PayloadError: It does not fit the handler, which may be younger than the task.
        """
        shape = self._shape or self._resolved()
        try:
            return msgspec.structs.asdict(shape.decoder.decode(payload_text))
        except msgspec.DecodeError as error:
            raise self._payload_error(error) from error

    def read_texts(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Return arguments that were written as text, each as its annotation wants it.

        What an annotation does not tell stays text. A name may be written with `-` for `_`,
        and an empty text is true for a bool. Whether they fit, `encode` says.
        """
        struct = (self._shape or self._resolved()).struct
        types = {field.name: field.type for field in msgspec.structs.fields(struct)}
        arguments: dict[str, Any] = {}
        for written, text in texts.items():
            name = written if written in types else written.replace("-", "_")
            arguments[name] = _read_text(text, types.get(name, str))
        return arguments

    def inject(self, context: Context) -> dict[str, object]:
        """Return the keyword arguments that the context fills."""
        injections = (self._shape or self._resolved()).injections
        return {name: make(context) for name, make in injections.items()}

    @staticmethod
    def encode_result(value: object, *, max_bytes: int = json_text.MAX_BYTES) -> str | None:
        """Return the JSON text of what a handler returned; None has none.

        Raises:
            PayloadError: It cannot be stored, or is longer.
        """
        return None if value is None else stored_text("result", value, max_bytes=max_bytes)

    def _why_unknown(self, name: str) -> str:
        if name in self.injected:
            return "is injected, not an argument"
        return f"is not an argument; there are {', '.join(self.names) or 'none'}"

    def _payload_error(self, error: msgspec.MsgspecError) -> PayloadError:
        found = payload_error(error)
        if found.field in self.injected:
            return PayloadError(found.field, self._why_unknown(found.field))
        return found

    def _resolved(self) -> _Shape:
        # Two threads may both do this; they come to the same result.
        hints = _resolved_hints(self.handler, self._parameters)
        injections = _injections(self.handler, self._parameters, hints)
        dependencies = _dependencies(self.handler, self._parameters)
        injected = {*injections, *dependencies}
        taken = [one for one in self._parameters if one.name not in injected]
        struct = _struct(self.handler, taken, hints)
        by_position = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self._shape = _Shape(
            names=tuple(one.name for one in taken),
            positional=tuple(one.name for one in taken if one.kind is by_position),
            required=tuple(one.name for one in taken if one.default is one.empty),
            plain={one.name: hints[one.name] for one in taken if hints.get(one.name) in _PLAIN},
            injections=injections,
            dependencies=dependencies,
            struct=struct,
            decoder=msgspec.json.Decoder(struct),
        )
        return self._shape


def _checked_parameters(handler: Callable[..., object]) -> tuple[inspect.Parameter, ...]:
    if not isinstance(inspect.unwrap(handler), (FunctionType, MethodType)):
        raise InvalidValueError("handler", f"must be a function, not {handler!r}")
    parameters = tuple(inspect.signature(handler).parameters.values())
    for parameter in parameters:
        if parameter.kind in _REFUSED_KINDS:
            raise InvalidValueError(parameter.name, _REFUSED_KINDS[parameter.kind])
    return parameters


def _resolved_hints(
    handler: Callable[..., object], parameters: tuple[inspect.Parameter, ...]
) -> dict[str, Any]:
    """Return the types of the parameters; what is not annotated is missing.

    The return annotation is left alone: it often names what only type checkers import.
    """

    def bearer() -> None: ...

    bearer.__annotations__ = {
        one.name: one.annotation for one in parameters if one.annotation is not one.empty
    }
    names = getattr(inspect.unwrap(handler), "__globals__", {})
    try:
        return typing.get_type_hints(bearer, globalns=names, include_extras=True)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise ConfigError(f"{_name(handler)}: an annotation cannot be resolved: {error}") from error


def _injections(
    handler: Callable[..., object],
    parameters: tuple[inspect.Parameter, ...],
    hints: Mapping[str, Any],
) -> dict[str, Injection]:
    found: dict[str, Injection] = {}
    for position, parameter in enumerate(parameters):
        if isinstance(parameter.default, InjectedContext):
            found[parameter.name] = _context_itself
        elif hints.get(parameter.name) is Context:
            if position or parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                raise ConfigError(
                    f"{_name(handler)}: put '{parameter.name}: Context' first, "
                    "or give it the default context()"
                )
            found[parameter.name] = _context_itself
    return found


def _dependencies(
    handler: Callable[..., object], parameters: tuple[inspect.Parameter, ...]
) -> dict[str, Dependency]:
    found = {one.name: one.default for one in parameters if isinstance(one.default, Dependency)}
    for name, dependency in found.items():
        try:
            check_dependency(dependency)
        except ConfigError as error:
            raise ConfigError(f"{_name(handler)}: {name!r}: {error}") from error
    return found


def _struct(
    handler: Callable[..., object], taken: list[inspect.Parameter], hints: Mapping[str, Any]
) -> type[msgspec.Struct]:
    fields = [_struct_field(parameter, hints.get(parameter.name, Any)) for parameter in taken]
    for field in fields:
        try:
            # All at once the complaint would not name the parameter.
            msgspec.json.Decoder(field[1])
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{_name(handler)}: parameter {field[0]!r}: {error}") from error
    return msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)


def _struct_field(parameter: inspect.Parameter, hint: Any) -> tuple[str, Any, Any]:
    default = parameter.default
    if default is parameter.empty:
        return parameter.name, hint, msgspec.NODEFAULT
    if isinstance(default, _ATOMS):
        return parameter.name, hint, default
    # A factory, for msgspec refuses mutable defaults; it hands out the handler's own object,
    # as Python does.
    return parameter.name, hint, msgspec.field(default_factory=lambda: default)


def _are_plain(arguments: Mapping[str, object], shape: _Shape) -> bool:
    """Whether arguments fit as they are, which is seen at once; others may fit, too."""
    if not isinstance(arguments, dict):
        return False
    for name, value in arguments.items():
        if type(name) is not str or shape.plain.get(name) is not type(value):
            return False
    return all(map(arguments.__contains__, shape.required))


def _read_text(text: str, wanted: Any) -> Any:
    if wanted is bool and not text:
        return True
    with suppress(msgspec.ValidationError):
        return msgspec.convert(text, wanted, strict=False)
    with suppress(PayloadError):
        return json_text.parse("argument", text)
    return text


def _naming_argument(given: Mapping[str, object], error: PayloadError) -> PayloadError:
    """Return the error with the argument that cannot be stored, if one alone cannot."""
    for name, value in given.items():
        try:
            json_text.encode(name, plain(name, value))
        except PayloadError as found:
            return found
    return error


def _name(handler: Callable[..., object]) -> str:
    return getattr(handler, "__qualname__", repr(handler))
