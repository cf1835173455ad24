"""Claiming by hand: a program takes tasks, to run them in its own way; as flows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from rowlock.app.flow import Flow, Run
from rowlock.app.holding_flows import checked_lease, own_lease
from rowlock.app.intake import Intake
from rowlock.errors import InvalidValueError, StorageError, StorageUnavailableError
from rowlock.model import json_text
from rowlock.model.claimed import ClaimedTask
from rowlock.model.definitions import Definition
from rowlock.model.ids import TokenRange, new_token
from rowlock.model.names import checked_alias, checked_queue, checked_worker, definition_key
from rowlock.model.queues import MIN_LEASE, Queue, checked_count
from rowlock.model.tasks import Claim, Held
from rowlock.ops.claim import claim_from
from rowlock.ops.claim import is_claimable as is_one_claimable
from rowlock.plan import Plan
from rowlock.storage.contract import ClaimRequest
from rowlock.storage.values import options_from_text

MAX_CLAIM = 1_000
NOBODYS = UUID(int=0)
FIRST_PIECE = 16
# Payloads of this length on average may be many at once.
SMALL_BYTES = 4_096


def _names(field: str, given: Sequence[str] | str) -> list[str]:
    names = [given] if isinstance(given, str) else list(given)
    if not names:
        raise InvalidValueError(field, "names nothing; leave it out for any")
    return names


def claim(  # noqa: PLR0913 - what can be said of a claim
    core: Intake,
    worker: str,
    queues: Sequence[str] | str | None,
    *,
    limit: int,
    lease: object,
    definitions: Sequence[str] | str | None,
    max_bytes: int | None = None,
    lease_of: Callable[[Queue], timedelta] = own_lease,
    new_token: Callable[[], UUID] = new_token,
    again: TokenRange | None = None,
) -> Flow[list[ClaimedTask]]:
    """Take tasks for one attempt each, best first.

    Args:
        core: Where.
        worker: Who takes them.
        queues: From these; None for any.
        limit: At most this many.
        lease: How long the claims hold; None leaves it to `lease_of`.
        definitions: Of these; None for any.
        max_bytes: Take no more once the payloads are so long together.
        lease_of: How long a claim from a queue holds.
        new_token: Makes the claims' token.
        again: What the same claim may have taken before: it then takes nothing else.
    """
    checked_count("limit", limit, most=MAX_CLAIM)
    chosen, keys = _chosen(queues, definitions)
    name = checked_worker(worker)
    given = None if lease is None else checked_lease(lease)
    known: list[Queue] = yield Run(
        partial(core.storage.queues.list_queues, core.namespace), reads=True
    )
    request = ClaimRequest(
        namespace=core.namespace,
        queue="",
        worker=name,
        token=new_token(),
        limit=limit,
        lease=given or lease_of(Queue(namespace=core.namespace, name="")),
        definitions=keys,
        without_definition=keys is None,
    )
    leases = {} if given else {queue.name: lease_of(queue) for queue in known}
    claims = [] if again is None else (yield from _taken_before(core, request, leases, again))
    if not claims:
        claims = yield from _claims_within(core, request, chosen, leases, max_bytes, new_token)
    aliases_by_key = yield from _aliases(core, claims)
    return [
        _claimed(
            one,
            aliases_by_key.get(one.definition or ""),
            leases.get(one.queue, request.lease),
        )
        for one in claims
    ]


def is_claimable(
    core: Intake, queues: Sequence[str] | None, definitions: Sequence[str] | None
) -> Flow[bool]:
    """Whether there is a task that could be claimed now. See `claim`."""
    chosen, keys = _chosen(queues, definitions)
    request = ClaimRequest(
        namespace=core.namespace,
        queue="",
        worker="",
        token=NOBODYS,
        limit=1,
        lease=MIN_LEASE,
        definitions=keys,
        without_definition=keys is None,
    )
    found: bool = yield Run(partial(is_one_claimable, core.storage, request, chosen))
    return found


def _chosen(
    queues: Sequence[str] | str | None, definitions: Sequence[str] | str | None
) -> tuple[list[str] | None, tuple[str, ...] | None]:
    """Return the names of queues and the keys of definitions, checked."""
    named = None if queues is None else map(checked_queue, _names("queues", queues))
    keys: tuple[str, ...] | None = None
    if definitions is not None:
        aliases = map(checked_alias, _names("definitions", definitions))
        keys = tuple(map(definition_key, aliases))
    return None if named is None else list(dict.fromkeys(named)), keys


def _taken_before(
    core: Intake, request: ClaimRequest, leases: dict[str, timedelta], tokens: TokenRange
) -> Flow[list[Claim]]:
    """Return what a worker holds by these tokens, extended: its answer was lost for a while."""
    claims = yield from _held_by(core, request.worker, tokens)
    if claims:
        held = [Held(one.id, one.token, leases.get(one.queue, request.lease)) for one in claims]
        yield Run(partial(core.storage.claims.renew_leases, held))
        claims = yield from _held_by(core, request.worker, tokens)
    return claims


def _held_by(core: Intake, worker: str, tokens: TokenRange) -> Flow[list[Claim]]:
    look = partial(core.storage.claims.read_tokens, core.namespace, worker, tokens)
    found: list[UUID] = yield Run(look, reads=True)
    claims: list[Claim] = []
    for token in found:
        claims += yield Run(partial(core.storage.claims.read_claimed, token), reads=True)
    return sorted(claims, key=Claim.place_in_line)


def _claims_within(
    core: Intake,
    request: ClaimRequest,
    queues: list[str] | None,
    leases: dict[str, timedelta],
    max_bytes: int | None,
    new_token: Callable[[], UUID],
) -> Flow[list[Claim]]:
    """Claim; with a limit of bytes a piece at a time, as nobody knows sizes before."""
    claims: list[Claim] = []
    length, wanted = 0, request.limit if max_bytes is None else min(request.limit, FIRST_PIECE)
    while True:
        asked = request._replace(limit=wanted, token=new_token() if claims else request.token)
        operation = partial(claim_from, core.storage, asked, queues, leases=leases)
        try:
            piece = yield from _claims(core, asked, operation)
        except StorageError:
            if not claims:
                raise
            return claims  # what the earlier pieces took is run
        claims += piece
        left = request.limit - len(claims)
        length += sum(len(one.payload) for one in piece)
        if len(piece) < wanted or not left or max_bytes is None or length >= max_bytes:
            return claims
        wanted = min(left, FIRST_PIECE if length > len(claims) * SMALL_BYTES else 4 * wanted)


def _claims(
    core: Intake, request: ClaimRequest, operation: Callable[[], Plan[list[Claim]]]
) -> Flow[list[Claim]]:
    """Claim; where the answer is lost, ask once which tasks carry our token."""
    try:
        claims: list[Claim] = yield Run(operation)
    except StorageUnavailableError as error:
        if not error.outcome_unknown:
            raise
        # Otherwise nobody would run them until their leases ran out, and a crash were charged.
        claims = yield Run(partial(core.storage.claims.read_claimed, request.token), reads=True)
    return claims


def _aliases(core: Intake, claims: Sequence[Claim]) -> Flow[dict[str, str]]:
    """Return how the definitions of claims are spelled."""
    keys = {one.definition for one in claims if one.definition is not None}
    if not keys:
        return {}
    operation = partial(core.storage.definitions.list_definitions, core.namespace)
    known: list[Definition] = yield Run(operation, reads=True)
    return {key: key for key in keys} | {one.key: one.alias for one in known}


def _claimed(claim: Claim, alias: str | None, lease: timedelta) -> ClaimedTask:
    """Return a claim as a program sees it."""
    own = options_from_text(claim.options)
    return ClaimedTask(
        id=claim.id,
        token=claim.token,
        queue=claim.queue,
        definition=alias,
        payload=json_text.decode_shown(claim.payload),
        attempt=claim.attempt,
        max_attempts=claim.max_attempts,
        crashes=claim.crashes,
        max_crashes=claim.max_crashes,
        priority=-claim.priority,
        tags=tuple(json_text.decode_shown(claim.tags)) if claim.tags else (),
        unique_key=claim.unique_key,
        timeout=own.timeout,
        retry=own.retry,
        created_at=claim.created_at,
        run_at=claim.run_at,
        started_at=claim.started_at,
        expires_at=claim.expires_at,
        lease=lease,
        lease_until=claim.lease_until,
        cancel_requested=claim.cancel_requested,
    )
