"""The command line: arguments in, exit code out; no audit logic.

Everything heavy is imported inside commands, so that `--help` is fast. May import: at the top only typer,
command_options, choices, endings, errors and streams; inside commands pipeline, render, kinds, config.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from evenhand.choices import check_key, check_memory, check_output, check_text, check_threads, checked_path
from evenhand.command_options import (
    AuditFileArgument,
    CellsOption,
    CopyOption,
    FailOn,
    FormatOption,
    KindOption,
    NoColorOption,
    OutAgainOption,
    OutOption,
    OutputOption,
    QuietOption,
    ResultsArgument,
    StarterOption,
    TemplatesOption,
    VerboseOption,
    checked_formats,
    date_of_build,
    render_options,
)
from evenhand.endings import exit_code_of
from evenhand.errors import EvenhandError, UsageError
from evenhand.streams import harmless, put, reason, say

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
    cells: CellsOption = None,
    out: OutOption = Path("evenhand-out"),
    format: FormatOption = None,
    output: OutputOption = None,
    engine: Annotated[str, typer.Option(help="What adds up the rows: duckdb, polars, plain.")] = "duckdb",
    threads: Annotated[int | None, typer.Option(help="Threads of the engine, 1 to 1024.")] = None,
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
    from evenhand.pipeline import Options, audit_rows, judge_stored, open_audit
    from evenhand.render.folder import check_writable
    from evenhand.roles import Sources

    formats = checked_formats(format)
    check_threads(threads, "--threads")
    check_memory(memory, "--memory")
    for option, text in (("--key", key), ("--as-of", as_of)):
        check_text(option, text)
    if cells is not None and (data is not None or attributes is not None):
        raise UsageError("give rows or `--cells`, not both")
    for option, value in (("--data", data), ("--attributes", attributes)):
        if value is not None:
            checked_path(option, value)
    look = render_options(no_color, quiet, verbose, templates, out)
    path = found_audit_file(audit_file, quiet)
    given = {"predictions": data, "attributes": attributes, "key": key}
    opened = open_audit(path, policies=policy or (), overrides={k: v for k, v in given.items() if v is not None})
    options = Options(engine, threads, memory, seed, as_of or date_of_build(os.environ), fail_on.value)
    rows = (opened.predictions, opened.attributes_path) if cells is None else (None, None)
    if cells is None and opened.predictions is None:
        raise UsageError("there is nothing to audit", hint="name the file in `data.predictions`, or give `--data`")
    packs = [pack for pack in policy or () if os.path.isfile(pack)]
    check_output(output, inputs=[*rows, cells, path, *packs], out=out)
    check_writable(out)
    if cells is not None:
        from evenhand.tally.stored import read

        outcome = judge_stored(opened, read(cells), options)
    else:
        check_key(key, rows, delimiter=opened.file.data.delimiter, encoding=opened.file.data.encoding)
        outcome = audit_rows(opened, Sources(*rows, opened.key), options)
    save(out, outcome, look)
    show(outcome.document, formats, output, look)
    raise typer.Exit(outcome.document["exit_code"])


@app.command()
def report(
    results: ResultsArgument,
    format: FormatOption = None,
    output: OutputOption = None,
    out: OutAgainOption = None,
    templates: TemplatesOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Render a report again from results.json, byte for byte; the rows are not needed."""
    from evenhand.render.folder import check_writable, kept_beside, publish
    from evenhand.render.json_v1 import load
    from evenhand.render.outputs import run_folder_files

    formats = checked_formats(format or (["html"] if output else ["text"]))
    look = render_options(no_color, quiet, verbose, templates, out)
    check_output(output, inputs=[results], out=out)
    document = load(results)
    if out is not None:
        check_writable(out)
        files = run_folder_files(document, look)
        run, cells = kept_beside(out, files["results.json"])
        publish(out, files | run, cells)
    show(document, formats, output, look)


@app.command()
def merge(
    cells: Annotated[list[Path], typer.Argument(help="Files of cells: shards, sites or months.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File for the merged cells.")],
) -> None:
    """Add up stored cells; the result is judged with `audit --cells`. Where people repeat, keep each in one shard."""
    from evenhand.tally.stored import check_output, merged, write

    check_output(output)
    total = merged(cells)
    write(output, total)
    people, name = total.header.counts["people"], harmless(str(output))
    put(f"merged {len(cells)} files: {people:,} people in {len(total.main):,} cells, {name}\n")
    for code, text, _ in total.header.notes:
        if code == "merged_shards":
            say(f"note: {text}")


@app.command()
def demo(
    kind: Annotated[str, typer.Argument(help="Kind of model: targeting or pricing.")] = "targeting",
    out: OutOption = Path("evenhand-out"),
    copy: CopyOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Audit the sample that comes with evenhand; exit 0 when the outcome is the expected one."""
    import json

    from evenhand.kinds import KINDS
    from evenhand.pipeline import Options, audit_rows, open_audit
    from evenhand.render.folder import check_writable
    from evenhand.resources import copy_sample, sample_folder
    from evenhand.roles import Sources

    if kind not in KINDS:
        raise UsageError(
            f"there is no sample for `{kind}`", hint=f"one of {', '.join(KINDS)}; `evenhand demo --help` says more"
        )
    if copy is not None:
        copy_sample(KINDS[kind].sample, copy)
        put(f"copied the sample to {harmless(str(copy))}: go there, then `evenhand audit`\n")
        return
    check_writable(out)
    with sample_folder(KINDS[kind].sample) as folder:
        opened = open_audit(folder / "evenhand.yaml")
        outcome = audit_rows(opened, Sources(opened.predictions, opened.attributes_path, opened.key), Options())
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    look = render_options(no_color, quiet, False, None, out)
    save(out, outcome, look)
    show(outcome.document, ["text"], None, look)
    found = {check["id"]: check["status"] for check in outcome.document["checks"]}
    code = outcome.document["exit_code"]
    if found == expected["checks"] and code == expected["exit_code"]:
        put(f"demo    as expected; an audit with this outcome exits {code}\n")
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
    output: StarterOption = Path("evenhand.yaml"),
    kind: KindOption = None,
) -> None:
    """Write a commented audit file from the columns of DATA; an existing file is never overwritten."""
    from evenhand.config.starter import starter
    from evenhand.kinds import KINDS
    from evenhand.load.profile import guess_delimiter, profile

    checked_path("DATA", data)
    if attributes is not None:
        checked_path("--attributes", attributes)
    if kind is not None and kind not in KINDS:
        raise UsageError(f"there is no kind `{kind}` of model", hint="one of " + ", ".join(KINDS))
    if output.exists():
        raise UsageError(f"`{output}` exists and is left as it is", hint="give another name with `--output`")

    def beside(path: str) -> str:
        return os.path.relpath(path, output.resolve().parent)

    delimiter = guess_delimiter(data)
    draft = starter(
        profile(data, delimiter=delimiter),
        beside(data),
        attributes=profile(attributes, delimiter=delimiter) if attributes else None,
        attributes_path=beside(attributes) if attributes else None,
        delimiter=delimiter,
        kind=kind,
    )
    with output.open("x", encoding="utf-8") as file:
        file.write(draft.text)
    for note in draft.notes:
        say(f"note: {harmless(note)}")
    name = harmless(str(output))
    put(f"wrote {name}: read it, correct every guess, then `evenhand policy check {name}`\n")


@app.command()
def explain(name: Annotated[str, typer.Argument(help="A measure; see `evenhand measures`.")]) -> None:
    """Say what a measure asks, its formula, when not to use it, its edge cases and its source."""
    from evenhand.explaining import explained

    put(ended(explained(name)))


@app.command()
def measures(
    role: Annotated[str | None, typer.Option(help="Only measures that need this role.")] = None,
) -> None:
    """List every measure: name, question, roles, and the packs that use it."""
    from evenhand.explaining import measure_lines

    put("".join(f"{line}\n" for line in measure_lines(role)))


@policy.command("check")
def policy_check(
    audit_file: AuditFileArgument = None,
    policy: Annotated[list[str] | None, typer.Option(help="One more policy pack.")] = None,
) -> None:
    """Check an audit file and its packs without reading any data."""
    from evenhand.explaining import policy_lines
    from evenhand.pipeline import open_audit

    opened = open_audit(found_audit_file(audit_file, quiet=True), policies=policy or ())
    put("".join(f"{line}\n" for line in policy_lines(opened)))


@policy.command("schema")
def policy_schema() -> None:
    """Print the JSON Schema (draft-07) of the audit file, for editors."""
    import json

    from evenhand.config.json_schema import json_schema

    put(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


@app.command()
def doctor() -> None:
    """Say what is installed and whether every engine agrees with the plain one on this machine."""
    from evenhand.doctor import doctor_lines

    lines, healthy = doctor_lines()
    put("".join(f"{line}\n" for line in lines))
    if not healthy:
        raise typer.Exit(2)


@app.callback(invoke_without_command=True)
def version_option(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from evenhand import __version__

        put(f"evenhand {__version__}\n")
        raise typer.Exit(0)


# What commands share --------------------------------------------------------------------------------------------


def found_audit_file(argument: str | None, quiet: bool) -> Path:
    """The audit file that is meant; one that was looked for is named on stderr."""
    from evenhand.config.discovery import find_audit_file

    if argument is not None:
        checked_path("AUDIT_FILE", argument)
    path = find_audit_file(argument, folder=Path.cwd(), environment=os.environ)
    if argument is None and not quiet:
        say(f"audit file {harmless(str(path))}")
    return path


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
        put(text, hint=f"the run folder `{Path(look.results_path).parent}` was written" if look.results_path else None)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"cannot write `{output}`: {reason(problem)}") from None


def ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def main() -> NoReturn:
    """Run the command that the arguments name. Not through typer's own main, which exits 1 where stdout is closed."""
    sys.exit(exit_code_of(command))


def command() -> None:
    with typer.main.get_command(app).make_context("evenhand", sys.argv[1:]) as context:
        context.command.invoke(context)
