"""The factors of a model that sets no price: reasons beside strengths, and what they explain of a gap in rates.

557 of 1,835 women and 1,198 of 2,691 men were admitted to the six largest departments of Berkeley (Bickel, Hammel &
O'Connell 1975): .3035 / .4452 = .6818. The ratios within departments are typed in: no number is made by a renderer.
"""

from __future__ import annotations

from typing import Any

import price_documents as priced
import pytest
import render_documents as made

from evenhand.render import FORMATS
from evenhand.render.build_page import build_page
from evenhand.render.factor_words import explained
from evenhand.render.html import render_html
from evenhand.render.options import RenderOptions
from evenhand.render.sentences import comparison_sentence, fill_sentences

PLAIN = RenderOptions()
WOMEN, MEN = priced.WOMEN, priced.MEN
within, targeting = priced.within, priced.with_factors


def test_a_targeting_model_with_factors_has_a_section_of_them() -> None:
    page = build_page(fill_sentences(targeting()))
    assert page.prices is None
    assert page.factors is not None
    assert page.factors.title == "What the factors explain"
    rates, factors = page.factors.topics
    assert rates.sentences == (
        "On the face of it the selection rate of sex = female is 0.68 times that of male (30.4% against 44.5%); among "
        "those alike in department it is 1.06 times (interval 0.97 to 1.15). The factors explain the whole gap and more; "
        "what is left could be chance.",
    )
    row, few = rates.tables[0].rows
    assert [f"{c.text} {c.more}".strip() for c in row] == [
        "female", "1,835", "30.4%", "44.5%", "0.68", "1.06 (0.97 to 1.15)", "1.00 (0.91 to 1.11)",
    ]  # fmt: skip
    assert [c.text for c in few] == ["few", "12 people: too few to say"]
    assert [c.text for c in factors.tables[0].rows[0]] == [
        "department", "dept_code", "each decides on its own applicants", "0.235",
    ]  # fmt: skip
    html = render_html(fill_sentences(targeting()), PLAIN)
    assert '<a href="#factors">What the factors explain</a>' in html
    assert html.index('<section id="checks"') < html.index('<section id="factors"')
    assert "What people" not in html


def test_factors_without_numbers_still_stand_beside_their_reasons() -> None:
    section = build_page(fill_sentences(targeting(measures=[]))).factors
    assert section is not None
    (topic,) = section.topics
    assert [c.title for c in topic.tables[0].columns] == ["Factor", "Column", "Why it may make a difference"]
    assert build_page(fill_sentences(targeting(factors=[]))).factors is None


@pytest.mark.parametrize(
    ("rates", "ratio", "bounds", "says"),
    [
        # 1 − log(left)/log(raw), by hand: log .6818 = −.3830
        (
            (WOMEN, MEN),
            1.058,
            (0.97, 1.15),
            "The factors explain the whole gap and more; what is left could be chance.",
        ),
        ((WOMEN, MEN), 1.058, None, "The factors explain the whole gap and more."),
        ((WOMEN, MEN), 1.2, (1.1, 1.3), "The factors turn the gap round: among those alike it goes the other way."),
        # log .8257 = −.1915, half of it
        ((WOMEN, MEN), 0.8257, (0.7, 0.9), "The factors explain about 50% of the gap, counted in logarithms."),
        ((WOMEN, MEN), 0.6818, (0.6, 0.7), "The factors explain as good as nothing of the gap."),
        ((WOMEN, MEN), 0.5, (0.4, 0.6), "The factors explain none of the gap: among those alike it is wider."),
        ((WOMEN, MEN), 1.0, (0.9, 1.1), "The factors explain as good as the whole gap."),
        ((0.4, 0.4), 0.8, (0.7, 0.9), "On the face of it there is next to no gap: the factors hide one."),
        ((0.4, 0.4), 0.99, (0.9, 1.1), ""),
        ((0.0, 0.4), 0.5, (0.4, 0.6), ""),
    ],
)
def test_what_the_factors_explain(rates: tuple[float, float], ratio: float, bounds: Any, says: str) -> None:
    assert explained(within(ratio, bounds, value=rates[0], value_reference=rates[1])) == says


def test_a_check_within_strata_tells_both_ratios() -> None:
    found = made.comparison(
        "sex", "female", "pass", 1.058, (0.984, 1.138), value=WOMEN, value_reference=MEN, n=1835,
        interval={"low": 0.97, "high": 1.154, "confidence": 0.95, "method": "Mantel–Haenszel", "unbounded": False},
    )  # fmt: skip
    check = made.check("c", "conditional_selection_ratio", "pass", [found], limit={"min": 0.8, "max": None})
    assert comparison_sentence(targeting(), check, found).startswith(
        "On the face of it the selection rate of sex = female is 0.68 times that of male (30.4% against 44.5%); among "
        "those alike in department it is 1.06 times (interval 0.98 to 1.14); the policy asks for at least 0.80; 1,835 "
        "people. The factors explain the whole gap and more; what is left could be chance. The data show"
    )


def evidence_of(rows: list[list[Any]], columns: list[str]) -> list[list[str]]:
    check = made.check("c", "conditional_selection_ratio", "pass", [], limit={"min": 0.8, "max": None})
    document = made.document([check], "pass", 0)
    document["evidence"]["c"] = {
        "table": {"columns": columns, "rows": rows},
        "curve": None,
        "formula": "",
        "source": "",
    }
    (evidence,) = build_page(fill_sentences(document)).evidence
    return [[cell.text for cell in row] for row in evidence.computed_tables[0].rows]


@pytest.mark.parametrize(("p", "differs"), [(0.002, True), (0.06, False), (None, False)])
def test_breslow_day_says_what_its_p_means(p: float | None, differs: bool) -> None:
    rows: list[list[Any]] = [
        ["sex", "female: Breslow–Day statistic (Tarone) of one odds ratio in all strata", 18.8],
        ["sex", "female: its p", p],
        ["sex", "its p", 0.001],
    ]
    _, shown, other = evidence_of(rows, ["attribute", "group", "value"])
    assert shown[1].endswith("its p (Breslow–Day)" + (": the ratio differs between strata" if differs else ""))
    assert other[1] == "its p"


def test_long_labels_of_the_evidence_wrap_and_are_not_cut() -> None:
    label = "working students: proxy strength of sex (Cramér's V) — why: " + "departments decide on their own " * 5
    ((_, shown, _),) = evidence_of([["sex", label.strip(), 0.4]], ["attribute", "group", "value"])
    assert shown == label.strip()
    ((_, cut, _),) = evidence_of([["sex", "x" * 5000, 0.4]], ["attribute", "group", "value"])
    assert len(cut) < 120


def test_parts_and_places_have_no_worst_group_and_no_range() -> None:
    rows = [priced.shown("female", v, at={"method": "Kitagawa", "part": p}) for p, v in (("mix", -28.5), ("rest", 5.2))]
    check = made.check(
        "what-makes-it", "decomposition", "not_tested", rows,
        level="report", limit={"min": None, "max": None}, reason=priced.NO_LIMIT,
    )  # fmt: skip
    document = fill_sentences(priced.pricing(checks=[check]))
    assert "MEASURED      what-makes-it  2 values\n" in FORMATS["text"].render(document, PLAIN)
    (row,) = build_page(document).checks.rows
    assert [c.text for c in row][2:4] == ["–", "2 values"]
    assert document["checks"][0]["sentence"] == (
        "Measured, not judged: 2 values of the part of the gap in mean price, which answer different questions; see the "
        "table."
    )


def test_a_terminal_says_why_a_verdict_is_withheld_and_what_alone_means() -> None:
    text = FORMATS["text"].render(fill_sentences(priced.pricing()), PLAIN)
    (line,) = [line for line in text.splitlines() if line.startswith("INCONCLUSIVE")]
    assert line.endswith("n=812  only 61% of the group's people are compared")
    warned = priced.pricing(warnings=[{"code": "no_error_control", "text": "checks decided by `point` have no …"}])
    assert "do not consider chance: their result may be luck" in FORMATS["text"].render(fill_sentences(warned), PLAIN)


def test_long_folded_tables_are_left_out_of_print_unless_opened() -> None:
    def page(rows: int) -> str:
        check = made.check("c", "conditional_selection_ratio", "pass", [], limit={"min": 0.8, "max": None})
        document = made.document([check], "pass", 0)
        table = {"columns": ["group", "value"], "rows": [[f"g{i}", i] for i in range(rows)]}
        document["evidence"]["c"] = {"table": table, "curve": None, "formula": "", "source": ""}
        return render_html(fill_sentences(document), PLAIN)

    assert 'class="scroll unprinted"' not in page(20)
    long = page(21)
    assert 'class="scroll unprinted"' in long
    assert "“Computed from” has 21 rows and is not printed here" in long
    assert "details:not([open]) .unprinted { display: none; }" in long


def test_a_pricing_model_without_any_price_still_shows_its_factors() -> None:
    page = build_page(fill_sentences(priced.pricing(checks=[], overview=priced.overview(measures=[]))))
    assert page.prices is None
    assert page.factors is not None
    assert [row[0].text for row in page.factors.topics[0].tables[0].rows] == ["region", "cover"]


def test_names_of_factors_stay_text() -> None:
    factor = {"name": "<b>x", "column": "</table>", "why": "<script>alert(1)</script>"}
    page = render_html(fill_sentences(targeting(factors=[factor])), PLAIN)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "<b>x" not in page
