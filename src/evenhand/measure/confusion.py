"""Summaries of the confusion matrix that are not shares of people: balanced accuracy, F1, MCC.

Balanced accuracy joins two shares (MOVER, or t with their covariance where people repeat). F1 and MCC have no closed
interval: multinomial replicates of the cells of each group, which for independent rows is the row bootstrap.
May import: stats, tally.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from evenhand.measure.answers import Side, quantity_findings
from evenhand.measure.base import Answer, Finding, Form, Grouping, GroupKey, Measure, Setting, Unit, always, asked
from evenhand.measure.binned import kish, people_among
from evenhand.measure.odds import TRUE_POSITIVES
from evenhand.measure.proportions import CONDITIONAL, KNOWN, LABELLED, NOT_SELECTED, confusion
from evenhand.measure.shares import Share, level_contrast, shares
from evenhand.measure.two_rates import cross_pairs, mean_of_rates
from evenhand.stats.combined import MoverContrast
from evenhand.stats.confusion import Functional, confusion_contrast, f1_score, matthews_correlation
from evenhand.stats.contrast import Contrast
from evenhand.stats.student import Estimate, student_difference, student_level, student_ratio
from evenhand.tally.cell_table import CellTable, weight_squares
from evenhand.tally.needs import Needs

TRUE_NEGATIVES = (confusion(NOT_SELECTED, NOT_SELECTED), confusion(KNOWN, NOT_SELECTED))
RATES = (TRUE_POSITIVES, TRUE_NEGATIVES)
NEEDS = Needs(keys=frozenset({"decision", "label"}), pairs=frozenset(RATES) | cross_pairs(*RATES))
CELLS = (
    ("true_positives", "1", "1"),
    ("false_positives", "1", "0"),
    ("false_negatives", "0", "1"),
    ("true_negatives", "0", "0"),
)
REPLICATES = 10_000
FORMS: tuple[tuple[Form, Unit, float | None], ...] = (
    ("level", "score", None),
    ("ratio", "ratio", 1.0),
    ("difference", "difference", 0.0),
)


@dataclass(frozen=True)
class Confusion:
    """One group's confusion matrix: people, and what they weigh (the same where there are no weights)."""

    counts: tuple[int, ...]
    weights: tuple[int, ...]
    people: int
    effective: float | None = None
    """Kish's (Σw)²/Σw² where rows are weighted."""


def confusions(setting: Setting, grouping: Grouping) -> dict[GroupKey, Confusion]:
    """The confusion matrix of every group."""
    people = setting.people(grouping)
    masks = [confusion((decision,), (label,)) for _, decision, label in CELLS]
    found = {}
    for key, part in setting.main(grouping).items():
        cells = [part.masked(mask) for mask in masks]
        counts = weights = tuple(cell.total("n") for cell in cells)
        effective = None
        if part.weighted:
            weights = tuple(cell.total("w") for cell in cells)
            effective = kish(sum(weights), sum(weight_squares(cell) for cell in cells))
        counts = tuple(people_among(setting, grouping, *pair) for pair in zip(counts, weights, strict=True))
        found[key] = Confusion(counts, weights, people[key], effective)
    return found


def functional_answer(name: str, form: Form, functional: Functional) -> Answer:
    """Findings of F1 or MCC: level, ratio or difference; no intervals with weights or repeated people."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        plain = not (setting.repeated or setting.weighted(grouping))
        sides = {}
        for key, matrix in confusions(setting, grouping).items():
            sides[key] = Side(
                n=matrix.people
                if setting.repeated
                else people_among(setting, grouping, sum(matrix.counts), sum(matrix.weights)),
                people=matrix.people,
                value=_value(functional, matrix),
                effective=matrix.effective,
                counts=dict(zip((cell for cell, _, _ in CELLS), matrix.counts, strict=True)),
                basis=(seed_for(setting.seed, name, *key), matrix.counts) if plain else None,
            )

        def drawn(own: Side, other: Side | None = None) -> Contrast | None:
            if own.basis is None:
                return None
            seed, counts = own.basis
            return confusion_contrast(
                functional,
                counts,
                other.basis[1] if other else None,
                form="level" if form == "own" else form,
                replicates=REPLICATES,
                seed=seed,
            )

        return quantity_findings(
            name,
            form,
            grouping,
            sides,
            level=drawn,
            ratio=drawn,
            difference=drawn,
            no_interval=setting.no_interval,
        )

    return answer


def seed_for(seed: int, *names: str) -> int:
    """A seed of its own for each measure and group, the same in every process; adding a group changes no other's."""
    text = "\x1f".join((str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _value(functional: Functional, matrix: Confusion) -> float | None:
    value = float(functional(*matrix.weights))
    return None if math.isnan(value) else value


def balanced_answer(name: str, form: Form) -> Answer:
    """Findings of balanced accuracy: half the true positive rate plus half the true negative rate."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        found = [shares(setting, grouping, *pair) for pair in RATES]
        units = setting.units(grouping)
        sides = {}
        for key in found[0]:
            rates = [rate[key] for rate in found]
            smaller = min(rates, key=lambda share: share.n)
            sides[key] = Side(
                n=smaller.n,
                people=smaller.people,
                value=_mean(rates),
                effective=smaller.n_effective,
                counts={"true_positives": rates[0].cases, "positives": rates[0].total}
                | {"true_negatives": rates[1].cases, "negatives": rates[1].total},
                basis=(rates, units.get(key)),
            )

        def compared(own: Side, other: Side | None = None) -> Contrast | None:
            rates, own_units = own.basis
            others, other_units = other.basis if other else ([], None)
            if setting.repeated:
                return _clustered_contrast(form, rates, others, own_units, other_units)
            return _balanced_contrast(form, rates, others)

        return quantity_findings(name, form, grouping, sides, level=compared, ratio=compared, difference=compared)

    return answer


def _balanced_contrast(form: Form, own: list[Share], others: list[Share]) -> Contrast | None:
    """MOVER over the rates, halves of the group's minus halves of the reference's; the ratio by delta on its log."""
    if form == "ratio":
        return student_ratio(_estimate(own), _estimate(others), method="delta method on the log ratio")
    signed = [(0.5, share) for share in own] + [(-0.5, share) for share in others]
    parts = [(weight, level_contrast(share)) for weight, share in signed]
    known = tuple((weight, part) for weight, part in parts if part is not None)
    if len(known) < len(parts):
        return None
    return MoverContrast(parts=known, parity=None if form == "level" else 0.0)


def _clustered_contrast(
    form: Form, own: list[Share], others: list[Share], units: CellTable, reference_units: CellTable | None
) -> Contrast | None:
    """By t, with the covariance of the two rates of people who have rows of both kinds."""
    method = "cluster-robust t"
    group = mean_of_rates(own[0], own[1], units, RATES)
    if group is None or form == "level":
        return None if group is None else student_level(group, method=method)
    reference = mean_of_rates(others[0], others[1], reference_units, RATES) if reference_units is not None else None
    if reference is None:
        return None
    return (student_ratio if form == "ratio" else student_difference)(group, reference, method=method)


def _estimate(rates: list[Share]) -> Estimate:
    """Mean of two independent shares with its variance ¼Σp(1−p)/n."""
    variance = sum(r.rate * (1 - r.rate) / (r.n_effective or r.total) for r in rates if r.rate is not None) / 4
    return Estimate(value=_mean(rates) or 0.0, variance=variance, lowest=0.0, highest=1.0)


def _mean(rates: list[Share]) -> float | None:
    values = [share.rate for share in rates if share.rate is not None]
    return sum(values) / 2 if len(values) == 2 else None


def confusion_measures() -> list[Measure]:
    """balanced_accuracy, f1 and mcc, each with ratio and difference."""
    kinds = (
        (
            "balanced_accuracy",
            "balanced accuracy",
            "How often is the decision right, positives and negatives counting equally?",
            "½[TP/(TP + FN) + TN/(TN + FP)]",
            "Brodersen et al. 2010; interval: MOVER, Zou & Donner 2008",
            None,
        ),
        (
            "f1",
            "F1 score",
            "How well do the people selected and the people who turned out positive overlap?",
            "2TP / (2TP + FP + FN)",
            "van Rijsbergen 1979; interval: percentile of 10,000 multinomial replicates",
            f1_score,
        ),
        (
            "mcc",
            "Matthews correlation",
            "How strongly do decision and outcome go together, from −1 to 1?",
            "(TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))",
            "Matthews 1975; interval: percentile of 10,000 multinomial replicates",
            matthews_correlation,
        ),
    )
    measures = []
    for quantity, title, question, formula, source, functional in kinds:
        for form, unit, parity in FORMS:
            name = quantity if form == "level" else f"{quantity}_{form}"
            measures.append(
                Measure(
                    name=name,
                    quantity=quantity,
                    form=form,
                    unit=unit,
                    title=title if form == "level" else f"{form} of {title}",
                    quantity_title=title,
                    question=asked(question, title, form),
                    formula=formula if form == "level" else f"{formula}; {form} to the reference",
                    source=source,
                    caution="It moves with the base rate, so groups with different base rates differ by nature. "
                    + CONDITIONAL,
                    edges="Undefined where a margin it divides by is empty. F1 and MCC: no interval with weights or "
                    "repeated people.",
                    roles=LABELLED,
                    needs=always(NEEDS),
                    answer=balanced_answer(name, form)
                    if functional is None
                    else functional_answer(name, form, functional),
                    parity=parity,
                )
            )
    return measures
