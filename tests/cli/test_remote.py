"""Commands at a server tell what they tell at its database: word for word, code for code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from contextlib import closing
from dataclasses import replace

import pytest

from rowlock import Rowlock
from rowlock.cli import remote
from rowlock.ops.bulk import BATCH
from tests.cli.commands import cli, cli_json
from tests.cli.doors import Busy, but_for, state_of, told
from tests.cli.served import GENEROUS, new_token, served, use

LOOKING = """
tasks
tasks --json
tasks --limit 2
tasks --state failed --json
tasks --state failed --state succeeded --order finished_at
tasks --order run_at --limit 3
tasks --before {queued}
tasks --tag monthly
tasks --error RED --json
tasks --definition ADD --argument a:=1
tasks --queue post --argument to=paused --json
tasks --worker nobody
tasks --created-after 1h --created-before 2099-01-01T00:00:00Z
tasks --state deleted
tasks --limit 250 --order id
count
count --json
count --queue post
task {succeeded}
task {succeeded} --json
task {failed}
task {failed} --json
task {claimed}
task {scheduled}
task {paused} --json
task {deleted}
task 0000
task xyz
task 01
tasks --state sleepy
tasks --order age
tasks --definition __
tasks --argument a=1
tasks --before 0199b2f0
stuck
stuck --longer-than 1ms --json
stuck --longer-than soon
watch {succeeded}
watch {failed}
watch {succeeded} --json
queues
queues --json
stats
stats --json
stats --window 1h --json
stats --window soon
definitions
definitions --json
definitions --alias else --status active --order -created --limit 1
definitions --limit 0
definitions --order age
definition show elsewhere
definition show ELSE-where --json
definition show nothing
schedules
schedules --json
schedules --status paused --order next --definition add
schedules --status odd
schedule show NIGHTLY
schedule show nightly --json
schedule show nothing
schedule firings nightly
schedule firings nightly --json --limit 1
schedule firings nightly --before 2020-01-01T00:00:00Z
schedule simulate nightly --from 2027-03-27T00:00:00Z --to 2027-04-02T00:00:00Z
schedule simulate nightly --from 2027-01-01T00:00:00Z --to 2030-01-01T00:00:00Z --limit 1050 --json
schedule simulate nightly --from 2027-01-01T00:00:00Z --limit 0
schedule simulate nothing
tickers
tickers --json
tickers --limit 1 --offset 1
ticker beat --json
ticker Beat
ticker nothing
operations
operations --json
audit
audit --json --limit 2
audit --action edit
audit --target nothing
audit --before xyz
cancel --all --dry-run
retry --state failed --queue default --dry-run
delete --state failed --yes --json --dry-run
cancel
cancel {queued} --all
schedule backfill nightly 1d 2d --dry-run
tasks --namespace 1x
""".strip().splitlines()


@pytest.fixture
def busy(url: str) -> Busy:
    """A SQLite file in which there is something of everything."""
    return Busy(url)


@pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)
def test_looking_is_the_same_at_both_doors(folder, backend):
    busy = Busy(backend.url)
    with served(busy.url) as server:
        env = server.at()
        for command in LOOKING:
            words = busy.words(command)
            there, here = told(*words, env=env).ageless(), told(*words, url=busy.url).ageless()
            if "--dry-run" in command:
                there, here = there.but_for(here), here.but_for(there)
            assert there.lines() == here.lines(), command


CHANGING = {
    "one task": """
        cancel {queued}
        cancel {claimed} --reason late
        cancel {claimed} --force --json
        retry {failed} --attempts 2 --reason again
        retry {failed}
        retry {failed} --attempts 0
        requeue {succeeded} b:=9 --priority 3 --set-tag new
        requeue {queued} --json --delay 1h
        requeue {succeeded} --max-attempts x
        edit {scheduled} a:=8 --priority 9 --json
        edit {scheduled} --delay 2h --max-attempts 5
        edit {scheduled}
        edit {succeeded} --priority 1
        edit {paused} b:=1 --run-at 2099-01-01T00:00:00Z
        pause {scheduled} --until 2099-01-01T00:00:00Z --reason wait
        pause {scheduled} --until soon
        resume {scheduled} {paused}
        resume {scheduled}
        delete {succeeded} {scheduled} --json
        delete {succeeded}
        restore {deleted}
        restore {scheduled} --json
        purge {queued}
        purge {queued}
        purge 0199b2f05c1e7c3a9d0e3f6a1b2c4d5e
    """,
    "many tasks": """
        cancel --state queued --yes --reason mess
        retry --state canceled --yes --json
        retry --state failed --queue nowhere --yes
        edit a:=5 --definition add --state scheduled --priority 2 --yes
        edit --queue later --yes
        requeue --queue later --yes
        pause --definition add --until 2099-01-01T00:00:00Z --yes --json
        resume --state paused --yes
        cancel --queue later
        delete --all --yes
        delete --all --yes --force --json
        restore --state deleted --yes --json
        purge --state canceled --yes
        purge --argument a:=1 --yes
        operations resume 0199b2f05c1e7c3a9d0e3f6a1b2c4d5e
        operations resume x
        cleanup --older-than 1h
        cleanup --older-than 0 --queue default --state succeeded --json
        cleanup --older-than 0 --queue nowhere
        cleanup --older-than soon
        cleanup --older-than 0 --state queued
    """,
    "queues": """
        queues set new --lease 1m --retry none --reason mine
        queues set spare
        queues set fresh --json
        queues set mail --retention 30d --max-attempts 9 --timeout 5s --lifetime 1h
        queues set a!b
        queues set mail --lease 0
        queues set mail --max-crashes few
        queues set mail --retry often
        queues pause post --until 2099-01-01T00:00:00Z --reason why
        queues pause Post --json
        queues resume post
        queues resume mail --json
        queues pause nowhere
        queues pause post --until soon
    """,
    "seed 003": """
        namespaces
        namespaces --json
        queue mail
        queue mail --json
        queue nowhere
        create-queue q --ttl=1h30m --retries=5 --retry-delay=10s --reason asked
        create-queue q
        create-queue q2 --retries 0 --json
        create-queue q3 --ttl 1h --lifetime 2h
        create-queue q3 --retry none --retry-delay 1s
        create-queue q3 --retry-delay soon
        create-queue 1x
        update-queue q --retries=7 --lease 2m --json
        update-queue q
        update-queue nowhere --lease 1m
        create-task q
        create-task q --payload '{"to": [1, "é"]}' --json --priority 3
        create-task brand-new --payload 7
        create-task q --payload '{'
        create-task q --payload null
        create-task q --delayed-at 2020-01-01T00:00:00Z
        create-task q --delayed-at 2099-01-01T00:00:00Z
        create-task q --delay 1h --unique key --id 0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e
        create-task q --unique key
        tasks --status new --queue q
        retain-task --worker w nowhere
        retain-task --worker w 1x
        retain-task --worker w --lease soon
        retain-task q
        retain-task --worker w beats
        complete-task {claimed}
        complete-task {queued} --result 1
        complete-task {claimed} --error '{"msg": '
        complete-task {claimed} --error 1 --result 2
        complete-task {claimed} --claim {queued}
        delete-queue q
        delete-queue nowhere --yes
        delete-queue post --yes
        delete-queue post --yes --force
        delete-queue q --yes --json
        queues
        stats
    """,
    "storing": """
        enqueue add a:=1
        enqueue add a:=1 --json --priority 3 --tag x --timeout 5s --retry linear --lifetime 1d
        enqueue add --args '{"a": 2}' --queue brand-new --delay 1h
        enqueue add a:=2 --unique key --max-attempts 2
        enqueue add a:=2 --unique key
        enqueue add a:=2 --unique key --if-not-exists --json
        enqueue add a:=3 --if-not-exists
        enqueue add a:=3 --if-not-exists
        enqueue add a:=3 --id 0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e
        enqueue add a:=3 --id 0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e
        enqueue boom text=x --id 0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e
        enqueue add a:=1 --run-at 2099-01-01T00:00:00Z
        enqueue add a:=1 --run-at 2099-01-01
        enqueue nothing a:=1
        enqueue add a
        enqueue add a:=x
        enqueue add a:=1 --priority x
        enqueue add a:=1 --queue 1x
        enqueue add a:=1 --delay 1h --run-at 2099-01-01T00:00:00Z
    """,
    "definitions": """
        definition create 'Nightly Report'
        definition create nightly-report --title 'The report' --queue slow --max-attempts 3 --json
        definition create nightly_report
        definition update elsewhere --status canceled --memo 'until Monday' --lifetime 2h
        definition update elsewhere
        definition update elsewhere --priority x
        definition update nothing --memo x
        enqueue elsewhere
        definition delete nightly-report --yes
        definition delete boom --yes --hard --json
        definition delete add
        definition delete add --tasks --yes
        definition show add
    """,
    "schedules": """
        schedule create weekly '0 9 * * MON' add a:=1 --zone America/New_York --queue far --tag t
        schedule create weekly '0 9 * * MON' add a:=1
        schedule create poll 90s add a:=2 --overlap queue-one --jitter 5s --draft --json
        schedule create odd '0 25 * * *' add
        schedule create odd 1h nothing
        schedule create odd 1h add --catch-up maybe
        schedule create odd 1h add --max-runs x
        schedule update weekly b:=3 --rule '0 10 * * MON' --reason later
        schedule update weekly --args '{"a": 7}' --max-runs 5 --ends-at 2099-01-01T00:00:00Z --json
        schedule update weekly --clear ends_at --clear tags
        schedule update weekly --clear colour
        schedule update weekly
        schedule update nothing --max-runs 1
        schedule pause weekly --reason why
        schedule resume weekly --json
        schedule resume poll
        schedule run weekly
        schedule run weekly --json
        schedule run nothing
        schedule backfill nightly 2026-01-01T00:00:00Z 2026-01-08T00:00:00Z --yes
        schedule backfill nightly 2026-01-01T00:00:00Z 2026-01-09T00:00:00Z --yes --json
        schedule backfill nightly 2026-01-02T00:00:00Z 2026-01-01T00:00:00Z --yes
        schedule delete poll --yes --json
        schedule delete poll --yes
        schedule restore poll
        schedule delete poll
        schedule delete poll --hard --yes
        schedule firings nightly --limit 500
    """,
    "tokens": """
        token create shop --scope tasks:read --scope tasks:enqueue --expires 90d --reason asked
        token create shop --scope admin --json
        token create all --scope admin --all-namespaces --json
        token create shop
        token create shop --scope tasks:all
        token create ' ' --scope admin
        token create x --scope admin --expires soon
        token create x --scope admin --all-namespaces --namespace other
        token list
        token list --json
        token list --namespace default
        token revoke {token} --reason leaked
        token revoke {token} --json
        token revoke 0199b2f0-7c1e-7000-8000-000000000000
        token revoke x
        audit --action revoke --json
    """,
    "tickers": """
        create-ticker pulse --interval 1h30m --payload '{"a": [1]}' --json
        create-ticker pulse
        create-ticker new --queue spare --interval never
        create-ticker 1x
        create-ticker odd --interval soon
        create-ticker odd --payload '{'
        update-ticker pulse --interval 2h --reason why --json
        update-ticker beat --no-queue
        update-ticker beat --queue later
        update-ticker nothing --interval 1h
        update-ticker pulse
        next-ticker pulse --once
        delete-ticker beat
        delete-ticker beat --json
    """,
}


@pytest.mark.parametrize("script", CHANGING.values(), ids=list(CHANGING))
def test_changing_is_the_same_at_both_doors(busy, script):
    token = new_token(busy.url, everywhere=True)
    use(busy.url, token)
    mine, theirs = busy.copy("mine.db"), busy.copy("theirs.db")
    with served(theirs) as server:
        env = server.by(token)
        for command in script.strip().splitlines():
            words = busy.words(command)
            here, there = told(*words, url=mine).ageless(), told(*words, env=env).ageless()
            assert there.but_for(here).lines() == here.but_for(there).lines(), command
    ours, others = state_of(mine), state_of(theirs)
    assert but_for(others, ours).splitlines() == but_for(ours, others).splitlines()


@pytest.mark.parametrize("at_server", [False, True], ids=["database", "server"])
def test_a_task_is_taken_and_ended_by_hand(url, at_server):
    """C129: the commands of seed 003."""
    assert cli("create-queue", "q", "--retry=immediate", url=url).exit_code == 0
    with served(url) as server:
        env = server.at() if at_server else {"ROWLOCK_URL": url}
        first = cli("create-task", "q", "--payload", '{"to": "ann"}', env=env).stdout.strip()
        taken = cli("retain-task", "--worker=w", "q", env=env)
        assert taken.stderr == "yours for 5m\n"
        task_id, queue, payload, claim = taken.stdout.rstrip().split("\t")
        assert (task_id, queue, payload) == (first, "q", '{"to": "ann"}')
        nothing = cli("retain-task", "--worker=w", env=env)
        assert (nothing.exit_code, nothing.stderr) == (5, "rowlock: no task available\n")

        failed = cli("complete-task", first, "--error", '{"msg": "away"}', env=env)
        assert (failed.exit_code, failed.stdout) == (0, f"{first}\tqueued\n")
        again = cli_json("retain-task", "--worker=w2", "--lease=1h", "q", env=env)
        assert (again["id"], again["attempt"], again["lease_seconds"]) == (first, 2, 3600.0)
        late = cli("complete-task", first, "--claim", claim, env=env)
        assert late.exit_code == 7
        mine = ["--claim", again["token"], "--result", '"done"']
        done = cli_json("complete-task", first, *mine, env=env)
        assert (done["state"], done["result"]) == ("succeeded", "done")
        over = cli("complete-task", first, env=env)
        assert (over.exit_code, over.stdout) == (7, "")
        shown = cli_json("task", first, env=env)
        assert shown["attempts"][0]["error"]["detail"] == {"msg": "away"}


def test_a_queue_has_the_values_that_its_creation_names(url):
    """C130: durations and counts as seed 003 says them."""
    said = ("--ttl=1h30m", "--retries=5", "--retry-delay=10s")
    made = cli_json("create-queue", "q", *said, url=url)
    assert (made["lifetime_seconds"], made["max_attempts"]) == (5400.0, 5)
    assert made["retry"] == {
        "backoff": "quadratic", "base_seconds": 10.0, "cap_seconds": made["retry"]["cap_seconds"],
        "jitter": False,
    }  # fmt: skip


def test_what_takes_long_is_asked_for_again_until_it_is_done(url):
    total = 2 * BATCH + 50
    with closing(Rowlock(url)) as app:
        app.enqueue_many(None, list(range(total)), queue="q")
    with served(url, replace(GENEROUS, bulk_seconds=0)) as server:
        env = server.at()
        done = cli_json("cancel", "--queue", "q", "--yes", env=env)
        assert (done["state"], done["done"]) == ("done", total)
        cleaned = cli("cleanup", "--older-than", "0", "--queue", "q", env=env)
        assert cleaned.stdout == f"removed\t{total}\n"


def test_a_tick_that_is_not_due_is_waited_for(url):
    with closing(Rowlock(url)) as app:
        app.create_ticker("pulse", interval="1s")
    with served(url) as server:
        env = server.at()
        first, second = (
            cli("next-ticker", "pulse", "--once", env=env).stdout.split("\t")[1] for _ in range(2)
        )
    assert first < second


BESIDE_FLOWS = {"benching", "checking", "door", "following", "probing", "reading", "saying"}


def asked() -> list[tuple[str, str]]:
    """Modules of `rowlock.cli.remote` that stand for flows, and their functions."""
    found: list[tuple[str, str]] = []
    for module in pkgutil.iter_modules(remote.__path__):
        if module.name not in {
            "benching",
            "checking",
            "door",
            "following",
            "probing",
            "reading",
            "saying",
        }:
            functions = vars(importlib.import_module(f"{remote.__name__}.{module.name}")).items()
            found += [
                (module.name, name)
                for name, one in functions
                if inspect.isfunction(one)
                and one.__module__ == f"{remote.__name__}.{module.name}"
                and not name.startswith("_")
            ]
    return found


@pytest.mark.parametrize(("module", "name"), asked())
def test_what_is_asked_of_a_server_is_called_like_the_flow(module, name):
    flow = getattr(importlib.import_module(f"rowlock.app.{module}"), name)
    function = getattr(importlib.import_module(f"{remote.__name__}.{module}"), name)
    database, *wanted = inspect.signature(flow).parameters.values()
    client, *given = inspect.signature(function).parameters.values()
    assert (database.name, client.name) == ("core", "client")
    left_out = [one for one in wanted if one.name not in {own.name for own in given}]
    assert all(one.kind is one.KEYWORD_ONLY and one.default is None for one in left_out)
    shape = [(one.name, one.kind, one.default) for one in wanted if one not in left_out]
    assert [(one.name, one.kind, one.default) for one in given] == shape
