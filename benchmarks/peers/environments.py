"""Where each peer is installed: below `.bench/`, made once from pinned files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks.peers.table import Peer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".bench"
PROGRAMS = HERE / "programs"
INSTALL_SECONDS = 300
PYTHONS = ("python3.12", "python3.13", "python3.14", "python3")


class EnvironmentFailedError(RuntimeError):
    """A peer cannot be installed; the message is the last that its installer said."""


def command_of(peer: Peer) -> list[str]:
    """Return what starts its program, after making its environment if there is none.

    Raises:
        EnvironmentFailedError: It cannot be made.
    """
    if not peer.pins:
        return [sys.executable, str(PROGRAMS / peer.program)]
    if peer.is_npm:
        folder = _npm_project(peer)
        return [str(folder / "node_modules/.bin/node"), str(folder / peer.program)]
    return [str(_python_of(peer)), str(PROGRAMS / peer.program)]


def pinned_version(peer: Peer) -> str:
    """Return which release is measured; nothing for this checkout."""
    if not peer.pins:
        return ""
    if peer.is_npm:
        package = json.loads((HERE / "npm" / peer.pins / "package.json").read_text("utf-8"))
        return str(package["dependencies"][peer.pins])
    lines = (HERE / "pins" / f"{peer.pins}.txt").read_text("utf-8").split()
    return dict(line.split("==") for line in lines)[peer.pins]


def _python_of(peer: Peer) -> Path:
    pins = HERE / "pins" / f"{peer.pins}.txt"
    interpreter, version = _interpreter(peer.python)
    # Another Python or other pins make another environment.
    folder = _folder_for(peer, pins.read_bytes() + version.encode())
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        sys.stderr.write(f"installing {peer.pins} …\n")
        _empty(folder)
        _run([interpreter, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(pins)])
        (folder / "made").touch()
    return python


def _interpreter(oldest: tuple[int, int]) -> tuple[str, str]:
    """Return a Python of this version or later, and which: the one that runs this if it is.

    Raises:
        EnvironmentFailedError: None is found.
    """
    if sys.version_info >= oldest:
        return sys.executable, sys.version
    given = os.environ.get("ROWLOCK_BENCH_PYTHON")
    for name in [given] if given else PYTHONS:
        # A name on the path may be a stand-in for one that is not there.
        with suppress(EnvironmentFailedError):
            version = _run([name, "-c", "import sys; print(*sys.version_info[:3], sep='.')"])
            if tuple(map(int, version.split(".")))[:2] >= oldest:
                return name, version
    wanted = ".".join(map(str, oldest))
    raise EnvironmentFailedError(f"needs Python {wanted}; ROWLOCK_BENCH_PYTHON may name one")


def _npm_project(peer: Peer) -> Path:
    project = HERE / "npm" / peer.pins
    folder = _folder_for(peer, (project / "package-lock.json").read_bytes())
    if not (folder / "made").exists():
        npm = shutil.which("npm")
        if npm is None:
            raise EnvironmentFailedError("npm is not installed")
        sys.stderr.write(f"installing {peer.pins} …\n")
        _empty(folder)
        for file in project.iterdir():
            shutil.copy(file, folder)
        # With scripts: the pinned node is unpacked by one.
        _run([npm, "ci", "--no-audit", "--no-fund", "--prefix", str(folder)])
        (folder / "made").touch()
    # Node looks for packages from where a program lies.
    for program in PROGRAMS.glob("*.mjs"):
        shutil.copy(program, folder)
    return folder


def _folder_for(peer: Peer, made_from: bytes) -> Path:
    return CACHE / f"{peer.pins}-{hashlib.sha256(made_from).hexdigest()[:12]}"


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _run(command: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentFailedError(str(error)) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise EnvironmentFailedError(said[-1] if said else f"exit {done.returncode}")
    return done.stdout.strip()
