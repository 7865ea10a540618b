"""Any other metric: fairlearn's, scikit-learn's or the user's own, on the rows of one machine through MetricFrame.

The same findings as every measure, so that the same judge decides. Decided by `point`, or with `bootstrap: N` by
resampled rows (people, where they repeat). May import: config, load, measure, stats, tally.
"""

from __future__ import annotations

import inspect
import io
import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenhand.errors import DataError, UsageError, near_name
from evenhand.load.labels import MISSING
from evenhand.measure.answers import Side, plain_comparison, quantity_findings
from evenhand.measure.base import Finding, Form, Grouping, GroupKey
from evenhand.measure.confusion import seed_for
from evenhand.stats.contrast import Contrast
from evenhand.stats.resample import ReplicateContrast
from evenhand.tally.definition import Definition
from evenhand.tally.engines import Engine
from evenhand.tally.labelling import attribute_label, distinct_values, flag_labels

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
DOORS = {"fairlearn": "fairlearn.metrics", "sklearn": "sklearn.metrics"}
WITHOUT_LABEL = ("selection_rate", "mean_prediction", "count", "demographic_parity")
"""fairlearn's functions of decisions alone, and what is derived from them: no label is asked for."""
SCORE_NAMES = frozenset({"y_score", "y_prob", "y_proba", "score", "scores"})
SCORE_FUNCTIONS = frozenset({"log_loss", "d2_log_loss_score", "log_loss_group_max", "roc_auc_score_group_min"})
"""Functions of probabilities whose second argument was, or is, called y_pred."""
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
    if module_name.split(".")[0] in sys.stdlib_module_names:
        raise UsageError(f"metric `{metric}`: `{module_name}` is part of Python itself and holds no metric")
    try:
        with quiet():
            module = import_module(DOORS.get(module_name, module_name))
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # a module of the user's may fail in any way, sys.exit() included
        raise UsageError(
            f"metric `{metric}`: module `{module_name}` cannot be imported ({type(problem).__name__})",
            hint="is it installed, or on PYTHONPATH?",
        ) from None
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
    try:
        parameters = list(inspect.signature(call).parameters)
    except ValueError:  # some functions written in C have none
        parameters = []
    # fairlearn's derived metrics (`selection_rate_ratio`) pass weights on through keywords they do not name.
    derived = module_name == "fairlearn" and "other_params" in parameters
    return ExternalMetric(
        name=metric,
        call=call,
        form=form,
        takes_score=(len(parameters) > 1 and parameters[1] in SCORE_NAMES) or function in SCORE_FUNCTIONS,
        takes_groups="sensitive_features" in parameters,
        takes_weight="sample_weight" in parameters or derived,
        needs_label=not (module_name == "fairlearn" and function.startswith(WITHOUT_LABEL)),
    )


def roles_needed(metric: ExternalMetric) -> tuple[str, ...]:
    """Roles that must have a column before the metric can be computed."""
    second = "score" if metric.takes_score else "decision"
    return ("label", second) if metric.needs_label else (second,)


def rows_frame(engine: Engine, definition: Definition) -> pd.DataFrame:
    """The audited rows as y_true, y_pred, y_score, weight, unit and one column of group labels per attribute.

    In one order whatever the engine and its threads: resamples and sums of floats depend on it.
    """
    import pandas as pd

    flags = {flag.name: flag for flag in definition.flags if flag.name in ("decision", "label")}
    score = definition.distributions.get("score")
    plain = {
        "y_score": score.finite[0] if score else None,
        "weight": definition.weight_column,
        "count": definition.count_column,
        "unit": definition.unit_column,
    }
    wanted = [a.column for a in definition.labelled] + [flag.column for flag in flags.values()]
    wanted += [column for column in plain.values() if column]
    raw = engine.select(sorted(set(wanted)), definition.admission)
    frame: dict[str, Any] = {}
    for attribute in definition.labelled:
        codes, values = distinct_values(raw[attribute.column])
        labels = [attribute_label(v, attribute, definition) for v in banded(values, attribute.edges)]
        frame[f"group:{attribute.name}"] = np.array(labels, dtype=object)[codes]
    for name, flag in flags.items():
        codes, values = distinct_values(raw[flag.column])
        labels = flag_labels(values, np.bincount(codes, minlength=len(values)).tolist(), flag, definition)
        frame["y_true" if name == "label" else "y_pred"] = np.array([NUMBERS.get(text, np.nan) for text in labels])[
            codes
        ]
    for name, column in plain.items():
        if column:
            frame[name] = raw[column].to_pylist()
    rows = pd.DataFrame(frame)
    rows = rows.sort_values(list(rows.columns), ignore_index=True)
    if "count" in rows:
        rows = rows.loc[rows.index.repeat(rows["count"].astype(int))].reset_index(drop=True)
    return rows


NUMBERS = {"1": 1.0, "0": 0.0}


def banded(values: list[Any], edges: Sequence[Any] | None) -> list[Any]:
    """Band numbers of a column with edges; other columns as they are."""
    if edges is None:
        return values
    cuts = [float(edge) for edge in edges]
    return [None if v is None or not np.isfinite(v) else sum(float(v) >= cut for cut in cuts) for v in values]


@dataclass(frozen=True)
class Prepared:
    """The rows that a metric is about, each with the number of its group; group keys and people by that number."""

    rows: pd.DataFrame
    keys: tuple[GroupKey, ...]
    people: tuple[int, ...]


def external_findings(
    metric: ExternalMetric,
    rows: pd.DataFrame,
    grouping: Grouping,
    *,
    bootstrap: int | None,
    seed: int,
    may_be_compared: Callable[[GroupKey, int], bool],
) -> list[Finding]:
    """One finding per group (or comparison), or one for the attribute where the function compares groups itself.

    `may_be_compared(group, people)` says which groups such a function is shown: not those that are left out, or below
    the floors, since the judge cannot take them out of one number afterwards.
    """
    if "weight" in rows and not metric.takes_weight:
        raise DataError(
            f"metric `{metric.name}` takes no `sample_weight`, and the audit file declares `columns.weight`",
            hint="use a function that takes weights, or audit without them",
        )
    prepared = rows_by_group(metric, rows, grouping)
    if metric.takes_groups:
        return [whole_attribute(metric, prepared, grouping, may_be_compared)]
    values = by_group(metric, prepared)
    parity = {"level": None, "ratio": 1.0, "difference": 0.0, "own": None}[metric.form]
    drawn: dict[GroupKey, Floats] = {}

    def draws_of(side: Side) -> Floats:
        key: GroupKey = side.basis
        if key not in drawn:
            own = prepared.rows[prepared.rows["group"] == prepared.keys.index(key)]
            drawn[key] = draws(metric, own, bootstrap or 0, seed_for(seed, metric.name, *key))
        return drawn[key]

    def compared(own: Side, other: Side | None = None) -> Contrast | None:
        base = other.value if other else None
        estimate = own.value if base is None or own.value is None else plain_comparison(metric.form, own.value, base)
        if estimate is None or not bootstrap:
            return None
        replicates = draws_of(own) if other is None else combined(metric.form, draws_of(own), draws_of(other))
        return contrast_of(estimate, replicates, parity)

    sides = {
        key: Side(n=n, people=n, value=values.get(key), basis=key)
        for key, n in zip(prepared.keys, prepared.people, strict=True)
    }
    return quantity_findings(
        metric.name, metric.form, grouping, sides, level=compared, ratio=compared, difference=compared
    )


def rows_by_group(metric: ExternalMetric, rows: pd.DataFrame, grouping: Grouping) -> Prepared:
    """The rows that the metric is about, numbered by group in the order of the labels; people count once."""
    names = [f"group:{name}" for name in grouping.keys]
    kept = (rows[names] != MISSING).all(axis=1)
    if metric.needs_label:
        kept &= rows["y_true"].notna()
    second = "y_score" if metric.takes_score else "y_pred"
    kept &= np.isfinite(rows[second].astype(float))
    rows = rows[kept].assign(used=rows.loc[kept, second].astype(float))
    if "y_true" not in rows or not metric.needs_label:
        rows = rows.assign(y_true=rows["used"])
    groups = rows.groupby(names, sort=True)
    rows = rows.assign(group=groups.ngroup())
    people = groups["unit"].nunique() if "unit" in rows else groups.size()
    keys = tuple((key,) if isinstance(key, str) else tuple(key) for key in people.index)
    return Prepared(rows, keys, tuple(int(n) for n in people))


def by_group(metric: ExternalMetric, prepared: Prepared) -> dict[GroupKey, float | None]:
    """The metric of each group through fairlearn's MetricFrame; None where it is not a finite number."""
    from fairlearn.metrics import MetricFrame

    rows = prepared.rows
    if not len(rows):
        return {}
    weights = {"sample_weight": rows["weight"]} if "weight" in rows else None
    frame = guarded(
        metric,
        lambda: MetricFrame(
            metrics=metric.call,
            y_true=integral(rows["y_true"]),
            y_pred=rows["used"] if metric.takes_score else integral(rows["used"]),
            sensitive_features=rows["group"],
            sample_params=weights,
        ),
    )
    return {prepared.keys[int(group)]: number(metric, value) for group, value in frame.by_group.items()}


def number(metric: ExternalMetric, value: Any) -> float | None:
    """What a metric returned, as a float; None where it says that there is none (None, NaN, ±inf)."""
    if value is None:
        return None
    try:
        found = float(value) if np.ndim(value) == 0 else None
    except Exception:  # a number too large, or an object that cannot be one
        found = None
    if found is None:
        raise DataError(
            f"metric `{metric.name}` does not return a single number", hint="a check needs one number per group"
        )
    return found if np.isfinite(found) else None


def whole_attribute(
    metric: ExternalMetric, prepared: Prepared, grouping: Grouping, may_be_compared: Callable[[GroupKey, int], bool]
) -> Finding:
    """A function that compares all groups by itself, such as fairlearn:demographic_parity_ratio."""
    shown = [
        i for i, (key, n) in enumerate(zip(prepared.keys, prepared.people, strict=True)) if may_be_compared(key, n)
    ]
    rows = prepared.rows[prepared.rows["group"].isin(shown)]
    people = sum(prepared.people[i] for i in shown)
    value = None
    if len(shown) > 1:
        weights = {"sample_weight": rows["weight"]} if "weight" in rows else {}
        labels = rows["group"].map(dict(enumerate(map(grouping.label, prepared.keys))))
        used = rows["used"] if metric.takes_score else integral(rows["used"])
        truth = integral(rows["y_true"])
        value = number(metric, guarded(metric, lambda: metric.call(truth, used, sensitive_features=labels, **weights)))
    return Finding(
        measure=metric.name,
        attribute=grouping.name,
        group="all groups",
        groups={},
        reference=None,
        n=people,
        estimate=value,
        value=value,
        undefined="no_denominator" if value is None else "no_interval",
        people=people,
    )


def combined(form: Form, own: Floats, reference: Floats) -> Floats:
    """Replicates of a ratio or difference from those of two independent groups."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(own / reference if form == "ratio" else own - reference)


def contrast_of(estimate: float, replicates: Floats, parity: float | None) -> ReplicateContrast | None:
    """The percentile inference; None where more than one replicate in a hundred has no value, or all have the same."""
    known = np.where(np.isfinite(replicates), replicates, np.nan)
    if np.isnan(known).mean() > 0.01 or np.nanmin(known) == np.nanmax(known):
        return None
    return ReplicateContrast(estimate=estimate, replicates=known, parity=parity)


def draws(metric: ExternalMetric, rows: pd.DataFrame, replicates: int, seed: int) -> Floats:
    """The metric of `replicates` resamples of these rows (of people, where they repeat); NaN where it is undefined."""
    generator = np.random.Generator(np.random.PCG64(seed))
    truth = integral(rows["y_true"]).to_numpy()
    used = rows["used"].to_numpy() if metric.takes_score else integral(rows["used"]).to_numpy()
    weights = rows["weight"].to_numpy() if "weight" in rows else None
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
        found = number(metric, guarded(metric, partial(metric.call, truth[chosen], used[chosen], **extra)))
        values[i] = np.nan if found is None else found
    return values


def integral(column: pd.Series[Any]) -> pd.Series[Any]:
    """0/1 as whole numbers, which is what classification metrics expect."""
    return column.astype(np.int64)


def guarded(metric: ExternalMetric, call: Callable[[], Any]) -> Any:
    """A call of somebody else's function: what it prints, logs or warns stays silent, its failure is one sentence."""
    try:
        with quiet():
            return call()
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # sys.exit() in a metric must not become our exit code
        raise DataError(
            f"metric `{metric.name}` failed with {type(problem).__name__} on these rows",
            hint="call the function on the same columns in Python to see why",
        ) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing that foreign code prints, logs or warns about reaches our streams: it may quote rows."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
