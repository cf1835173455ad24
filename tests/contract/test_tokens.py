"""Contract: tokens of the HTTP service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rowlock.model.ids import new_task_id
from rowlock.model.tokens import FoundToken, NewToken, Scope, digest_of
from tests.contract.steps import T0, after, claim, insert, new, seconds
from tests.support.backends import Backend

MINUTE = timedelta(minutes=1)


def store(
    backend: Backend,
    *,
    lifetime: timedelta | None = None,
    until: datetime | None = None,
    **given: Any,
) -> NewToken:
    values: dict[str, Any] = {
        "id": new_task_id(),
        "digest": digest_of("secret"),
        "name": "Ann's é 🎉",
        "namespace": "default",
        "scopes": (Scope.TASKS_READ, Scope.TASKS_WORK),
    }
    token = NewToken(**(values | given))
    backend.run(backend.storage.tokens.insert_token, token, lifetime=lifetime, until=until, now=T0)
    return token


def find(backend: Backend, token: NewToken, *, now=T0) -> FoundToken:
    plan = backend.storage.tokens.find_token
    found = backend.read(plan, token.id, interval=MINUTE, now=now)
    assert found is not None
    return found


def test_a_token_is_found_as_it_was_stored(backend):
    new_token = store(backend)
    found = find(backend, new_token)
    token = found.token
    assert (token.id, token.name, token.namespace) == (new_token.id, "Ann's é 🎉", "default")
    assert (token.scopes, found.digest) == (new_token.scopes, new_token.digest)
    assert (token.created_at, token.expires_at) == (T0, None)
    assert (token.revoked_at, token.last_used_at) == (None, None)
    assert (found.valid, found.unseen) == (True, True)


def test_a_token_that_was_never_stored_is_not_found(backend):
    plan = backend.storage.tokens.find_token
    assert backend.read(plan, new_task_id(), interval=MINUTE) is None


def test_a_token_is_valid_until_it_expires(backend):
    token = store(backend, lifetime=seconds(10))
    assert find(backend, token).token.expires_at == after(10)
    assert find(backend, token, now=after(9.999)).valid
    assert not find(backend, token, now=after(10)).valid


def test_a_token_may_end_at_a_time(backend):
    token = store(backend, until=after(10.000001))
    assert find(backend, token).token.expires_at == after(10.000001)
    assert find(backend, token, now=after(10)).valid
    assert not find(backend, token, now=after(10.000001)).valid


def test_a_revoked_token_is_not_valid_and_stays_as_it_was_revoked(backend):
    token, other = store(backend), store(backend)
    for moment in (after(1), after(2)):
        backend.run(backend.storage.tokens.revoke_token, token.id, now=moment)
    found = find(backend, token, now=after(3))
    assert (found.valid, found.token.revoked_at) == (False, after(1))
    assert find(backend, other).valid


def test_its_last_use_is_written_once_in_an_interval(backend):
    token, seen = store(backend), []
    for at in (0, 59, 60, 61):
        plan = backend.storage.tokens.touch_token
        backend.run(plan, token.id, interval=MINUTE, now=after(at))
        seen.append(find(backend, token, now=after(at)).token.last_used_at)
    assert seen == [T0, T0, after(60), after(60)]
    assert [find(backend, token, now=after(at)).unseen for at in (119, 120)] == [False, True]


def test_tokens_are_listed_by_namespace_or_all(backend):
    mine, theirs, everyones = (store(backend, namespace=name) for name in ("a", "b", None))
    plan = backend.storage.tokens.list_tokens
    listed = {
        name: [token.id for token in backend.read(plan, name)] for name in ("a", "b", "c", None)
    }
    assert listed == {
        "a": [mine.id],
        "b": [theirs.id],
        "c": [],
        None: [mine.id, theirs.id, everyones.id],
    }


def test_the_token_of_a_running_task_is_read_in_its_namespace_only(backend):
    task = new()
    insert(backend, task)
    read = backend.storage.claims.read_token
    assert backend.read(read, "default", task.id) is None
    [claimed] = claim(backend)
    assert backend.read(read, "default", task.id) == claimed.token
    assert backend.read(read, "other", task.id) is None
