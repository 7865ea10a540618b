"""Remarks of the results document: notes on the data, and warnings that a reader should see before trusting the page.

May import: config, errors, judge, load, measure, and render's `labels` and `numbers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenhand.config.checks import Check
from evenhand.config.loader import Audit
from evenhand.errors import near_name
from evenhand.judge.verdicts import CheckVerdict
from evenhand.load.labels import MISSING
from evenhand.measure.base import Finding, Grouping, Setting
from evenhand.render.labels import who
from evenhand.render.numbers import percent

JSON = dict[str, Any]


def joining_notes(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Both sides of the join, counted."""
    texts = {
        "attribute_rows": "rows of the attributes read",
        "rows_unmatched": "rows of the predictions whose key is not in the attributes",
        "attribute_rows_unmatched": "rows of the attributes that no prediction uses",
    }
    return [(code, text, counts[code]) for code, text in texts.items() if counts.get(code)]


def absent_groups(audit: Audit, setting: Setting, groupings: Mapping[str, Grouping]) -> list[tuple[str, str, int]]:
    """Groups that the audit file leaves out or gives a share, and that no row has: perhaps misspelt."""
    named = [("exclude", left_out.attribute, left_out.group) for left_out in audit.exclusions]
    named += [("population", name, label) for name, shares in audit.file.population.items() for label in shares]
    notes = []
    for key, attribute, group in named:
        grouping = groupings[attribute]
        labels = [grouping.label(labels) for labels in setting.main(grouping)]
        if group not in (*labels, MISSING):
            near = near_name(group, labels)
            text = f"`{key}` names the group `{group}` of `{attribute}`, which does not occur in the data"
            notes.append((f"{key}_absent", text + (f" (did you mean `{near}`?)" if near else ""), 0))
    return notes


def warnings_part(
    audit: Audit, setting: Setting, checks: Sequence[tuple[Check, CheckVerdict]], data: JSON
) -> list[JSON]:
    """What a reader should know before trusting the page; `data` is the document's part of that name."""
    found = []
    if any(":" in check.metric for check, _ in checks):
        text = "some checks use functions of the rows, through fairlearn's MetricFrame on one machine"
        found.append(("metrics_on_rows", text))
    if any(check.decide_by == "point" and check.level != "report" for check, _ in checks):
        found.append(("no_error_control", "checks decided by `point` have no error control"))
    found += unknown_people(audit, setting, data)
    findings = [c.finding for _, verdict in checks for c in verdict.comparisons]
    if setting.repeated:
        counts = setting.cells.header.counts
        text = f"the {counts['rows_audited']:,} rows are of {counts['units']:,} people: some have several rows"
        found.append(("several_rows", f"{text}, and intervals allow for that"))
    few = {(f.attribute, f.group): f for f in findings if f.few_units}
    for finding in few.values():
        group = who({"attribute": finding.attribute, "group": finding.group, "groups": finding.groups})
        text = f"the rows of {group} come from fewer than 20 people, or mostly from a few; intervals are rough"
        found.append(("few_units", text))
    least = audit.small_groups.min_people
    found += caveats([finding for finding in findings if finding.people >= least or not finding.floors])
    return [{"code": code, "text": text} for code, text in found]


def caveats(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """What findings say about themselves, each clause once, with the groups that it is about."""
    groups: dict[str, list[str]] = {}
    for finding in findings:
        group = who({"attribute": finding.attribute, "group": finding.group, "groups": finding.groups})
        for caveat in finding.caveats:
            groups.setdefault(caveat, []).append(group)
    return [("caveat", f"{', '.join(dict.fromkeys(names))}: {text}") for text, names in groups.items()]


def unknown_people(audit: Audit, setting: Setting, data: JSON) -> list[tuple[str, str]]:
    """More rows than the policy leaves untested have nobody in the attributes, or lack an attribute."""
    counts, most = setting.cells.header.counts, audit.small_groups.max_untested
    rows, unmatched = counts["rows_audited"], counts.get("rows_unmatched", 0)
    found = []
    if unmatched > most * rows:
        text = f"{unmatched:,} of {rows:,} rows ({percent(unmatched / rows)}) found no person in the attributes"
        found.append(("rows_unmatched", f"{text}: no check sees how they were treated"))
    for missing in data["missing"]:
        name, n = missing["attribute"], missing["rows"]
        # Rows without a person lack every attribute: said once, above.
        if name in audit.file.protected and n > max(most * rows, unmatched):
            text = f"`{name}` is missing in {n:,} of {rows:,} rows ({percent(n / rows)})"
            found.append(("attribute_missing", f"{text}: no check of it sees how they were treated"))
    return found
