"""What the checks of an audit ask: needs, groupings, findings and rules; and the overview that nobody judges.

Called by the pipeline. May import: config, errors, judge, kinds, measure, results, tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from evenhand.config.checks import Check, roles_present
from evenhand.config.loader import Audit
from evenhand.errors import DataError, near_name
from evenhand.judge.checks import judge_check
from evenhand.judge.rules import Floors, Rule
from evenhand.judge.verdicts import CheckVerdict, Reason
from evenhand.kinds import KINDS
from evenhand.measure import MEASURES
from evenhand.measure.base import Finding, Grouping, Setting
from evenhand.results import applicable, summary_names
from evenhand.tally.cell_table import holds_pair
from evenhand.tally.cells import Cells
from evenhand.tally.needs import Declared, Needs
from evenhand.tally.plan import product_columns

OPTIONAL_KEYS = frozenset({"campaign"})
"""Keys that a measure uses where they are declared and does without elsewhere."""

EVERYONE = Grouping("everyone", (), ())
ExternalFindings = Mapping[str, list[Finding]]


def needs_of(audit: Audit) -> Needs:
    """The union of what all checks, and the groups table of the report, ask of the tally."""
    declared = Declared(audit.file.columns.stages, roles_present(audit.file))
    wanted = [MEASURES[check.metric] for check in audit.checks if ":" not in check.metric and not check.missing_roles]
    needs = Needs()
    for measure in [*wanted, *(MEASURES[name] for name in (*summary_names(audit), *overview_names(audit)))]:
        needs = needs | measure.needs(declared)
    if "price" in declared.roles:
        needs = needs | Needs(keys=frozenset({"price_sign"}))  # prices of zero and below are noted, whatever is asked
    return needs


def overview_names(audit: Audit) -> list[str]:
    """Measures that the report shows of every model of the kind, where their roles are there."""
    kind = KINDS[audit.file.model.kind]
    return applicable(audit, [name for names in kind.overview.values() for name in names])


def overview_checks(audit: Audit) -> list[Check]:
    """The overview as checks that nobody judges, over every attribute."""
    return [
        Check(
            id=f"overview/{name}",
            pack=None,
            metric=name,
            written=name,
            minimum=None,
            maximum=None,
            level="report",
            decide_by="point",
            attributes=audit.attributes.names,
            why=None,
            bootstrap=None,
            missing_roles=(),
            file=audit.name,
            line=0,
            column=0,
        )
        for name in overview_names(audit)
    ]


def groupings_of(audit: Audit) -> dict[str, Grouping]:
    """Attributes and intersections by name."""
    references = {name: attribute.reference for name, attribute in audit.file.protected.items()}
    return {
        name: Grouping(name, members, tuple(references[member] for member in members))
        for name, members in audit.attributes.members.items()
    }


def refuse_absent_references(audit: Audit, setting: Setting, groupings: Mapping[str, Grouping]) -> None:
    """A declared reference that never occurs is a mistake; that of an intersection may be missing."""
    for name, grouping in groupings.items():
        if len(grouping.keys) > 1:
            continue
        labels = [key[0] for key in setting.main(grouping)]
        if grouping.reference[0] not in labels:
            near = near_name(grouping.reference[0], labels)
            raise audit.error(
                ("protected", name, "reference"),
                f"reference `{grouping.reference[0]}` of `{name}` does not occur in the data"
                + (f" (did you mean `{near}`?)" if near else ""),
                "the groups are " + ", ".join(f"`{label}`" for label in labels[:10]) if labels else None,
            )


def lacking_in(cells: Cells, needs: Needs) -> list[str]:
    """What measures ask for and stored cells do not hold, in words."""
    lacking = sorted(needs.keys - set(cells.main.keys) - OPTIONAL_KEYS)
    if needs.strata:
        lacking += sorted(set(cells.header.definition["factors"]) - set(cells.main.keys))
    lacking += [f"the distribution of {name}" for name in sorted(needs.values) if not holds_values(cells, name, needs)]
    lacking += [f"sums of {name}" for name in sorted(lacking_sums(cells, needs))]
    if cells.unit is not None and any(not holds_pair(cells.unit, one.name, other.name) for one, other in needs.pairs):
        lacking.append("sums per person")
    return lacking


def holds_values(cells: Cells, name: str, needs: Needs) -> bool:
    """Whether cells hold a distribution with the labels that measures ask of it."""
    table = cells.value(name)
    return table is not None and (name != "score" or needs.keys & {"label"} <= set(table.keys))


def lacking_sums(cells: Cells, needs: Needs) -> set[str]:
    """The products of amounts that measures ask for and the main cells do not hold."""
    there = set(cells.main.sums)
    return {
        f"{left} × {right}"
        for left, right in needs.products
        if not there.issuperset(product_columns(*sorted((left, right))))
    }


def judged(
    audit: Audit,
    check: Check,
    setting: Setting,
    groupings: Mapping[str, Grouping],
    external: ExternalFindings | None,
) -> tuple[CheckVerdict, int]:
    """The verdict of one check, and how many findings it must cover."""
    if check.missing_roles:
        names = ", ".join(f"`{role}`" for role in check.missing_roles)
        return CheckVerdict("not_tested", Reason("roles_absent", f"the audit file declares no {names}"), ()), 0
    if check.decide_by == "legal" and check.level != "report" and (setting.repeated or setting.cells.weighted):
        if check.pack is None:
            message = "`legal` is about one unweighted row a person, and people have several rows here"
            raise audit.check_error(check, message, "decide by assurance or point")
        return CheckVerdict("not_tested", Reason("units_unclear", "`legal` needs one unweighted row a person"), ()), 0
    findings = findings_of(check, setting, groupings, external)
    if check.decide_by == "legal":
        findings = [one_person_a_row(finding, setting, groupings) for finding in findings]
    parity = None if ":" in check.metric else MEASURES[check.metric].parity
    return judge_check(findings, rule_of(audit, check, parity)), len(findings)


def one_person_a_row(finding: Finding, setting: Setting, groupings: Mapping[str, Grouping]) -> Finding:
    """The finding, without a test where its groups are shares of rows: `legal` moves whole people."""
    grouping = groupings.get(finding.attribute)
    if grouping is None or not setting.shared.intersection(grouping.keys):
        return finding
    return replace(finding, contrast=None, undefined="units_unclear")


def findings_of(
    check: Check, setting: Setting, groupings: Mapping[str, Grouping], external: ExternalFindings | None
) -> list[Finding]:
    """What the check's metric finds on the cells, for the attributes that it covers."""
    if ":" in check.metric:
        if external is None:
            raise DataError(
                f"check `{check.id}`: `{check.metric}` is a function of rows, and there are only cells",
                hint="audit the rows, or remove the check",
            )
        return external[check.id]
    measure = MEASURES[check.metric]
    if measure.scope == "everyone":
        return measure.findings(setting, EVERYONE)
    return [finding for name in check.attributes for finding in measure.findings(setting, groupings[name])]


def rule_of(audit: Audit, check: Check, parity: float | None) -> Rule:
    """The check as the judge sees it."""
    small = audit.small_groups
    return Rule(
        minimum=None if check.minimum is None else Fraction(check.minimum),
        maximum=None if check.maximum is None else Fraction(check.maximum),
        level=check.level,  # type: ignore[arg-type]  # validated by the audit file's schema
        decide_by=check.decide_by,  # type: ignore[arg-type]  # likewise
        parity=parity,
        floors=Floors(
            min_people=small.min_people,
            min_denominator=small.min_denominator,
            min_expected=small.min_expected,
            max_untested=Fraction(small.max_untested),
        ),
        excluded={(left_out.attribute, left_out.group): left_out.why for left_out in audit.exclusions},
    )
