"""Contract: which tasks a list shows."""

from __future__ import annotations

import pytest

from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from tests.contract.steps import (
    after,
    cancel_waiting,
    claim,
    claimed,
    done,
    finish,
    insert,
    listed,
    new,
    seconds,
)


def test_a_list_of_a_queue_shows_its_tasks_in_both_tables(backend):
    first, second = new(queue="a"), new(queue="a")
    insert(backend, first, new(queue="b"), second)
    finish(backend, *(done(one) for one in claim(backend, queue="a")))
    assert listed(backend, queue="a") == [second.id, first.id]


@pytest.mark.parametrize("alias", ["HelloWorld", "hello_world", "HELLO-WORLD"])
def test_a_list_of_a_definition_takes_its_alias_in_any_spelling(backend, alias):
    task = new(definition="helloworld")
    insert(backend, task, new(definition="other"), new(definition=None))
    assert listed(backend, definition=alias) == [task.id]


@pytest.mark.parametrize(
    "tag", ["red", "100%", "a_b", 'say "hi"', "back\\slash", "grün 🎉", "!", "%", "_", "a/b", "'"]
)
def test_a_list_of_a_tag_shows_who_carries_it(backend, tag):
    tagged = new(tags=json_text.encode("tags", sorted(["other", tag])))
    insert(backend, tagged, new(), new(tags='["other"]'))
    assert listed(backend, tags=(tag,)) == [tagged.id]


@pytest.mark.parametrize(
    ("carried", "asked"),
    [
        ("100x", "100%"),
        ("axb", "a_b"),
        ("reddish", "red"),
        ("infrared", "red"),
        ("Red", "red"),
        ("rëd", "red"),
        ("red ", "red"),
        ("anything", "%"),
        ('say"red', "red"),
        ('"x\\', "x\\"),
        ("zero", ","),
    ],
)
def test_a_tag_is_matched_as_a_whole_and_to_the_letter(backend, carried, asked):
    insert(backend, new(tags=json_text.encode("tags", ["anything else", carried])))
    assert listed(backend, tags=(asked,)) == []


def test_of_several_tags_a_task_must_carry_all(backend):
    both = new(tags='["a","b","c"]')
    insert(backend, new(tags='["a"]'), both, new(tags='["b","c"]'), new())
    assert listed(backend, tags=("c", "a")) == [both.id]
    finish(backend, *(done(one) for one in claim(backend)))
    assert listed(backend, tags=("a", "b")) == [both.id]


def test_a_tag_is_found_among_finished_tasks(backend):
    one = claimed(backend, tags='["blue","red"]')
    finish(backend, done(one))
    assert listed(backend, tags=("blue",)) == [one.id]


def test_a_range_of_creation_includes_its_begin_and_excludes_its_end(backend):
    early, begin, inside, end = new(), new(), new(), new()
    insert(backend, early, now=after(-0.000001))
    insert(backend, begin, now=after(0))
    insert(backend, inside, now=after(5))
    insert(backend, end, now=after(10))
    shown = listed(backend, created_after=after(0), created_before=after(10))
    assert shown == [inside.id, begin.id]


def test_a_range_of_creation_holds_for_finished_tasks(backend):
    one = claimed(backend, now=after(5))
    finish(backend, done(one), now=after(99))
    assert listed(backend, created_after=after(5), created_before=after(6)) == [one.id]
    assert listed(backend, created_after=after(6)) == []


def test_everything_that_is_given_must_hold(backend):
    wanted = new(queue="a", tags='["red"]')
    insert(backend, wanted, new(queue="a"), new(queue="b", tags='["red"]'))
    insert(backend, new(queue="a", tags='["red"]', delay=seconds(5)))
    assert listed(backend, queue="a", tags=("red",), states=("queued",)) == [wanted.id]


def test_deleted_tasks_are_hidden_unless_asked_for(backend):
    kept, gone = new(), new()
    insert(backend, kept, gone)
    cancel_waiting(backend, gone.id)
    backend.execute("UPDATE rowlock_history SET deleted_at = finished_at")
    assert listed(backend) == [kept.id]
    assert listed(backend, include_deleted=True) == [gone.id, kept.id]
    assert listed(backend, states=("deleted",)) == [gone.id]


def test_an_unknown_word_for_a_state_is_refused(backend):
    with pytest.raises(InvalidValueError):
        listed(backend, states=("sleeping",))


WAITING = {"scheduled", "retrying", "queued", "queued again"}


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("scheduled", {"scheduled"}),
        ("retrying", {"retrying"}),
        ("queued", {"queued", "queued again"}),
        ("running", {"running"}),
        ("paused", {"paused"}),
        ("succeeded", {"succeeded"}),
        ("failed", {"failed"}),
        ("canceled", {"canceled"}),
        ("expired", {"expired", "late"}),
        ("deleted", {"deleted"}),
        ("Queued", {"queued", "queued again"}),
        ("pending", WAITING),
        ("PENDING", WAITING),
        ("new", {"scheduled", "queued"}),
        ("retry", {"retrying", "queued again"}),
        ("in_progress", {"running"}),
        ("IN_PROGRESS", {"running"}),
        ("inProgress", {"running"}),
        ("retained", {"running"}),
        ("ALREADY_PROCESSING", WAITING | {"running"}),
        ("success", {"succeeded"}),
        ("successful", {"succeeded"}),
        ("completed", {"succeeded"}),
        ("COMPLETED", {"succeeded"}),
        ("released", {"succeeded"}),
        ("done", {"succeeded"}),
        ("FAILED", {"failed"}),
        ("cancelled", {"canceled"}),
    ],
)
def test_every_word_for_a_state_shows_the_tasks_it_means(backend, one_of_each, word, shown):
    found = listed(backend, states=(word,), now=after(30))
    assert {one_of_each[task_id] for task_id in found} == shown


def test_several_words_show_what_any_of_them_means(backend, one_of_each):
    found = listed(backend, states=("running", "Success"), now=after(30))
    assert {one_of_each[task_id] for task_id in found} == {"running", "succeeded"}


def test_no_word_shows_all_but_the_deleted(backend, one_of_each):
    found = listed(backend, now=after(30))
    assert {one_of_each[task_id] for task_id in found} == set(one_of_each.values()) - {"deleted"}
