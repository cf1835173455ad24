"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import rowlock
from rowlock.testing import plugin

pytest_plugins = ["pytester"]

SHOP = """
from rowlock import AsyncRowlock

app = AsyncRowlock("postgresql://nobody@127.0.0.1:1/none")
number = 7

@app.task
async def greet(name: str) -> str:
    return f"hello {name}"
"""

TESTS = """
import shop
from rowlock.testing import adrain, assert_enqueued, drain, refute_enqueued

async def test_async(rowlock_app):
    await shop.greet.aenqueue("Ada")
    assert [run.result for run in await adrain(rowlock_app)] == ["hello Ada"]

def test_each_test_has_an_empty_database(rowlock_app, rowlock_clock):
    assert rowlock_app is shop.app
    refute_enqueued(rowlock_app)
    shop.greet.options(delay="1h").enqueue("Bob")
    assert_enqueued(rowlock_app, "greet", {"name": "Bob"})
    rowlock_clock.advance("1h")
    assert len(drain(rowlock_app)) == 1
"""

ALONE = """
import sys

def test_first():
    loaded = {name for name in sys.modules if name.partition(".")[0] == "rowlock"}
    plugin = {"rowlock.testing", "rowlock.testing.plugin"}
    assert loaded <= {"rowlock", "rowlock._lazy", "rowlock._version", *plugin}
    assert "msgspec" not in sys.modules

def test_second(rowlock_app): ...
"""

PLUGINS = ("-p", "xdist", "-p", "asyncio", "-p", "rowlock.testing.plugin")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A program with an app and its settings for pytest, which loads only `PLUGINS`."""
    monkeypatch.setenv("PYTHONPATH", str(Path(rowlock.__file__).parents[1]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(shop=SHOP)
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        rowlock_app = "shop:app"
        pythonpath = ["."]
        asyncio_mode = "auto"
        """
    )
    return pytester


@pytest.mark.processes
def test_the_fixtures_give_an_app_on_memory_and_a_clock(project):
    project.makepyfile(TESTS)
    ran = project.runpytest_subprocess(*PLUGINS, "-n", "2")
    ran.assert_outcomes(passed=2)


@pytest.mark.processes
def test_the_plugin_loads_nothing_but_itself_and_asks_for_its_setting(project):
    project.makepyfile(ALONE)
    ran = project.runpytest_subprocess(*PLUGINS, "-o", "rowlock_app=")
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines(["*name the app in pytest's settings: rowlock_app = module:name*"])


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("rowlock:none", "module 'rowlock' has no attribute 'none'"),
        ("nowhere.at_all:app", "No module named 'nowhere'"),
        ("not a name", "invalid format"),
        ("rowlock:Rowlock", "is not a Rowlock or an AsyncRowlock"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(setting, problem):
    with pytest.raises(pytest.UsageError, match=f"rowlock_app = {setting}: .*{problem}"):
        plugin._named(setting)


def test_the_package_names_its_plugin():
    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    entries = settings["project"]["entry-points"]
    assert entries == {"pytest11": {"rowlock": "rowlock.testing.plugin"}}
