"""The way in, for the command `evenhand` and for `python -m evenhand`: an installation that cannot start exits 2.

Python's own exit code for a broken import is 1, and 1 means that an audit failed its policy.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn


def run() -> NoReturn:
    """Load the command line and run it."""
    try:
        from evenhand.cli import main
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseException as problem:  # a foreign module may do anything while it is imported, sys.exit() included
        name = f" of `{problem.name}`" if isinstance(problem, ImportError) and problem.name else ""
        text = f"error: evenhand cannot start: {type(problem).__name__}{name}\n\nhint: install evenhand again\n"
        with suppress(OSError):  # written at once: what is left in a buffer is tried again on the way out, and fails
            os.write(2, text.encode())
        sys.exit(2)
    main()


if __name__ == "__main__":
    run()
