"""From the results document to `Page`: everything a template prints, already in words. No number is made here.

The parts that need more room have a module each: evidence in `build_evidence`, data and provenance in `build_data`.
May import: render's own words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.render import numbers
from evenhand.render.build_data import data_section, provenance
from evenhand.render.build_evidence import evidence_section
from evenhand.render.build_factors import factors_section
from evenhand.render.build_prices import prices_section
from evenhand.render.check_sentences import people_in
from evenhand.render.labels import display_label, one_line, who
from evenhand.render.methods_text import conflicts, decision_modes, glossary, limits_of_audit
from evenhand.render.metric_words import words_of
from evenhand.render.order import apart, checks_worst_first, untested, worst, worst_first
from evenhand.render.page import (
    Badge,
    Cell,
    Column,
    Count,
    Decision,
    Fact,
    Header,
    Link,
    Methods,
    Page,
    Table,
    Verdict,
)
from evenhand.render.price_figures import about_prices
from evenhand.render.reasons import reason_words
from evenhand.render.status import MEASURED, STATUSES, StatusLook, look_of
from evenhand.render.text import untested_groups, warning_lines

_SENTENCES = 3
_NAMED_CHECKS = 3
_MOST_WARNINGS = 50


def build_page(document: Mapping[str, Any]) -> Page:
    """The page of a document. The same document gives the same page, wherever and whenever."""
    name = model_name(document)
    look = STATUSES[document["verdict"]]
    anchors = {check["id"]: f"check-{i + 1}" for i, check in enumerate(document["checks"])}
    decisions = _decisions(document, anchors)
    silent = _untested(document)
    prices, factors = prices_section(document), factors_section(document)
    evidence = evidence_section(document, anchors)
    tool = f"{document['tool']['name']} {document['tool']['version']}"
    sections = [
        ("decisions", "What needs a decision", bool(decisions)),
        ("checks", "All checks", True),
        ("untested", "Groups that could not be judged", silent is not None),
        ("prices", prices.title if prices else "", prices is not None),
        ("factors", factors.title if factors else "", factors is not None),
        ("evidence", "Evidence", bool(evidence)),
        ("data", "Data", True),
        ("methods", "Methods and limits", True),
        ("glossary", "Glossary", True),
        ("provenance", "Provenance", True),
        ("sign-off", "Sign-off", True),
    ]
    return Page(
        language="en",
        title=f"{look.word}: fairness audit of {name}",
        generator=tool,
        footer=f"{name} \u2013 audit {display_label(document['audit']['id'])}",
        header=_header(document, name),
        verdict=_verdict(document, look),
        decisions=decisions,
        contents=tuple(Link(anchor, text) for anchor, text, present in sections if present),
        checks=_checks(document, anchors),
        untested=silent,
        prices=prices,
        factors=factors,
        evidence=evidence,
        data=data_section(document),
        methods=Methods(decision_modes(document), limits_of_audit(document), _packs(document), conflicts(document)),
        glossary=glossary(document),
        provenance=provenance(document),
        sign_off=_sign_off(document),
        colophon=(
            f"Made by {one_line(tool)} from results.json. Everything on this page is in that file, and "
            "`evenhand report results.json` makes the page again, byte for byte.",
            "Nothing on this page is legal advice.",
        ),
    )


def model_name(document: Mapping[str, Any]) -> str:
    """`spring-offer-ranker 4.2.0`."""
    model = document["audit"]["model"]
    return " ".join(display_label(part) for part in (model["name"], model["version"]) if part)


def badge_of(look: StatusLook) -> Badge:
    """The look of a status as the page shows it."""
    return Badge(look.word, look.mark, look.css)


def _header(document: Mapping[str, Any], name: str) -> Header:
    audit = document["audit"]
    approved = audit["approved"]
    facts = [
        Fact("Data", _data_words(document)),
        Fact("Policy", _policy_words(document)),
        Fact("Policy approved", f"by {_text(approved['by'])} on {_text(approved['on'])}" if approved else "not yet"),
        Fact("Owner", _text(audit["model"]["owner"])),
        Fact("As of", _text(audit["as_of"])),
        Fact("Audit file", _audit_file(document)),
        Fact("Audit", display_label(audit["id"])),
        Fact("Made by", f"{document['tool']['name']} {document['tool']['version']}"),
    ]
    if audit.get("period"):
        facts.insert(1, Fact("Period", _text(audit["period"])))
    facts = [fact for fact in facts if fact.text != numbers.NONE]
    if audit["polarity"]:
        facts.insert(2, _polarity(document))
    title = _text(audit["title"]) if audit["title"] else name
    return Header(
        f"Fairness audit of a {_text(audit['kind'])} model", title, _text(audit["purpose"] or ""), tuple(facts)
    )


def _polarity(document: Mapping[str, Any]) -> Fact:
    """What is good for people: to be selected or not, to pay much or little."""
    audit = document["audit"]
    benefit = audit["polarity"] == "benefit"
    if about_prices(document):
        return Fact("A high price", f"a {audit['polarity']}: {'less' if benefit else 'more'} is the disadvantage")
    disadvantage = "being left out" if benefit else "being chosen"
    return Fact("Being selected", f"a {audit['polarity']}: {disadvantage} is the disadvantage")


def _audit_file(document: Mapping[str, Any]) -> str:
    """The file that the audit's own checks are written in; a pack's checks are written elsewhere, or nowhere."""
    files = (check["source"]["file"] for check in document["checks"] if check["source"] and check["pack"] is None)
    return _text(next(files, None))


def _data_words(document: Mapping[str, Any]) -> str:
    rows = document["rows"]
    of = f"{numbers.count(rows['audited'])} of {numbers.count(rows['read'])} rows audited"
    people = document["people"]
    return f"{numbers.counted(people, 'person', 'people')}, {of}" if people is not None else of


def _policy_words(document: Mapping[str, Any]) -> str:
    packs = [" ".join(_text(p) for p in (pack["id"], pack["version"]) if p) for pack in document["policy"]["packs"]]
    own = numbers.counted(len(document["checks"]), "check", "checks")
    return f"{own}, with {', '.join(packs)}" if packs else own


def _verdict(document: Mapping[str, Any], look: StatusLook) -> Verdict:
    looks = [look_of(check) for check in document["checks"]]
    order = [*sorted(STATUSES.values(), key=lambda s: s.severity), MEASURED]
    counts = tuple(Count(badge_of(state), f"{looks.count(state)} {state.counted}") for state in order if state in looks)
    silent = untested_groups(document)
    groups = numbers.counted(len(silent), "group", "groups")
    return Verdict(
        status=document["verdict"],
        badge=badge_of(look),
        sentence=one_line(document["reason"]["text"]),
        counts=counts,
        counted=numbers.counted(len(looks), "check", "checks"),
        untested=f"{groups} could not be judged in at least one check." if silent else "",
        notes=tuple(warning_lines(document, _MOST_WARNINGS)),
    )


def _decisions(document: Mapping[str, Any], anchors: Mapping[str, str]) -> tuple[Decision, ...]:
    decisions = []
    for check in checks_worst_first(document):
        if check["status"] not in {"fail", "inconclusive", "warn", "waived"}:
            continue
        open_ = [c for c in worst_first(document, check) if c["status"] in {"fail", "inconclusive", "warn"}]
        sentences = [one_line(c["sentence"]) for c in open_[:_SENTENCES]] or [one_line(check["sentence"])]
        left = len(open_) - _SENTENCES
        more = f"and {numbers.counted(left, 'more group', 'more groups')}, see the evidence" if left > 0 else ""
        link = Link(anchors[check["id"]], display_label(check["id"]))
        decisions.append(Decision(badge_of(look_of(check)), link, tuple(sentences), more))
    return tuple(decisions)


def _checks(document: Mapping[str, Any], anchors: Mapping[str, str]) -> Table:
    columns = (
        Column("Result"),
        Column("Check"),
        Column("Worst group"),
        Column("Value", numeric=True),
        Column("Interval that decided", numeric=True),
        Column("Limit", numeric=True),
        Column("People", numeric=True),
    )
    rows = []
    for check in checks_worst_first(document):
        words, nearest = words_of(document, check["metric"]), worst(document, check)
        limits = numbers.limits_of(check)
        name = display_label(check["id"]) + (" (warns only)" if check["level"] == "warn" else "")
        bounds = nearest["decision_interval"] if nearest else None
        rows.append(
            (
                Cell("", badge=badge_of(look_of(check))),
                Cell(name, anchor=anchors[check["id"]]),
                Cell(who(nearest) if nearest else numbers.NONE),
                Cell(numbers.judged(nearest["estimate"], words.unit, limits) if nearest else _how_many(check)),
                Cell(numbers.interval(bounds, words.unit, limits)),
                Cell(numbers.limit_sign(check, words.unit)),
                Cell(numbers.count(nearest["n"] if nearest else None)),
            )
        )
    return Table("One row a check, the worst first", columns, tuple(rows), heading=1)


def _how_many(check: Mapping[str, Any]) -> str:
    """`26 values` of a check whose values answer different questions; nothing for a check that has none."""
    known = [c for c in check["comparisons"] if c["estimate"] is not None]
    return numbers.counted(len(known), "value", "values") if apart(check) else numbers.NONE


def _untested(document: Mapping[str, Any]) -> Table | None:
    """Groups that a check could not judge, once for each reason."""
    found: dict[tuple[str, str, str], list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {}
    for check in document["checks"]:
        if check["level"] != "report":
            for comparison in untested(check["comparisons"]):
                reason = comparison["reason"]
                text = reason["text"] or reason_words(reason["code"], check)
                found.setdefault((comparison["attribute"], comparison["group"], text), []).append((check, comparison))
    if not found:
        return None
    columns = (
        Column("Group"),
        Column("People", numeric=True),
        Column("Why"),
        Column("People that would do", numeric=True),
        Column("Checks"),
    )
    rows = []
    for (attribute, group, text), cases in found.items():
        check, comparison = cases[0]
        needed = [c["needs_n"] for _, c in cases if c["needs_n"] is not None]
        ids = list(dict.fromkeys(display_label(k["id"]) for k, _ in cases))
        more = f" and {len(ids) - _NAMED_CHECKS} more" if len(ids) > _NAMED_CHECKS else ""
        rows.append(
            (
                Cell(who(comparison)),
                Cell(numbers.count(people_in(document, check, attribute, group))),
                Cell(one_line(text)),
                Cell(numbers.about(max(needed)) if needed else numbers.NONE),
                Cell(", ".join(ids[:_NAMED_CHECKS]) + more),
            )
        )
    return Table("What this audit says nothing about", columns, tuple(rows))


def _packs(document: Mapping[str, Any]) -> tuple[Fact, ...]:
    packs = []
    for pack in document["policy"]["packs"]:
        standing = [_text(pack[key]) for key in ("version", "binding", "in_force") if pack[key]]
        term = _text(pack["id"]) + (f" ({', '.join(standing)})" if standing else "")
        packs.append(Fact(term, _text(pack["sentence"])))
    return tuple(packs)


def _sign_off(document: Mapping[str, Any]) -> Table:
    owner = document["audit"]["model"]["owner"]
    columns = tuple(Column(t) for t in ("Role", "Name", "Decision", "Signature", "Date"))
    blank = (Cell(""),) * 3
    rows = (
        (Cell("Model owner"), Cell(_text(owner) if owner else ""), *blank),
        (Cell("Ethics committee"), Cell(""), *blank),
        (Cell("Data protection"), Cell(""), *blank),
    )
    return Table("Decision on this audit", columns, rows)


def _text(text: object) -> str:
    return one_line(str(text)) if text not in (None, "") else numbers.NONE
