"""Outputs: every one is a pure function of the results document (the dict of results.json).

How to add a format
1. Write a module here with one public function `render_x(document, options) -> str`. It reads the document only: if
   something is missing there, it belongs into results.json first, with its schema.
2. Take words and marks from `status.STATUSES`, numbers from `numbers`, names from `labels`; escape for your syntax.
3. Add one line to `FORMATS` below. The command line, the docs and the tests of all formats walk that table.
4. Add the fixture's output to tests/golden and read it.

May import: judge, measure, stats (by the house's rule; today only measure's words are needed). Formats import their
libraries when called, so that `evenhand --help` does not pay for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evenhand.render.options import RenderOptions

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """One output: what it is for, the name of its file in the run folder (None: terminal only), and how it is made."""

    name: str
    file_name: str | None
    purpose: str
    render: Callable[[Document, RenderOptions], str]


def _text(document: Document, options: RenderOptions) -> str:
    from evenhand.render.text import render_text

    return render_text(document, options)


def _json(document: Document, options: RenderOptions) -> str:
    from evenhand.render.json_v1 import dumps

    return dumps(document)


def _markdown(document: Document, options: RenderOptions) -> str:
    from evenhand.render.markdown import render_markdown

    return render_markdown(document, options)


def _junit(document: Document, options: RenderOptions) -> str:
    from evenhand.render.junit import render_junit

    return render_junit(document, options)


def _github(document: Document, options: RenderOptions) -> str:
    from evenhand.render.github import render_github

    return render_github(document, options)


def _html(document: Document, options: RenderOptions) -> str:
    from evenhand.render.html import render_html

    return render_html(document, options)


FORMATS: Mapping[str, Format] = {
    entry.name: entry
    for entry in (
        Format("text", None, "lines for a terminal or a log, worst last", _text),
        Format("json", "results.json", "everything, for programs (schema evenhand.results/1)", _json),
        Format("md", "summary.md", "a summary for a pull request or a wiki", _markdown),
        Format("junit", "junit.xml", "one test case a check, for CI dashboards", _junit),
        Format("github", None, "annotations on the lines of the audit file", _github),
        Format("html", "report.html", "the report for people: one file, no scripts, prints on A4", _html),
    )
}
