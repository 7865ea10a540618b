"""The Python API: `audit` takes paths or frames and returns an `AuditResult`.

The same pipeline as the command line; nothing is decided here. May import: choices, pipeline, render.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand.choices import check_memory, check_seed, check_text, check_threads, checked_path
from evenhand.errors import UsageError
from evenhand.pipeline import Options, Outcome, audit_rows, judge_stored, open_audit
from evenhand.render.folder import check_writable, publish
from evenhand.render.options import RenderOptions
from evenhand.render.outputs import run_folder_files
from evenhand.roles import Sources
from evenhand.tally.stored import read, to_bytes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class AuditResult:
    """A finished audit. `document` is results.json as a dict; everything else is a view of it.

    In a notebook it shows its report.
    """

    document: Mapping[str, Any] = field(repr=False)
    _outcome: Outcome = field(repr=False)

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {status}" for status, n in self.document["counts"]["checks"].items() if n)
        return f"<AuditResult {self.verdict}: {counts}>"

    @property
    def verdict(self) -> str:
        """`pass`, `warn`, `fail`, `inconclusive` or `not_tested`."""
        return str(self.document["verdict"])

    @property
    def exit_code(self) -> int:
        """What `evenhand audit` would have exited with."""
        return int(self.document["exit_code"])

    @property
    def checks(self) -> Mapping[str, Mapping[str, Any]]:
        """Check id -> the check, as in results.json."""
        return {check["id"]: check for check in self.document["checks"]}

    def to_frame(self) -> pd.DataFrame:
        """One row per comparison: check, its level and status, group, n, estimate, decision interval, limit, status."""
        import pandas as pd

        rows = []
        for check in self.document["checks"]:
            for comparison in check["comparisons"]:
                decided = comparison["decision_interval"] or {"low": None, "high": None}
                rows.append(
                    {
                        "check": check["id"],
                        "level": check["level"],
                        "check_status": check["status"],
                        "metric": check["metric"],
                        "attribute": comparison["attribute"],
                        "group": comparison["group"],
                        "reference": comparison["reference"],
                        "at": ", ".join(f"{key}={value}" for key, value in comparison["at"].items()),
                        "n": comparison["n"],
                        "value": comparison["value"],
                        "value_reference": comparison["value_reference"],
                        "estimate": comparison["estimate"],
                        "low": decided["low"],
                        "high": decided["high"],
                        "min": check["limit"]["min"],
                        "max": check["limit"]["max"],
                        "status": comparison["status"],
                        "reason": comparison["reason"]["code"],
                    }
                )
        return pd.DataFrame(rows)

    def save(self, folder: str | Path) -> Path:
        """Write the run folder (report.html, results.json, summary.md, junit.xml, run.json, restricted cells)."""
        target = Path(folder)
        check_writable(target)
        files = run_folder_files(self.document, RenderOptions(), run=self._outcome.run)
        publish(target, files, {"cells.parquet": to_bytes(self._outcome.cells)})
        return target

    def _repr_html_(self) -> str:
        """The report in a frame of its own, so that its styles stay inside."""
        from html import escape

        from evenhand.render.html import render_html

        page = escape(render_html(self.document, RenderOptions()), quote=True)
        return f'<iframe srcdoc="{page}" title="evenhand report" style="width:100%;height:40rem;border:0"></iframe>'


def audit(
    predictions: Any = None,
    audit_file: str | Path = "evenhand.yaml",
    *,
    attributes: Any = None,
    key: str | None = None,
    cells: str | Path | None = None,
    policies: str | Sequence[str] = (),
    engine: str = "duckdb",
    threads: int | None = None,
    memory: str | None = None,
    seed: int | None = None,
    as_of: str | None = None,
) -> AuditResult:
    """Audit predictions against an audit file.

    `predictions` and `attributes` are paths (files, folders, patterns) or frames (pandas, Polars, Arrow); left out,
    they are what the audit file names. `cells` judges stored cells instead. `policies` are more packs, by name or path;
    the others are the options of `evenhand audit`. Nothing is written.

    Errors: UsageError for an argument that is not what it should be; otherwise `EvenhandError` and its subclasses,
    with a sentence and a hint; never a verdict from data that could not be read.

    >>> result = audit("offers.parquet", "evenhand.yaml", attributes=people)   # doctest: +SKIP
    >>> result.verdict                                                         # doctest: +SKIP
    'fail'
    """
    check_arguments(
        predictions, attributes, engine=engine, threads=threads, memory=memory, seed=seed, as_of=as_of, key=key
    )
    packs = (policies,) if isinstance(policies, str) else policies
    if not isinstance(packs, Sequence) or not all(isinstance(pack, str) and pack for pack in packs):
        raise UsageError("`policies` is not a list of names or paths of policy packs")
    path = Path(checked_path("audit_file", audit_file))
    opened = open_audit(path, policies=packs, overrides={"key": key} if key is not None else None)
    options = Options(engine=engine, threads=threads, memory=memory, seed=seed, as_of=as_of)
    if cells is not None:
        if predictions is not None or attributes is not None:
            raise UsageError("give rows or `cells`, not both")
        outcome = judge_stored(opened, read(Path(checked_path("cells", cells))), options)
    else:
        rows = predictions if predictions is not None else opened.predictions
        if rows is None:
            raise UsageError(
                "there is nothing to audit", hint="give `predictions`, or name a file in `data.predictions`"
            )
        people = attributes if attributes is not None else opened.attributes_path
        outcome = audit_rows(opened, Sources(rows, people, opened.key), options)
    return AuditResult(outcome.document, outcome)


def check_arguments(
    predictions: Any, attributes: Any, *, engine: Any, threads: Any, memory: Any, seed: Any, as_of: Any, key: Any
) -> None:
    """UsageError for an argument of the wrong type or an empty one."""
    for name, source in (("predictions", predictions), ("attributes", attributes)):
        if isinstance(source, str):
            checked_path(name, source)
    for name, text in (("engine", engine), ("as_of", as_of), ("key", key)):
        check_text(name, text)
    check_threads(threads)
    check_memory(memory)
    check_seed(seed)
