"""The text of a request in GraphQL: read once, and refused if it asks for too much.

The limiters that come with Strawberry follow every use of a fragment, so that a short text of
fragments within fragments keeps them busy for ever. Here each fragment is weighed once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    get_operation_ast,
    parse,
)

from rowlock.errors import InvalidValueError
from rowlock.wire.bodies.graphql import GraphqlBody
from rowlock.wire.routes.table import MAX_PAGE

MOST_TOKENS: Final = 500
MOST_LEVELS: Final = 16
MOST_ALIASES: Final = 15
MOST_VALUES: Final = 10_000
MOST_REMEMBERED: Final = 4_096
_PAGES: Final = frozenset({"tasks"})
_TOO_DEEP = f"is nested deeper than {MOST_LEVELS} levels"


@dataclass(slots=True)
class Operation:
    """What a request asks for.

    Attributes:
        valid: Whether it was found to fit the schema.
    """

    document: DocumentNode
    kind: OperationType
    valid: bool = False


class _Weight(NamedTuple):
    """How much a selection asks for."""

    levels: int = 0
    aliases: int = 0
    values: int = 0


def operation_of(body: GraphqlBody) -> Operation:
    """Return the operation that a request asks for.

    Raises:
        InvalidValueError: It is no GraphQL, none or more than one operation, or asks for too much.
    """
    if len(body.query) > MOST_REMEMBERED:
        return _operation(body.query, body.operation_name)
    return _remembered(body.query, body.operation_name)


def _operation(text: str, name: str | None) -> Operation:
    try:
        document = parse(text, max_tokens=MOST_TOKENS)
    except GraphQLSyntaxError as error:
        places = ", ".join(f"line {one.line}, column {one.column}" for one in error.locations or ())
        raise InvalidValueError("query", f"{error.message} ({places})") from error
    except RecursionError as error:
        raise InvalidValueError("query", _TOO_DEEP) from error
    found = get_operation_ast(document, name)
    if found is None:
        raise InvalidValueError("operationName", "must name one operation of the query")
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    scales = _Scales(fragments)
    for fragment in fragments:  # also those that nobody uses: validation walks through them
        scales.fragment(fragment, 0)
    _check(scales.weigh(found.selection_set))
    return Operation(document, found.operation)


# Clients send few texts, with other variables each time; to read and check one costs most.
_remembered = lru_cache(maxsize=128)(_operation)


def _check(weight: _Weight) -> None:
    if weight.levels > MOST_LEVELS:
        raise InvalidValueError("query", _TOO_DEEP)
    if weight.aliases > MOST_ALIASES:
        raise InvalidValueError(
            "query", f"has {weight.aliases} aliases; {MOST_ALIASES} is the limit"
        )
    if weight.values > MOST_VALUES:
        raise InvalidValueError(
            "query",
            f"asks for up to {weight.values:,} values; {MOST_VALUES:,} is the limit: give a limit",
        )


class _Scales:
    """Weighs selections; each fragment once, however often it is used."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._weights: dict[str, _Weight] = {}

    def weigh(self, selections: SelectionSetNode | None, level: int = 0) -> _Weight:
        if level > MOST_LEVELS:
            raise InvalidValueError("query", _TOO_DEEP)
        if selections is not None and not selections.selections:
            # The parser lets it pass, which the specification does not.
            raise InvalidValueError("query", "has braces with nothing between them")
        weights = [self._weigh(one, level) for one in selections.selections] if selections else []
        return _Weight(
            levels=max((one.levels for one in weights), default=0),
            aliases=sum(one.aliases for one in weights),
            values=sum(one.values for one in weights),
        )

    def _weigh(self, selection: SelectionNode, level: int) -> _Weight:
        if isinstance(selection, FieldNode):
            below = self.weigh(selection.selection_set, level + 1)
            return _Weight(
                levels=1 + below.levels,
                aliases=below.aliases + (selection.alias is not None),
                values=1 + _page(selection) * below.values,
            )
        if isinstance(selection, FragmentSpreadNode):
            return self.fragment(selection.name.value, level)
        assert isinstance(selection, InlineFragmentNode)  # noqa: S101 - there are no others
        return self.weigh(selection.selection_set, level + 1)

    def fragment(self, name: str, level: int) -> _Weight:
        if name not in self._weights:
            # One that uses itself, or is not there, weighs nothing: validation refuses it.
            self._weights[name] = _Weight()
            if name in self._fragments:
                selections = self._fragments[name].selection_set
                self._weights[name] = self.weigh(selections, level + 1)
        return self._weights[name]


def _page(field: FieldNode) -> int:
    """Return how many times what is below a field may be answered."""
    if field.name.value not in _PAGES:
        return 1
    given = [one.value for one in field.arguments or () if one.name.value == "limit"]
    if given and isinstance(given[0], IntValueNode) and len(given[0].value) < len(str(MAX_PAGE)):
        return max(1, int(given[0].value))
    return MAX_PAGE
