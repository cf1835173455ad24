"""What requests say about schedules."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from rowlock.wire.bodies.common import Count, Moment, RetryBody, Span, Text, Time

RuleBody: TypeAlias = Annotated[
    str | dict[str, Any],
    Meta(description="Cron, an interval such as `1h30m`, an RRULE, or a rule of seven keys."),
]


class ZoneBody(Struct, kw_only=True):
    """Whose clock a rule goes by; null is the default."""

    zone: Annotated[Text, Meta(description="Such as `Europe/Berlin`; UTC.")] = UNSET
    gap: Annotated[
        Text, Meta(description="A local time that does not exist: `end`, `move` or `skip`.")
    ] = UNSET
    repeated: Annotated[
        Text, Meta(description="One that happens twice: `first`, `last` or `both`.")
    ] = UNSET
    starts_at: Annotated[Time, Meta(description="Nothing fires before.")] = UNSET


class ScheduleTermsBody(ZoneBody, kw_only=True):
    """What may be said of a schedule; null is the default, also of one that says otherwise."""

    description: Text = UNSET
    arguments: Annotated[
        dict[str, Any] | UnsetType | None, Meta(description="What each task is run with.")
    ] = UNSET
    ends_at: Annotated[Time, Meta(description="Nothing fires after.")] = UNSET
    max_runs: Annotated[Count, Meta(description="After so many it is completed.")] = UNSET
    catch_up: Annotated[Text, Meta(description="What was missed: `latest`, `all` or `skip`.")] = (
        UNSET
    )
    catch_up_limit: Annotated[Count, Meta(description="How many `all` fires at most.")] = UNSET
    overlap: Annotated[
        Text, Meta(description="While its last task goes on: `allow`, `skip` or `queue_one`.")
    ] = UNSET
    jitter: Annotated[Span, Meta(description="Each fires up to so much later.")] = UNSET
    status: Annotated[Text, Meta(description="`draft` waits for a resume.")] = UNSET
    queue: Text = UNSET
    priority: Count = UNSET
    max_attempts: Count = UNSET
    max_crashes: Count = UNSET
    lifetime: Span = UNSET
    timeout: Span = UNSET
    retry: str | RetryBody | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    unique: Annotated[
        str | bool | list[str] | UnsetType | None,
        Meta(description="A key, true for all arguments, or the names of some."),
    ] = UNSET


class DeclaredScheduleBody(ScheduleTermsBody, kw_only=True):
    """A schedule as code declares it."""

    name: Annotated[str, Meta(description="Matched ignoring case, `-` and `_`.")]
    rule: RuleBody
    definition: Annotated[str, Meta(description="The alias of what its tasks run.")]


class DeclarationsBody(Struct, kw_only=True):
    """What an app declares now, and what it no longer does and may go."""

    schedules: Annotated[list[DeclaredScheduleBody], Meta(max_length=1_000)]
    prune: Annotated[
        list[str],
        Meta(max_length=1_000, description="Ids of undeclared schedules that are deleted."),
    ] = []
    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None


class NewScheduleBody(DeclaredScheduleBody, kw_only=True):
    """A schedule to be created."""

    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None


class ScheduleBody(ScheduleTermsBody, kw_only=True):
    """A schedule to be changed; what is left out stays."""

    rule: RuleBody | None = None
    definition: str | None = None
    set_arguments: Annotated[
        dict[str, Any] | None, Meta(description="Arguments to set; the others stay.")
    ] = None
    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None


class BackfillBody(Struct, kw_only=True):
    """A range of the past whose occurrences are to be made up for."""

    start: Annotated[Moment, Meta(description="An occurrence at it counts.")]
    end: Annotated[Moment, Meta(description="An occurrence at it does not count.")]
    dry_run: Annotated[bool, Meta(description="Only count.")] = False
    reason: Annotated[str | None, Meta(description="Why, for the audit.")] = None


class ExplainBody(ZoneBody, kw_only=True):
    """A rule to be explained; nothing is stored."""

    rule: RuleBody
    name: Annotated[str, Meta(description="The schedule's; it spreads cron's `H`.")] = "-"
    start: Annotated[Moment | None, Meta(description="Since then; now.")] = None
    end: Annotated[Moment | None, Meta(description="Until then; a century later.")] = None
    limit: Annotated[int, Meta(description="At most this many, up to 1,000.")] = 10
