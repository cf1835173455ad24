"""`rowlock token`: made once, shown once, listed without a secret, revoked for good."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rowlock import Rowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow
from tests.cli.commands import cli, cli_json


def create(url: str, *args: str) -> Any:
    return cli_json("token", "create", *args, url=url)


def works(url: str, text: str) -> bool:
    with closing(Rowlock(url)) as app:
        return run_flow(app.core, token_flows.valid_token(app.core, text)) is not None


def test_a_token_is_shown_once_and_works(url):
    result = cli("token", "create", "shop", "--scope", "tasks:read", url=url)
    text = result.stdout.strip()
    assert result.exit_code == 0
    assert works(url, text)
    assert "not shown again" in result.stderr
    secret = text.rpartition("_")[2] if text.count("_") == 2 else text.split("_", 2)[2]
    assert secret.encode() not in Path(url.removeprefix("sqlite:///")).read_bytes()
    assert secret not in cli("token", "list", url=url).stdout


def test_what_a_token_is_good_for(url):
    made = create(url, "shop", "--scope", "tasks:work", "--scope", "tasks:read", "--expires", "1d")
    assert made["scopes"] == ["tasks:read", "tasks:work"]
    assert made["namespace"] == "default"
    assert made["expires_at"] > made["created_at"]
    assert create(url, "a", "--scope", "admin", "--namespace", "shop")["namespace"] == "shop"
    assert create(url, "b", "--scope", "admin", "--all-namespaces")["namespace"] is None
    listed = cli_json("token", "list", url=url)
    assert [token["name"] for token in listed] == ["shop", "a", "b"]
    assert all("token" not in token and "digest" not in token for token in listed)
    [only] = cli_json("token", "list", "--namespace", "shop", url=url)
    assert only["name"] == "a"


def test_a_revoked_token_does_not_work_and_both_are_in_the_audit(url):
    made = create(url, "shop", "--scope", "tasks:read", "--actor", "ann")
    result = cli("token", "revoke", made["id"], "--actor", "bob", "--reason", "leaked", url=url)
    assert result.stdout == f"{made['id']}\trevoked\n"
    assert not works(url, made["token"])
    assert cli("token", "revoke", made["id"], url=url).exit_code == 0
    entries = cli_json("audit", url=url)
    assert [(one["action"], one["actor"], one["target"]) for one in entries] == [
        ("revoke", "bob", made["id"]),
        ("create", "ann", made["id"]),
    ]


def test_a_token_of_another_namespace_is_not_found(url):
    made = create(url, "shop", "--scope", "tasks:read")
    assert cli("token", "revoke", made["id"], "--namespace", "other", url=url).exit_code == 5
    assert works(url, made["token"])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["shop"], "scope: is missing"),
        (["shop", "--scope", "tasks:all"], "scope: 'tasks:all' is none of queues:read"),
        ([" ", "--scope", "admin"], "name: must not be empty"),
        (["x" * 101, "--scope", "admin"], "name: is longer than 100"),
        (["shop", "--scope", "admin", "--expires", "soon"], "expires: 'soon' is not a duration"),
        (["shop", "--scope", "admin", "--expires", "0s"], "expires: must be longer than zero"),
        (["shop", "--scope", "admin", "--all-namespaces", "--namespace", "x"], "exclude"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(url, args, said):
    result = cli("token", "create", *args, url=url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_what_is_no_id_or_nobodys_is_not_revoked(url):
    create(url, "shop", "--scope", "tasks:read")
    assert cli("token", "revoke", "x", url=url).exit_code == 2
    assert cli("token", "revoke", "0199b2f0-7c1e-7000-8000-000000000000", url=url).exit_code == 5
