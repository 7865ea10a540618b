"""What is wrong with an audit file or a pack, collected, so that one run tells all of it.

May import: errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.errors import AuditFileError

MOST_LISTED = 10
"""Problems listed after the first one; the rest are counted."""

LONGEST_SHOWN = 120
"""Characters of a text of the file that a message repeats."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where it stands, and what to do about it."""

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None
    excerpt: tuple[str, ...] = ()
    """The line it stands on and the one before, each as `file:line: text`."""

    def error(self, others: Sequence[str] = ()) -> AuditFileError:
        """The error of this problem; its hint also shows the excerpt and tells `others`, a line each."""
        parts = [self.hint] if self.hint else []
        if self.excerpt:
            parts += ["where it stands:", *(f"    {line}" for line in self.excerpt)]
        hint = "\n".join([*parts, *others]) or None
        return AuditFileError(self.message, file=self.file, line=self.line, column=self.column, hint=hint)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


def excerpt(lines: Sequence[str], *, file: str, line: int) -> tuple[str, ...]:
    """Line `line` (from 1) of a file and the one before it, as an error shows them.

    >>> excerpt(["checks:", "  - {mni: 0.8}"], file="evenhand.yaml", line=2)
    ('evenhand.yaml:1: checks:', 'evenhand.yaml:2:   - {mni: 0.8}')
    """
    numbers = [number for number in (line - 1, line) if 1 <= number <= len(lines)]
    return tuple(f"{file}:{number}: {shown(lines[number - 1])}".rstrip() for number in numbers)


def shown(text: str) -> str:
    r"""`text` as a message may repeat it: control characters escaped, at most `LONGEST_SHOWN` characters.

    >>> shown("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return safe if len(safe) <= LONGEST_SHOWN else safe[:LONGEST_SHOWN] + "…"


def raise_all(problems: Sequence[Problem]) -> None:
    """Raise the first problem of the file as an `AuditFileError` that lists the others in its hint; nothing if none.

    Problems are told in the order of the file's lines, since the first mistake often causes the next one.
    """
    if not problems:
        return
    files = list(dict.fromkeys(p.file for p in problems))
    first, *others = sorted(problems, key=lambda p: (files.index(p.file), p.line, p.column))
    listed = [f"also {other}" for other in others[:MOST_LISTED]]
    if len(others) > MOST_LISTED:
        listed.append(f"and {len(others) - MOST_LISTED} more")
    raise first.error(listed)
