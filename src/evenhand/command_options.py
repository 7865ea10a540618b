"""Options of the command line: their types and help, and what a written value means.

May import: at the top only typer, choices and errors, so that `--help` is fast.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evenhand.choices import check_templates, checked_path
from evenhand.errors import UsageError, near_name

if TYPE_CHECKING:
    from evenhand.render.options import RenderOptions


class FailOn(StrEnum):
    """When a run exits with something else than 0."""

    inconclusive = "inconclusive"
    fail = "fail"
    never = "never"


def path_given_to(name: str) -> Callable[[str | Path], Path]:
    """What turns the value of an option or argument into a path: Path("") would be the current folder."""

    def path(value: str | Path) -> Path:
        return Path(checked_path(name, value))

    return path


AuditFileArgument = Annotated[
    str | None, typer.Argument(metavar="[AUDIT_FILE]", help="Audit file; default: EVENHAND_AUDIT, else evenhand.yaml.")
]
ResultsArgument = Annotated[Path, typer.Argument(help="A results.json.", parser=path_given_to("RESULTS"))]
CellsOption = Annotated[
    Path | None,
    typer.Option(help="Judge stored cells instead of rows.", parser=path_given_to("--cells"), metavar="PATH"),
]
OutOption = Annotated[
    Path,
    typer.Option(
        "--out", help="Run folder for the report and the results.", parser=path_given_to("--out"), metavar="PATH"
    ),
]
OutAgainOption = Annotated[
    Path | None,
    typer.Option("--out", help="Run folder to write all formats to.", parser=path_given_to("--out"), metavar="PATH"),
]
FormatOption = Annotated[
    list[str] | None, typer.Option("--format", "-f", help="What to print: text json md junit github html; repeatable.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write what --format prints to this file.",
        parser=path_given_to("--output"),
        metavar="PATH",
    ),
]
StarterOption = Annotated[
    Path,
    typer.Option("--output", "-o", help="Audit file to write.", parser=path_given_to("--output"), metavar="PATH"),
]
CopyOption = Annotated[
    Path | None,
    typer.Option(
        "--copy",
        help="Only copy the sample to this new folder, to work on.",
        parser=path_given_to("--copy"),
        metavar="PATH",
    ),
]
KindOption = Annotated[
    str | None, typer.Option("--kind", help="Kind of model: targeting, pricing; default: as the columns suggest.")
]
TemplatesOption = Annotated[
    Path | None,
    typer.Option(
        "--templates",
        help="Folder of templates that replace ours.",
        parser=path_given_to("--templates"),
        metavar="PATH",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print the last line only.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Print a line for every comparison.")]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="No colours, whatever the terminal.")]


def checked_formats(names: list[str] | None) -> list[str]:
    """The formats asked for; UsageError for one that does not exist."""
    from evenhand.render import FORMATS

    for name in names or []:
        if name not in FORMATS:
            near = near_name(name, FORMATS)
            raise UsageError(
                f"unknown format `{name}`" + (f" (did you mean `{near}`?)" if near else ""),
                hint="one of " + ", ".join(FORMATS),
            )
    return names or ["text"]


def date_of_build(environment: Mapping[str, str]) -> str | None:
    """The day of SOURCE_DATE_EPOCH; without it the results hold no time at all. UsageError if it is no number."""
    import datetime

    epoch = environment.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    try:
        return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise UsageError("SOURCE_DATE_EPOCH is not a number of seconds") from None


def render_options(
    no_color: bool, quiet: bool, verbose: bool, templates: Path | None, out: Path | None
) -> RenderOptions:
    """What the renderers are told. UsageError where `templates` is no folder."""
    from evenhand.render.options import RenderOptions

    check_templates(templates)
    return RenderOptions(
        color=wants_color(no_color, os.environ, sys.stdout.isatty()),
        verbose=verbose,
        quiet=quiet,
        report_path=str(out / "report.html") if out is not None else None,
        results_path=str(out / "results.json") if out is not None else None,
        templates=templates,
    )


def wants_color(no_color: bool, environment: Mapping[str, str], terminal: bool) -> bool:
    """Colours on a terminal, unless --no-color, NO_COLOR or TERM=dumb; FORCE_COLOR asks for them anywhere."""
    if no_color or environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return terminal and environment.get("TERM") != "dumb"
