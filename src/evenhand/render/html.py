"""report.html: one file without scripts or network, from `Page` and the templates.

Templates are looked up in `--templates DIR` (single files of the same name, not trusted), then in the package, then
in the checkout. They run in jinja2's immutable sandbox, undefined names are errors, every file is autoescaped.
May import: errors, render.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, FunctionLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from evenhand.errors import UsageError
from evenhand.render.build_page import build_page
from evenhand.render.options import RenderOptions
from evenhand.render.page import Page

SKELETON = "page.html"
_SUFFIXES = {".html", ".css"}
_LARGEST_TEMPLATE = 1_000_000
_NAME = re.compile("`([^`]+)`")


def render_html(document: Mapping[str, Any], options: RenderOptions) -> str:
    """The report of a document. The same document and templates give the same bytes.

    Errors: UsageError if a template of the caller cannot be read, uses an unknown name, takes too long, or leaves the
    verdict out.
    """
    if options.templates is None:
        return fill(build_page(document), SKELETON)
    from evenhand.render.limited import render_limited

    return render_limited(document, options.templates)


def fill(page: Page, template: str, own: Path | None = None) -> str:
    """A page through one template: `page.html` for the whole report, a component's for that part alone."""
    text: str = environment(own).get_template(template).render(page=page)
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


def environment(own: Path | None = None) -> ImmutableSandboxedEnvironment:
    """jinja2 with our settings; `own` is a folder of templates that take precedence."""
    loaders: list[BaseLoader] = [FunctionLoader(_shipped)]
    if own is not None:
        loaders.insert(0, FunctionLoader(lambda name: _owned(own, name)))
    made = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["css_string"] = css_string
    made.filters["prose"] = prose
    return made


def css_string(text: str) -> Markup:
    """`text` as a quoted CSS string, everything but letters, digits and blanks escaped: nothing can end it.

    The blank after an escape belongs to it, or a blank of the text would vanish.

    >>> print(css_string('a"}<'))
    "a\\000022 \\00007d \\00003c "
    """
    safe = "".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):06x} " for c in text)
    return Markup(f'"{safe}"')  # built from letters, digits, blanks and hexadecimal escapes only


def prose(text: str) -> Markup:
    """Our sentences set `names` in backticks, as on a terminal; here they become `<code>`, everything else is escaped.

    >>> print(prose("no `score` <b>"))
    no <code>score</code> &lt;b&gt;
    """
    return Markup(_NAME.sub(r"<code>\1</code>", str(escape(text))))  # the pattern adds fixed tags to escaped text


@cache
def templates_folder() -> Traversable:
    """The folder of the shipped templates: inside the installed package, else at the top of the checkout."""
    packaged = resources.files("evenhand").joinpath("report_templates")
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[3] / "report_templates"
    if checkout.is_dir():
        return checkout
    raise UsageError("the report templates are missing from this installation", hint="install evenhand again")


def _shipped(name: str) -> str | None:
    file = templates_folder().joinpath(name) if _is_plain(name) else None
    return file.read_text(encoding="utf-8") if file is not None and file.is_file() else None


def _owned(folder: Path, name: str) -> str | None:
    """A template of the caller's: a plain file right in that folder, no link out of it, of a sane size."""
    path = folder / name
    if not _is_plain(name) or not path.exists():
        return None
    if path.is_symlink() or not path.is_file():
        raise UsageError(f"the template `{name}` is not a plain file", hint="links and folders are not followed")
    if path.stat().st_size > _LARGEST_TEMPLATE:
        raise UsageError(f"the template `{name}` is larger than 1 MB")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"the template `{name}` is not readable UTF-8 text") from None


def _is_plain(name: str) -> bool:
    return Path(name).name == name and Path(name).suffix in _SUFFIXES and "\\" not in name


def template_problem(error: TemplateError) -> str:
    """One sentence about an error in a template, with its line where jinja2 knows it."""
    name, line = getattr(error, "name", None), getattr(error, "lineno", None)
    where = f"the template `{name}`" if name else "a template"
    return f"{where}{f', line {line}' if line else ''} cannot be used: {' '.join(str(error.message or '').split())}"
