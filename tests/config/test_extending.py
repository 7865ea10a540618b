"""Building on packs: ids, what may be made stricter and what may not be made looser, where packs may lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from evenhand.config.loader import Audit, load_audit
from evenhand.errors import AuditFileError, UsageError

RefusedAt = Callable[..., AuditFileError]
Refuse = Callable[..., AuditFileError]
Load = Callable[..., Audit]

PACK = """\
id: company
version: 1
title: what the company asks of every model
jurisdiction: the company
binding: practice
source: LEG-1
sentence: agreed by the board; not legal advice
small_groups: {min_people: 25}
checks:
  - {id: parity, metric: selection_rate_ratio, min: 0.80, max: 1.25, level: warn, decide_by: point}
  - {id: errors, metric: false_positive_rate_difference, max: 0.05, attributes: [sex]}
  - {id: seen, metric: selection_rate, level: report}
  - {id: scores, metric: auc, min: 0.6, level: report}
"""
PACK_PARITY = "company.yaml:10"
"""Where the pack's first check stands, counted in the text above."""

EXTENDS = ("polarity: benefit\n", "polarity: benefit\nextends: company.yaml\n")
OWN = "{id: parity, metric: selection_rate_ratio, min: 0.80}"


@pytest.fixture(autouse=True)
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "company.yaml"
    path.write_text(
        PACK.replace("scores, metric: auc, min: 0.6, level", "scores, metric: auc, level"), encoding="utf-8"
    )
    return path


def override(keys: str) -> tuple[str, str]:
    return (OWN, f"{{id: company/parity, {keys}}}")


def test_checks_of_a_pack_keep_their_id_and_come_first(load: Load) -> None:
    audit = load(EXTENDS)
    assert [check.id for check in audit.checks] == [
        *("company/parity", "company/errors", "company/seen", "company/scores"),
        "parity",
    ]
    first = audit.checks[0]
    assert (first.pack, first.level, first.decide_by, first.maximum) == ("company", "warn", "point", Decimal("1.25"))
    assert (first.file, first.line) == ("company.yaml", 10)
    assert audit.checks[1].attributes == ("sex",)
    assert [info.id for info in audit.packs] == ["company"]
    assert (audit.packs[0].binding, audit.packs[0].in_force_from) == ("practice", None)


def test_a_check_of_a_pack_whose_roles_are_absent_is_kept_for_the_judge(load: Load) -> None:
    # contract.md: own check -> exit 2, from a pack -> not_tested.
    without_label = (", label: bought, positive: yes", "")
    missing = {check.id: check.missing_roles for check in load(EXTENDS, without_label).checks}
    assert missing["company/errors"] == ("label",)
    assert missing["company/scores"] == ("score", "label")
    assert missing["company/parity"] == missing["parity"] == ()
    without_sex = (("sex: {reference: male}\n", ""), ("intersections: [[sex, age_band]]\n", ""))
    missing = {check.id: check.missing_roles for check in load(EXTENDS, *without_sex).checks}
    assert missing["company/errors"] == ("protected.sex",)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("min: 0.90", {"minimum": Decimal("0.90"), "maximum": Decimal("1.25"), "level": "warn"}),
        ("min: 0.80", {"minimum": Decimal("0.80")}),
        ("max: 1.10", {"maximum": Decimal("1.10")}),
        ("max: 1.25", {"maximum": Decimal("1.25")}),
        ("level: error", {"level": "error", "decide_by": "point"}),
        ("decide_by: assurance", {"decide_by": "assurance"}),
        ("metric: selection_rate_ratio, why: agreed", {"why": "agreed"}),
        ("attributes: [sex, age_band, [sex, age_band]]", {"attributes": ("sex", "age_band", "sex × age_band")}),
    ],
)
def test_a_check_may_be_made_stricter(load: Load, keys: str, expected: dict[str, Any]) -> None:
    changed = next(check for check in load(EXTENDS, override(keys)).checks if check.id == "company/parity")
    assert {name: getattr(changed, name) for name in expected} == expected
    assert (changed.file, changed.line) == ("evenhand.yaml", 13), "the line that decides now"


@pytest.mark.parametrize(
    ("keys", "theirs"),
    [
        ("min: §0.70", "0.80"),
        ("max: §1.30", "1.25"),
        ("level: §report", "warn"),
        ("decide_by: §legal", "point"),
        ("decide_by: §confirmatory", "point"),
        ("metric: §selection_rate_difference", "`selection_rate_ratio`"),
        ("attributes: §[sex]", "all attributes"),
    ],
)
def test_a_check_may_not_be_made_looser(refused_at: RefusedAt, keys: str, theirs: str) -> None:
    refused_at(f"less strict than `company/parity`, which says {theirs} ({PACK_PARITY})", EXTENDS, override(keys))


def test_every_looser_key_is_told(refusal: Refuse) -> None:
    error = refusal(EXTENDS, override("min: 0.70, max: 1.30, level: report"))
    assert error.hint is not None
    assert error.hint.count("less strict than `company/parity`") == 2


@pytest.mark.parametrize("theirs", ["assurance", "point", "legal", "confirmatory"])
@pytest.mark.parametrize("ours", ["assurance", "point", "legal", "confirmatory"])
def test_every_pair_of_ways_to_decide(load: Load, refused_at: RefusedAt, pack: Path, theirs: str, ours: str) -> None:
    # contract.md: assurance is stricter than point, point than legal and than confirmatory.
    allowed = {("point", "assurance"), ("legal", "point"), ("confirmatory", "point")}
    allowed |= {("legal", "assurance"), ("confirmatory", "assurance")}
    text = pack.read_text(encoding="utf-8")
    pack.write_text(text.replace("decide_by: point", f"decide_by: {theirs}"), encoding="utf-8")
    if theirs == ours or (theirs, ours) in allowed:
        assert load(EXTENDS, override(f"decide_by: {ours}")).checks[0].decide_by == ours
    else:
        refused_at(f"which says {theirs} ({PACK_PARITY})", EXTENDS, override(f"decide_by: §{ours}"))


def test_report_may_become_a_judged_check(load: Load, refused_at: RefusedAt) -> None:
    judged = (OWN, "{id: company/seen, level: error, min: 0.1}")
    assert next(c for c in load(EXTENDS, judged).checks if c.id == "company/seen").level == "error"
    refused_at("never judged", EXTENDS, (OWN, "{id: company/seen, min: §0.1}"))


def test_an_override_is_checked_as_a_whole(refused_at: RefusedAt) -> None:
    refused_at("found 90 (did you mean 0.90?)", EXTENDS, override("min: §90"))


def test_floors_may_be_lowered_not_raised(load: Load, refused_at: RefusedAt) -> None:
    small = "polarity: benefit\nextends: company.yaml\nsmall_groups: {min_people: "
    assert load(EXTENDS).small_groups.min_people == 25, "the pack's"
    assert load(EXTENDS).small_groups.min_expected == 20, "the default"
    assert load((EXTENDS[0], f"{small}10}}\n")).small_groups.min_people == 10
    refused_at("26 is less strict than the pack says: 25 (company.yaml:8)", (EXTENDS[0], f"{small}§26}}\n"))


def test_overlap_may_be_raised_not_lowered(load: Load, refused_at: RefusedAt, pack: Path, tmp_path: Path) -> None:
    text = pack.read_text(encoding="utf-8").replace("min_people: 25", "min_overlap: 0.9, min_in_stratum: 8")
    pack.write_text(text, encoding="utf-8")
    small = "polarity: benefit\nextends: company.yaml\nsmall_groups: {"
    floors = load(EXTENDS).small_groups
    assert (floors.min_overlap, floors.min_in_stratum) == (Decimal("0.9"), 8)
    assert load((EXTENDS[0], f"{small}min_overlap: .95, min_in_stratum: 5}}\n")).small_groups.min_overlap == Decimal(
        ".95"
    )
    refused_at(
        "0.8 is less strict than the pack says: 0.9 (company.yaml:8)", (EXTENDS[0], f"{small}min_overlap: §.8}}\n")
    )
    refused_at("9 is less strict than the pack says: 8 (company", (EXTENDS[0], f"{small}min_in_stratum: §9}}\n"))
    other = text.replace("id: company\n", "id: other\n").replace("min_overlap: 0.9", "min_overlap: 0.85")
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    both = load((EXTENDS[0], "polarity: benefit\nextends: [other.yaml, company.yaml]\n"))
    assert both.small_groups.min_overlap == Decimal("0.9"), "of several packs the highest"


def test_of_several_packs_the_lowest_floor_holds(load: Load, refused_at: RefusedAt, tmp_path: Path) -> None:
    other = PACK.replace("id: company\n", "id: other\n").replace("min_people: 25", "min_people: 15")
    (tmp_path / "other.yaml").write_text(other.replace("auc, min: 0.6,", "auc,"), encoding="utf-8")
    for order in ("company.yaml, other.yaml", "other.yaml, company.yaml"):
        extends = f"polarity: benefit\nextends: [{order}]\n"
        assert load((EXTENDS[0], extends)).small_groups.min_people == 15
        refused_at("says: 15 (other.yaml:8)", (EXTENDS[0], f"{extends}small_groups: {{min_people: §20}}\n"))


def test_an_override_of_nothing(refused_at: RefusedAt) -> None:
    refused_at("(did you mean 'company/parity'?)", EXTENDS, (OWN, "{id: §company/party, min: .9}"))
    refused_at("no pack of this audit has the check `company/parity`", (OWN, "{id: §company/parity, min: .9}"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("min: 0.80", "mni: 0.80", "company.yaml:10:48: checks.0.mni: unknown key"),
        ("binding: practice", "binding: rule", "company.yaml:5:10: binding: expected law or guidance"),
        ("id: company\n", "id: Company\n", "company.yaml:1:5: id: an id is made of"),
        ("id: errors", "id: parity", "company.yaml:11:10: checks.1.id: the id `parity` is used by"),
        ("id: errors", "id: a/b", "company.yaml:11:10: checks.1.id: an id is made of"),
        ("min: 0.80", "min: 80", "company.yaml:10:53: checks.0.min: `min` of a ratio"),
        ("sentence:", "extends: [four-fifths]\nsentence:", "company.yaml:7:1: extends: unknown key"),
        ("sentence: agreed by the board; not legal advice\n", "", "company.yaml:1:1: sentence: this key is required"),
        ("metric: selection_rate,", "metric: selection_rat,", "(did you mean 'selection_rate'?)"),
    ],
)
def test_mistakes_in_a_pack_are_named_in_the_pack(
    refusal: Refuse, pack: Path, old: str, new: str, message: str
) -> None:
    assert old in PACK
    pack.write_text(pack.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert message in str(refusal(EXTENDS))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("four-fifth", "there is no pack `four-fifth` (did you mean 'four-fifths'?)"),
        ("https://example.org/pack.yaml", "packs are never fetched from an address"),
        ("file:///etc/passwd", "packs are never fetched"),
        ("../../etc/passwd", "is outside the repository"),
        ("/etc/passwd", "is outside the repository"),
        ("policies/../../other.yaml", "is outside the repository"),
        ("compani.yaml", "there is no pack file `compani.yaml` (did you mean 'company.yaml'?)"),
        ("./notes.txt", "is not a .yaml file"),
        ('"a\\0b/c.yaml"', "is outside the repository"),
        ("a" * 300 + ".yaml", "there is no pack file"),
    ],
)
def test_packs_that_cannot_be_extended(refused_at: RefusedAt, written: str, message: str) -> None:
    refused_at(message, ("polarity: benefit\n", f"polarity: benefit\nextends: [§{written}]\n"))


def test_a_link_out_of_the_repository_is_not_followed(refused_at: RefusedAt, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(PACK, encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to(outside / "secret.yaml")
    (tmp_path / "folder").symlink_to(outside)
    for written in ("link.yaml", "folder/secret.yaml"):
        refused_at("is outside the repository", ("polarity: benefit\n", f"polarity: benefit\nextends: [§{written}]\n"))


def test_a_pack_may_lie_anywhere_in_the_repository(
    catalogue: Mapping[str, Any], load: Load, tmp_path: Path, pack: Path
) -> None:
    load()
    (tmp_path / ".git").mkdir()
    (tmp_path / "policies").mkdir()
    pack.rename(tmp_path / "policies" / "company.yaml")
    folder = tmp_path / "models"
    folder.mkdir()
    text = (tmp_path / "evenhand.yaml").read_text(encoding="utf-8")
    (folder / "evenhand.yaml").write_text(text + "extends: [../policies/company.yaml]\n", encoding="utf-8")
    audit = load_audit(folder / "evenhand.yaml", catalogue=catalogue, environment={})
    assert audit.checks[0].file == "policies/company.yaml"


def test_packs_of_the_company_folder(load: Load, refused_at: RefusedAt, tmp_path: Path, pack: Path) -> None:
    policies = tmp_path.parent / f"{tmp_path.name}-policies"
    policies.mkdir()
    pack.rename(policies / "company.yaml")
    environment = {"EVENHAND_POLICIES": str(policies)}
    by_name = ("polarity: benefit\n", "polarity: benefit\nextends: [company]\n")
    by_path = ("polarity: benefit\n", f"polarity: benefit\nextends: [{policies}/company.yaml]\n")
    for edit in (by_name, by_path):
        assert load(edit, environment=environment).checks[0].id == "company/parity"
    refused_at("is outside the repository", (by_path[0], by_path[1].replace("[", "[§")))
    near = ("polarity: benefit\n", "polarity: benefit\nextends: [§companie]\n")
    refused_at("(did you mean 'company'?)", near, environment=environment)


def test_one_more_pack_from_the_command_line(load: Load, tmp_path: Path, pack: Path) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere.yaml"
    pack.rename(elsewhere)
    audit = load(extra_policies=[str(elsewhere), "nyc-ll144"])
    assert [info.id for info in audit.packs] == ["company", "nyc-ll144"]
    assert audit.checks[0].file == elsewhere.name, "no path of this machine"
    with pytest.raises(UsageError, match=r"--policy: there is no pack `four-fifth` \(did you mean 'four-fifths'"):
        load(extra_policies=["four-fifth"])
    with pytest.raises(UsageError, match="--policy: packs are never fetched"):
        load(extra_policies=["https://example.org/pack.yaml"])


def test_a_pack_named_twice_counts_once(load: Load, tmp_path: Path, pack: Path) -> None:
    twice = ("polarity: benefit\n", "polarity: benefit\nextends: [company.yaml, ./company.yaml, four-fifths]\n")
    audit = load(twice, extra_policies=["company.yaml", "four-fifths"])
    assert [info.id for info in audit.packs] == ["company", "four-fifths"]
    (tmp_path / "other.yaml").write_text(PACK, encoding="utf-8")
    with pytest.raises(UsageError, match="another pack with the id `company`"):
        load(twice, extra_policies=["other.yaml"])


def test_another_pack_with_the_same_id(refused_at: RefusedAt, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(PACK, encoding="utf-8")
    extends = "polarity: benefit\nextends: [company.yaml, §other.yaml]\n"
    refused_at("another pack with the id `company`", ("polarity: benefit\n", extends))


def test_a_check_of_a_shipped_pack_points_to_the_line_that_extends_it(load: Load) -> None:
    audit = load(("polarity: benefit\n", "polarity: benefit\nextends: [company.yaml, four-fifths]\n"))
    shipped = next(check for check in audit.checks if check.id == "four-fifths/impact-ratio")
    assert (shipped.file, shipped.line, shipped.column) == ("evenhand.yaml", 7, 25)


def test_a_one_sided_pack_is_refused_under_the_other_polarity(refusal: Refuse, load: Load, pack: Path) -> None:
    pack.write_text(PACK.replace(", max: 1.25", "").replace("min: 0.6, ", ""), encoding="utf-8")
    error = refusal(EXTENDS, ("polarity: benefit", "polarity: burden"), (OWN, OWN.replace("min: 0.80", "max: 1.25")))
    assert str(error).startswith("company.yaml:10:")
    assert "only `max` limits" in str(error)
    assert error.hint is not None
    assert "the audit file may make it stricter as `company/parity`" in error.hint
    both = OWN.replace("parity, metric: selection_rate_ratio, min: 0.80", "company/parity, max: 1.25")
    assert load(EXTENDS, ("polarity: benefit", "polarity: burden"), (OWN, both)).checks[0].maximum == Decimal("1.25")


def test_only_packs(load: Load) -> None:
    audit = load(EXTENDS, (f"checks:\n  - {OWN}\n", ""))
    assert len(audit.checks) == 4
