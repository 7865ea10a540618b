"""The words of "Methods and limits" and of the glossary: only what this document's checks make true or use.

May import: render's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.render.labels import capitalized
from evenhand.render.metric_words import metric_words
from evenhand.render.page import Fact
from evenhand.render.price_figures import about_prices
from evenhand.render.terms import terms_used

_MODES = {
    "assurance": (
        "Assurance",
        "A comparison fails when the data rule out that the limit is kept, and passes when the data rule out that "
        "it is broken. Between the two it is inconclusive. A check passes only if every comparison tested passes: "
        "a pass is evidence that this limit is kept, and of nothing else.",
    ),
    "confirmatory": (
        "Confirmatory",
        "A comparison fails when the data rule out that the limit is kept; otherwise it passes. A pass means that no "
        "evidence against the limit was found, not that it is kept.",
    ),
    "legal": (
        "Legal reading",
        "The four-fifths reading of the 1978 guidelines: a comparison fails beyond the limit if the difference is "
        "statistically significant and one person moved would not undo it; beyond the limit without that it is "
        "inconclusive; within the limit but significant it warns.",
    ),
    "point": (
        "Point estimate",
        "The estimate alone is held against the limit. Chance is not considered: with small groups such a verdict is "
        "often wrong even where groups are treated exactly alike.",
    ),
}
_TESTED = {"assurance", "confirmatory"}
_INDEPENDENCE = (
    "selection_rate",
    "impact_ratio",
    "selection_odds_ratio",
    "score_above_median_rate",
    "shortfall",
    "two_sd",
)
_SEPARATION = ("true_", "false_positive", "false_negative", "equalized_odds", "average_odds", "balanced_accuracy")
_SUFFICIENCY = (
    "positive_predictive",
    "negative_predictive",
    "false_discovery",
    "false_omission",
    "calibration",
    "expected_",
)


def decision_modes(document: Mapping[str, Any]) -> tuple[Fact, ...]:
    """How the checks of this document are decided, one entry a way that is used, and the rules they share."""
    used = [c["decide_by"] for c in document["checks"] if c["level"] != "report"]
    facts = [Fact(*_MODES[mode]) for mode in _MODES if mode in used]
    if any(mode in _TESTED for mode in used):
        facts.append(
            Fact(
                "Several comparisons",
                "Where a check makes several comparisons, some would fail by chance alone. A fail is therefore "
                "adjusted by Holm's method over the comparisons of the check; a pass needs no adjustment, since all "
                "of them must pass. The interval shown next to a limit is the one that decided: it lies beyond the "
                "limit exactly when the comparison fails and, under assurance, within it exactly when it passes.",
            )
        )
    if any(c["level"] == "report" for c in document["checks"]):
        facts.append(Fact("Measured only", "The policy sets no limit for these checks: nothing is judged."))
    return tuple(facts)


def limits_of_audit(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What this audit does not show."""
    made = "prices" if about_prices(document) else "decisions"
    limits = [
        f"It shows differences between groups in the {made} of this model on these data. It does not show why they "
        "differ, nor whether any one person was treated fairly.",
        "It compares with the reference groups that the policy fixed beforehand (an impact ratio: with the highest "
        "group in the data). Other references give other numbers.",
        "It says nothing about people who are not in the data, about groups that were not declared, or about effects "
        "that show only later.",
        "Groups that are too small to judge are listed, not cleared.",
    ]
    if any(shown["metric"].startswith("like_for_like") for shown in document["overview"]["measures"]):
        limits.append(
            "Like for like means: alike in the factors that the audit file declares. A factor that itself stands for a "
            "group hides a gap, and one that is not declared can look like a gap."
        )
    if any(row["attribute"] == "label" and row["rows"] for row in document["data"]["missing"]):
        limits.append(
            "Outcomes are missing for some people, often for those who were not selected. Error rates hold only for "
            "people whose outcome is known."
        )
    if any(c["decide_by"] == "point" and c["level"] != "report" for c in document["checks"]):
        limits.append("Checks decided by the point estimate have no error control; do not read them as evidence.")
    if any(not metric_words(c["metric"]).known for c in document["checks"]):
        limits.append("Metrics computed outside evenhand are shown as they came; their definition is not checked here.")
    return tuple(limits)


def conflicts(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Configured checks that cannot all hold when base rates differ (Chouldechova 2017; Kleinberg et al. 2016)."""
    families = {
        "equal selection": _judged_like(document, _INDEPENDENCE),
        "equal error rates": _judged_like(document, _SEPARATION),
        "equal meaning of a prediction": _judged_like(document, _SUFFICIENCY),
    }
    present = {name: ids for name, ids in families.items() if ids}
    if len(present) < 2:
        return ()
    listed = "; ".join(f"{name} ({', '.join(ids)})" for name, ids in present.items())
    return (
        f"This policy asks for {listed}. If the groups' true base rates differ, no imperfect model can satisfy all of "
        "these exactly; the limits decide which differences are accepted.",
    )


def _judged_like(document: Mapping[str, Any], starts: tuple[str, ...]) -> list[str]:
    return [c["id"] for c in document["checks"] if c["level"] != "report" and c["metric"].startswith(starts)]


def glossary(document: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Terms that this document uses, in alphabetical order, none else."""
    checks = document["checks"]
    compared = [comparison for check in checks for comparison in check["comparisons"]]
    words = [metric_words(check["metric"]) for check in checks]
    terms = {capitalized(w.title): w.question for w in words if w.question}
    terms |= terms_used(document)
    good = document["audit"]["polarity"] == "benefit"
    if about_prices(document) and document["audit"]["polarity"]:
        terms["Price"] = (
            "What the model makes a person pay or get. Here a high price is a benefit: to get less is the disadvantage."
            if good
            else "What the model makes a person pay. Here a high price is a burden: to pay more is the disadvantage."
        )
    elif document["audit"]["polarity"] and any(w.polar for w in words):
        terms["Selected"] = (
            "Chosen by the model. Here that is a benefit: being left out is the disadvantage."
            if good
            else "Chosen by the model. Here that is a burden: being chosen is the disadvantage."
        )
    if any(c["reference"] for c in compared):
        terms["Reference"] = (
            "The group that the others are compared with, fixed in the audit file before the data were seen."
        )
    if any(c["decision_interval"] for c in compared):
        terms["Interval"] = (
            "The values that the data do not rule out, allowing for chance. More people make it narrower. Next to a "
            "limit it is the interval that decided."
        )
    if any(c["p"]["fail"] is not None or c["p"]["parity"] is not None for c in compared):
        terms["p-value"] = (
            "How often chance alone would give a result at least this far out, if the limit were kept (or, against "
            "parity, if the groups were treated alike)."
        )
    if any(w.parity is not None for w in words):
        terms["Parity"] = "Groups are treated exactly alike: a ratio of 1, a difference of 0."
    if any(" × " in c["attribute"] for c in compared):
        terms["Intersection"] = "A group by several attributes at once, such as women aged 75 and over."
    if any(c["n_effective"] is not None for c in compared):
        terms["Effective number of people"] = (
            "How many people the group counts for, once weights or several rows of one person are allowed for."
        )
    statuses = {c["status"] for c in [*checks, *compared]}
    if "inconclusive" in statuses:
        terms["Inconclusive"] = (
            "The data neither rule the limit out nor show that it is kept. It is not a pass: usually more people are "
            "needed."
        )
    if any(c["status"] == "not_tested" for c in compared if c["reason"]["code"] != "no_limit"):
        terms["Not tested"] = "Too few people, or no value to compare: the audit says nothing about this group."
    if "waived" in statuses:
        terms["Waived"] = "Failed or inconclusive, and accepted for a time by somebody who is named."
    return tuple(Fact(term, terms[term]) for term in sorted(terms, key=str.casefold))
