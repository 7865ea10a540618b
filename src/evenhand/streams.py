"""What is written to standard output and standard error: the only functions that do it, and what happens when it fails.

Results go to standard output (`put`), everything else to standard error (`say`). May import: errors.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO

from evenhand.errors import OutputError


def make_usable() -> None:
    """Give the three standard streams a form that writing cannot crash on.

    A stream that was closed (`>&-`) is None in Python, and the next file to be opened would get its number: what a
    library prints would end up in our files. Such a number is taken by the null device. A terminal without UTF-8 gets
    escapes, not a crash.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        number = 0
        while number <= 2:
            number = os.open(os.devnull, os.O_RDWR)
        os.close(number)
    if sys.stdout is None:
        sys.stdout = io.StringIO()
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def put(text: str, *, hint: str | None = None) -> None:
    """Write a result to standard output, now.

    A reader that is gone (`| head`) is no error: the rest is dropped, and the exit code stays the verdict's. Anything
    else that stops the writing, such as a full disk, is an OutputError with `hint`.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as problem:
        silence(sys.stdout)
        raise OutputError(f"cannot write to standard output: {reason(problem)}", hint=hint) from None


def say(line: str) -> None:
    """Write a remark that is not a result to standard error; where that fails, nobody can be told."""
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Send what a stream still holds, and all that follows, nowhere: Python would try again on its way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):  # a stream without a file below it holds nothing back
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def reason(problem: OSError) -> str:
    """The operating system's own words for what went wrong."""
    return (problem.strerror or "unknown reason").lower()


def harmless(text: str, *, lines: bool = False) -> str:
    r"""`text` with every character escaped that a terminal or a log might obey; line ends stay where `lines` is true.

    >>> harmless("a\x1b[31m\nb")
    'a\\x1b[31m\\nb'
    """
    return "".join(
        c if c.isprintable() or (lines and c == "\n") else c.encode("unicode_escape").decode("ascii") for c in text
    )
