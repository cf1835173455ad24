"""Files: finding them, indexing one, and computing the same directly for comparison."""

from __future__ import annotations

import hashlib
import os
import sysconfig
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

CHUNK_BYTES = 1 << 20
# Below the standard library: what was installed on top of it, and what changes while we look.
NOT_STANDARD = frozenset({"site-packages", "dist-packages", "__pycache__"})


@dataclass(frozen=True, slots=True)
class FileIndex:
    """What a task finds out about its file.

    Attributes:
        lines: As an editor counts them: a last line without a line feed is one.
    """

    sha256: str
    bytes: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which files are meant: every regular file below `top`, links not followed.

    Attributes:
        left_out: Names of directories that are not entered.
        excluded: Single files that are not meant, such as the demonstration's own database.
    """

    top: Path
    left_out: Collection[str] = ()
    excluded: Collection[str] = ()

    @classmethod
    def of(cls, directory: str | None, database: Path) -> Scope:
        """Return the files below a directory, or those of Python's standard library."""
        excluded = [f"{database}{suffix}" for suffix in ("", "-wal", "-shm", "-journal")]
        if directory is not None:
            return cls(top=Path(directory).resolve(), excluded=excluded)
        standard = Path(sysconfig.get_path("stdlib")).resolve()
        return cls(top=standard, left_out=NOT_STANDARD, excluded=excluded)

    @property
    def tag(self) -> str:
        """What the tasks of this scope are found by."""
        return f"demo-{hashlib.sha256(os.fsencode(self.top)).hexdigest()[:16]}"

    def files(self, skipped: Callable[[str, str], None]) -> Iterator[str]:
        """Yield the files' paths; what cannot be read is told to `skipped` with the reason."""
        return self._below(str(self.top), skipped)

    def _below(self, folder: str, skipped: Callable[[str, str], None]) -> Iterator[str]:
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            skipped(folder, error.strerror or str(error))
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in self.left_out:
                    yield from self._below(entry.path, skipped)
            elif entry.is_file(follow_symlinks=False) and entry.path not in self.excluded:
                if os.access(entry.path, os.R_OK):
                    yield entry.path
                else:
                    skipped(entry.path, "not readable")


def index(path: str) -> FileIndex:
    """Return a file's digest, size and number of lines, a chunk at a time."""
    digest, size, lines, last = hashlib.sha256(), 0, 0, b"\n"
    with Path(path).open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return FileIndex(digest.hexdigest(), size, lines + (last != b"\n"))


def index_directly(path: str) -> FileIndex:
    """Return the same in another way: by the system's size, the library's digest, line by line."""
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        lines = sum(1 for _ in file)
    return FileIndex(digest, size, lines)


def path_to_payload(path: str) -> dict[str, str | bool]:
    """Return a path as a task's arguments; one that is not text is percent-encoded."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return {"path": quote_from_bytes(os.fsencode(path)), "quoted": True}
    return {"path": path}


def path_from_payload(path: str, *, quoted: bool) -> str:
    """Return the path that `path_to_payload` wrote."""
    return os.fsdecode(unquote_to_bytes(path)) if quoted else path


def shown_path(path: str) -> str:
    """Return a path that every terminal takes."""
    return path.encode(errors="backslashreplace").decode()
