"""Every rate that is a share of people: selection, error and predictive rates, base rate, missingness, stages.

How to add a rate: add a row to `PROPORTIONS`. Its level, `_ratio` and `_difference` follow, with intervals for plain,
weighted and repeated rows, and `explain`, the docs and the law tests pick it up. May import: stats, tally.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.measure.base import Answer, Finding, Grouping, Measure, Setting, always, asked
from evenhand.measure.shares import (
    TwoGroups,
    comparison_findings,
    difference_contrast,
    level_findings,
    ratio_contrast,
    shares,
)
from evenhand.tally.needs import Mask, Needs

SELECTED, NOT_SELECTED = ("1",), ("0",)
KNOWN = ("0", "1")
MISSING_LABEL = ("(missing)",)


@dataclass(frozen=True)
class Proportion:
    """A rate: cases among a denominator, and the words for it."""

    name: str
    title: str
    cases: Mask
    among: Mask
    question: str
    formula: str
    roles: tuple[str, ...]
    caution: str
    source: str = "Barocas, Hardt & Narayanan, Fairness and Machine Learning, ch. 3"
    polar: bool = False
    several: str = ""
    """The title in the plural, where it is not made by adding an s."""

    @property
    def vacuous(self) -> bool:
        """Whether everyone or no one deciding alike makes the comparison one about nobody: rates of decisions."""
        return "decision" in self.cases.keys | self.among.keys

    @property
    def plural(self) -> str:
        return self.several or f"{self.title}s"

    @property
    def needs(self) -> Needs:
        return Needs(keys=self.cases.keys | self.among.keys, pairs=frozenset({(self.cases, self.among)}))


def confusion(decision: tuple[str, ...], label: tuple[str, ...]) -> Mask:
    return Mask.of(decision=decision, label=label)


LABELLED = ("decision", "label")
CONDITIONAL = (
    "Labels are often known only for people who were contacted; then this rate is about them. Look at "
    "missing_label_rate first. When base rates differ, not all error rates can be equal at once (Chouldechova 2017)."
)

LISTED = ("price", "list_price")
EXAMINATION = "Interagency Fair Lending Examination Procedures 2009 (pricing exceptions); 12 CFR 1002 (Regulation B)"
EXCEPTIONS = (
    "A list price that itself treats groups unlike is not questioned here: like_for_like_gap does. Ask who may depart "
    "from the list, for which reasons, and whether these are written down."
)

PROPORTIONS: tuple[Proportion, ...] = (
    Proportion(
        "selection_rate",
        "selection rate",
        Mask.of(decision=SELECTED),
        Mask.of(decision=KNOWN),
        "What share of the group is selected?",
        "people selected / people with a decision",
        ("decision",),
        "It ignores whether people differ in need or merit; conditional measures and error rates ask about that.",
        "UGESP, 29 CFR 1607.4(D); Feldman et al. 2015",
        polar=True,
    ),
    Proportion(
        "true_positive_rate",
        "true positive rate",
        confusion(SELECTED, SELECTED),
        confusion(KNOWN, SELECTED),
        "Of the people who turned out positive, what share was selected?",
        "TP / (TP + FN)",
        LABELLED,
        CONDITIONAL,
        "Hardt, Price & Srebro 2016 (equal opportunity)",
    ),
    Proportion(
        "true_negative_rate",
        "true negative rate",
        confusion(NOT_SELECTED, NOT_SELECTED),
        confusion(KNOWN, NOT_SELECTED),
        "Of the people who turned out negative, what share was left alone?",
        "TN / (TN + FP)",
        LABELLED,
        CONDITIONAL,
    ),
    Proportion(
        "false_positive_rate",
        "false positive rate",
        confusion(SELECTED, NOT_SELECTED),
        confusion(KNOWN, NOT_SELECTED),
        "Of the people who turned out negative, what share was selected all the same?",
        "FP / (FP + TN)",
        LABELLED,
        CONDITIONAL,
        "Hardt, Price & Srebro 2016; Larson et al. 2016 (COMPAS)",
    ),
    Proportion(
        "false_negative_rate",
        "false negative rate",
        confusion(NOT_SELECTED, SELECTED),
        confusion(KNOWN, SELECTED),
        "Of the people who turned out positive, what share was passed over?",
        "FN / (FN + TP)",
        LABELLED,
        CONDITIONAL,
        "Hardt, Price & Srebro 2016; Larson et al. 2016 (COMPAS)",
    ),
    Proportion(
        "positive_predictive_value",
        "positive predictive value",
        confusion(SELECTED, SELECTED),
        confusion(SELECTED, KNOWN),
        "Of the people selected, what share turned out positive?",
        "TP / (TP + FP)",
        LABELLED,
        CONDITIONAL,
        "Chouldechova 2017 (predictive parity)",
    ),
    Proportion(
        "negative_predictive_value",
        "negative predictive value",
        confusion(NOT_SELECTED, NOT_SELECTED),
        confusion(NOT_SELECTED, KNOWN),
        "Of the people not selected, what share turned out negative?",
        "TN / (TN + FN)",
        LABELLED,
        CONDITIONAL,
    ),
    Proportion(
        "false_discovery_rate",
        "false discovery rate",
        confusion(SELECTED, NOT_SELECTED),
        confusion(SELECTED, KNOWN),
        "Of the people selected, what share turned out negative?",
        "FP / (FP + TP)",
        LABELLED,
        CONDITIONAL,
    ),
    Proportion(
        "false_omission_rate",
        "false omission rate",
        confusion(NOT_SELECTED, SELECTED),
        confusion(NOT_SELECTED, KNOWN),
        "Of the people not selected, what share turned out positive?",
        "FN / (FN + TN)",
        LABELLED,
        CONDITIONAL,
    ),
    Proportion(
        "accuracy",
        "accuracy",
        confusion(SELECTED, SELECTED) | confusion(NOT_SELECTED, NOT_SELECTED),
        confusion(KNOWN, KNOWN),
        "For what share of the people was the decision what turned out right?",
        "(TP + TN) / (TP + FP + FN + TN)",
        LABELLED,
        "With unequal base rates a high accuracy can come from deciding alike for everyone. " + CONDITIONAL,
        several="accuracies",
    ),
    Proportion(
        "base_rate",
        "base rate",
        Mask.of(label=SELECTED),
        Mask.of(label=KNOWN),
        "What share of the group turned out positive, whatever was decided?",
        "people with a positive label / people with a label",
        ("label",),
        "It describes the group, not the model; a limit on it rarely makes sense.",
    ),
    Proportion(
        "missing_label_rate",
        "share of missing labels",
        Mask.of(label=MISSING_LABEL),
        Mask.of(),
        "For what share of the group is the outcome unknown?",
        "people without a label / people",
        ("label",),
        "Error rates are silent about these people.",
        "ISO/IEC TR 24027:2021, 6.3",
        several="shares of missing labels",
    ),
    Proportion(
        "missing_score_rate",
        "share of missing scores",
        Mask.of(score_presence=("missing", "not finite")),
        Mask.of(),
        "For what share of the group is there no usable score?",
        "people whose score is missing, NaN or infinite / people",
        ("score",),
        "A model that cannot score a group decides about it by default.",
        "ISO/IEC TR 24027:2021, 6.3",
        several="shares of missing scores",
    ),
    Proportion(
        "missing_price_rate",
        "share of missing prices",
        Mask.of(price_presence=("missing", "not finite")),
        Mask.of(),
        "For what share of the group is there no usable price?",
        "people whose price is missing, NaN or infinite / people",
        ("price",),
        "Every other measure of prices is silent about these people: were they refused a price?",
        "ISO/IEC TR 24027:2021, 6.3",
        several="shares of missing prices",
    ),
    Proportion(
        "exception_rate",
        "share of prices off the list",
        Mask.of(price_to_list=("above", "below")),
        Mask.of(price_to_list=("above", "below", "equal")),
        "What share of the group pays something else than the list price?",
        "people whose price differs from the list price / people with both prices",
        LISTED,
        "Exceptions up and down count alike: see surcharge_rate and discount_rate. " + EXCEPTIONS,
        EXAMINATION,
        several="shares of prices off the list",
    ),
    Proportion(
        "surcharge_rate",
        "share of prices above the list",
        Mask.of(price_to_list=("above",)),
        Mask.of(price_to_list=("above", "below", "equal")),
        "What share of the group pays more than the list price?",
        "people whose price is above the list price / people with both prices",
        LISTED,
        EXCEPTIONS,
        EXAMINATION,
        polar=True,
        several="shares of prices above the list",
    ),
    Proportion(
        "discount_rate",
        "share of prices below the list",
        Mask.of(price_to_list=("below",)),
        Mask.of(price_to_list=("above", "below", "equal")),
        "What share of the group pays less than the list price?",
        "people whose price is below the list price / people with both prices",
        LISTED,
        "A high rate favours the group, unlike a high price. " + EXCEPTIONS,
        EXAMINATION,
        several="shares of prices below the list",
    ),
)
"""The table of rates; one row each."""

RATE_EDGES = "0/0 is undefined and not tested, never 0. A group of none selected has rate 0 and is tested."
RATIO_EDGES = (
    "Reference rate 0: the ratio is unbounded above, its lower bound stands. Both rates 0: any ratio fits, "
    "inconclusive. Everyone or no one selected: inconclusive (vacuous)."
)
DIFFERENCE_EDGES = "0/0 is undefined and not tested. Defined for every pair of rates, 0 and 1 included."


def proportion_measures() -> list[Measure]:
    """The level, ratio and difference of every rate in the table."""
    return [measure for proportion in PROPORTIONS for measure in forms(proportion)]


def forms(p: Proportion) -> list[Measure]:
    """`q`, `q_ratio` and `q_difference` of one rate."""

    def level(setting: Setting, grouping: Grouping) -> list[Finding]:
        return level_findings(p.name, grouping, shares(setting, grouping, p.cases, p.among))

    two_sided_words = {
        "ratio": (f"{p.formula}, of the group / of the reference", RATIO_EDGES, ratio_contrast, 1.0),
        "difference": (f"{p.formula}, of the group − of the reference", DIFFERENCE_EDGES, difference_contrast, 0.0),
    }
    legal = ("assurance", "confirmatory", "point", "legal")
    measures = [
        Measure(
            name=p.name,
            quantity=p.name,
            form="level",
            unit="rate",
            title=p.title,
            quantity_title=p.title,
            question=p.question,
            formula=p.formula,
            source=p.source,
            caution=p.caution,
            edges=RATE_EDGES,
            roles=p.roles,
            needs=always(p.needs),
            answer=level,
            polar=p.polar,
        )
    ]
    for form, (formula, edges, contrast, parity) in two_sided_words.items():
        measures.append(
            Measure(
                name=f"{p.name}_{form}",
                quantity=p.name,
                form="ratio" if form == "ratio" else "difference",
                unit="ratio" if form == "ratio" else "difference",
                title=f"{form} of {p.plural}",
                quantity_title=p.title,
                question=asked(p.question, p.title, "ratio" if form == "ratio" else "difference"),
                formula=formula,
                source=f"{p.source}; interval: Miettinen & Nurminen 1985",
                caution=p.caution,
                edges=edges,
                roles=p.roles,
                needs=always(p.needs),
                answer=comparing(f"{p.name}_{form}", p, contrast),
                parity=parity,
                polar=p.polar,
                decide_by=legal if p.name == "selection_rate" else legal[:3],
            )
        )
    return measures


def comparing(name: str, p: Proportion, contrast: TwoGroups) -> Answer:
    """The findings of one rate's ratio or difference."""

    def compare(setting: Setting, grouping: Grouping) -> list[Finding]:
        found = shares(setting, grouping, p.cases, p.among)
        return comparison_findings(name, grouping, found, contrast, vacuous=p.vacuous)

    return compare
