"""Are the inputs at the end of the run what they were at its start? Size, time and identity, and one digest.

May import: errors, load.table.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from evenhand.errors import SelfCheckError
from evenhand.load.paths import cannot_read
from evenhand.load.table import Fingerprint, Table


def fingerprint(path: Path, sha256: str | None = None) -> Fingerprint:
    """A file's size, time of change and identity now. Raises DataError if it cannot be looked at."""
    try:
        status = path.stat()
    except OSError as problem:
        raise cannot_read(path.name, problem) from None
    return Fingerprint(path, status.st_size, status.st_mtime_ns, status.st_ino, sha256)


def assert_unchanged(table: Table) -> None:
    """Raise SelfCheckError if any input file of `table` is gone, or differs from when it was opened.

    Compares size, modification time (ns) and inode, which costs nothing at any size; a writer that restores all three
    is caught by the digest that `run.json` keeps.
    """
    for before in table.fingerprints:
        try:
            status = os.stat(before.path)
            now = (status.st_size, status.st_mtime_ns, status.st_ino)
        except OSError:
            now = None
        if now != (before.size, before.modified_ns, before.inode):
            raise SelfCheckError(
                f"`{before.path.name}` changed during the run",
                hint="run again when nothing writes to the file any more, or audit a copy",
            )


def digests(table: Table) -> Mapping[Path, str]:
    """SHA-256 of each input file. What was digested while it was read is not read again; Parquet is, once."""
    return {kept.path: kept.sha256 or file_digest(kept.path) for kept in table.fingerprints}


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, streamed. Raises DataError if it cannot be read."""
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as problem:
        raise cannot_read(path.name, problem) from None


def digested(kept: Fingerprint, sha256: str) -> Fingerprint:
    """The same fingerprint with the digest that reading made."""
    return replace(kept, sha256=sha256)
