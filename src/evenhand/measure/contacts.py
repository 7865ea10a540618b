"""Contact pressure: how often people are contacted, group by group. May import: stats, tally."""

from __future__ import annotations

import numpy as np

from evenhand.errors import DataError
from evenhand.measure.base import Answer, Finding, Form, Grouping, Measure, Setting, Unit, always, asked
from evenhand.measure.confusion import compared
from evenhand.stats.contrast import Contrast
from evenhand.stats.means import mean_difference, mean_ratio, weighted_mean_estimate
from evenhand.stats.student import Estimate, student_level
from evenhand.tally.cells import CellTable, weight_squares
from evenhand.tally.needs import Needs

NEEDS = Needs(keys=frozenset({"contacts"}))
FORMS: tuple[tuple[Form, Unit, float | None], ...] = (
    ("level", "score", None),
    ("ratio", "ratio", 1.0),
    ("difference", "difference", 0.0),
)


def contacts_of(part: CellTable) -> tuple[int, Estimate | None]:
    """(people with a known number of contacts, their mean with its variance, weighted where rows are)."""
    n = 0
    sums = np.zeros(5, dtype=object)  # Python integers: Σw, Σwp, Σw², Σw²p, Σw²p²
    for (label,), cells in part.marginal(["contacts"]).by("contacts").items():
        if label == "(missing)":
            continue
        if not (label.isascii() and label.isdecimal()):
            raise DataError("the column of `contacts` holds something else than whole numbers from 0 up")
        people, times = cells.total("n"), int(label)
        weight, squared = (cells.total("w"), weight_squares(cells)) if "w" in cells.sums else (people, people)
        n += people
        sums += np.array([weight, weight * times, squared, squared * times, squared * times**2], dtype=object)
    weight, value, squared, squared_value, squared_squares = sums.tolist()
    mean = weighted_mean_estimate(
        weight=weight,
        weight_value=value,
        weight_squared=squared,
        weight_squared_value=squared_value,
        weight_squared_squares=squared_squares,
    )
    return n, mean


def effective(mean: Estimate | None) -> float | None:
    """Kish's effective n, which is one more than the degrees of freedom of the mean."""
    return None if mean is None else mean.degrees_of_freedom + 1


def contact_answer(name: str, form: Form) -> Answer:
    """Findings of the mean number of contacts: level, ratio or difference."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        people = setting.people(grouping)
        found = {key: contacts_of(part) for key, part in setting.main(grouping).items()}
        n_reference, reference = found.get(grouping.reference, (0, None))
        base = reference.value if reference is not None else None
        findings = []
        for key, (n, own) in found.items():
            if form != "level" and key == grouping.reference:
                continue
            value = own.value if own is not None else None
            estimate, undefined = compared(form, value, base, grouping.reference in found)
            contrast: Contrast | None = None
            if estimate is not None and own is not None and not setting.repeated:
                if form == "level":
                    contrast = student_level(own, method="Student's t")
                elif reference is not None:
                    contrast = (mean_ratio if form == "ratio" else mean_difference)(own, reference)
            if contrast is not None:
                estimate = contrast.estimate  # exact where the quantities are: what is printed is what is judged
            elif estimate is not None:
                undefined = "units_unclear" if setting.repeated else "no_interval"
            compares = form != "level" and grouping.reference in found
            findings.append(
                Finding(
                    measure=name,
                    attribute=grouping.name,
                    group=grouping.label(key),
                    groups=grouping.named(key),
                    reference=None if form == "level" else grouping.label(grouping.reference),
                    n=people[key] if setting.repeated else n,
                    n_reference=n_reference if compares else None,
                    n_effective=effective(own) if setting.weighted else None,
                    n_reference_effective=effective(reference) if setting.weighted and compares else None,
                    estimate=estimate,
                    value=value,
                    value_reference=base if compares else None,
                    contrast=contrast,
                    undefined=undefined,
                    counts={"people": n},
                    people=people[key],
                    people_reference=people[grouping.reference] if compares else None,
                )
            )
        return findings

    return answer


def contact_measures() -> list[Measure]:
    """contact_pressure, its ratio and its difference."""
    measures = []
    for form, unit, parity in FORMS:
        name = "contact_pressure" if form == "level" else f"contact_pressure_{form}"
        measures.append(
            Measure(
                name=name,
                quantity="contact_pressure",
                form=form,
                unit=unit,
                title="contacts per person" if form == "level" else f"{form} of contacts per person",
                quantity_title="contacts per person",
                question=asked(
                    "How often is a person of the group contacted, on average?", "contacts per person", form
                ),
                formula="Σ contacts / people" + ("" if form == "level" else f"; {form} to the reference"),
                source="FCA PRIN 2A (Consumer Duty), outcomes of vulnerable customers; delta method, Welch",
                caution="A mean hides the few who are contacted very often. It says nothing about what was offered.",
                edges="Contacts are whole numbers; people without one are left out. With repeated people: no interval.",
                roles=("contacts",),
                needs=always(NEEDS),
                answer=contact_answer(name, form),
                parity=parity,
            )
        )
    return measures
