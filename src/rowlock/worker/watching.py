"""Which source files changed, found by looking at their times."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

LOOK_SECONDS = 0.4
PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages"})


def source_times(root: Path) -> dict[str, int]:
    """Return when each Python file below a folder was changed last, in nanoseconds.

    Hidden folders, virtual environments and installed packages are passed over.
    """
    return dict(_times(root))


def _times(root: Path) -> Iterator[tuple[str, int]]:
    for folder, folders, files in os.walk(root):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = [one for one in folders if one not in PASSED_OVER and not one.startswith(".")]
        for name in files:
            if name.endswith(".py"):
                path = os.path.join(folder, name)  # noqa: PTH118 - pathlib is slow for thousands
                try:
                    yield path, os.stat(path).st_mtime_ns  # noqa: PTH116 - as above
                except OSError:
                    continue  # it went meanwhile, or is an editor's dangling lock


class SourceWatch:
    """Tells when Python files below a folder change, come or go."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen = source_times(root)

    async def change(self) -> str:
        """Return the path, from the folder on, of what changed first."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            before, self._seen = self._seen, await asyncio.to_thread(source_times, self._root)
            changed = dict(before.items() ^ self._seen.items())
            if changed:
                return str(Path(min(changed)).relative_to(self._root))
