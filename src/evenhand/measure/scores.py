"""Scores held against labels: AUC, Brier score, log loss, calibration line, calibration error.

All are functions of counts per (group, label, score bin), exact on the declared grid. May import: stats, tally.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evenhand.errors import DataError
from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting, always, asked
from evenhand.measure.confusion import compared
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
from evenhand.tally.cells import CellTable
from evenhand.tally.needs import Needs

NEEDS = Needs(keys=frozenset({"label", "score_presence"}), values=True)
TwoEstimates = Callable[[Estimate, Estimate], Contrast | None]


@dataclass(frozen=True)
class ScoreCounts:
    """People (or weights) of one group at each score value, by label; scores ascending, in their own units."""

    scores: tuple[float, ...]
    positives: tuple[int, ...]
    negatives: tuple[int, ...]
    step: float
    n: int

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
    return ScoreCounts(tuple((bins / scale).tolist()), counts["1"], counts["0"], 1 / scale, people)


def counts_by_group(setting: Setting, grouping: Grouping) -> dict[GroupKey, ScoreCounts]:
    """Score counts of every group, those without any score included."""
    assert setting.cells.value is not None
    at = ("scores", grouping.keys)
    if at not in setting.cache:
        scale = int(setting.cells.header.definition["score"]["scale"])
        parts = setting.split(setting.cells.value, "value", grouping)
        setting.cache[at] = {
            key: score_counts(parts[key], scale, weighted=setting.weighted)
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
    """Findings of one score quantity: level, ratio or difference."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        counted = counts_by_group(setting, grouping)
        if quantity.probability:
            refuse_outside_unit_interval(counted, name)
        people = setting.people(grouping)
        estimates = {key: quantity.of(counts) for key, counts in counted.items()}
        reference = estimates.get(grouping.reference)
        base = reference.value if reference is not None else None
        has_reference = grouping.reference in estimates
        in_reference = None
        if form != "level" and has_reference:
            in_reference = people[grouping.reference] if setting.repeated else counted[grouping.reference].n
        findings = []
        for key, own in estimates.items():
            if form != "level" and key == grouping.reference:
                continue
            value = own.value if own is not None else None
            estimate, undefined = compared(form, value, base, has_reference)
            contrast = None
            if estimate is not None and own is not None and not (setting.repeated or setting.weighted):
                contrast = _contrast(form, own, reference, quantity)
            if contrast is not None:
                estimate = contrast.estimate  # exact where the quantities are: what is printed is what is judged
            elif estimate is not None:
                undefined = "units_unclear" if setting.repeated else "no_interval"
            findings.append(
                Finding(
                    measure=name,
                    attribute=grouping.name,
                    group=grouping.label(key),
                    groups=grouping.named(key),
                    reference=None if form == "level" else grouping.label(grouping.reference),
                    n=people[key] if setting.repeated else counted[key].n,
                    n_reference=in_reference,
                    estimate=estimate,
                    value=value,
                    value_reference=base if form != "level" else None,
                    contrast=contrast,
                    undefined=undefined,
                    people=people[key],
                    people_reference=people.get(grouping.reference) if form != "level" else None,
                    counts={"positives": sum(counted[key].positives), "negatives": sum(counted[key].negatives)}
                    if not setting.weighted
                    else {},
                )
            )
        return findings

    return answer


def _contrast(form: Form, own: Estimate, reference: Estimate | None, quantity: ScoreQuantity) -> Contrast | None:
    if form == "level":
        return student_level(own, method=quantity.method)
    compare = quantity.ratio if form == "ratio" else quantity.difference
    return compare(own, reference) if compare is not None and reference is not None else None


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
