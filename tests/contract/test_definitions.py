"""Contract: definitions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from rowlock.model.definitions import (
    Definition,
    DefinitionFilter,
    DefinitionOrder,
    DefinitionStatus,
    DefinitionTasks,
)
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage
from tests.contract.steps import cancel_waiting, claim, insert, new, together
from tests.support.backends import Backend

HELLO = Definition(
    alias="Hello",
    key="hello",
    title="Say hello",
    description="To everyone.\nÜber all 🎉.",
    queue="greetings",
    priority=3,
    max_attempts=7,
    max_crashes=2,
    lifetime=timedelta(hours=1.5),
)


def said(found: Definition | None) -> Definition:
    """A definition without the times at which it was stored."""
    assert found is not None
    return replace(found, created_at=None, updated_at=None)


def put(backend: Backend, *definitions: Definition, namespace: str = "default") -> None:
    backend.run(backend.storage.definitions.put_definitions, namespace, definitions)


def create(backend: Backend, definition: Definition, namespace: str = "default") -> bool:
    return backend.run(backend.storage.definitions.insert_definition, namespace, definition)


def definition(backend: Backend, key: str, namespace: str = "default") -> Definition | None:
    return backend.read(backend.storage.definitions.get_definition, namespace, key)


def definitions(backend: Backend, **wanted) -> list[Definition]:
    plan = backend.storage.definitions.list_definitions
    return backend.read(plan, "default", DefinitionFilter(**wanted))


def listed(backend: Backend, **how) -> list[str]:
    plan = backend.storage.definitions.list_definitions
    return [one.alias for one in backend.read(plan, "default", **how)]


def change(backend: Backend, changed: Definition) -> None:
    backend.run(_changed, backend.storage, changed)


def _changed(storage: Storage, changed: Definition) -> Plan[None]:
    yield BEGIN
    assert (yield from storage.definitions.lock_definition("default", changed.key)) is not None
    yield from storage.definitions.update_definition("default", changed)


def delete(backend: Backend, gone: Definition, *, soft: bool) -> None:
    backend.run(backend.storage.definitions.delete_definition, "default", gone, soft=soft)


def test_a_definition_is_read_back_as_it_was_stored(backend):
    put(backend, HELLO)
    assert said(definition(backend, "hello")) == HELLO


def test_a_definition_without_defaults_is_read_back(backend):
    plain = Definition(alias="Plain", key="plain")
    put(backend, plain)
    assert said(definition(backend, "plain")) == plain


def test_an_unknown_definition_is_none(backend):
    put(backend, HELLO, namespace="other")
    assert definition(backend, "hello") is None


def test_a_definition_is_known_in_its_namespace_only(backend):
    put(backend, HELLO, namespace="other")
    put(backend, replace(HELLO, title="Mine"))
    assert [
        one.title for one in backend.read(backend.storage.definitions.list_definitions, "other")
    ] == ["Say hello"]
    assert [one.title for one in definitions(backend)] == ["Mine"]


def test_a_changed_definition_is_stored(backend):
    put(backend, HELLO)
    changed = replace(HELLO, alias="HELLO", title="Say it again", max_attempts=None)
    put(backend, changed)
    assert [said(one) for one in definitions(backend)] == [changed]


def test_a_definition_that_is_equal_already_is_not_written(backend):
    put(backend, HELLO)
    [[before]] = backend.execute("SELECT updated_at FROM rowlock_definition").rows
    put(backend, HELLO)
    assert backend.execute("SELECT updated_at FROM rowlock_definition").rows == [(before,)]


@pytest.mark.parametrize("field", ["alias", "title", "description", "queue"])
def test_a_change_of_case_is_a_change(backend, field):
    put(backend, HELLO)
    changed = replace(HELLO, **{field: getattr(HELLO, field).upper()})
    put(backend, changed)
    assert said(definition(backend, "hello")) == changed


def test_registering_again_does_not_revive_a_canceled_definition(backend):
    put(backend, HELLO)
    backend.execute("UPDATE rowlock_definition SET status = 'canceled'")
    put(backend, replace(HELLO, title="Again"))
    stored = definition(backend, "hello")
    assert said(stored) == replace(HELLO, title="Again", status=DefinitionStatus.CANCELED)


def test_definitions_are_listed_by_alias(backend):
    put(backend, *(Definition(alias=alias, key=alias.lower()) for alias in ("b", "c", "a")))
    assert [one.alias for one in definitions(backend)] == ["a", "b", "c"]


def test_of_16_that_store_a_definition_none_fails(backend):
    together(*(partial(put, backend, HELLO) for _ in range(16)))
    assert [said(one) for one in definitions(backend)] == [HELLO]


def test_a_definition_is_created_with_memo_status_and_times(backend):
    given = replace(HELLO, memo="Ask Ada.", status=DefinitionStatus.CANCELED)
    before = datetime.now(UTC) - timedelta(minutes=10)
    assert create(backend, given)
    found = definition(backend, "hello")
    assert said(found) == given
    assert found is not None
    assert found.created_at is not None
    assert found.created_at > before
    assert (found.updated_at, found.deleted_at) == (found.created_at, None)


def test_a_taken_key_is_not_created_again(backend):
    assert create(backend, HELLO)
    assert not create(backend, Definition(alias="HEL-LO", key="hello"))
    assert said(definition(backend, "hello")) == HELLO


def test_of_8_that_create_a_definition_one_does(backend):
    given = [Definition(alias="Hello", key="hello") for _ in range(8)]
    done = together(*(partial(create, backend, one) for one in given))
    assert sorted(done) == [False] * 7 + [True]
    assert said(definition(backend, "hello")) == given[done.index(True)]


def test_a_definition_is_found_by_its_id_in_its_namespace(backend):
    create(backend, HELLO)
    find = backend.storage.definitions.get_definition_by_id
    assert said(backend.read(find, "default", HELLO.id)) == HELLO
    assert backend.read(find, "other", HELLO.id) is None


def test_what_people_change_is_stored(backend):
    create(backend, HELLO)
    changed = replace(HELLO, memo="m", title="T", status=DefinitionStatus.CANCELED, priority=0)
    change(backend, changed)
    assert said(definition(backend, "hello")) == changed


def test_code_leaves_memo_and_status_alone(backend):
    create(backend, replace(HELLO, memo="m", status=DefinitionStatus.CANCELED))
    put(backend, replace(HELLO, title="New"))
    found = definition(backend, "hello")
    assert found is not None
    assert (found.title, found.memo, found.status) == ("New", "m", "canceled")


def test_a_change_reaches_neither_a_deleted_definition_nor_its_successor(backend):
    create(backend, HELLO)
    delete(backend, HELLO, soft=True)
    change(backend, replace(HELLO, title="Changed"))
    found = definition(backend, "hello")
    assert found is not None
    assert found.title == "Say hello"
    create(backend, Definition(alias="Hello", key="hello"))
    change(backend, replace(HELLO, title="Changed"))
    delete(backend, HELLO, soft=False)
    assert [one.title for one in definitions(backend)] == [""]


def test_a_softly_deleted_definition_is_hidden_and_stays(backend):
    create(backend, HELLO)
    delete(backend, HELLO, soft=True)
    assert definitions(backend) == []
    [hidden] = definitions(backend, include_deleted=True)
    assert hidden.deleted_at is not None
    assert hidden.refusal == "deleted"


def test_a_deletion_keeps_its_first_time(backend):
    create(backend, HELLO)
    delete(backend, HELLO, soft=True)
    first = definition(backend, "hello")
    delete(backend, HELLO, soft=True)
    assert definition(backend, "hello") == first


def test_code_does_not_revive_a_deleted_definition(backend):
    create(backend, HELLO)
    delete(backend, HELLO, soft=True)
    before = definition(backend, "hello")
    put(
        backend,
        replace(HELLO, title="New", alias="HELLO", queue="other", description="", id=HELLO.id),
    )
    assert definition(backend, "hello") == before


def test_a_deleted_definition_is_created_again_with_another_id(backend):
    create(backend, replace(HELLO, memo="old"))
    delete(backend, HELLO, soft=True)
    again = Definition(alias="hello", key="hello", title="Again")
    assert create(backend, again)
    assert [said(one) for one in definitions(backend, include_deleted=True)] == [again]


def test_a_removed_definition_is_gone(backend):
    create(backend, HELLO)
    create(backend, HELLO, namespace="other")
    delete(backend, HELLO, soft=False)
    assert definition(backend, "hello") is None
    assert definition(backend, "hello", "other") is not None


def test_definitions_are_filtered_by_alias_status_and_time(backend):
    for alias in ("SendMail", "send-letter", "report"):
        key = alias.lower().replace("-", "")
        create(backend, Definition(alias=alias, key=key))
    put(backend, Definition(alias="later", key="later"))
    canceled = definition(backend, "report")
    assert canceled is not None
    change(backend, replace(canceled, status=DefinitionStatus.CANCELED))
    assert [one.alias for one in definitions(backend, alias="send")] == ["send-letter", "SendMail"]
    assert definitions(backend, alias="%") == []
    assert [one.alias for one in definitions(backend, status="canceled")] == ["report"]
    moment = canceled.created_at
    assert [one.alias for one in definitions(backend, created_after=moment)] == ["later", "report"]
    assert "report" not in [one.alias for one in definitions(backend, created_before=moment)]


def test_definitions_are_ordered_and_paged(backend):
    for alias in ("b", "A", "c"):
        create(backend, Definition(alias=alias, key=alias.lower()))
    assert listed(backend) == ["A", "b", "c"]
    assert listed(backend, order=DefinitionOrder.ALIAS_DESCENDING) == ["c", "b", "A"]
    assert listed(backend, order=DefinitionOrder.CREATED) == ["b", "A", "c"]
    assert listed(backend, order=DefinitionOrder.CREATED_DESCENDING) == ["c", "A", "b"]
    assert listed(backend, limit=1, offset=1) == ["b"]


def test_definitions_are_counted_as_they_are_listed(backend):
    put(backend, *(Definition(alias=alias, key=alias) for alias in "abc"))
    count = backend.storage.definitions.count_definitions
    assert backend.read(count, "default") == 3
    assert backend.read(count, "default", DefinitionFilter(alias="b")) == 1
    assert backend.read(count, "other") == 0


def test_a_definitions_tasks_are_counted(backend):
    tasks = [new(), new(), new(), new(definition="other")]
    insert(backend, *tasks)
    cancel_waiting(backend, tasks[0].id)
    claim(backend, limit=1, definitions=("hello",))
    count = backend.storage.definitions.count_definition_tasks
    assert backend.read(count, "default", "hello") == DefinitionTasks(1, 1, 1)
    assert backend.read(count, "other", "hello") == DefinitionTasks(0, 0, 0)
