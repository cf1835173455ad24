"""Judges the history of a chaos run: pure, and linear in the number of events.

What may happen to a task under kills, freezes and outages, and what may not:

| rule | what must hold |
|---|---|
| lost | an acknowledged task is there at the end |
| copied | it is there once |
| unfinished | it is final, once everything is healed and drained |
| restarted | a claim, known by task and token, starts its handler at most once |
| double | at most one claim of a task records the task's end |
| stale | what is recorded is the end of the last claim, and the row carries its token |
| unexplained | a refused end belongs to a claim that was rescued or taken over |
| replay | the recorded attempts, replayed, give the row |
| effect | a recorded end of a handler is the one end which that claim's handler had |
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

FINAL = frozenset({"succeeded", "failed", "canceled", "expired"})
UNCHARGED = frozenset({"snoozed", "handed_back"})
LOST = "lost"
CRASH_LOOP = "crash_loop"


class Claimed(NamedTuple):
    """A worker learned that it holds a task; `started` is the database's clock."""

    task: str
    token: str
    attempt: int
    started: int


class Ran(NamedTuple):
    """A handler started or ended; `ok` is how it ended."""

    task: str
    token: str
    ok: bool


class Asked(NamedTuple):
    """A worker asked to record the end of a claim: a final state, or why it is put back."""

    task: str
    token: str
    final: bool
    outcome: str


class Answer(NamedTuple):
    """The database's answer to that; none is written when the connection broke."""

    task: str
    token: str
    final: bool
    outcome: str
    recorded: bool


class TaskRow(NamedTuple):
    """A task in the database at the end, live or finished."""

    task: str
    state: str
    attempt: int
    crashes: int
    max_attempts: int
    token: str | None
    reason: str | None
    final: bool


class AttemptRow(NamedTuple):
    """A claim that ended without finishing its task."""

    task: str
    token: str
    attempt: int
    outcome: str
    started: int


@dataclass
class History:
    """All that is known about one run."""

    acknowledged: list[str] = field(default_factory=list)
    claims: list[Claimed] = field(default_factory=list)
    starts: list[Ran] = field(default_factory=list)
    ends: list[Ran] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    tasks: list[TaskRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)


class Violation(NamedTuple):
    """A rule that does not hold, and for which task."""

    rule: str
    task: str
    problem: str


def check(history: History) -> list[Violation]:
    """Return every violation of every rule."""
    index = Index(history)
    rules = (lost, copied, unfinished, restarted, double, stale, unexplained, replay, effect)
    return list(chain.from_iterable(rule(history, index) for rule in rules))


def counts(history: History) -> dict[str, int]:
    """Return the figures of a run, in the order of the table in `reliability.md` 5.2."""
    rules = Counter(violation.rule for violation in check(history))
    return {
        "tasks": len(history.acknowledged),
        "claims": len(history.claims),
        "starts": len(history.starts),
        "ends": len(history.ends),
        "retried": sum(one.outcome not in {LOST, *UNCHARGED} for one in history.attempts),
        "rescued": sum(row.crashes for row in history.tasks),
        "refused": sum(not answer.recorded for answer in history.answers),
        **{rule: rules[rule] for rule in ("lost", "double", "stale")},
        "violations": sum(rules.values()),
    }


class Index:
    """What the rules look up."""

    def __init__(self, history: History) -> None:
        self.rows = {row.task: row for row in history.tasks}
        self.attempts: dict[str, list[AttemptRow]] = defaultdict(list)
        for attempt in sorted(history.attempts, key=lambda one: one.started):
            self.attempts[attempt.task].append(attempt)
        self.outcomes = {(one.task, one.token): one.outcome for one in history.attempts}
        self.last_claims: dict[str, Claimed] = {}
        for claim in sorted(history.claims, key=lambda one: one.started):
            self.last_claims[claim.task] = claim
        self.ends = Counter((one.task, one.token, one.ok) for one in history.ends)

    def is_last(self, task: str, token: str) -> bool:
        """Whether nobody is known to have claimed the task after this claim."""
        last = self.last_claims.get(task)
        return last is not None and last.token == token


def lost(history: History, index: Index) -> Iterator[Violation]:
    for task in history.acknowledged:
        if task not in index.rows:
            yield Violation("lost", task, "its enqueue was acknowledged, and it is not there")


def copied(history: History, _: Index) -> Iterator[Violation]:
    for task, count in Counter(row.task for row in history.tasks).items():
        if count > 1:
            yield Violation("copied", task, f"there are {count} rows of it")


def unfinished(history: History, _: Index) -> Iterator[Violation]:
    for row in history.tasks:
        if not row.final or row.state not in FINAL:
            yield Violation("unfinished", row.task, f"it is {row.state}")


def restarted(history: History, _: Index) -> Iterator[Violation]:
    claimed = Counter((claim.task, claim.token) for claim in history.claims)
    for (task, token), count in claimed.items():
        if count > 1:
            yield Violation("restarted", task, f"claim {token} was given {count} times")
    for (task, token), count in Counter((run.task, run.token) for run in history.starts).items():
        if count > 1:
            yield Violation("restarted", task, f"claim {token} started {count} times")
        if (task, token) not in claimed:
            yield Violation("restarted", task, f"{token} started without a claim")


def double(history: History, _: Index) -> Iterator[Violation]:
    tokens: dict[str, set[str]] = defaultdict(set)
    for answer in history.answers:
        if answer.recorded and answer.final:
            tokens[answer.task].add(answer.token)
    for task, found in tokens.items():
        if len(found) > 1:
            yield Violation("double", task, f"{len(found)} claims recorded its end")


def stale(history: History, index: Index) -> Iterator[Violation]:
    for answer in history.answers:
        if not answer.recorded:
            continue
        if not answer.final:
            if index.outcomes.get((answer.task, answer.token)) != answer.outcome:
                text = f"recorded as {answer.outcome} by {answer.token}, and no attempt says so"
                yield Violation("stale", answer.task, text)
            continue
        row = index.rows.get(answer.task)
        if row is not None and row.token != answer.token:
            text = f"recorded by {answer.token}, and the row has {row.token}"
            yield Violation("stale", answer.task, text)
        if not index.is_last(answer.task, answer.token):
            yield Violation("stale", answer.task, f"recorded by {answer.token}, not the last claim")


def unexplained(history: History, index: Index) -> Iterator[Violation]:
    for answer in history.answers:
        if answer.recorded:
            continue
        task, token = answer.task, answer.token
        row = index.rows.get(task)
        rescued = index.outcomes.get((task, token)) == LOST
        crashed = row is not None and row.reason == CRASH_LOOP
        if index.is_last(task, token) and not rescued and not crashed:
            yield Violation("unexplained", task, f"{token} was refused, and nobody took it over")


def replay(history: History, index: Index) -> Iterator[Violation]:
    for row in history.tasks:
        yield from _replayed(row, index.attempts[row.task])
    for claim in history.claims:
        found = index.rows.get(claim.task)
        if found is None or found.token == claim.token or found.reason == CRASH_LOOP:
            continue
        if (claim.task, claim.token) not in index.outcomes:
            yield Violation("replay", claim.task, f"claim {claim.token} has left no trace")
    asked = {(one.task, one.token, one.outcome) for one in history.asked}
    for attempt in history.attempts:
        if attempt.outcome != LOST and (attempt.task, attempt.token, attempt.outcome) not in asked:
            text = f"attempt {attempt.token} is {attempt.outcome}, and nobody asked for that"
            yield Violation("replay", attempt.task, text)


def _replayed(row: TaskRow, attempts: list[AttemptRow]) -> Iterator[Violation]:
    number = crashes = 0
    for attempt in attempts:
        if attempt.attempt != number + 1:
            text = f"attempt {attempt.attempt} follows {number} charged ones"
            yield Violation("replay", row.task, text)
        number += attempt.outcome not in UNCHARGED
        crashes += attempt.outcome == LOST
    # The last run, and a crash that was final, are told by the row alone.
    expected = number + (row.final and row.state in {"succeeded", "failed"})
    crashes += row.reason == CRASH_LOOP
    if (row.attempt, row.crashes) != (expected, crashes):
        text = f"the row has {row.attempt} attempts and {row.crashes} crashes, the record "
        yield Violation("replay", row.task, text + f"{expected} and {crashes}")
    if row.attempt - row.crashes > row.max_attempts:
        yield Violation("replay", row.task, f"{row.attempt} attempts are more than it may have")


def effect(history: History, index: Index) -> Iterator[Violation]:
    for (task, token), count in Counter((run.task, run.token) for run in history.ends).items():
        if count > 1:
            yield Violation("effect", task, f"the handler of {token} ended {count} times")
    settled = [
        (row.task, row.token, row.state == "succeeded")
        for row in history.tasks
        if row.state in {"succeeded", "failed"} and row.reason is None
    ]
    settled += [(one.task, one.token, False) for one in history.attempts if one.outcome == "failed"]
    for task, found, ok in settled:
        if found is None or index.ends[task, found, ok] != 1:
            word = "succeeded" if ok else "failed"
            yield Violation("effect", task, f"recorded as {word} by {found}, whose handler did not")
