"""Contact pressure: how often people are contacted, group by group. May import: stats, tally."""

from __future__ import annotations

import numpy as np

from evenhand.errors import DataError
from evenhand.measure.answers import Side, quantity_findings
from evenhand.measure.base import Answer, Finding, Form, Grouping, Measure, Setting, Unit, always, asked
from evenhand.stats.means import mean_difference, mean_ratio, weighted_mean_estimate
from evenhand.stats.student import Estimate, student_level
from evenhand.tally.cell_table import CellTable, weight_squares
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


def contact_answer(name: str, form: Form) -> Answer:
    """Findings of the mean number of contacts: level, ratio or difference; where people repeat, without intervals."""

    def answer(setting: Setting, grouping: Grouping) -> list[Finding]:
        people = setting.people(grouping)
        sides = {}
        for key, part in setting.main(grouping).items():
            n, mean = contacts_of(part)
            weighted = part.weighted and mean is not None
            sides[key] = Side(
                n=people[key] if setting.repeated else n,
                people=people[key],
                value=None if mean is None else mean.value,
                effective=mean.degrees_of_freedom + 1 if weighted and mean is not None else None,  # Kish
                counts={"people": n},
                basis=None if setting.repeated else mean,
            )
        return quantity_findings(
            name,
            form,
            grouping,
            sides,
            level=lambda own: student_level(own.basis, method="Student's t") if own.basis else None,
            ratio=lambda own, other: mean_ratio(own.basis, other.basis) if own.basis else None,
            difference=lambda own, other: mean_difference(own.basis, other.basis) if own.basis else None,
            no_interval=setting.no_interval,
        )

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
