"""Scores held against labels: AUC, Brier score, log loss, calibration line, calibration error.

All are functions of counts per (group, label, score bin), exact on the declared grid. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evenhand.errors import DataError
from evenhand.measure.answers import PairContrast, Side, quantity_findings
from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting, always, asked
from evenhand.measure.binned import kish, people_among
from evenhand.stats.auc import METHOD, auc_difference, auc_estimate, auc_ratio
from evenhand.stats.calibration import (
    brier_estimate,
    calibration_line,
    expected_calibration_error,
    inner_scores,
    log_loss_estimate,
)
from evenhand.stats.contrast import Contrast
from evenhand.stats.student import Estimate, student_difference, student_level, student_ratio
from evenhand.tally.cell_table import CellTable, weight_squares
from evenhand.tally.needs import Needs

NEEDS = Needs(keys=frozenset({"label", "score_presence"}), values=frozenset({"score"}))
TwoEstimates = Callable[[Estimate, Estimate], Contrast | None]


@dataclass(frozen=True)
class ScoreCounts:
    """People (or weights) of one group at each score value, by label; scores ascending, in their own units."""

    scores: tuple[float, ...]
    positives: tuple[int, ...]
    negatives: tuple[int, ...]
    step: float
    n: int
    effective: float | None = None
    """Kish's (Σw)²/Σw² where rows are weighted."""

    @property
    def inner(self) -> tuple[float, ...]:
        """Scores strictly between 0 and 1, so that their logit exists."""
        return inner_scores(self.scores, self.step)


Quantity = Callable[[ScoreCounts], Estimate | None]


def score_counts(table: CellTable, scale: int, *, weighted: bool) -> ScoreCounts:
    """Counts per score of everyone with a label and a finite score."""
    by_label = {label: table.select({"label": [label]}).marginal(["score"]) for label in ("1", "0")}
    bins = np.unique(np.concatenate([part.keys["score"].codes for part in by_label.values()]))
    counts = {}
    for label, part in by_label.items():
        values = np.zeros(len(bins), dtype=np.int64)
        values[np.searchsorted(bins, part.keys["score"].codes)] = part.sums["w" if weighted else "n"]
        counts[label] = tuple(values.tolist())
    people = sum(part.total("n") for part in by_label.values())
    effective = None
    if weighted:
        effective = kish(sum(map(sum, counts.values())), sum(weight_squares(part) for part in by_label.values()))
    return ScoreCounts(tuple((bins / scale).tolist()), counts["1"], counts["0"], 1 / scale, people, effective)


def counts_by_group(setting: Setting, grouping: Grouping) -> dict[GroupKey, ScoreCounts]:
    """Score counts of every group, those without any score included."""
    at = ("scores", grouping.keys)
    if at not in setting.cache:
        scale = int(setting.cells.header.definition["distributions"]["score"]["bins"]["scale"])
        parts = setting.values("score", grouping)
        setting.cache[at] = {
            key: score_counts(parts[key], scale, weighted=setting.weighted(grouping))
            if key in parts
            else ScoreCounts((), (), (), 1 / scale, 0)
            for key in setting.main(grouping)
        }
    found: dict[GroupKey, ScoreCounts] = setting.cache[at]
    return found


@dataclass(frozen=True)
class ScoreQuantity:
    """A number made of one group's score counts, its contrasts (None: it has no interval), and the words for it."""

    name: str
    title: str
    question: str
    formula: str
    source: str
    caution: str
    of: Quantity
    method: str
    ratio: TwoEstimates | None
    difference: TwoEstimates | None
    probability: bool = True
    forms: tuple[Form, ...] = ("level", "ratio", "difference")


def score_answer(name: str, form: Form, quantity: ScoreQuantity) -> Answer:
    """Findings of one score quantity: level, ratio or difference; no intervals with weights or repeated people."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        counted = counts_by_group(setting, grouping)
        if quantity.probability:
            refuse_outside_unit_interval(counted, name)
        people, weighted = setting.people(grouping), setting.weighted(grouping)
        sides = {}
        for key, counts in counted.items():
            own = quantity.of(counts)
            labels = {"positives": sum(counts.positives), "negatives": sum(counts.negatives)}
            labelled = people_among(setting, grouping, counts.n, sum(labels.values()))
            sides[key] = Side(
                n=people[key] if setting.repeated else labelled,
                people=people[key],
                value=None if own is None else own.value,
                effective=counts.effective,
                counts={} if weighted else labels,
                basis=None if weighted or setting.repeated else own,
            )
        return quantity_findings(
            name,
            form,
            grouping,
            sides,
            level=lambda own: student_level(own.basis, method=quantity.method) if own.basis else None,
            ratio=between(quantity.ratio),
            difference=between(quantity.difference),
            no_interval=setting.no_interval,
        )

    return answer


def between(compare: TwoEstimates | None) -> PairContrast:
    """A contrast of two estimates as one of two sides; none where the quantity, or a side, has none."""
    return lambda own, other: compare(own.basis, other.basis) if compare and own.basis and other.basis else None


def refuse_outside_unit_interval(counted: dict[GroupKey, ScoreCounts], name: str) -> None:
    """Brier, log loss and calibration are about probabilities; a score of 7 is not one."""
    if any(score < 0 or score > 1 for counts in counted.values() for score in counts.scores):
        raise DataError(
            f"`{name}` needs scores between 0 and 1, and the score column holds numbers outside",
            hint="audit `auc` instead, which takes any score, or give the column of the predicted probability",
        )


def _known(value: float | None) -> Estimate | None:
    """A number without a sampling variance that could be trusted."""
    return None if value is None else Estimate(value=value, variance=float("nan"))


def _ratio(method: str) -> TwoEstimates:
    return lambda own, reference: student_ratio(own, reference, method=method)


def _difference(method: str) -> TwoEstimates:
    return lambda own, reference: student_difference(own, reference, method=method)


def _line(part: str) -> Quantity:
    def of(counts: ScoreCounts) -> Estimate | None:
        line = calibration_line(counts.inner, counts.positives, counts.negatives)
        if line is None:
            return None
        return line.slope if part == "slope" else line.intercept

    return of


RANKS = "It says how well scores rank people within a group; it is blind to where the cut-off lies and to calibration."
PROBABILITIES = "It moves with the base rate: groups with different base rates differ by nature."
LINE = "Normal theory for a logistic regression: look at calibration by band in the evidence before you trust it."

QUANTITIES: tuple[ScoreQuantity, ...] = (
    ScoreQuantity(
        "auc",
        "area under the ROC curve",
        "How often does a positive person score above a negative one of the same group?",
        "P(score of a positive > score of a negative) + ½ P(tie)",
        "Hanley & McNeil 1982; DeLong, DeLong & Clarke-Pearson 1988",
        RANKS,
        lambda c: auc_estimate(c.positives, c.negatives),
        METHOD,
        auc_ratio,
        auc_difference,
        probability=False,
    ),
    ScoreQuantity(
        "brier",
        "Brier score",
        "How far are the scores from what happened, squared, on average?",
        "mean of (score − label)²",
        "Brier 1950",
        PROBABILITIES,
        lambda c: brier_estimate(c.scores, c.positives, c.negatives),
        "Student's t",
        _ratio("delta method on the log ratio"),
        _difference("Welch's t"),
    ),
    ScoreQuantity(
        "log_loss",
        "log loss",
        "How surprised would a believer in the scores be by what happened?",
        "mean of −log(score) over positives and −log(1 − score) over negatives; grid ends at a quarter step",
        "Good 1952",
        PROBABILITIES,
        lambda c: log_loss_estimate(c.inner, c.positives, c.negatives),
        "Student's t",
        _ratio("delta method on the log ratio"),
        _difference("Welch's t"),
    ),
    ScoreQuantity(
        "calibration_slope",
        "calibration slope",
        "Are high scores as much higher as they claim to be? (1 is right, below 1 too extreme)",
        "slope of the logistic regression of the label on logit(score)",
        "Cox 1958; Van Calster et al. 2019",
        LINE,
        _line("slope"),
        "Wald, logistic regression",
        _ratio("delta method on the log ratio"),
        _difference("Wald, logistic regression"),
    ),
    ScoreQuantity(
        "calibration_intercept",
        "calibration intercept",
        "Are scores too low (above 0) or too high (below 0) for the group?",
        "intercept of the logistic regression of the label on logit(score)",
        "Cox 1958; Van Calster et al. 2019",
        LINE,
        _line("intercept"),
        "Wald, logistic regression",
        None,
        _difference("Wald, logistic regression"),
        forms=("level", "difference"),
    ),
    ScoreQuantity(
        "expected_calibration_error",
        "expected calibration error",
        "How far are observed rates from mean scores, over ten bands of score?",
        "Σ_b (n_b/n) · |observed rate − mean score|, ten bands of equal width",
        "Naeini, Cooper & Hauskrecht 2015",
        "Biased upwards in small samples, since noise counts as error: report it, or decide by point.",
        lambda c: _known(expected_calibration_error(c.scores, c.positives, c.negatives)),
        "",
        None,
        None,
    ),
)
"""The table of score quantities. To add one: a row here."""


def score_measures() -> list[Measure]:
    """Level, ratio and difference of every score quantity."""
    return [
        Measure(
            name=q.name if form == "level" else f"{q.name}_{form}",
            quantity=q.name,
            form=form,
            unit="score" if form == "level" else "ratio" if form == "ratio" else "difference",
            title=q.title if form == "level" else f"{form} of the {q.title}",
            quantity_title=q.title,
            question=asked(q.question, q.title, form),
            formula=q.formula if form == "level" else f"{q.formula}; {form} to the reference",
            source=q.source,
            caution=q.caution,
            edges="People without label or finite score are left out. AUC of 0 or 1, a class of fewer than two, equal "
            "scores: no interval. With weights or repeated people: no interval.",
            roles=("score", "label"),
            needs=always(NEEDS),
            answer=score_answer(q.name if form == "level" else f"{q.name}_{form}", form, q),
            parity={"level": None, "ratio": 1.0, "difference": 0.0, "own": None}[form],
            decide_by=("assurance", "confirmatory", "point") if q.method else ("point",),
        )
        for q in QUANTITIES
        for form in q.forms
    ]
