"""What a caller may choose about an output; the results document decides everything else.

May import: the standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RenderOptions:
    """Choices of the command line. The defaults give the same bytes wherever they are rendered."""

    color: bool = False
    """ANSI colours in `text`; the words and marks are there without."""
    verbose: bool = False
    """`text`: a line for every comparison, passed and untested ones too."""
    quiet: bool = False
    """`text`: the last line only."""
    report_path: str | None = None
    """`text`: where the report was written, printed above the last line."""
    results_path: str | None = None
    templates: Path | None = None
    """`html`: a folder whose files replace templates of the same name; its content is not trusted."""
