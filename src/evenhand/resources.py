"""Files that come with evenhand: the samples, found in the installed package first and in a checkout second.

May import: errors.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from evenhand.errors import OutputError, UsageError

CHECKOUT = Path(__file__).resolve().parents[2]
"""The root of a checkout, when the package runs from its `src` folder."""


@contextmanager
def sample_folder(name: str) -> Iterator[Path]:
    """The folder of one sample, as files on disk. UsageError if the installation lacks it."""
    packaged = files("evenhand") / "sample_data" / name
    if packaged.is_dir():
        with as_file(packaged) as folder:
            yield folder
        return
    folder = CHECKOUT / "sample_data" / name
    if not folder.is_dir():
        raise UsageError(f"this installation has no sample `{name}`", hint="install evenhand again")
    yield folder


def copy_sample(name: str, folder: Path) -> None:
    """Copy a sample to a folder that does not exist yet. UsageError if it does, OutputError if it cannot be written."""
    if folder.exists():
        raise UsageError(f"`{folder}` exists and is left as it is", hint="name a new folder")
    try:
        with sample_folder(name) as sample:
            shutil.copytree(sample, folder, ignore=shutil.ignore_patterns("__pycache__"))
    except OSError:
        raise OutputError(f"cannot copy the sample to `{folder}`", hint="name a folder that you may write") from None
