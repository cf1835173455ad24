"""Contract: progress and log lines of running tasks."""

from __future__ import annotations

from datetime import datetime

import pytest

from rowlock.model import json_text
from rowlock.model.ids import new_task_id, new_token
from rowlock.model.tasks import Claim, LogLine, Report
from tests.contract.steps import (
    T0,
    after,
    back,
    claim,
    claimed,
    done,
    finish,
    get,
    insert,
    new,
    release,
    rescue,
)
from tests.support.backends import Backend


def report(backend: Backend, *reports: Report, now=T0) -> None:
    backend.run(backend.storage.claims.report, reports, now=now)


def about(one: Claim, **given) -> Report:
    return Report(one.id, one.token, **given)


def lines(*texts: str, level: str = "INFO", at: datetime = T0) -> str:
    return json_text.encode("log", [[at.isoformat(), level, text] for text in texts])


def read_log(backend: Backend, one: Claim) -> list[LogLine]:
    return backend.read(backend.storage.reads.read_log, one.id)


def messages(backend: Backend, one: Claim) -> list[str]:
    return [line.message for line in read_log(backend, one)]


@pytest.mark.parametrize("progress", [0, 45, 33.3, 99.9, 100])
def test_progress_is_read_as_it_was_reported(backend, progress):
    one = claimed(backend)
    report(backend, about(one, progress=progress, message="working"))
    task = get(backend, one.id)
    assert (task.progress, task.progress_message) == (progress, "working")


def test_progress_can_be_reported_without_a_message(backend):
    one = claimed(backend)
    report(backend, about(one, progress=10, message="first"))
    report(backend, about(one, progress=20))
    task = get(backend, one.id)
    assert (task.progress, task.progress_message) == (20, "first")


def test_a_message_can_be_reported_without_progress(backend):
    one = claimed(backend)
    report(backend, about(one, progress=10))
    report(backend, about(one, message="second"))
    task = get(backend, one.id)
    assert (task.progress, task.progress_message) == (10, "second")


def test_progress_of_several_tasks_is_stored_by_one_call(backend):
    insert(backend, new(), new())
    first, second = claim(backend, limit=2)
    report(backend, about(second, progress=2, message="two"), about(first, progress=1))
    assert (get(backend, first.id).progress, get(backend, second.id).progress) == (1, 2)
    assert get(backend, first.id).progress_message is None


def test_progress_with_a_wrong_token_is_left_out(backend):
    one, mine = claimed(backend), claimed(backend)
    report(backend, about(one, progress=50)._replace(token=new_token()), about(mine, progress=60))
    assert (get(backend, one.id).progress, get(backend, mine.id).progress) == (0, 60)


def test_the_last_message_outlives_the_finish(backend):
    one = claimed(backend)
    report(backend, about(one, progress=50, message="nearly"))
    finish(backend, done(one))
    task = get(backend, one.id)
    assert (task.progress, task.progress_message) == (100, "nearly")


def test_log_lines_are_read_in_the_order_they_were_written(backend):
    one = claimed(backend)
    report(backend, about(one, log=lines("a", "b")), now=after(1))
    report(backend, about(one, log=lines("c", level="ERROR", at=after(2))), now=after(2))
    assert read_log(backend, one) == [
        LogLine(at=after(0), level="INFO", message="a", attempt=1),
        LogLine(at=after(0), level="INFO", message="b", attempt=1),
        LogLine(at=after(2), level="ERROR", message="c", attempt=1),
    ]


def test_log_lines_of_several_tasks_are_stored_by_one_call(backend):
    insert(backend, new(), new())
    first, second = claim(backend, limit=2)
    report(backend, about(first, log=lines("one")), about(second, log=lines("two")))
    assert (messages(backend, first), messages(backend, second)) == (["one"], ["two"])


def test_progress_and_log_come_in_one_report(backend):
    one = claimed(backend)
    report(backend, about(one, progress=5, message="go", log=lines("x")))
    assert (get(backend, one.id).progress, messages(backend, one)) == (5, ["x"])


def test_the_log_goes_on_over_attempts_and_outlives_the_finish(backend):
    one = claimed(backend)
    report(backend, about(one, log=lines("first")), now=after(1))
    release(backend, back(one))
    [again] = claim(backend)
    report(backend, about(again, log=lines("second")), now=after(2))
    finish(backend, done(again))
    assert messages(backend, one) == ["first", "second"]


def test_log_lines_with_a_wrong_token_are_left_out(backend):
    one, mine = claimed(backend), claimed(backend)
    stray = about(one, log=lines("stray"))._replace(token=new_token())
    report(backend, stray, about(mine, log=lines("mine")))
    assert (messages(backend, one), messages(backend, mine)) == ([], ["mine"])


def test_log_lines_of_an_unknown_task_are_left_out(backend):
    stray = Report(new_task_id(), new_token(), log=lines("stray"))
    report(backend, stray)
    assert backend.execute("SELECT count(*) FROM rowlock_log").rows == [(0,)]


def test_log_lines_after_a_rescue_are_left_out(backend):
    one = claimed(backend)
    rescue(backend, now=after(31))
    report(backend, about(one, progress=70, log=lines("late")), now=after(32))
    assert (get(backend, one.id).progress, messages(backend, one)) == (0, [])


def test_a_large_log_is_stored(backend):
    one = claimed(backend)
    texts = ["x" * 8000 for _ in range(8)]
    report(backend, about(one, log=lines(*texts)))
    assert messages(backend, one) == texts


def test_no_reports_store_nothing(backend):
    report(backend)
    assert backend.execute("SELECT count(*) FROM rowlock_log").rows == [(0,)]
