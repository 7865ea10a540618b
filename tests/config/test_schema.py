"""Shape of the audit file: keys, types, defaults, and the sentence for each mistake at its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from evenhand.config.loader import Audit
from evenhand.errors import AuditFileError

Refuse = Callable[..., AuditFileError]
Load = Callable[..., Audit]
RefusedAt = Callable[..., AuditFileError]
LAST = "metric: selection_rate_ratio, min: 0.80}\n"
PARITY = "metric: selection_rate_ratio, min: 0.80"

# The file of contract.md, "The audit file, complete", without the keys that are reserved (waivers, statements). Its two
# texts that hold a comma inside { } are quoted here: unquoted, YAML reads a second key.
COMPLETE = """\
version: 1
model: {name: spring-offer-ranker, version: 4.2.0, kind: targeting, owner: growth analytics}
purpose: decide who is sent the spring card offer
approved: {by: ethics board, on: 2026-03-02}
data: {predictions: p.parquet, attributes: people.csv, key: customer_id, where: {country: [FI]},
       period: 2026-09/2026-10}
columns: {decision: offered, selected: 1, score: score, label: bought, positive: yes, unit: null, count: null,
          weight: null, consent: {column: marketing_opt_in, given: true}, stages: [eligible, scored, sent],
          vulnerable: in_debt, campaign: null, contacts: null}
polarity: benefit
protected:
  sex: {column: gender, values: {F: female, M: male}, reference: male, special_category: false}
  age_band: {column: age, bands: [18, 30, 60, 75], reference: 30-59}
  race: {reference: White}
intersections: [[sex, age_band]]
factors: {region: {why: "the product is licensed by region, see LEG-12"}}
exclude: [{attribute: race, group: AIAN, why: "under 2%, see LEG-9"}]
population: {sex: {female: .51, male: .49}}
small_groups: {min_people: 30, min_denominator: 20, min_expected: 20, max_untested: 0.05}
extends: [four-fifths]
checks: [{id: offer-parity, metric: selection_rate_ratio, min: 0.80, level: error, decide_by: assurance,
          attributes: [sex, age_band], why: agreed 2026-03-02}]
waivers: []
statements:
"""


def test_the_complete_file_of_the_contract(load: Load) -> None:

    audit = load(text=COMPLETE)
    file = audit.file
    assert file.model.version == "4.2.0"
    assert file.approved is not None
    assert file.approved.on == date(2026, 3, 2)
    assert file.data.where == {"country": ("FI",)}
    assert file.data.period == "2026-09/2026-10"
    assert file.columns.selected == ("1",)
    assert file.columns.positive == ("yes",)
    assert file.columns.unit is None
    assert file.columns.consent is not None
    assert file.columns.consent.given == ("true",)
    assert file.columns.stages == ("eligible", "scored", "sent")
    assert file.protected["sex"].values == {"F": "female", "M": "male"}
    assert file.protected["age_band"].bands == (18, 30, 60, 75)
    assert file.population == {"sex": {"female": Decimal("0.51"), "male": Decimal("0.49")}}
    assert file.factors["region"].why == "the product is licensed by region, see LEG-12"
    assert [check.id for check in audit.checks if check.pack is None] == ["offer-parity"]
    assert audit.attributes.references["sex × age_band"] == "male × 30-59"


def test_defaults(load: Load) -> None:
    file = load().file
    assert (file.small_groups.min_people, file.small_groups.min_denominator) == (30, 20)
    assert (file.small_groups.min_expected, file.small_groups.max_untested) == (20, Decimal("0.05"))
    assert (file.data.delimiter, file.data.encoding, file.data.missing_values) == (",", "utf-8", ())
    assert file.columns.score_resolution == Decimal("0.001")
    assert (file.small_groups.min_in_stratum, file.small_groups.min_overlap) == (5, Decimal("0.80"))
    assert (file.columns.resolution, file.columns.price_unit) == (Decimal("0.01"), "money")
    assert file.columns.walking_tolerance == 0
    assert file.protected["sex"].column is None
    assert file.protected["sex"].special_category is False


def test_labels_stay_text(load: Load) -> None:
    # hostile.md, "Audit file": `NO` as a group; design.md: postcode 0123.
    audit = load(
        ("sex: {reference: male}", "country: {reference: NO}\n  sex: {values: {0: male, 01: female}, reference: male}"),
        ("data: {predictions: rows.csv}", "data: {predictions: rows.csv, where: {zip: 0123}}"),
    )
    assert audit.file.protected["country"].reference == "NO"
    assert audit.file.protected["sex"].values == {"0": "male", "01": "female"}
    assert audit.file.data.where == {"zip": ("0123",)}
    assert audit.file.model.version == "1.10", "not the number 1.1"


def test_limits_are_the_decimals_that_were_written(load: Load) -> None:
    assert str(load().checks[0].minimum) == "0.80"
    assert load(("min: 0.80", "min: '.8'")).checks[0].minimum == Decimal("0.8")


def test_delimiter_may_be_a_tab(load: Load) -> None:
    for written in ("tab", '"\\t"', "'\\t'"):
        audit = load(("rows.csv}", f"rows.csv, delimiter: {written}, missing_values: [NA, ''], encoding: latin-1}}"))
        assert audit.file.data.delimiter == "\t"
        assert audit.file.data.missing_values == ("NA", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (PARITY, "metric: selection_rate_ratio, §mni: 0.80", "checks.0.mni: unknown key (did you mean 'min'?)"),
        (
            "polarity: benefit",
            "polarity: §benfit",
            "expected benefit or burden, found `benfit` (did you mean 'benefit'?",
        ),
        ("version: 1\n", "§version: 1\n#", "model: this key is required"),
        ("polarity: benefit", "polarity:§", "polarity: a value is required, found nothing"),
        ("polarity: benefit", "§polarty: benefit", "polarty: unknown key (did you mean 'polarity'?)"),
        ("version: 1\n", "version: §2\n", "version: expected 1, found `2`"),
        (
            "kind: targeting",
            "kind: §recommendation",
            "`recommendation` is not supported yet: this version audits targeting and pricing models",
        ),
        ("kind: targeting", "kind: §targetting", "found `targetting` (did you mean 'targeting'?)"),
        ("min: 0.80", "min: §NaN", "checks.0.min: expected a number such as 0.80, found `NaN`"),
        ("min: 0.80", "min: §.inf", "expected a number such as 0.80, found `.inf`"),
        ("min: 0.80", "min: §80%", "`80%` has a percent sign"),
        ("min: 0.80", "min: §1e999999999", "expected a number such as 0.80"),
        ("min: 0.80", "min: §٨", "expected a number such as 0.80"),  # a digit elsewhere, which Decimal would take
        ("min: 0.80", "min: §[0.80]", "checks.0.min: expected text, found a list"),
        ("min: 0.80", "min: 0.80, level: §eror", "checks.0.level: expected error or warn or report"),
        ("min: 0.80", "min: 0.80, bootstrap: §2.5", "expected a whole number, not negative, found `2.5`"),
        ("sex: {reference: male}", "sex:§", "protected.sex.reference: this key is required"),
        ("sex: {reference: male}", "sex: §male", "protected.sex: expected a mapping, found `male`"),
        ("sex: {reference: male}", "sex: {reference: §''}", "expected text, found an empty text"),
        ("sex: {reference: male}", "sex: {reference: male, special_category: §yes}", "expected true or false"),
        ("sex: {reference: male}", "sex: {reference: f, probabilities: §p_f}", "expected a mapping, found `p_f`"),
        ("sex: {reference: male}", "sex: {reference: f, probabilities: {f: §[p]}}", "expected text, found a list"),
        ("bands: [18, 30, 60, 75]", "bands: [18, §thirty]", "bands.1: expected a number"),
        ("bands: [18, 30, 60, 75]", "bands: §[]", "bands: expected at least one entry"),
        ("intersections: [[sex, age_band]]", "intersections: [§sex, [sex, age_band]]", "expected a list, found `sex`"),
        ("intersections: [[sex, age_band]]", "intersections: [§[sex]]", "expected at least 2 entries"),
        ("selected: 1", "selected: §{a: 1}", "columns.selected: expected a list, found a mapping"),
        ("selected: 1", "selected: 1, consent: §opt_in", "columns.consent: expected a mapping, found `opt_in`"),
        ("selected: 1", "selected: 1, §rank: r", "columns.rank: not supported yet"),
        ("selected: 1", "selected: 1, §prise: fee", "columns.prise: unknown key (did you mean 'price'?)"),
        ("selected: 1", "selected: 1, resolution: §0.03", "expected a step that divides 1, from 0.000001 to 1, found"),
        ("selected: 1", "selected: 1, resolution: §2", "expected a step that divides 1, from 0.000001 to 1, found `2`"),
        ("selected: 1", "selected: 1, resolution: §0.0000001", "expected a step that divides 1"),
        ("selected: 1", "selected: 1, score_resolution: §1", "from 0.000001 to 0.1, found `1`"),
        ("selected: 1", "selected: 1, price_unit: §cents", "expected money or percent or fraction, found `cents`"),
        ("selected: 1", "selected: 1, walking_tolerance: §5", "expected a share from 0 to 1, found `5`"),
        ("selected: 1", "selected: 1, tenure: t, tenure_bands: §[]", "tenure_bands: expected at least one entry"),
        ("selected: 1", "selected: 1, score_resolution: §0.3", "expected a step that divides 1"),
        ("rows.csv}", "rows.csv, delimiter: §ab}", "expected one character"),
        ("rows.csv}", "rows.csv, encoding: §utf-9}", "there is no text encoding `utf-9`"),
        ("rows.csv}", "rows.csv, §items: i.csv}", "data.items: not supported yet"),
        (LAST, LAST + "approved: {by: b, on: §2.3.2026}", "expected a date"),
        (LAST, LAST + "approved: {by: b, on: §2026-02-30}", "expected a date"),
        (LAST, LAST + "small_groups: {max_untested: §5}", "a share from 0 to 1"),
        (LAST, LAST + "small_groups: {min_people: §-1}", "not negative"),
        (LAST, LAST + "small_groups: {min_in_stratum: §2.5}", "expected a whole number"),
        (LAST, LAST + "small_groups: {min_overlap: §80}", "a share from 0 to 1"),
        (LAST, LAST + "factors: {region: {why:§ }}", "factors.region.why: a value is required"),
        (LAST, LAST + "factors: {region: {why: §' '}}", "found an empty text"),
        (LAST, LAST + "§waivers: [{id: W-12}]", "waivers: not supported yet"),
        (LAST, LAST + "§statements: [{id: a}]", "statements: not supported yet"),
        (LAST, LAST + "§providers: {a: {}}", "providers: not supported yet"),
        (LAST, LAST + "§polarity: burden", "polarity: the same key stands on line 6"),
    ],
)
def test_mistakes_are_named_at_their_place(refused_at: RefusedAt, old: str, new: str, message: str) -> None:
    refused_at(message, (old, new))


def test_every_problem_is_told_and_the_first_of_the_file_first(refusal: Refuse) -> None:
    error = refusal(("polarity: benefit", "polarity: both"), ("min: 0.80", "mni: 0.80"), ("kind: targeting", "kind: x"))
    assert error.hint is not None
    assert ": model.kind: expected targeting or pricing, found `x`" in str(error)
    others = [line for line in error.hint.splitlines() if line.startswith("also ")]
    assert [other.split(": ")[1] for other in others] == ["polarity", "checks.0.mni"]


def test_at_most_ten_more_problems_are_listed(refusal: Refuse) -> None:
    error = refusal(
        ("{id: parity, metric: selection_rate_ratio, min: 0.80}", "{" + "k: 1, ".join("abcdefghijklm") + "k: 1}")
    )
    assert error.hint is not None
    assert error.hint.count("also evenhand.yaml") == 10
    assert error.hint.splitlines()[-1] == "and 3 more"  # 13 unknown keys and the missing id are 14


def test_a_comma_in_an_unquoted_text_is_explained(refusal: Refuse) -> None:
    error = refusal(
        ("polarity: benefit", "polarity: benefit\nfactors: {region: {why: licensed by region, see LEG-12}}")
    )
    assert "factors.region.see LEG-12: unknown key" in str(error)
    assert error.hint is not None
    assert "a comma starts a new key" in error.hint


def test_what_a_missing_key_is_for_is_said(refusal: Refuse) -> None:
    error = refusal(("polarity: benefit\n", ""))
    assert error.hint is not None
    assert "whether being selected, or a high price, is a benefit or a burden for the person" in error.hint
