"""The service on a port, in a thread of this process."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from rowlock import Rowlock
from rowlock.http import create_asgi
from rowlock.http.serving import Place, listening


@contextmanager
def served(app: Rowlock, port: int = 0, **settings: Any) -> Generator[str]:
    """Serve an app in this block, without tokens if nothing else is said; yields the address."""
    asgi = create_asgi(app, **{"needs_token": False, **settings})
    config = uvicorn.Config(asgi, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    with listening(Place("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join()
