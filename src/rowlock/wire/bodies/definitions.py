"""What requests say about definitions."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct

from rowlock.wire.bodies.common import Count, Span, Text

MAX_DECLARED: Final = 1_000


class CodeTermsBody(Struct, kw_only=True):
    """What code says of its definition; null is the default, also of one that says otherwise."""

    title: Text = UNSET
    description: Text = UNSET
    queue: Annotated[Text, Meta(description="Where its tasks go; `default`.")] = UNSET
    priority: Count = UNSET
    max_attempts: Annotated[Count, Meta(description="Null leaves it to the queue.")] = UNSET
    max_crashes: Annotated[Count, Meta(description="Null leaves it to the queue.")] = UNSET
    lifetime: Annotated[Span, Meta(description="Null leaves it to the queue.")] = UNSET


class DefinitionTermsBody(CodeTermsBody, kw_only=True):
    """What may be said of a definition; null is the default, also of one that says otherwise."""

    memo: Annotated[Text, Meta(description="Notes of people; code never writes them.")] = UNSET
    status: Annotated[Text, Meta(description="`active`, or `canceled`: no new tasks.")] = UNSET


class DeclaredDefinitionBody(CodeTermsBody, kw_only=True):
    """A definition of the code of whoever sends it."""

    alias: Annotated[str, Meta(description="Matched ignoring case, `-` and `_`.")]


class DeclaredDefinitionsBody(Struct):
    """The definitions that a worker runs."""

    definitions: Annotated[
        list[DeclaredDefinitionBody], Meta(min_length=1, max_length=MAX_DECLARED)
    ]


class NewDefinitionBody(DefinitionTermsBody, kw_only=True):
    """A definition whose code is elsewhere, or not yet written."""

    alias: Annotated[str, Meta(description="Matched ignoring case, `-` and `_`.")]
    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None


class DefinitionBody(DefinitionTermsBody, kw_only=True):
    """A definition to be changed; what is left out stays."""

    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None
