"""Any other metric: fairlearn's, scikit-learn's or the user's own, on the rows of one machine through MetricFrame.

The same findings as every measure, so that the same judge decides. Decided by `point`, or with `bootstrap: N` by
resampled rows (people, where they repeat). May import: config, load, measure, stats, tally.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from evenhand.errors import DataError, UsageError, near_name
from evenhand.load.labels import MISSING
from evenhand.measure.base import Finding, Form, Grouping
from evenhand.measure.confusion import compared, seed_for
from evenhand.stats.resample import ReplicateContrast
from evenhand.tally.definition import Definition
from evenhand.tally.engines import Engine
from evenhand.tally.labelling import attribute_label, flag_labels

if TYPE_CHECKING:
    import pandas as pd

DOORS = {"fairlearn": "fairlearn.metrics", "sklearn": "sklearn.metrics"}
WITHOUT_LABEL = frozenset({"selection_rate", "mean_prediction", "count"})
SCORE_NAMES = frozenset({"y_score", "y_prob", "y_proba", "score", "scores"})
SUFFIXES: tuple[tuple[str, Form], ...] = (("_ratio", "ratio"), ("_difference", "difference"))


@dataclass(frozen=True)
class ExternalMetric:
    """A function of rows: `call(y_true, y_pred[, sample_weight])`, compared as `form` says."""

    name: str
    call: Callable[..., Any]
    form: Form
    takes_score: bool
    takes_groups: bool
    takes_weight: bool
    needs_label: bool


def external_metric(metric: str) -> ExternalMetric:
    """The function that `fairlearn:NAME`, `sklearn:NAME` or `package.module:function` names, perhaps with a suffix.

    Example: `sklearn:f1_score_ratio` is f1_score, as ratio to the reference; `fairlearn:selection_rate` is itself.
    UsageError when there is no such module or function.
    """
    module_name, _, function = metric.partition(":")
    try:
        module = import_module(DOORS.get(module_name, module_name))
    except ImportError:
        raise UsageError(f"metric `{metric}`: module `{module_name}` cannot be imported") from None
    form: Form = "level"
    call = getattr(module, function, None)
    for suffix, meant in SUFFIXES:
        if call is None and function.endswith(suffix):
            call, form = getattr(module, function.removesuffix(suffix), None), meant
    if not callable(call):
        near = near_name(function, [name for name in dir(module) if not name.startswith("_")])
        raise UsageError(
            f"metric `{metric}`: `{module_name}` has no function `{function}`"
            + (f" (did you mean `{near}`?)" if near else "")
        )
    parameters = list(inspect.signature(call).parameters)
    return ExternalMetric(
        name=metric,
        call=call,
        form=form,
        takes_score=len(parameters) > 1 and parameters[1] in SCORE_NAMES,
        takes_groups="sensitive_features" in parameters,
        takes_weight="sample_weight" in parameters,
        needs_label=call.__name__ not in WITHOUT_LABEL,
    )


def roles_needed(metric: ExternalMetric) -> tuple[str, ...]:
    """Roles that must have a column before the metric can be computed."""
    second = "score" if metric.takes_score else "decision"
    return ("label", second) if metric.needs_label else (second,)


def rows_frame(engine: Engine, definition: Definition) -> pd.DataFrame:
    """The audited rows as y_true, y_pred, y_score, weight, unit and one column of group labels per attribute."""
    import pandas as pd

    flags = {flag.name: flag for flag in definition.flags if flag.name in ("decision", "label")}
    columns = {f"group:{a.name}": a.column for a in definition.attributes}
    columns |= {name: flag.column for name, flag in flags.items()}
    plain = {
        "y_score": definition.score_column,
        "weight": definition.weight_column,
        "count": definition.count_column,
        "unit": definition.unit_column,
    }
    columns |= {name: column for name, column in plain.items() if column}
    raw = engine.select(sorted(set(columns.values())), definition.admission)
    frame: dict[str, Any] = {}
    for attribute in definition.attributes:
        labels = {}
        values = banded(raw[attribute.column].to_pylist(), attribute.edges)
        for value in values:
            if repr(value) not in labels:
                labels[repr(value)] = attribute_label(value, attribute, definition)
        frame[f"group:{attribute.name}"] = [labels[repr(value)] for value in values]
    for name, flag in flags.items():
        values = raw[flag.column].to_pylist()
        distinct = list({repr(value): value for value in values}.values())
        found = flag_labels(distinct, [0] * len(distinct), flag, definition)
        number = {repr(value): {"1": 1.0, "0": 0.0}.get(found[i], np.nan) for i, value in enumerate(distinct)}
        frame["y_true" if name == "label" else "y_pred"] = [number[repr(value)] for value in values]
    for name, column in plain.items():
        if column:
            frame[name] = raw[column].to_pylist()
    rows = pd.DataFrame(frame)
    if "count" in rows:
        rows = rows.loc[rows.index.repeat(rows["count"].astype(int))].reset_index(drop=True)
    return rows


def banded(values: list[Any], edges: Sequence[Any] | None) -> list[Any]:
    """Band numbers of a column with edges; other columns as they are."""
    if edges is None:
        return values
    cuts = [float(edge) for edge in edges]
    return [
        None if value is None or not np.isfinite(value) else sum(float(value) >= cut for cut in cuts) for value in values
    ]


def external_findings(
    metric: ExternalMetric, rows: pd.DataFrame, grouping: Grouping, *, bootstrap: int | None, seed: int
) -> list[Finding]:
    """One finding per group (or comparison), or one for the attribute where the function compares groups itself."""
    rows, labels = prepared(metric, rows, grouping)
    people = {tuple(key): int(n) for key, n in labels.value_counts(sort=False).sort_index().items()}
    if metric.takes_groups:
        return [whole_attribute(metric, rows, labels, grouping)]
    values = by_group(metric, rows, labels)
    base = values.get(grouping.reference)
    findings = []
    for key in sorted(people):
        if metric.form != "level" and key == grouping.reference:
            continue
        value = values.get(key)
        estimate, undefined = compared(metric.form, value, base, grouping.reference in people)
        contrast = None
        if estimate is not None and bootstrap:
            contrast = resampled(metric, rows, labels, grouping, key, estimate, bootstrap, seed)
        if estimate is not None and contrast is None:
            undefined = "no_interval"
        findings.append(
            Finding(
                measure=metric.name,
                attribute=grouping.name,
                group=grouping.label(key),
                groups=grouping.named(key),
                reference=None if metric.form == "level" else grouping.label(grouping.reference),
                n=people[key],
                n_reference=people.get(grouping.reference) if metric.form != "level" else None,
                estimate=estimate,
                value=value,
                value_reference=base if metric.form != "level" else None,
                contrast=contrast,
                undefined=undefined,
                people=people[key],
                people_reference=people.get(grouping.reference) if metric.form != "level" else None,
            )
        )
    return findings


def prepared(metric: ExternalMetric, rows: pd.DataFrame, grouping: Grouping) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """The rows that the metric is about, and their group keys as tuples."""
    keys = [f"group:{name}" for name in grouping.keys]
    kept = (rows[keys] != MISSING).all(axis=1)
    if metric.needs_label:
        kept &= rows["y_true"].notna()
    second = "y_score" if metric.takes_score else "y_pred"
    kept &= np.isfinite(rows[second].astype(float))
    rows = rows[kept].assign(used=rows.loc[kept, second].astype(float))
    if "y_true" not in rows:
        rows = rows.assign(y_true=rows["used"])
    labels = rows[keys].apply(tuple, axis=1) if len(rows) else rows["used"].astype(object)
    return rows, labels


def by_group(metric: ExternalMetric, rows: pd.DataFrame, labels: pd.Series[Any]) -> Mapping[tuple[str, ...], float | None]:
    """The metric of each group through fairlearn's MetricFrame; None where it is not a finite number."""
    from fairlearn.metrics import MetricFrame

    if not len(rows):
        return {}
    numbered, names = labels.factorize()
    weights = {"sample_weight": rows["weight"]} if "weight" in rows and metric.takes_weight else None
    frame = guarded(
        metric,
        lambda: MetricFrame(
            metrics=metric.call,
            y_true=integral(rows["y_true"]),
            y_pred=rows["used"] if metric.takes_score else integral(rows["used"]),
            sensitive_features=numbered,
            sample_params=weights,
        ),
    )
    values = {}
    for number, value in frame.by_group.items():
        finite = value is not None and np.ndim(value) == 0 and np.isfinite(value)
        values[names[int(number)]] = float(value) if finite else None
    return values


def whole_attribute(
    metric: ExternalMetric, rows: pd.DataFrame, labels: pd.Series[Any], grouping: Grouping
) -> Finding:
    """A function that compares all groups by itself, such as fairlearn:demographic_parity_ratio."""
    weights = {"sample_weight": rows["weight"]} if "weight" in rows and metric.takes_weight else {}
    value = guarded(
        metric,
        lambda: metric.call(
            integral(rows["y_true"]), integral(rows["used"]), sensitive_features=labels.factorize()[0], **weights
        ),
    )
    finite = bool(np.isfinite(value))
    return Finding(
        measure=metric.name,
        attribute=grouping.name,
        group="all groups",
        groups={},
        reference=None,
        n=len(rows),
        estimate=float(value) if finite else None,
        value=float(value) if finite else None,
        undefined="no_interval" if finite else "no_denominator",
        people=len(rows),
    )


def resampled(
    metric: ExternalMetric,
    rows: pd.DataFrame,
    labels: pd.Series[Any],
    grouping: Grouping,
    key: tuple[str, ...],
    estimate: float,
    replicates: int,
    seed: int,
) -> ReplicateContrast | None:
    """Percentile bootstrap: rows (or people, where they repeat) of each group drawn with replacement."""
    own = draws(metric, rows[labels == key], replicates, seed_for(seed, metric.name, *key))
    if metric.form != "level":
        others = draws(
            metric, rows[labels == grouping.reference], replicates, seed_for(seed, metric.name, "reference", *grouping.reference)
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            own = own / others if metric.form == "ratio" else own - others
    own = own[np.isfinite(own)]
    if len(own) < replicates * 0.99:
        return None
    parity = {"level": None, "ratio": 1.0, "difference": 0.0, "own": None}[metric.form]
    return ReplicateContrast(estimate=estimate, replicates=own, parity=parity)


def draws(metric: ExternalMetric, rows: pd.DataFrame, replicates: int, seed: int) -> np.ndarray:
    """The metric of `replicates` resamples of these rows; NaN where it is undefined."""
    generator = np.random.Generator(np.random.PCG64(seed))
    truth, used = integral(rows["y_true"]).to_numpy(), rows["used"].to_numpy()
    if not metric.takes_score:
        used = used.astype(np.int64)
    weights = rows["weight"].to_numpy() if "weight" in rows and metric.takes_weight else None
    clusters = None
    if "unit" in rows and rows["unit"].duplicated().any():
        clusters = [np.asarray(found) for found in rows.reset_index(drop=True).groupby("unit").indices.values()]
    values = np.full(replicates, np.nan)
    for i in range(replicates):
        if clusters is None:
            chosen = generator.integers(0, len(truth), len(truth))
        else:
            chosen = np.concatenate([clusters[c] for c in generator.integers(0, len(clusters), len(clusters))])
        extra = {} if weights is None else {"sample_weight": weights[chosen]}
        values[i] = guarded(metric, lambda chosen=chosen, extra=extra: metric.call(truth[chosen], used[chosen], **extra))  # type: ignore[misc]
    return values


def integral(column: pd.Series[Any]) -> pd.Series[Any]:
    """0/1 as whole numbers, which is what classification metrics expect."""
    return column.astype(np.int64)


def guarded(metric: ExternalMetric, call: Callable[[], Any]) -> Any:
    """A call of somebody else's function: its warnings stay silent, its failure becomes one sentence without values."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except Exception as problem:
            raise DataError(
                f"metric `{metric.name}` failed with {type(problem).__name__} on these rows",
                hint="call the function on the same columns in Python to see why",
            ) from None
