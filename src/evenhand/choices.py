"""What a caller may choose, checked before anything is read: by the command line and by the Python API alike.

Every function raises UsageError and touches nothing. May import: errors; inside functions load.paths, render.folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evenhand.errors import UsageError, near_name

MOST_THREADS = 1024
MEMORY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT](?:i?B)?)\s*", re.IGNORECASE | re.ASCII)
"""As in 2GB, 512MB, 1.5 GiB: the engines know these units."""
EXPONENTS = {"K": 1, "M": 2, "G": 3, "T": 4}


def check_threads(threads: Any, name: str = "threads") -> None:
    """`threads` is a whole number from 1 to `MOST_THREADS`, or None."""
    if threads is None:
        return
    if not isinstance(threads, int) or isinstance(threads, bool) or not 1 <= threads <= MOST_THREADS:
        raise UsageError(f"`{name}` is not a whole number from 1 to {MOST_THREADS}", hint="leave it out for a default")


def check_memory(memory: Any, name: str = "memory") -> None:
    """`memory` is a size such as `2GB`, at least 1 MB (no engine starts with less) and below 1000 TB, or None."""
    if memory is None:
        return
    found = MEMORY.fullmatch(memory) if isinstance(memory, str) else None
    size = float(found[1]) * 1000.0 ** EXPONENTS[found[2][0].upper()] if found and len(found[1]) < 20 else 0.0
    if not 1e6 <= size < 1e15:
        raise UsageError(f"`{name}` is not a size of at least 1MB", hint="write for example 2GB, 512MB or 1.5 GiB")


def check_seed(seed: Any) -> None:
    """`seed` is a whole number, or None; True is none."""
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise UsageError("`seed` is not a whole number", hint="any whole number from 0 will do")


def check_text(name: str, value: Any) -> None:
    """`value` is a text that is not empty, or None."""
    if value is None:
        return
    if not isinstance(value, str):
        raise UsageError(f"`{name}` is not a text")
    if not value:
        raise UsageError(f"`{name}` is empty")


def checked_path(name: str, value: Any) -> str:
    """`value` as the text of a path or pattern that the operating system can take; `name` is what messages call it.

    `Path("")` would be the current folder, and a name that is too long fails at whatever looks at it first.
    """
    if not isinstance(value, str | os.PathLike):
        raise UsageError(f"`{name}` is not a path")
    written = os.fspath(value)
    if not isinstance(written, str) or not written:
        raise UsageError(f"`{name}` is empty" if not written else f"`{name}` is not a path of text")
    try:
        os.lstat(written)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass  # whether it must be there is for those to say who read or write it
    except OSError as problem:
        raise UsageError(f"`{name}`: {(problem.strerror or 'not a path').lower()}") from None
    except ValueError:  # a NUL, or text that is no file name in this encoding
        raise UsageError(f"`{name}` holds a character that no path can hold") from None
    return written


def check_templates(templates: Path | None) -> None:
    """The folder of templates is one."""
    if templates is not None and not templates.is_dir():
        raise UsageError(f"the templates folder `{templates}` does not exist or is not a folder")


def check_output(output: Path | None, *, inputs: Sequence[str | Path | None], out: Path | None) -> None:
    """The file of `--output` can be written, and is neither read by this command nor part of the run folder `out`.

    `inputs` are paths, folders and patterns. DataError where one of them has no files.
    """
    if output is None:
        return
    target = Path(os.path.realpath(output))
    if target.is_dir():
        raise UsageError(f"`{output}` is a folder", hint="give a file to `--output`")
    folder = Path(os.path.realpath(out)) if out is not None else None
    if folder is not None:
        _refuse_run_folder(output, target, folder)
    if target.exists():
        for source in inputs:
            if source is not None and any(target.samefile(path) for path in _files(source)):
                raise UsageError(f"`{output}` is read by this command", hint="give another file to `--output`")
        if not os.access(target, os.W_OK):
            raise UsageError(f"cannot write `{output}`: permission denied")
    elif target.parent != folder:  # the run folder is written first
        if not target.parent.is_dir():
            raise UsageError(f"cannot write `{output}`: its folder does not exist")
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise UsageError(f"cannot write `{output}`: permission denied")


def _refuse_run_folder(output: Path, target: Path, folder: Path) -> None:
    from evenhand.render.folder import PUBLISHED, RESTRICTED_FOLDER

    if target == folder or target in folder.parents:
        raise UsageError(f"`{output}` stands where the run folder goes", hint="give another file to `--output`")
    restricted = folder / RESTRICTED_FOLDER
    if target in {folder / name for name in PUBLISHED} or restricted in (target, *target.parents):
        raise UsageError(
            f"`{output}` is a file of the run folder", hint="it is written anyway; give another to `--output`"
        )


def _files(source: str | Path) -> list[Path]:
    from evenhand.load.paths import input_files

    path = Path(source)
    if path.is_file():
        return [path]
    return [file.path for file in input_files(source)[0]]


def check_key(key: str | None, sources: Sequence[Any], *, delimiter: str, encoding: str) -> None:
    """`key`, where the caller names it, is a column of every source; the audit file says nothing that is wrong.

    Errors: UsageError; DataError where a source cannot be read.
    """
    from evenhand.load.sources import column_names

    if key is None:
        return
    for what, source in zip(("predictions", "attributes"), sources, strict=True):
        names = column_names(source, delimiter=delimiter, encoding=encoding) if source is not None else (key,)
        if key not in names:
            near = near_name(key, names)
            suggestion = f" (did you mean `{near}`?)" if near else ""
            raise UsageError(f"`--key {key}`: there is no such column in the {what}{suggestion}")
