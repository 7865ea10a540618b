"""What the report says of prices: sentences claim no more than their intervals, names stay text.

The documents are typed in; each expected text is written by hand from the rules in docs/report.md.
"""

from __future__ import annotations

import copy
import itertools
import random
from html.parser import HTMLParser
from typing import Any

import price_documents as priced
import pytest
from price_documents import shown

from evenhand.render import FORMATS
from evenhand.render.build_page import build_page
from evenhand.render.html import render_html
from evenhand.render.json_v1 import validate
from evenhand.render.options import RenderOptions
from evenhand.render.page import Prices, Table
from evenhand.render.price_figures import price_figures
from evenhand.render.price_sentences import claims_sentence, claims_warning, disagreement
from evenhand.render.schema import results_schema
from evenhand.render.sentences import fill_sentences

PLAIN = RenderOptions()


def prices_of(**changes: Any) -> Prices:
    section = build_page(fill_sentences(priced.pricing(overview=priced.overview(**changes)))).prices
    assert section is not None
    return section


def cells(table: Table) -> list[list[str]]:
    return [[f"{cell.text} {cell.more}".strip() for cell in row] for row in table.rows]


# ---------------------------------------------------------------- warnings

CASES = [
    # raw estimate and interval, like-for-like estimate and interval, words that must and must not be there
    ((-23.33, (-35.0, -11.0)), (5.17, (3.0, 7.0)), "pays 23.33 EUR less than male on average", "settle neither"),
    ((-23.33, (-35.0, -11.0)), (5.17, (3.0, 7.0)), "pays 5.17 EUR more than male like for like", "do not show"),
    ((50.0, (5.0, 96.0)), (-1.2, (-5.0, 2.5)), "Like for like the data do not show a gap either way", "hides it"),
    ((0.4, (-4.0, 5.0)), (20.0, (19.0, 21.0)), "On average the data do not show a gap", "settle neither"),
    ((-2.0, (-8.0, 4.0)), (0.6, (-0.3, 1.4)), "the data settle neither", "hides it"),
]


@pytest.mark.parametrize(("raw", "alike", "says", "not_says"), CASES)
def test_averages_and_like_for_like_that_disagree(raw: Any, alike: Any, says: str, not_says: str) -> None:
    found = {"mean_price_difference": raw, "like_for_like_gap": alike}
    measures = [{"metric": m, "comparisons": [shown("female", *n)], "curve": None} for m, n in found.items()]
    section = prices_of(measures=measures)
    warning = next(text for text in section.warnings if "only 61%" not in text)
    assert len(section.warnings) == 2
    assert says in warning
    assert not_says not in warning


@pytest.mark.parametrize(
    ("raw", "alike"),
    [((20.0, (10.0, 30.0)), (5.0, (3.0, 7.0))), ((2.0, (-1.0, 5.0)), (1.0, (-2.0, 4.0))), ((2.0, None), (None, None))],
)
def test_no_warning_where_nothing_disagrees(raw: Any, alike: Any) -> None:
    found = {"mean_price_difference": raw, "like_for_like_gap": alike}
    measures = [{"metric": m, "comparisons": [shown("female", *n)], "curve": None} for m, n in found.items()]
    document = priced.pricing(checks=[], overview=priced.overview(measures=measures))
    figures = price_figures(document)
    assert figures is not None
    assert disagreement(figures, figures.of("mean_price_difference")[0]) == ""


def claims(price: tuple[float, Any], loss: tuple[float, Any]) -> tuple[str, str]:
    found = {"mean_price_difference": (1.0, None), "mean_price_ratio": price, "loss_ratio_ratio": loss}
    measures = [{"metric": m, "comparisons": [shown("female", *n)], "curve": None} for m, n in found.items()]
    figures = price_figures(priced.pricing(overview=priced.overview(measures=measures)))
    assert figures is not None
    (raw,) = figures.of("mean_price_difference")
    return claims_warning(figures, raw), claims_sentence(figures, raw)


def test_a_lower_price_beside_lower_claims_is_not_over_claimed() -> None:
    """The French motor set of metrics.md: women pay .887 of men's premium, their loss ratio is .879 (.71 to 1.06)."""
    warning, _ = claims((0.887, (0.86, 0.92)), (0.879, (0.71, 1.06)))
    assert warning == (
        "sex = female pays 0.89 times what male pays on average. Its loss ratio (claims for the price) is 0.88 times "
        "that of male (0.71 to 1.06): the difference in claims could explain the lower price, or not; the data cannot "
        "tell."
    )


PART = "part of its price than of the reference's went into claims, which says nothing of expenses"


@pytest.mark.parametrize(
    ("price", "loss", "warned", "says"),
    [
        (
            (0.887, (0.86, 0.92)),
            (0.8, (0.7, 0.9)),
            True,
            f"a smaller {PART}",
        ),
        (
            (1.2, (1.1, 1.3)),
            (1.4, (1.2, 1.6)),
            True,
            f"a larger {PART}",
        ),
        ((1.2, (1.1, 1.3)), (0.8, (0.7, 0.9)), False, f"a smaller {PART}"),
        ((0.8, (0.7, 0.9)), (1.4, (1.2, 1.6)), False, f"a larger {PART}"),
        ((1.0, (0.9, 1.1)), (0.8, (0.7, 0.9)), False, f"(0.70 to 0.90): in these data a smaller {PART}"),
        ((1.0, (0.9, 1.1)), (0.9, (0.7, 1.1)), False, ""),
    ],
)
def test_prices_beside_claims(price: Any, loss: Any, warned: bool, says: str) -> None:
    warning, said = claims(price, loss)
    assert bool(warning) == warned
    assert said.endswith(f"{says}." if says else "")
    assert bool(said) == bool(says)


def test_thin_overlap_is_said_from_checks_and_overview(pricing: dict[str, Any]) -> None:
    page = build_page(pricing).prices
    assert page is not None
    assert [w for w in page.warnings if "only 61%" in w] == [
        f"age_band = 75+ cannot be compared like for like with confidence: {priced.ONLY_61}."
    ]
    assert page.paid is not None
    assert cells(page.paid.tables[1])[1][0] == "75+ (thin overlap)"


# ---------------------------------------------------------------- topics


def test_what_each_group_pays() -> None:
    paid = prices_of().paid
    assert paid is not None
    table = paid.tables[0]
    assert [c.title for c in table.columns] == [
        "Group", "People", "Mean price (EUR)", "Raw gap (EUR)", "Raw gap in %", "Like-for-like gap (EUR)",
        "Like for like in %",
    ]  # fmt: skip
    assert cells(table) == [
        ["male (reference)", "6,044", "512.53", "–", "–", "–", "–"],
        [
            "female", "5,120", "489.20", "−23.33 (−35.10 to −11.50)", "−4.5% (−6.8% to −2.3%)",
            "+5.17 (+3.30 to +7.04)", "+1.1% (+0.7% to +1.5%)",
        ],
    ]  # fmt: skip
    assert "dot open as-paid" in paid.charts[0].svg
    assert "dot alike" in paid.charts[0].svg


def test_why_in_words_that_add_up() -> None:
    why = prices_of().why
    assert why is not None
    assert why.sentences == (
        "sex = female pays 23.33 EUR less than male on average: 28.50 EUR less because the groups differ in region and "
        "cover (mix) and 5.17 EUR more where they are alike in that (like for like, at the average of both mixes).",
        "age_band = 75+ pays 50.80 EUR more than 30-59 on average: 40.00 EUR more because the groups differ in region "
        "and cover (mix), 1.20 EUR less where they are alike in that (like for like, at the average of both mixes) and 12.00 EUR more where one of "
        "the two groups has nobody to compare with (no counterpart).",
    )
    assert why.charts[0].svg.count('class="bar part"') == 3
    assert why.charts[0].svg.count('class="bar total"') == 1
    assert [row[1].text for row in why.folded[0].rows] == ["explained", "unexplained", "explained by region"]
    assert [c.title for c in why.folded[0].columns] == ["Group", "Part", "pooled"]


def test_from_cheap_to_dear_and_claims_by_price() -> None:
    section = prices_of()
    assert section.quantiles is not None
    assert section.claims is not None
    assert [row[0] for row in cells(section.quantiles.tables[0])] == ["10%", "25%", "50% (median)", "75%", "90%", "95%"]
    assert cells(section.quantiles.tables[0])[2][1] == "1.00 (0.97 to 1.03)"
    ratios, bands = section.claims.tables
    assert cells(ratios) == [
        ["female", "5,120", "0.98", "1.01", "0.97 (0.90 to 1.05)", "0.61", "0.69", "0.88 (0.71 to 1.06)"]
    ]
    assert [c.title for c in bands.columns] == ["Prices", "female", "male"]
    assert cells(bands)[2] == ["3rd tenth", "1.00 (0.80 to 1.10)", "1.05 (0.85 to 1.15)"]


def test_factors_stand_beside_their_reasons() -> None:
    factors = prices_of().factors
    assert factors is not None
    assert cells(factors.tables[0]) == [
        ["region", "region", "claims differ by region: filed with the tariff 2025", "0.021 (female)"],
        ["cover", "cover", "dearer cover costs more", "0.384 (female)"],
    ]
    assert factors.sentences == ("sex = female against male: 0.710 (95% interval 0.690 to 0.730).",)
    assert "0.5 means that they say nothing about it" in factors.lead


def test_what_the_gap_adds_up_to_claims_no_direction_that_the_data_do_not_show() -> None:
    cost = prices_of().cost
    assert cost is not None
    assert cost.sentences == (
        "Together the 5,120 people of sex = female pay 26,470.40 EUR more than at the prices of male, like for like (95% "
        "interval +16,896.00 to +36,044.80 EUR).",
        "For age_band = 75+ it is −974.40 EUR, 95% interval −3,978.80 to +2,030.00 EUR: the data do not show which way it "
        "goes.",
    )
    assert prices_of(price_unit="percent").cost is None, "a sum of rates is no money"


def test_topics_without_numbers_are_absent_and_so_is_the_section() -> None:
    averages = [m for m in priced.measures() if m["metric"].startswith("mean_price")]
    section = prices_of(measures=averages, factors=[])
    assert section.paid is not None
    assert (section.why, section.quantiles, section.claims, section.factors, section.cost) == (None,) * 5
    page = render_html(fill_sentences(priced.pricing(overview=priced.overview(measures=averages))), PLAIN)
    assert 'id="prices-paid"' in page
    assert 'id="prices-why"' not in page
    none = fill_sentences(priced.pricing(overview=priced.overview(measures=[])))
    assert build_page(none).prices is None
    assert "What people pay" not in render_html(none, PLAIN)


def test_the_section_stands_before_the_evidence_with_an_entry_in_the_contents(pricing: dict[str, Any]) -> None:
    page = render_html(pricing, PLAIN)
    assert '<a href="#prices">What people pay</a>' in page
    assert (
        page.index('<section id="checks"') < page.index('<section id="prices"') < page.index('<section id="evidence"')
    )


# ---------------------------------------------------------------- names, nulls, many groups


class Skeleton(HTMLParser):
    """The elements of a page and the names of their attributes, whatever these say."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        self.ids += [value or "" for name, value in attrs if name == "id"]


def with_names(payload: str) -> dict[str, Any]:
    document = priced.pricing()
    counter = itertools.count(10000)
    labels: dict[str, str] = {}

    def name(old: str) -> str:
        return labels.setdefault(old, f"{payload} {next(counter)}")

    overview = document["overview"]
    overview["currency"] = name("EUR")
    for factor in overview["factors"]:
        factor.update(name=name(factor["name"]), column=name("column"), why=name("why"))
    for comparison in (c for m in overview["measures"] for c in m["comparisons"]):
        attribute, group = name(comparison["attribute"]), name(comparison["group"])
        comparison.update(attribute=attribute, group=group, groups={attribute: group}, reference=name("male"))
        if "factor" in comparison["at"]:
            comparison["at"] = {"factor": name(comparison["at"]["factor"])}
        if "band" in comparison["at"]:
            comparison["at"] = {"band": name(comparison["at"]["band"])}
        if comparison["reason"]["code"] == "withheld":
            comparison["reason"] = {"code": "withheld", "text": name("why not")}
    return fill_sentences(document)


@pytest.fixture(scope="module")
def harmless() -> list[tuple[str, tuple[str, ...]]]:
    return Skeleton(render_html(with_names("x"), PLAIN)).found


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title></svg><b>", "{{ 7*7 }}",
        "}</style>body{display:none}", "$\\foo$ _hidden", "\u202e\u2066\x1b[31m\x00", ":",
    ],
)  # fmt: skip
def test_a_payload_makes_the_same_elements_as_a_harmless_name(
    payload: str, harmless: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert Skeleton(render_html(with_names(payload), PLAIN)).found == harmless
    assert "\x1b" not in "".join(FORMATS[f].render(with_names(payload), PLAIN) for f in ("text", "md", "github"))


def nullable(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """(holder, key) of every place of the overview that may be null."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        below = schema.get("properties", {}).get(key, {}) if isinstance(value, dict) else schema.get("items", {})
        resolved = root["$defs"][below["$ref"].removeprefix("#/$defs/")] if "$ref" in below else below
        if isinstance(resolved.get("type"), list) and "null" in resolved["type"]:
            yield value, key
        yield from nullable(item, below, root)


@pytest.mark.parametrize("seed", range(6))
def test_any_unknown_may_be_null(seed: int) -> None:
    root, draw = results_schema(), random.Random(seed)
    document = priced.pricing()
    places = list(nullable(document["overview"], root["properties"]["overview"], root))
    assert len(places) > 200
    for holder, key in places:
        if draw.random() < 0.2:
            holder[key] = None
    validate(document)
    filled = fill_sentences(document)
    for entry in FORMATS.values():
        assert entry.render(filled, RenderOptions(verbose=True))


def test_many_groups_and_attributes_keep_the_page_small_and_ids_unique() -> None:
    document = priced.pricing()
    for measure in document["overview"]["measures"]:
        rows = [c for c in measure["comparisons"] if c["attribute"] == "sex"]
        measure["comparisons"] = [
            {**copy.deepcopy(c), "attribute": f"attribute {a}", "group": f"group {g}", "groups": {"a": f"group {g}"}}
            for a in range(4)
            for g in range(8)
            for c in rows[: max(1, len(rows) // 2)]
        ]
    page = render_html(fill_sentences(document), PLAIN)
    assert len(page.encode()) <= 1_000_000
    ids = Skeleton(page).ids
    assert len(ids) == len(set(ids))


def test_the_document_is_not_changed(pricing: dict[str, Any]) -> None:
    before = copy.deepcopy(pricing)
    render_html(pricing, PLAIN)
    assert pricing == before
