"""What type checkers see of the client's methods."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SAMPLE = """
from uuid import UUID
from rowlock.client import AsyncClient, Client
from rowlock.wire.documents.tasks import TaskDocument

def right(client: Client, task: UUID) -> None:
    a: TaskDocument = client.create_task(queue="q", payload=None, delay="1h", idempotency_key=task)
    b: list[TaskDocument] = list(client.iter_tasks(status=["new"], limit=5))
    c: bool = client.ready()
    client.claim_any(worker="w")
    client.settle(task, token="t", result=[1])

async def awaited(client: AsyncClient) -> None:
    a: TaskDocument = await client.get_task("x")
    b = [one.id async for one in client.iter_tasks()]

def wrong(client: Client, other: AsyncClient) -> None:
    client.create_task(queue=1)  # wrong
    client.create_task(colour="red")  # wrong
    client.claim_any()  # wrong
    client.heartbeat("x")  # wrong
    client.get_task(1)  # wrong
    a: int = client.get_task("x")  # wrong
    b: TaskDocument = other.get_task("x")  # wrong
    client.list_tasks("q")  # wrong
"""

WRONG = {number for number, line in enumerate(SAMPLE.split("\n"), 1) if line.endswith("# wrong")}


def test_mypy_finds_the_wrong_calls_and_no_others(tmp_path: Path):
    (tmp_path / "sample.py").write_text(SAMPLE)
    (tmp_path / "mypy.ini").write_text(f"[mypy]\nmypy_path = {ROOT / 'src'}\nstrict = true\n")
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "sample.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("sample.py:")]
    assert {int(line.split(":")[1]) for line in lines if " error: " in line} == WRONG
