"""Where a command goes, as whom, and what it tells if that does not work."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import click
import pytest

from rowlock.cli.program import COMMANDS, program
from tests.cli.commands import cli, cli_json, error_of, untraced
from tests.cli.served import Served, new_token, served

CANARY = "rowlock_0199b2f05c1e7c3a9d0e3f6a1b2c4d5e_canary-51d0"


@pytest.fixture
def server(seeded) -> Iterator[Served]:
    """A server of a database with a few tasks."""
    with served(seeded.url) as found:
        yield found


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of profiles, which is not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config" / "rowlock" / "profiles.toml"
    path.parent.mkdir(parents=True)
    return path


def write(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_text(text, "utf-8")
    path.chmod(mode)


def test_a_server_that_is_down_is_exit_code_3():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = cli("tasks", "--json", "--server", url, "--token", CANARY)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("rowlock: GET /api/v1/task: ")
    assert error_of(result.stderr)["type"] == "ServerUnavailableError"
    assert cli("next-ticker", "--server", url).exit_code == 3


@pytest.mark.parametrize("options", [[], ["--token", CANARY], ["--token", "x y"]])
def test_a_wrong_token_is_told_and_is_not_printed(server, options):
    result = cli("tasks", "--debug", "--json", "--server", server.url, *options)
    assert result.exit_code == (2 if "x y" in options else 7)
    assert "token" in result.stderr.splitlines()[-2]
    assert "canary" not in result.stderr


def test_a_token_that_may_not_is_told_what_it_lacks(server, seeded):
    env = server.at("tasks:read")
    assert cli("count", env=env).stdout == "4\n"
    result = cli("cancel", seeded["queued"], "--json", env=env)
    assert result.exit_code == 7
    assert error_of(result.stderr)["detail"] == {"scope": "tasks:cancel"}
    storing = server.at("tasks:enqueue")
    assert cli("enqueue", "add", "a:=1", env=storing).exit_code == 0
    missing = cli("enqueue", "add", "a:=1", "--queue", "new", env=storing)
    assert (missing.exit_code, missing.stderr) == (5, "rowlock: queue 'new': not found\n")


def test_what_a_token_may_not_see_is_said_once(server, seeded):
    env = server.at("tasks:read")
    result = cli("task", seeded["succeeded"], "--json", env=env)
    assert result.stderr == (
        "rowlock: the token lacks payload:read: payloads, results and errors are hidden\n"
    )
    shown = json.loads(result.stdout)
    assert (shown["payload"], shown["result"], shown["log"][0]["message"]) == (None, None, "")
    assert cli("task", seeded["failed"], env=env).exit_code == 0
    assert cli("tasks", "--error", "red", env=env).exit_code == 7


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        ("localhost:8080", "server: must begin with http:// or https://"),
        ("ftp://host", "server: must begin with http:// or https://"),
        ("http://ann:canary@host", "server: has more than host, port and path"),
    ],
)
def test_what_is_no_server_is_refused(server, problem):
    result = cli("tasks", "--server", server)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"rowlock: {problem}")
    assert "canary" not in result.stderr


class Silent(BaseHTTPRequestHandler):
    """Understands no request, and logs none."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served_by_others() -> Generator[str]:
    """Run a server in this block that understands no request."""
    with HTTPServer(("127.0.0.1", 0), Silent) as other:
        thread = threading.Thread(target=other.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}"
        thread.join()


def test_something_else_that_answers_is_no_server_of_ours():
    with served_by_others() as url:
        result = cli("tasks", "--server", url)
    assert result.exit_code == 1
    assert result.stderr.startswith("rowlock: the server answered 501: ")


@pytest.mark.parametrize(
    ("args", "env", "problem"),
    [
        (["--url", "x", "--server", "y"], {}, "--url and --server exclude each other"),
        (["--server", "y", "--profile", "z"], {}, "--server and --profile exclude each other"),
        (["--url", "x", "--profile", "z"], {}, "--url and --profile exclude each other"),
        (
            [],
            {"ROWLOCK_URL": "x", "ROWLOCK_SERVER": "y"},
            "both ROWLOCK_URL and ROWLOCK_SERVER are set: give --url or --server",
        ),
        (["--url", "memory://", "--token", "t"], {}, "--token means nothing with --url"),
        (["--server", "http://h", "--prefix", "p"], {}, "--prefix means nothing with --server"),
        (["--profile", "x", "--schema", "p"], {}, "--schema means nothing with --profile"),
    ],
)
def test_two_places_are_one_too_many(args, env, problem):
    result = cli("tasks", *args, env=env)
    assert result.exit_code == 2
    assert result.stderr == f"rowlock: {problem}; see 'rowlock tasks --help'\n"


def test_who_asks_is_known_by_the_token(server, seeded):
    at = ["--server", server.url, "--token", new_token(seeded.url)]
    refused = cli("cancel", seeded["queued"], "--actor", "ann", *at)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("rowlock: --actor means nothing with --server")
    done = cli("cancel", seeded["queued"], "--reason", "why", *at, env={"ROWLOCK_ACTOR": "ann"})
    assert done.exit_code == 0
    [entry] = cli_json("audit", "--action", "cancel", url=seeded.url)
    assert entry["actor"].startswith("token test (")
    assert entry["reason"] == "why"
    assert cli("audit", "--actor", "ann", *at).exit_code == 0


def test_flags_go_over_the_environment(server, seeded, tmp_path):
    elsewhere = {"ROWLOCK_URL": f"sqlite:///{tmp_path}/nothing.db"}
    token = new_token(seeded.url)
    at_server = ["--server", server.url, "--token", token]
    assert cli("count", *at_server, env=elsewhere).stdout == "4\n"
    env = {"ROWLOCK_SERVER": "http://127.0.0.1:1", "ROWLOCK_TOKEN": CANARY}
    assert cli("count", *at_server, env=env).stdout == "4\n"
    assert cli("count", "--url", seeded.url, env=env).stdout == "4\n"
    assert cli("doctor", "--url", seeded.url, env=env).exit_code == 0


def test_a_namespace_is_asked_for(server, seeded):
    token = new_token(seeded.url, everywhere=True)
    env = server.by(token)
    assert cli("enqueue", "--help").exit_code == 0
    assert cli("create-task", "q", "--namespace", "other", env=env).exit_code == 0
    assert cli("count", "--namespace", "other", env=env).stdout == "1\n"
    assert cli("count", env={**env, "ROWLOCK_NAMESPACE": "other"}).stdout == "1\n"
    assert cli("count", env=env).stdout == "4\n"
    assert cli("namespaces", env=env).stdout == "default\nother\n"
    bound = server.at()
    assert cli("namespaces", env=bound).stdout == "default\n"
    assert cli("count", "--namespace", "other", env=bound).exit_code == 5


def test_a_profile_names_server_token_and_namespace(server, seeded, profiles):
    everywhere = new_token(seeded.url, everywhere=True)
    write(
        profiles,
        f'[ops]\nserver = "{server.url}"\ntoken = "{everywhere}"\nnamespace = "other"\n'
        f'[bare]\nserver = "{server.url}"\n',
    )
    assert cli("create-task", "q", "--profile", "ops").exit_code == 0
    assert cli("count", env={"ROWLOCK_PROFILE": "ops"}).stdout == "1\n"
    assert cli("count", "--profile", "ops", "--namespace", "default").stdout == "4\n"
    over = {"ROWLOCK_TOKEN": CANARY, "ROWLOCK_NAMESPACE": "default", "ROWLOCK_URL": "memory://"}
    assert cli("count", "--profile", "ops", env=over).stdout == "1\n"
    assert cli("count", "--profile", "ops", "--token", CANARY).exit_code == 7
    assert cli("count", "--profile", "bare").exit_code == 7
    assert cli("count", "--profile", "bare", env={"ROWLOCK_TOKEN": everywhere}).stdout == "4\n"


def test_a_file_that_others_can_read_is_warned_of(server, seeded, profiles):
    text = f'[ops]\nserver = "{server.url}"\n'
    write(profiles, text, 0o644)
    assert "others can read" not in cli("count", "--profile", "ops").stderr
    write(profiles, f'{text}token = "{new_token(seeded.url)}"\n', 0o644)
    result = cli("count", "--profile", "ops")
    assert (result.exit_code, result.stdout) == (0, "4\n")
    assert result.stderr == (
        f"rowlock: others can read the tokens in {profiles}: chmod 600 {profiles}\n"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "profile: there is no file "),
        ("", "profile: 'ops' is not in "),
        (f'[ops]\nserver = {CANARY}"\n', " is no TOML: "),
        ("ops = 1", "must be a table"),
        ('[ops]\nserver = "http://h"\nurl = "canary"', "url is unknown; there are server, token"),
        (f'[ops]\ntoken = "{CANARY}"', "server is missing"),
        ('[ops]\nserver = ""', "server must be text"),
        ('[ops]\nserver = "http://h"\ntoken = 7', "token must be text"),
    ],
)
def test_a_file_that_is_wrong_is_told_without_its_values(profiles, text, problem):
    if text is not None:
        write(profiles, text)
    result = cli("tasks", "--debug", "--profile", "ops")
    assert result.exit_code == 2
    assert problem in result.stderr.splitlines()[-1]
    assert "canary" not in result.stderr


def test_profiles_are_looked_for_at_home(profiles, monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    result = cli("tasks", "--profile", "ops")
    assert f"{tmp_path}/home/.config/rowlock/profiles.toml" in result.stderr


LOCAL = ("exec", "demo", "server", "run", "db", "completion")
WITHOUT_PLACE = ("demo", "run", "completion")


def leaves() -> Iterator[tuple[list[str], click.Command]]:
    """Every command that does something, with its words."""
    for name in COMMANDS:
        command = program.get_command(click.Context(program), name)
        assert command is not None
        below = command.commands if isinstance(command, click.Group) else {}
        if not below or "--url" in options_of(command):
            yield [name], command
        for word, one in below.items():
            yield [name, word], one


def options_of(command: click.Command) -> set[str]:
    return {
        option
        for one in command.params
        if isinstance(one, click.Option) and not one.hidden
        for option in one.opts
    }


def test_every_command_goes_to_a_server_or_says_that_it_does_not():
    for words, command in leaves():
        options = options_of(command)
        local = words[0] in LOCAL or words == ["schedule", "explain"]
        assert ({"--server", "--token", "--profile"} <= options) is not local, words
        if local and words[0] not in WITHOUT_PLACE and words != ["schedule", "explain"]:
            for option in ("--server", "--token", "--profile"):
                result = cli(*words, option, "x")
                assert result.exit_code == 2, words
                assert "this works on a database only: run it where" in result.stderr, words


def test_code_does_not_check_what_is_sent_to_a_server(server):
    result = cli("enqueue", "add", "a:=1", "--app", "jobs:app", env=server.at())
    assert result.exit_code == 2
    assert "--app is for databases: a server checks with its own code" in result.stderr


def test_without_the_extra_it_is_told_what_to_install():
    script = (
        "import sys; sys.modules['httpx2'] = None\n"
        "import importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'httpx2' else find(name, *more)\n"
        "from rowlock.cli.main import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, "tasks", "--server", "http://h"],
        env=untraced(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr == (
        "rowlock: the client of the HTTP service needs an extra: pip install 'rowlock[client]'\n"
    )
