"""Parts of the page that a document's own words decide: the audit file's name, notes by the verdict, many curves."""

from __future__ import annotations

from typing import Any

import render_documents as made

from evenhand.render.build_page import build_page
from evenhand.render.html import render_html
from evenhand.render.options import RenderOptions
from evenhand.render.sentences import fill_sentences


def document_of(*checks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return fill_sentences(made.document(list(checks), "pass", 0, **changes))


def passing(identity: str, **changes: Any) -> dict[str, Any]:
    return made.check(
        identity, "selection_rate_ratio", "pass", [made.comparison("sex", "female", "pass", 0.95, (0.9, 1))], **changes
    )


def header(document: dict[str, Any]) -> dict[str, str]:
    return {fact.term: fact.text for fact in build_page(document).header.facts}


def test_the_header_names_the_audit_file_of_an_own_check() -> None:
    packed = passing("four-fifths/a", pack="four-fifths", source={"file": "packs/four-fifths.yaml", "line": 3})
    own = passing("b", source={"file": "audits/spring.yaml", "line": 9})
    assert header(document_of(packed, own))["Audit file"] == "audits/spring.yaml"
    assert "Audit file" not in header(document_of(packed))


def test_warnings_stand_by_the_verdict_and_notes_by_the_data(every_state: dict[str, Any]) -> None:
    page = build_page(every_state)
    assert page.verdict.notes == (every_state["warnings"][0]["text"],)
    assert page.data.notes == ("`region` has groups that differ by case only (118 rows)",)
    written = render_html(every_state, RenderOptions())
    verdict = written.split('<section id="verdict"')[1].split("</section>")[0]
    assert verdict.count("<li>each row was taken to be a person") == 1


def test_no_warning_no_list() -> None:
    assert 'class="notes"' not in render_html(document_of(passing("a"), warnings=[]), RenderOptions())


def test_more_lines_than_a_chart_tells_apart_are_drawn_in_several() -> None:
    names = [f"age: band {i}" for i in range(8)]
    series = [{"name": name, "points": [[0.1, 0.2], [0.5, 0.4]]} for name in names]
    document = document_of(passing("a"))
    document["evidence"]["a"]["curve"] = {"x": "mean score", "y": "observed rate", "series": series}
    charts = build_page(document).evidence[0].charts[1:]
    assert [sum(name in chart.svg for name in names) for chart in charts] == [6, 2]
    assert len({chart.svg.split('<title id="')[1].split('"')[0] for chart in charts}) == 2, "every id once"


def test_a_float_without_size_has_no_sign() -> None:
    document = document_of(passing("a"))
    document["evidence"]["a"]["table"] = {"columns": ["group", "value"], "rows": [["female", -0.0]]}
    (table,) = [t for t in build_page(document).evidence[0].computed_tables if t.caption == "Computed from"]
    assert table.rows[0][1].text == "0"
