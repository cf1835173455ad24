"""Which tasks went in: without RETURNING, the stamp on met rows and the count have to tell."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import timedelta
from functools import partial
from uuid import UUID

import pymysql
import pytest
from pymysql.constants import CLIENT
from pymysql.cursors import DictCursor

from rowlock.errors import DuplicateTaskError, InvalidValueError
from rowlock.model.states import TaskState
from rowlock.model.tasks import NewTask
from rowlock.storage.enlisted import EnlistedRunner
from rowlock.storage.mysql.enlisted import MYSQL_ENLISTING
from tests.contract.steps import T0, claim, claimed, done, finish, found, get, insert, new, together
from tests.support.databases import mysql_options

pytestmark = pytest.mark.parametrize("backend", ["mariadb"], indirect=True)

LARGE = '"' + "x" * 5000 + '"'


@pytest.fixture(params=["own", "changed rows", "matched rows", "repeatable read"])
def enqueue(request, backend):
    """Insert on our own connection, or on a caller's with other client flags than ours."""

    def on_a_callers(*tasks: NewTask, replayed: bool = False):
        with closing(pymysql.connect(**options)) as connection:
            if request.param == "repeatable read":
                connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.begin()
            runner = MYSQL_ENLISTING.runner(connection)
            operation = backend.storage.enqueue.insert_tasks
            inserted = runner.run(operation, tasks, namespace="default", replayed=replayed, now=T0)
            connection.commit()
            return inserted

    options = mysql_options(backend.url)
    if request.param == "matched rows":
        options["client_flag"] = CLIENT.FOUND_ROWS
    if request.param == "own":
        return lambda *tasks, replayed=False: insert(backend, *tasks, replayed=replayed)
    return on_a_callers


def test_one_that_is_new(backend, enqueue):
    plain, unique = new(), new(unique_key="k")
    assert enqueue(plain) == {plain.id}
    assert enqueue(unique) == {unique.id}


def test_one_that_is_there(backend, enqueue):
    for task in (new(), new(unique_key="k"), new(payload=LARGE)):
        assert [enqueue(task) for _ in range(3)] == [{task.id}, set(), set()]


def test_one_whose_key_is_held(backend, enqueue):
    holder = new(unique_key="k")
    enqueue(holder)
    for _ in range(2):
        other = new(unique_key="k")
        assert enqueue(other) == set()
        assert enqueue(other) == set()
        assert found(backend, other.id) is None
    assert get(backend, holder.id).state is TaskState.QUEUED


def test_one_whose_key_is_held_in_another_namespace(backend, enqueue):
    insert(backend, new(unique_key="k"), namespace="other")
    task = new(unique_key="k")
    assert enqueue(task) == {task.id}


def test_several_that_are_new(backend, enqueue):
    tasks = [new(), new(unique_key="a"), new(unique_key="b"), new(payload=LARGE)]
    assert enqueue(*tasks) == {task.id for task in tasks}
    assert get(backend, tasks[3].id).payload == "x" * 5000


def test_several_of_which_some_are_there(backend, enqueue):
    old = [new(), new(unique_key="a"), new(payload=LARGE)]
    enqueue(*old)
    fresh = [new(), new(unique_key="b"), new(payload=LARGE)]
    assert enqueue(*old, *fresh) == {task.id for task in fresh}
    assert enqueue(*old, *fresh) == set()


def test_several_of_which_one_is_there_and_the_counts_add_up(backend, enqueue):
    """Two for the one that is there and none for the second of a key sum up to the batch."""
    old = new()
    enqueue(old)
    keyed = [new(unique_key="k") for _ in range(5)]
    [winner] = enqueue(old, *keyed)
    assert winner in {task.id for task in keyed}
    assert len([task for task in keyed if found(backend, task.id)]) == 1


def test_a_key_given_twice_goes_in_once(backend, enqueue):
    tasks = [new(unique_key="k") for _ in range(3)]
    assert enqueue(*tasks) == {tasks[0].id}
    assert enqueue(*tasks) == set()


def test_an_id_given_twice_goes_in_once(backend, enqueue):
    task = new()
    assert enqueue(task, task, new()) >= {task.id}
    assert enqueue(task, task) == set()


def test_a_key_that_a_row_of_the_same_batch_took_does_not_hide_that_row(backend, enqueue):
    """The stamp of the second meeting must not make the first look like another's."""
    first, second, other = new(unique_key="k"), new(unique_key="k"), new(unique_key="l")
    assert enqueue(first, second, other) == {first.id, other.id}


def test_what_history_holds_is_not_stored_again(backend, enqueue):
    ended = claimed(backend)
    finish(backend, done(ended))
    fresh = new(payload=LARGE)
    again = new(id=ended.id)
    assert enqueue(again, replayed=True) == set()
    assert enqueue(again, fresh, replayed=True) == {fresh.id}
    assert get(backend, ended.id).state is TaskState.SUCCEEDED
    assert [task.id for task in claim(backend, limit=9)] == [fresh.id]


def test_a_task_that_ends_while_it_is_stored_again_is_not_run_again(backend):
    """Even if the caller's snapshot is older than the end."""
    one = claimed(backend)
    with closing(pymysql.connect(**mysql_options(backend.url))) as connection:
        connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.begin()
        connection.query("SELECT 1 FROM rowlock_history")
        finish(backend, done(one))
        runner = MYSQL_ENLISTING.runner(connection)
        operation = backend.storage.enqueue.insert_tasks
        again = [new(id=one.id)]
        assert runner.run(operation, again, namespace="default", replayed=True) == set()
        connection.commit()
    assert claim(backend) == []


def test_many_callers_of_the_same_tasks_store_each_once(backend):
    tasks = [new(unique_key=f"k{n}" if n % 3 == 0 else None) for n in range(60)]

    def enqueue(seed: int) -> list[UUID]:
        shuffled = random.Random(seed).sample(tasks, len(tasks))
        parts = [shuffled[at : at + 10] for at in range(0, len(shuffled), 10)]
        return [task_id for part in parts for task_id in insert(backend, *part)]

    stored = [
        task_id for ids in together(*(partial(enqueue, n) for n in range(6))) for task_id in ids
    ]
    assert sorted(stored) == sorted(task.id for task in tasks)


def test_many_callers_with_the_same_keys_store_each_key_once(backend):
    keys = [f"k{n}" for n in range(20)]

    def enqueue(seed: int) -> list[UUID]:
        shuffled = random.Random(seed).sample(keys, len(keys))
        batches = [[new(unique_key=key) for key in shuffled] for _ in range(3)]
        return [task_id for batch in batches for task_id in insert(backend, *batch)]

    stored = [
        task_id for ids in together(*(partial(enqueue, n) for n in range(6))) for task_id in ids
    ]
    assert len(stored) == len(keys)
    assert {task.id for task in claim(backend, limit=99)} == set(stored)


def test_a_bulk_of_fresh_tasks_takes_several_statements(backend):
    payloads = [f'"{"x" * (n % 7) * 600}"' for n in range(3000)]
    tasks = [new(payload=payload, lifetime=timedelta(hours=1)) for payload in payloads]
    tasks[5] = tasks[5]._replace(terms=tasks[5].terms._replace(delay=timedelta(minutes=5)))
    backend.run(backend.storage.enqueue.insert_fresh_tasks, tasks, namespace="default", now=T0)
    claims = claim(backend, limit=5000)
    assert len(claims) == 2999
    assert {one.id: one.payload for one in claims} == {
        task.id: task.payload for task in tasks if task is not tasks[5]
    }
    assert get(backend, tasks[5].id).run_at == T0 + timedelta(minutes=5)


def test_a_bulk_joins_a_callers_transaction(backend):
    tasks = [new(payload=LARGE if n == 3 else "{}") for n in range(10)]
    with closing(pymysql.connect(**mysql_options(backend.url))) as connection:
        connection.begin()
        runner = MYSQL_ENLISTING.runner(connection)
        operation = backend.storage.enqueue.insert_fresh_tasks
        runner.run(operation, tasks, namespace="default")
        connection.rollback()
        assert claim(backend, now=None) == []
        runner.run(operation, tasks, namespace="default")
        connection.commit()
    assert len(claim(backend, limit=99, now=None)) == 10


def test_a_caller_may_quote_otherwise_and_read_rows_as_dicts(backend):
    options = {**mysql_options(backend.url), "cursorclass": DictCursor}
    modes = "'NO_BACKSLASH_ESCAPES,ANSI,HIGH_NOT_PRECEDENCE'"
    task = new(payload='"a\\\\b\'c\\n"', unique_key="it's \\ one")
    other = new()
    with closing(pymysql.connect(**options, init_command=f"SET sql_mode = {modes}")) as connection:
        connection.begin()
        runner = MYSQL_ENLISTING.runner(connection)
        enqueue = backend.storage.enqueue
        assert runner.run(enqueue.insert_tasks, [task], namespace="default") == {task.id}
        assert runner.run(enqueue.insert_tasks, [task], namespace="default") == set()
        more = [task, other]
        assert runner.run(enqueue.insert_tasks, more, namespace="default") == {other.id}
        assert runner.read(enqueue.find_unique_holder, "default", "it's \\ one") == task.id
        assert runner.read(enqueue.read_identities, [task.id])[task.id].payload == task.payload
        connection.commit()
    assert get(backend, task.id).payload == "a\\b'c\n"


def test_a_connection_in_autocommit_mode_is_no_transaction(backend):
    options = mysql_options(backend.url)
    with closing(pymysql.connect(**options, autocommit=True)) as connection:
        with pytest.raises(InvalidValueError, match="autocommit"):
            MYSQL_ENLISTING.runner(connection)
        connection.begin()
        assert isinstance(MYSQL_ENLISTING.runner(connection), EnlistedRunner)
    with pytest.raises(InvalidValueError):
        MYSQL_ENLISTING.runner(object())


def test_a_retry_that_meets_a_held_key_changes_nothing(backend):
    ended = claimed(backend, unique_key="k")
    finish(backend, done(ended, state=TaskState.FAILED))
    holder = new(unique_key="k")
    insert(backend, holder)
    retry = backend.storage.operate.retry_finished
    for _ in range(2):
        with pytest.raises(DuplicateTaskError) as caught:
            backend.run(retry, "default", ended.id, attempts=1, now=T0)
        assert caught.value.task_id == holder.id
    assert get(backend, ended.id).state is TaskState.FAILED
    assert backend.read(backend.storage.reads.list_attempts, ended.id) == []
    one = claim(backend)[0]
    finish(backend, done(one))
    assert backend.run(retry, "default", ended.id, attempts=1, now=T0)


def test_a_row_that_was_met_is_otherwise_as_it_was(backend):
    one = claimed(backend, unique_key="k")
    before = get(backend, one.id)
    insert(backend, new(id=one.id, payload='"other"', unique_key="x"), new(unique_key="k"))
    assert get(backend, one.id) == before
    assert finish(backend, done(one)) == {one.id}


def test_an_id_that_another_namespace_has_is_not_stored(backend):
    task, fresh = new(), new()
    insert(backend, task, namespace="other")
    assert insert(backend, task) == set()
    assert insert(backend, task, fresh) == {fresh.id}
