"""The service does what its OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rowlock.wire.routes import ROUTES
from tests.http.programs import new_token, serving

SECONDS = 280
# Wrong tokens are sent on purpose here, more than anybody else may send.
PROGRAM = """
import asyncio, logging, sys
from rowlock import AsyncRowlock
from rowlock.http import Limits, create_asgi
from rowlock.http.serving import Place, serve
logging.basicConfig(level="INFO")
app = AsyncRowlock(sys.argv[3])
limits = Limits(rate=1e6, burst=10**6, failed_burst=10**6, wait_seconds=0.2)
asyncio.run(serve(app, create_asgi(app, limits=limits), Place("127.0.0.1", 0)))
"""
# That a body fits its schema does not mean that the queue it names is there, or a duration one.
LEFT_OUT = "positive_data_acceptance"
# They do not end by themselves.
STREAMS = [route.name for route in ROUTES if route.events]


@pytest.mark.processes
def test_nothing_that_is_sent_breaks_the_service_or_its_document(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tasks.db"
    token = new_token(url, "admin")
    with serving(tmp_path, url, program=[sys.executable, "-c", PROGRAM]) as server:
        program = Path(sys.executable).with_name("schemathesis")
        done = subprocess.run(
            [
                program, "run", f"{server.url}/api/v1/openapi.json",
                "--header", f"Authorization: Bearer {token}",
                "--max-examples", "3", "--seed", "1", "--suppress-health-check", "all",
                "--exclude-checks", LEFT_OUT, "--generation-database", "none",
                *(part for name in STREAMS for part in ("--exclude-operation-id", name)),
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
        # All but the document itself, and what does not end.
        assert f"Tested: {len(ROUTES) - 1 - len(STREAMS)}" in done.stdout
        assert " 500 " not in server.log
