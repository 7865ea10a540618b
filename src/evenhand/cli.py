"""The command line: arguments in, exit code out. The one place that prints and exits; no audit logic.

Results go to stdout, everything else to stderr. Everything heavy is imported inside commands, so that `--help` is fast.
May import: at the top only typer, command_options and errors; inside commands pipeline, render, kinds, config.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from evenhand.command_options import (
    AuditFileArgument,
    FailOn,
    FormatOption,
    NoColorOption,
    OutOption,
    OutputOption,
    QuietOption,
    TemplatesOption,
    VerboseOption,
    checked_formats,
    date_of_build,
    render_options,
)
from evenhand.errors import EvenhandError, UsageError

if TYPE_CHECKING:
    from evenhand.pipeline import Outcome
    from evenhand.render.options import RenderOptions

app = typer.Typer(
    name="evenhand",
    help="Audit the decisions of a model for fairness: pass, fail or not enough evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
policy = typer.Typer(help="Look at audit files and policy packs.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(policy, name="policy")


@app.command()
def audit(
    audit_file: AuditFileArgument = None,
    data: Annotated[str | None, typer.Option(help="Predictions: file, folder or pattern.")] = None,
    attributes: Annotated[str | None, typer.Option(help="Protected attributes: file, folder or pattern.")] = None,
    key: Annotated[str | None, typer.Option(help="Column that joins the two.")] = None,
    policy: Annotated[list[str] | None, typer.Option(help="One more policy pack: name or path; repeatable.")] = None,
    cells: Annotated[Path | None, typer.Option(help="Judge stored cells instead of rows.")] = None,
    out: OutOption = Path("evenhand-out"),
    format: FormatOption = None,
    output: OutputOption = None,
    engine: Annotated[str, typer.Option(help="What adds up the rows: duckdb, polars, plain.")] = "duckdb",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the engine.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory limit of the engine, such as 2GB.")] = None,
    fail_on: Annotated[FailOn, typer.Option(help="What makes the exit code differ from 0.")] = FailOn.inconclusive,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of random draws; default: from the data and the policy.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Date of the audit, as 2026-03-02.")] = None,
    templates: TemplatesOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Audit decisions against a policy: exit 0 pass, 1 fail, 2 could not audit, 3 not enough evidence."""
    from evenhand.config.discovery import find_audit_file
    from evenhand.pipeline import Options, audit_rows, judge_stored, open_audit
    from evenhand.render.folder import check_writable
    from evenhand.roles import Sources

    formats = checked_formats(format)
    path = find_audit_file(audit_file, folder=Path.cwd(), environment=os.environ)
    if audit_file is None and not quiet:
        say(f"audit file {path}")
    given = {"predictions": data, "attributes": attributes, "key": key}
    opened = open_audit(path, policies=policy or (), overrides={k: v for k, v in given.items() if v is not None})
    check_writable(out)
    options = Options(engine, threads, memory, seed, as_of or date_of_build(os.environ), fail_on.value)
    if cells is not None:
        if data is not None or attributes is not None:
            raise UsageError("give rows or `--cells`, not both")
        from evenhand.tally.stored import read

        outcome = judge_stored(opened, read(cells), options)
    else:
        if opened.predictions is None:
            raise UsageError("there is nothing to audit", hint="name the file in `data.predictions`, or give `--data`")
        outcome = audit_rows(opened, Sources(opened.predictions, opened.attributes_path, opened.key), options)
    look = render_options(no_color, quiet, verbose, templates, out)
    save(out, outcome, look)
    show(outcome.document, formats, output, look)
    raise typer.Exit(outcome.document["exit_code"])


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="A results.json.")],
    format: FormatOption = None,
    output: OutputOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder to write all formats to.")] = None,
    templates: TemplatesOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Render a report again from results.json, byte for byte; the rows are not needed."""
    from evenhand.render.folder import check_writable, publish
    from evenhand.render.json_v1 import load
    from evenhand.render.outputs import run_folder_files

    formats = checked_formats(format or (["html"] if output else ["text"]))
    document = load(results)
    look = render_options(no_color, quiet, verbose, templates, out)
    if out is not None:
        check_writable(out)
        publish(out, run_folder_files(document, look), {})
    show(document, formats, output, look)


@app.command()
def merge(
    cells: Annotated[list[Path], typer.Argument(help="Files of cells: shards, sites or months.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File for the merged cells.")],
) -> None:
    """Add up stored cells; the result is judged with `audit --cells`. Where people repeat, keep each in one shard."""
    from functools import reduce
    from operator import add

    from evenhand.tally.stored import read, write

    merged = reduce(add, [read(path) for path in cells])
    write(output, merged)
    counts = merged.header.counts
    print(f"merged {len(cells)} files: {counts['people']:,} people in {len(merged.main):,} cells, {output}")
    if merged.unit is not None:
        say("people have several rows: the sum is right only if every person is in one shard")


@app.command()
def demo(
    kind: Annotated[str, typer.Argument(help="Kind of model.")] = "targeting",
    out: OutOption = Path("evenhand-out"),
    no_color: NoColorOption = False,
) -> None:
    """Audit the sample that comes with evenhand; exit 0 when the outcome is the expected one."""
    import json

    from evenhand.kinds import KINDS
    from evenhand.pipeline import Options, audit_rows, open_audit
    from evenhand.render.folder import check_writable
    from evenhand.resources import sample_folder
    from evenhand.roles import Sources

    if kind not in KINDS:
        raise UsageError(f"there is no sample for `{kind}`", hint="one of " + ", ".join(KINDS))
    check_writable(out)
    with sample_folder(KINDS[kind].sample) as folder:
        opened = open_audit(folder / "evenhand.yaml")
        outcome = audit_rows(opened, Sources(opened.predictions, opened.attributes_path, opened.key), Options())
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    look = render_options(no_color, False, False, None, out)
    save(out, outcome, look)
    show(outcome.document, ["text"], None, look)
    found = {check["id"]: check["status"] for check in outcome.document["checks"]}
    code = outcome.document["exit_code"]
    if found == expected["checks"] and code == expected["exit_code"]:
        print(f"demo    as expected; an audit with this outcome exits {code}")
        return
    raise EvenhandError(
        "the sample did not give the expected outcome", hint="please report this, with `evenhand doctor`"
    )


@app.command()
def init(
    data: Annotated[str, typer.Argument(help="Predictions: a file of decisions.")],
    attributes: Annotated[
        str | None, typer.Option(help="Protected attributes, if they are a file of their own.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Audit file to write.")] = Path("evenhand.yaml"),
) -> None:
    """Write a commented audit file from the columns of DATA; an existing file is never overwritten."""
    from evenhand.config.starter import starter
    from evenhand.load.profile import guess_delimiter, profile

    if output.exists():
        raise UsageError(f"`{output}` exists and is left as it is", hint="give another name with `--output`")

    def beside(path: str) -> str:
        return os.path.relpath(path, output.resolve().parent)

    delimiter = guess_delimiter(data)
    text = starter(
        profile(data, delimiter=delimiter),
        beside(data),
        attributes=profile(attributes, delimiter=delimiter) if attributes else None,
        attributes_path=beside(attributes) if attributes else None,
        delimiter=delimiter,
    )
    with output.open("x", encoding="utf-8") as file:
        file.write(text)
    print(f"wrote {output}: read it, correct every guess, then `evenhand policy check {output}`")


@app.command()
def explain(name: Annotated[str, typer.Argument(help="A measure; see `evenhand measures`.")]) -> None:
    """Say what a measure asks, its formula, when not to use it, its edge cases and its source."""
    from evenhand.explaining import explained

    print(explained(name))


@app.command()
def measures(
    role: Annotated[str | None, typer.Option(help="Only measures that need this role.")] = None,
) -> None:
    """List every measure: name, question, roles, and the packs that use it."""
    from evenhand.explaining import measure_lines

    for line in measure_lines(role):
        print(line)


@policy.command("check")
def policy_check(
    audit_file: AuditFileArgument = None,
    policy: Annotated[list[str] | None, typer.Option(help="One more policy pack.")] = None,
) -> None:
    """Check an audit file and its packs without reading any data."""
    from evenhand.config.discovery import find_audit_file
    from evenhand.explaining import policy_lines
    from evenhand.pipeline import open_audit

    path = find_audit_file(audit_file, folder=Path.cwd(), environment=os.environ)
    for line in policy_lines(open_audit(path, policies=policy or ())):
        print(line)


@policy.command("schema")
def policy_schema() -> None:
    """Print the JSON Schema (draft-07) of the audit file, for editors."""
    import json

    from evenhand.config.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command()
def doctor() -> None:
    """Say what is installed and whether every engine agrees with the plain one on this machine."""
    from evenhand.doctor import doctor_lines

    lines, healthy = doctor_lines()
    for line in lines:
        print(line)
    if not healthy:
        raise typer.Exit(2)


@app.callback(invoke_without_command=True)
def version_option(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from evenhand import __version__

        print(f"evenhand {__version__}")
        raise typer.Exit(0)


# What commands share --------------------------------------------------------------------------------------------


def save(out: Path, outcome: Outcome, look: RenderOptions) -> None:
    """Write the run folder, whole or not at all."""
    from evenhand.render.folder import publish
    from evenhand.render.outputs import run_folder_files
    from evenhand.tally.stored import to_bytes

    publish(out, run_folder_files(outcome.document, look, run=outcome.run), {"cells.parquet": to_bytes(outcome.cells)})


def show(document: Mapping[str, Any], formats: list[str], output: Path | None, look: RenderOptions) -> None:
    """Print the formats asked for, or write them to one file."""
    from evenhand.render import FORMATS

    text = "".join(ended(FORMATS[name].render(document, look)) for name in formats)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"cannot write `{output}`: {(problem.strerror or 'unknown reason').lower()}") from None


def ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def say(line: str) -> None:
    """A remark that is not a result."""
    print(line, file=sys.stderr)


def main() -> NoReturn:
    """Run the command; whatever goes wrong becomes one sentence on stderr and exit code 2, never 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without UTF-8 gets escapes, not a crash
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False) or 0
        sys.stdout.flush()
    except EvenhandError as error:
        code = failed(str(error), error.hint, error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = failed("interrupted; nothing was written", None, 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as problem:
        if interrupted(problem):
            code = failed("interrupted; nothing was written", None, 130)
        elif type(problem).__name__ == "NoArgsIsHelpError":
            say(str(problem))
            code = 2
        elif hasattr(problem, "format_message"):  # typer's usage errors, whose class is not public
            code = failed(problem.format_message().rstrip("."), "`evenhand --help` shows how it is called", 2)
        elif os.environ.get("EVENHAND_DEBUG"):
            raise
        else:
            code = failed(*internal_error(problem), 2)
    sys.exit(code)


def failed(message: str, hint: str | None, code: int) -> int:
    """Print an error and what to do about it."""
    say(f"error: {message}")
    if hint:
        say(f"\nhint: {hint}")
    return code


def interrupted(problem: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an exception: an interrupted import surfaces as an ImportError."""
    while problem is not None:
        if isinstance(problem, KeyboardInterrupt):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def internal_error(problem: BaseException) -> tuple[str, str]:
    """What happened and where, without the exception's own text, which may quote rows."""
    frame = problem.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "an unknown place"
    return (
        f"internal error, {type(problem).__name__} at {where}; nothing was judged",
        "please report it; EVENHAND_DEBUG=1 shows the traceback, which may quote rows",
    )
