"""Templates that a caller brings, run in a process of their own with limits on time, memory and output.

The sandbox keeps a template from reaching files or Python; it cannot keep a loop from running for ever.
As a program (`python -m evenhand.render.limited FOLDER`): a results document on stdin, the page on stdout.
May import: errors, render.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from jinja2.exceptions import SecurityError

from evenhand.errors import EvenhandError, SelfCheckError, UsageError
from evenhand.render.build_page import build_page
from evenhand.render.html import SKELETON, fill, template_problem
from evenhand.render.inspect_page import problems_of_page
from evenhand.render.json_v1 import dumps

SECONDS = 60
MEMORY = 3 * 1024**3
LARGEST_PAGE = 20_000_000
"""Bytes."""
POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
_OURS = re.compile(r'\s*<meta charset="utf-8">\s*' + re.escape(POLICY))
_REFUSED = 7


def render_limited(document: Mapping[str, Any], templates: Path, *, seconds: float = SECONDS) -> str:
    """The page by the caller's templates, checked: the verdict is in it, and no script or foreign address.

    Errors: UsageError in one sentence.
    """
    if not templates.is_dir():
        raise UsageError(f"the templates folder `{templates}` does not exist or is not a folder")
    try:
        done = subprocess.run(
            # -P: the current folder is somebody's repository, and no place to import modules from
            [sys.executable, "-P", "-m", "evenhand.render.limited", str(templates.resolve())],
            input=dumps(document).encode("utf-8"),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"the templates took longer than {seconds:g} seconds", hint="look for a loop") from None
    if done.returncode == _REFUSED:
        raise UsageError(done.stdout.decode("utf-8", "replace").strip())
    if done.returncode < 0:  # ended by a signal: the limits at the top of `_limit`
        raise UsageError("the templates used too much time or memory", hint="look for a loop")
    if done.returncode != 0:
        raise SelfCheckError(
            "the report could not be built for these templates", hint="does it work without `--templates`?"
        )
    page = done.stdout.decode("utf-8")
    found = problems_of_page(page, document["verdict"])
    if found:
        raise UsageError(f"the page made by these templates is refused: {found[0]}")
    return without_addresses(page)


def without_addresses(page: str) -> str:
    """The page with a rule for browsers, first in its head, that nothing is fetched and no script runs.

    Reading a page for addresses cannot find every spelling that a browser understands; the browser can.
    """
    head = re.search(r"<head[^>]*>", page, re.IGNORECASE)
    if head is not None and _OURS.match(page, head.end()):
        return page
    if head is None:
        raise UsageError("the page made by these templates is refused: it has no `<head>`")
    return page[: head.end()] + "\n" + POLICY + page[head.end() :]


def _limit() -> None:
    """Ask the system to end this process when it goes too far; where there is no such call, the time limit remains."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _main() -> int:
    _limit()
    document = json.loads(sys.stdin.buffer.read())
    page_data = build_page(document)
    try:
        page = fill(page_data, SKELETON, Path(sys.argv[1])).encode("utf-8")
    except SecurityError:
        return _refuse("a template uses something that the sandbox forbids")
    except TemplateError as error:
        return _refuse(template_problem(error))
    except EvenhandError as error:
        return _refuse(str(error))
    except (MemoryError, OverflowError, RecursionError):
        return _refuse("the templates used too much memory")
    except Exception as error:  # whatever an expression of theirs can raise
        return _refuse(f"a template failed with a {type(error).__name__}")
    if len(page) > LARGEST_PAGE:
        return _refuse("the templates made a page of more than 20 MB")
    sys.stdout.buffer.write(page)
    return 0


def _refuse(sentence: str) -> int:
    sys.stdout.buffer.write(sentence.encode("utf-8", "replace"))
    return _REFUSED


if __name__ == "__main__":
    sys.exit(_main())
