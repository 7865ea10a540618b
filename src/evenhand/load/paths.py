"""Which files a source is, and what each of them holds: patterns, folders, formats and magic bytes.

A file whose literal name looks like a pattern wins over the pattern. Folder names never become columns.
May import: errors.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evenhand.errors import DataError, near_name

Format = Literal["delimited", "json_lines", "parquet"]
Compression = Literal["", "gzip", "zstd"]

EXTENSIONS: dict[str, Format] = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".parquet": "parquet",
    ".pq": "parquet",
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}

_MAGIC = (
    (b"PAR1", "parquet", "a Parquet file"),
    (b"\x1f\x8b", "gzip", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd", "compressed with zstd"),
    (b"PK\x03\x04", "zip", "a zip archive or a spreadsheet"),
    (b"ARROW1", "arrow", "an Arrow (Feather) file"),
    (b"\xd0\xcf\x11\xe0", "ole", "an old spreadsheet"),
    (b"\x80\x04\x95", "pickle", "a Python pickle, which is never loaded"),
    (b"\x80\x05\x95", "pickle", "a Python pickle, which is never loaded"),
)


@dataclass(frozen=True)
class InputFile:
    """One file to read. `name` is what messages call it."""

    path: Path
    format: Format
    compression: Compression
    tabs: bool

    @property
    def name(self) -> str:
        return self.path.name


def input_files(source: str | os.PathLike[str]) -> tuple[tuple[InputFile, ...], str]:
    """The files of a source in a fixed order, and what messages call the source.

    Raises DataError for a missing path (with the near name), a pattern or folder without files, an unreadable or
    special file, an empty one, an unknown or untrue extension, and for a mix of formats.
    """
    text = os.fspath(source)
    path = Path(text)
    described = path.name or text
    if path.is_dir():
        found = _parquet_in(path)
    elif os.path.lexists(path):
        found = [path]
    elif glob.has_magic(text):
        found = sorted(Path(p) for p in glob.glob(text, recursive=True) if os.path.isfile(p))
        if not found:
            raise DataError(f"no file matches `{described}`", hint="patterns know `*`, `?`, `[...]` and `**`")
    else:
        raise _no_such(text, path)
    files = tuple(_identified(p) for p in found)
    formats = {file.format for file in files}
    if len(formats) > 1:
        raise DataError(f"`{described}` mixes file formats: {', '.join(sorted(formats))}", hint="name one format only")
    return files, described


def _no_such(text: str, path: Path) -> DataError:
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        return DataError("the data are named by a URL; only local files are read", hint="download the file first")
    if not path.parent.is_dir():
        return DataError(f"there is no folder `{path.parent}`", hint=f"`{path.name}` was looked for in it")
    near = near_name(path.name, (entry.name for entry in path.parent.iterdir()))
    said = f" (did you mean `{near}`?)" if near else ""
    return DataError(f"there is no file `{path.name}`{said}", hint=f"it was looked for in `{path.parent}`")


def _parquet_in(folder: Path) -> list[Path]:
    """Parquet files at any depth; names that begin with `_` or `.` are other tools' bookkeeping."""
    found: list[Path] = []
    others: set[str] = set()
    for where, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        for name in sorted(names):
            if name[0] in "._":
                continue
            extension = os.path.splitext(name)[1].lower()
            if EXTENSIONS.get(extension) == "parquet":
                found.append(Path(where, name))
            else:
                others.add(extension)
    if not found:
        pattern = f"{folder.name}/*{'.csv' if not others or '.csv' in others else min(others)}"
        raise DataError(
            f"folder `{folder.name}` holds no Parquet files",
            hint=f"a folder is read as Parquet; name other files with a pattern, such as `{pattern}`",
        )
    return found


def _unreadable(problem: OSError) -> None:
    raise cannot_read(Path(problem.filename or "").name, problem)


def cannot_read(name: str, problem: OSError) -> DataError:
    """The DataError of an operating system's refusal, in its own words but without paths."""
    return DataError(f"`{name}` cannot be read: {(problem.strerror or 'input/output error').lower()}")


def _identified(path: Path) -> InputFile:
    """Format and compression by extension, contradicted or confirmed by the first bytes."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression: Compression = COMPRESSIONS.get(suffixes[-1], "") if suffixes else ""
    extension = (suffixes[-2] if len(suffixes) > 1 else "") if compression else (suffixes[-1] if suffixes else "")
    file_format = EXTENSIONS.get(extension)
    if file_format is None or (compression and file_format == "parquet"):
        raise DataError(
            f"`{path.name}` has an extension that is not read",
            hint="read are .csv, .tsv, .jsonl, .ndjson (also with .gz or .zst after it) and .parquet",
        )
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"`{path.name}` is not a regular file", hint="pipes and devices cannot be read twice")
        with path.open("rb") as opened:
            first = opened.read(8)
    except OSError as problem:
        raise cannot_read(path.name, problem) from None
    if status.st_size == 0:
        raise DataError(f"`{path.name}` is empty (0 bytes)", hint="it should begin with a line of column names")
    expected = compression or ("parquet" if file_format == "parquet" else "")
    actual, words = next(((kind, words) for magic, kind, words in _MAGIC if first.startswith(magic)), ("", ""))
    if actual != expected:
        says = words or f"not {'Parquet' if expected == 'parquet' else f'compressed with {expected}'}"
        raise DataError(
            f"`{path.name}` is {says}, whatever its extension says",
            hint="give the file the extension of what it holds" if actual in ("parquet", "gzip", "zstd") else None,
        )
    return InputFile(path, file_format, compression, tabs=extension == ".tsv")
