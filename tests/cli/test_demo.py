"""`rowlock demo`: every file is indexed once, whatever happens to the process."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from rowlock import Rowlock
from rowlock.demo.files import Scope, index, index_directly, path_from_payload, path_to_payload
from rowlock.demo.run import Demo, Totals
from tests.cli.commands import PROCESS_SECONDS, cli, run, start

FILES = 300


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory of odd files."""
    top = tmp_path / "tree"
    (top / "below" / "__pycache__").mkdir(parents=True)
    (top / "empty").touch()
    (top / "text").write_bytes(b"one\ntwo")
    (top / "below" / "ends with a line feed").write_bytes(b"one\ntwo\n")
    (top / "below" / "__pycache__" / "counts too").write_bytes(bytes(range(256)))
    (top / os.fsdecode(b"no text \xff")).write_bytes(b"\n")
    (top / "new\nline \x1b[31m ü").write_bytes(b"x" * 100)
    (top / "link").symlink_to("text")
    (top / "circle").symlink_to(top)
    os.mkfifo(top / "pipe")
    return top


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A directory of so many large files that it takes a moment."""
    top = tmp_path / "many"
    top.mkdir()
    block = os.urandom(1 << 20)
    for number in range(FILES):
        (top / f"{number:03}").write_bytes(block[: number * 3000] * 2)
    return top


def expected(top: Path) -> dict[str, int]:
    """Return the totals, computed once more in the test's own way."""
    files = [path for path in top.rglob("*") if path.is_file() and not path.is_symlink()]
    texts = [path.read_bytes() for path in files]
    return {
        "files": len(files),
        "bytes": sum(map(len, texts)),
        "lines": sum(
            len(text.split(b"\n")) - (text == b"" or text[-1:] == b"\n") for text in texts
        ),
    }


def demo(*args: str) -> dict[str, object]:
    result = run("demo", "--json", *args)
    assert result.returncode == 0, result.stderr
    document: dict[str, object] = json.loads(result.stdout)
    return document


def test_the_totals_are_those_of_the_directory(tree, tmp_path):
    found = demo("--dir", str(tree), "--db", str(tmp_path / "x.db"))
    assert {name: found[name] for name in ("files", "bytes", "lines")} == expected(tree)
    assert (found["verified"], found["failed"], found["resumed"]) == (True, 0, False)


def test_there_is_one_task_for_each_file(tree, tmp_path):
    demo("--dir", str(tree), "--db", str(tmp_path / "x.db"))
    with closing(Rowlock(f"sqlite:///{tmp_path}/x.db")) as app:
        tasks = app.list_tasks()
    assert {task.state.value for task in tasks} == {"succeeded"}
    paths = {
        path_from_payload(task.payload["path"], quoted=task.payload.get("quoted", False)): task
        for task in tasks
    }
    assert len(paths) == len(tasks) == expected(tree)["files"]
    assert paths[str(tree / "text")].result == {
        "sha256": hashlib.sha256(b"one\ntwo").hexdigest(),
        "bytes": 7,
        "lines": 2,
    }


def test_its_own_database_is_not_counted(tree):
    files = expected(tree)["files"]
    found = demo("--dir", str(tree), "--db", str(tree / "index.db"))
    assert (found["files"], found["verified"]) == (files, True)


def test_without_a_database_a_new_one_is_made_and_told(tree, tmp_path):
    result = run("demo", "--dir", str(tree), TMPDIR=str(tmp_path))
    assert result.returncode == 0
    [database] = tmp_path.glob("rowlock-demo-*/demo.db")
    assert f"  database    {database}\n" in result.stdout
    assert f"rowlock stats --url sqlite:///{database}\n" in result.stdout
    assert f"database  {database}\n" in result.stderr
    assert "equals a direct computation" in result.stdout


def test_an_empty_directory_is_no_failure(tmp_path):
    (tmp_path / "none").mkdir()
    result = run("demo", "--dir", str(tmp_path / "none"), "--db", str(tmp_path / "x.db"))
    assert result.returncode == 0
    assert "nothing to do" in result.stdout


def test_a_second_run_finds_everything_done(tree, tmp_path):
    args = ("--dir", str(tree), "--db", str(tmp_path / "x.db"))
    first, second = demo(*args), demo(*args)
    assert (second["resumed"], second["processed"], second["verified"]) == (True, 0, True)
    assert first["files"] == second["files"]
    assert "by an earlier run" in run("demo", *args).stdout


def test_another_directory_may_share_the_database(tree, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_bytes(b"1\n")
    demo("--dir", str(tree), "--db", str(tmp_path / "x.db"))
    assert demo("--dir", str(other), "--db", str(tmp_path / "x.db"))["files"] == 1


def test_a_file_that_changed_is_named_and_the_run_fails(tree, tmp_path):
    args = ("--dir", str(tree), "--db", str(tmp_path / "x.db"))
    demo(*args)
    (tree / "text").write_bytes(b"other")
    (tree / "new").write_bytes(b"")
    result = run("demo", *args)
    assert result.returncode == 1
    assert f"changed or gone: {tree}/text" in result.stderr
    assert f"not indexed: {tree}/new" in result.stderr
    assert "verified    no" in result.stdout


def test_a_file_that_cannot_be_read_any_more_fails_visibly(tree, tmp_path):
    scope = Scope.of(str(tree), tmp_path / "x.db")
    with closing(Demo(scope=scope, database=tmp_path / "x.db", concurrency=2)) as prepared:
        prepared.enqueue(lambda _path, _reason: None, lambda: None)
    (tree / "text").unlink()
    result = run("demo", "--dir", str(tree), "--db", str(tmp_path / "x.db"))
    assert result.returncode == 1
    assert "rowlock: 1 files failed:" in result.stderr
    assert "FileNotFoundError" in result.stderr


def test_killed_at_any_moment_it_goes_on_with_the_same_database(many, tmp_path):
    args = ("demo", "--dir", str(many), "--db", str(tmp_path / "x.db"), "--concurrency", "2")
    process = start(*args)
    wait_for_progress(tmp_path / "x.db")
    process.kill()
    process.communicate(timeout=PROCESS_SECONDS)
    assert process.returncode == -signal.SIGKILL
    found = demo(*args[1:])
    assert {name: found[name] for name in ("files", "bytes", "lines")} == expected(many)
    assert (found["resumed"], found["verified"], found["failed"]) == (True, True, 0)


def wait_for_progress(database: Path) -> None:
    """Wait until some files are finished."""
    end = time.monotonic() + PROCESS_SECONDS
    while not finished(database):
        assert time.monotonic() < end
        time.sleep(0.02)


def finished(database: Path) -> int:
    if not database.exists():
        return 0
    result = cli("stats", "--json", url=f"sqlite:///{database}")
    if result.exit_code:
        return 0
    return sum(one["counts"]["succeeded"] for one in json.loads(result.stdout))


def test_an_interrupt_says_how_to_go_on(many, tmp_path):
    args = ("demo", "--dir", str(many), "--db", str(tmp_path / "x.db"), "--concurrency", "1")
    process = start(*args)
    wait_for_progress(tmp_path / "x.db")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PROCESS_SECONDS)
    assert process.returncode == 130
    assert f"go on with: rowlock demo --db {tmp_path}/x.db --dir {many}" in err
    assert "Traceback" not in err
    assert demo(*args[1:])["verified"] is True


@pytest.mark.parametrize(
    ("args", "code", "field"),
    [
        (["--dir", "/no/such/directory"], 2, "dir"),
        (["--concurrency", "0"], 2, "concurrency"),
        (["--db", "/no/such/directory/x.db"], 3, "database"),
        (["--db", "/etc/passwd"], 3, "database"),
    ],
)
def test_bad_options_are_refused(args, code, field):
    result = run("demo", *args)
    assert result.returncode == code
    assert field in result.stderr.splitlines()[-1]


def test_by_default_the_standard_library_is_meant(tmp_path):
    scope = Scope.of(None, tmp_path / "x.db")
    paths = set(scope.files(lambda _path, _reason: None))
    assert os.__file__ in {str(path) for path in paths}
    assert not any("/site-packages/" in path or "/__pycache__/" in path for path in paths)


def test_a_directory_that_cannot_be_read_is_skipped_with_the_reason(tmp_path):
    skipped: dict[str, str] = {}
    scope = Scope(top=tmp_path / "gone")
    assert list(scope.files(skipped.__setitem__)) == []
    assert skipped == {str(tmp_path / "gone"): "No such file or directory"}


def test_both_ways_of_indexing_agree(tree):
    paths = [str(path) for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [index(path) for path in paths] == [index_directly(path) for path in paths]


@pytest.mark.parametrize("name", ["plain", "100% ü", os.fsdecode(b"\xff\xfe%41"), "a\nb"])
def test_a_path_comes_back_from_its_payload(name):
    payload = path_to_payload(name)
    json.dumps(payload).encode()
    assert path_from_payload(str(payload["path"]), quoted=bool(payload.get("quoted"))) == name


def test_the_fingerprint_tells_any_difference_but_the_order(tree):
    text, empty = str(tree / "text"), str(tree / "empty")
    first, second, third = Totals(), Totals(), Totals()
    for totals, paths in ((first, (text, empty)), (second, (empty, text)), (third, (text, text))):
        for path in paths:
            totals.add(path, index(path))
    assert first == second
    assert first.fingerprint != third.fingerprint
