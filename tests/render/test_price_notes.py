"""Notes of the section on prices, groups below the floor, whose mix is used, and the terms that are explained.

The documents are typed in; each expected text is written by hand from the rules in docs/report.md.
"""

from __future__ import annotations

from typing import Any

import price_documents as priced

from evenhand.render.build_page import build_page
from evenhand.render.html import render_html
from evenhand.render.options import RenderOptions
from evenhand.render.page import Prices, Table
from evenhand.render.sentences import fill_sentences

PLAIN = RenderOptions()


def prices_of(**changes: Any) -> Prices:
    section = build_page(fill_sentences(priced.pricing(overview=priced.overview(**changes)))).prices
    assert section is not None
    return section


def cells(table: Table) -> list[list[str]]:
    return [[f"{cell.text} {cell.more}".strip() for cell in row] for row in table.rows]


def test_of_groups_below_the_floor_only_the_size_is_shown() -> None:
    """12 of the floor's 30 people: no mean, part, place or sum of theirs anywhere in the section."""
    measures = priced.measures()
    for shown_measure in measures:
        for comparison in shown_measure["comparisons"]:
            if comparison["group"] == "75+":
                comparison["n"] = 12
    section = prices_of(measures=measures)
    topics = [t for t in (section.paid, section.why, section.quantiles, section.claims, section.cost) if t]
    rows = [row for t in topics for table in (*t.tables, *t.folded) for row in table.rows if "75+" in row[0].text]
    assert len(rows) >= 3
    assert {row[1].text for row in rows} == {"12 people: too few to say"}
    assert all(len(row) == 2 and row[1].quiet for row in rows)
    assert not any("75+" in chart.svg for t in topics for chart in t.charts)
    assert not any("75+" in text for t in topics for text in t.sentences)
    assert not any("75+" in text for text in section.warnings)
    higher = prices_of(min_people=900)
    assert higher.paid is not None
    assert [cell.text for cell in higher.paid.tables[1].rows[1]] == ["75+", "812 people: too few to say"]
    html = render_html(fill_sentences(priced.pricing(overview=priced.overview(measures=measures))), PLAIN)
    assert '<td class="quiet" colspan="6">12 people: too few to say</td>' in html


def test_a_small_group_has_a_row_where_groups_are_columns() -> None:
    measures = priced.measures()
    for shown_measure in measures:
        if shown_measure["metric"] == "actual_to_expected_by_band":
            for comparison in shown_measure["comparisons"]:
                comparison["n"] = 7 if comparison["group"] == "male" else 5120
    document = priced.pricing(overview=priced.overview(measures=measures), groups=[])
    claims_topic = build_page(fill_sentences(document)).prices.claims  # type: ignore[union-attr]  # prices are there
    assert claims_topic is not None
    bands = claims_topic.tables[1]
    assert [c.title for c in bands.columns] == ["Prices", "female"]
    assert cells(bands)[-1] == ["male", "7 people: too few to say"]


def test_whose_mix_decides_the_sign_is_said() -> None:
    """The headline weighs by the group's own mix (+5.17), Kitagawa's part by the average of both mixes."""
    measures = priced.measures()
    for comparison in (c for m in measures if m["metric"] == "decomposition" for c in m["comparisons"]):
        if comparison["group"] == "female" and comparison["at"]["part"].startswith("like for like"):
            comparison["estimate"] = -3.0
    (said,) = [w for w in prices_of(measures=measures).warnings if "mix is used" in w]
    assert said == (
        "sex = female pays 5.17 EUR more than male like for like (95% interval +3.30 to +7.04 EUR) in its own mix, but "
        "3.00 EUR less at the average of both groups' mixes: whose mix is used decides the sign."
    )
    assert not any("mix is used" in w for w in prices_of().warnings)
    why = prices_of().why
    assert why is not None
    assert [c.title for c in why.tables[0].columns][3] == "Like for like at the average mix (EUR)"
    assert cells(why.tables[1])[0][3] == "\u22121.20", "a document that calls the part `like for like` is read"
    assert "the like-for-like gap above uses the group's own mix" in why.lead


def test_five_notes_at_most_and_hidden_gaps_first() -> None:
    raw = [priced.shown(f"group {i}", 0.4, (-4.0, 5.0), n=500 + i) for i in range(4)]
    raw += [priced.shown(f"unsettled {i}", -2.0, (-8.0, 4.0)) for i in range(4)]
    alike = [priced.shown(f"group {i}", 20.0, (19.0, 21.0)) for i in range(4)]
    alike += [priced.shown(f"unsettled {i}", 0.6, (-0.3, 1.4)) for i in range(4)]
    found = {"mean_price_difference": raw[::-1], "like_for_like_gap": alike}
    section = prices_of(measures=[{"metric": m, "comparisons": c, "curve": None} for m, c in found.items()])
    assert [("hides it" in w, "only 61%" in w) for w in section.warnings] == [(True, False)] * 4 + [(False, True)]
    assert section.left_out == "and 4 more in the tables"
    page = render_html(fill_sentences(priced.pricing()), PLAIN)
    assert page.count("<li><b>Note:</b>") == len(prices_of().warnings)


def test_terms_of_prices_are_explained_where_they_are_used() -> None:
    terms = {fact.term for fact in build_page(fill_sentences(priced.pricing())).glossary}
    assert {"Stratum", "Mix", "Like for like", "Counterpart", "Overlap", "Comparisons allowed for (Holm)"} <= terms
    assert "Area under the curve (AUC)" in terms
    assert not {"Mark-up", "Equivalent new-business price"} & terms
    document = priced.pricing()
    for check, metric in zip(document["checks"], ("like_for_like_markup_gap", "price_walking_percent"), strict=False):
        check["metric"] = metric
    more = {fact.term for fact in build_page(fill_sentences(document)).glossary}
    assert {"Mark-up", "Equivalent new-business price"} <= more
