"""Every error a user can meet, as one small tree; each class knows its exit code.

    EvenhandError            exit 2   could not audit
    ├── UsageError                    the command line or the API call is wrong
    ├── AuditFileError                the audit file or a policy pack is wrong (file:line:column)
    ├── DataError                     the data cannot be audited as declared
    ├── OutputError                   the run folder cannot be written
    └── SelfCheckError                our own numbers contradict each other: no report is written

Messages are one lower-case sentence: what was found, where (file, column, first row number, count), what was
expected. They never hold a value from the data; names in backticks. `hint` says what to do.

This module imports nothing of evenhand; everything may import it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EvenhandError(Exception):
    """Could not audit. `str(error)` is one sentence; `hint` is what to do about it, or None."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")  # so that a Python traceback shows it too


class UsageError(EvenhandError):
    """The command line, an option or an API argument is wrong."""


class AuditFileError(EvenhandError):
    """The audit file or a pack is wrong; the message starts with `file:line:column:`."""

    def __init__(
        self, message: str, *, file: str = "", line: int = 0, column: int = 0, hint: str | None = None
    ) -> None:
        where = f"{file}:{line}:{column}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message, hint=hint)
        self.file, self.line, self.column = file, line, column


class DataError(EvenhandError):
    """The data cannot be audited as the audit file declares it."""


class OutputError(EvenhandError):
    """The run folder cannot be written; what stood there before is untouched."""


class SelfCheckError(EvenhandError):
    """Two independent counts of the same thing differ: a defect of evenhand or a changing input."""


def near_name(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `name`, ignoring case; None if nothing is near.

    >>> near_name("mni", ["min", "max"])
    'min'
    """
    by_lower = {c.lower(): c for c in candidates}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
