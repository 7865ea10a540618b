"""Terminal, Markdown, JUnit and GitHub: the parts that matter, and that no name from the data can break out."""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

import junitparser
import pytest
import render_documents as made

from evenhand.render import FORMATS
from evenhand.render.markdown import LARGEST, escaped
from evenhand.render.options import RenderOptions
from evenhand.render.sentences import fill_sentences

PLAIN = RenderOptions()


def render(name: str, document: dict[str, Any], options: RenderOptions = PLAIN) -> str:
    return FORMATS[name].render(document, options)


# ---------------------------------------------------------------- terminal


def test_terminal_lines_look_as_in_the_design(every_state: dict[str, Any]) -> None:
    lines = render("text", every_state).splitlines()
    assert any(
        re.fullmatch(r"FAIL {10}offer-parity\[sex=female\] +0\.73 \(0\.69\.\.0\.77\) +limit ≥ 0\.80 +n=8,214", line)
        for line in lines
    )
    assert any(
        re.fullmatch(
            r"INCONCLUSIVE {2}offer-parity\[age_band=75\+\] +0\.81 \(0\.70\.\.0\.93\) +limit ≥ 0\.80 +n=212 +"
            r"needs about 1,900",
            line,
        )
        for line in lines
    )
    assert lines[-1] == (
        "FAILED: 4 fail, 2 inconclusive, 2 warn, 1 waived, 1 not tested, 3 pass, 1 measured only (14 checks, "
        "48,210 people, 2 groups too small to judge)   exit 1"
    )


def test_terminal_runs_from_pass_to_fail(every_state: dict[str, Any]) -> None:
    words = [line[:12].strip() for line in render("text", every_state).splitlines()[:-1]]
    order = ["MEASURED", "PASS", "NOT TESTED", "WAIVED", "WARN", "INCONCLUSIVE", "FAIL", "NOTE"]
    assert [order.index(word) for word in words] == sorted(order.index(word) for word in words)
    assert set(words) == set(order)


def test_a_comparison_that_fails_in_a_waived_or_warning_check_is_not_printed_as_fail(
    every_state: dict[str, Any],
) -> None:
    text = render("text", every_state)
    assert re.search(r"^WAIVED +waived-check\[region=N\]", text, re.MULTILINE)
    assert re.search(r"^WARN +hit-rate-gap\[sex=female\]", text, re.MULTILINE)


def test_warnings_stand_above_the_report_and_are_counted_beyond_a_few(every_state: dict[str, Any]) -> None:
    many = {**every_state, "warnings": [{"code": "c", "text": f"warning\x1b[31m {i}"} for i in range(30)]}
    lines = render("text", many, RenderOptions(report_path="report.html")).splitlines()
    notes = [line for line in lines if line.startswith("NOTE  ")]
    assert len(notes) == 11
    assert notes[0].endswith("warning\\x1b[31m 0")
    assert notes[-1].endswith("and 20 more notes in results.json")
    assert lines.index(notes[-1]) == len(lines) - 3, "above the report's line, which is above the summary"
    assert "\x1b" not in "".join(notes)
    summary = render("md", many)
    assert summary.count("- NOTE: ") == 21
    assert summary.index("- NOTE: ") < summary.index("## What needs a decision")


def test_terminal_options(every_state: dict[str, Any]) -> None:
    assert render("text", every_state, RenderOptions(quiet=True)).count("\n") == 1
    with_paths = render(
        "text", every_state, RenderOptions(report_path="out/report.html", results_path="out/results.json")
    )
    assert "report  out/report.html      results  out/results.json" in with_paths
    assert "sex × age_band=female × 75+" not in render("text", every_state)
    assert "sex × age_band=female × 75+" in render("text", every_state, RenderOptions(verbose=True))


def test_no_label_reaches_the_terminal_as_an_escape_sequence(every_state: dict[str, Any]) -> None:
    verbose = render("text", every_state, RenderOptions(verbose=True))
    assert "\x1b" not in verbose
    assert "red\\x1b[31mred" in verbose
    colored = render("text", every_state, RenderOptions(color=True, verbose=True))
    assert set(re.findall(r"\x1b\[[^m]*m", colored)) <= {f"\x1b[{code}m" for code in (0, 2, 31, 32, 33, 35, 36)}
    assert re.sub(r"\x1b\[\d+m", "", colored) == verbose


def test_a_path_with_escapes_is_shown_not_obeyed(every_state: dict[str, Any]) -> None:
    assert "\x1b" not in render("text", every_state, RenderOptions(report_path="out\x1b[2J/report.html"))


# ---------------------------------------------------------------- Markdown


def test_markdown_begins_with_the_verdict(every_state: dict[str, Any]) -> None:
    text = render("md", every_state)
    assert text.startswith("# ❌ FAIL: fairness audit of spring-offer-ranker 4.2.0\n")
    assert "| ❌ FAIL | offer-parity | sex=female | 0.73 | 0.69 to 0.77 | ≥ 0.80 | 8,214 |" in text
    assert text.index("What needs a decision") < text.index("All checks") < text.index("<details>")


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "a|b", "`code`", "**bold**", "[a](javascript:alert(1))", "$\\foo$", "_hidden_",
     "@everyone", "#12", "https://example.org", "www.example.org", "~~x~~", "a\nb\n# c", "&lt;", "![i](x)"],
)  # fmt: skip
def test_markdown_reads_no_syntax_in_names(hostile: str) -> None:
    text = escaped(hostile)
    assert not re.search(r"[<>`*\[\]|$~\\@]", text)
    assert "\n" not in text
    assert "://" not in text
    assert "www." not in text
    assert not re.search(r"(^|[^\w])_|_([^\w]|$)", text)
    assert html.unescape(text) == " ".join(hostile.split())


def test_markdown_stays_below_60_kb(fifty_checks: dict[str, Any]) -> None:
    text = render("md", fifty_checks)
    assert len(text.encode()) <= LARGEST
    assert text.count("<details>") == text.count("</details>") > 3
    assert re.search(r"The details of \d+ checks stand in report\.html\.", text)


def test_markdown_of_very_many_checks_counts_what_it_leaves_out() -> None:
    document = fill_sentences(made.many_checks(600, 2))
    text = render("md", document)
    assert len(text.encode()) <= LARGEST
    assert re.search(r"\d+ more checks stand in report\.html", text)


# ---------------------------------------------------------------- JUnit


def test_junit_has_one_case_a_check_with_the_result_of_the_table(every_state: dict[str, Any]) -> None:
    suite = junitparser.JUnitXml.fromstring(render("junit", every_state).encode())
    (only,) = list(suite)
    cases = {case.name: case for case in only}
    assert list(cases) == [c["id"] for c in every_state["checks"]]
    assert (only.tests, only.failures, only.errors, only.skipped) == (14, 4, 2, 3)
    kinds = {"fail": junitparser.Failure, "inconclusive": junitparser.Error}
    kinds |= {"waived": junitparser.Skipped, "not_tested": junitparser.Skipped}
    for check in every_state["checks"]:
        results = cases[check["id"]].result
        expected = kinds.get(check["status"])
        assert [type(r) for r in results] == ([expected] if expected else [])
    error = ElementTree.fromstring(render("junit", every_state)).find(".//error")
    assert error is not None
    assert error.get("type") == "inconclusive"
    assert "The policy warns here" in cases["hit-rate-gap"].system_out


def test_junit_is_xml_whatever_the_labels_hold() -> None:
    document = made.every_state()
    control = "".join(chr(c) for c in range(32)) + "\ufffe\ud800]]>"
    document["checks"][0]["comparisons"][0]["groups"] = {"sex": control}
    document["checks"][0]["id"] = f"id{control}"
    text = render("junit", fill_sentences(document))
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert "\\x00" in ElementTree.tostring(root, encoding="unicode")
    assert "time=" not in text


# ---------------------------------------------------------------- GitHub


def test_github_annotates_the_line_of_the_check(every_state: dict[str, Any]) -> None:
    lines = render("github", every_state).splitlines()
    assert lines[0].startswith(
        "::error file=evenhand.yaml,line=21,title=FAIL offer-parity::1 of 4 comparisons is outside"
    )
    assert any(line.startswith("::warning file=evenhand.yaml,line=24,title=WARN hit-rate-gap::") for line in lines)
    assert any(line.startswith("::notice ") for line in lines)
    assert not any("segment-parity" in line for line in lines)


def test_github_stops_at_nine_and_counts_the_rest() -> None:
    checks = [made.check(f"c{i}", "selection_rate_ratio", "fail", []) for i in range(30)]
    lines = render("github", fill_sentences(made.document(checks, "fail", 1))).splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::error title=evenhand::and 21 more; see report.html"


def test_github_commands_cannot_be_broken_out_of() -> None:
    fail = made.comparison("sex", "x\n::error::pwned,%0A", "fail", 0.5, (0.4, 0.6))
    check = made.check("a:b,c\r\nd%", "selection_rate_ratio", "fail", [fail], source={"file": "a,b:c.yaml", "line": 3})
    text = render("github", fill_sentences(made.document([check], "fail", 1)))
    assert text.count("\n") == 1
    assert "file=a%2Cb%3Ac.yaml,line=3,title=FAIL a%3Ab%2Cc d%25::" in text
    assert "%250A" in text


# ---------------------------------------------------------------- every format


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_a_pure_function_of_the_document(name: str, every_state: dict[str, Any]) -> None:
    before = repr(every_state)
    first = render(name, every_state)
    assert render(name, every_state) == first
    assert repr(every_state) == before
    assert first.endswith("\n")
    first.encode("utf-8")


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("verdict", ["pass", "warn", "fail", "inconclusive", "not_tested", "waived"])
def test_every_format_takes_a_document_without_checks(name: str, verdict: str) -> None:
    document = fill_sentences(made.document([], verdict, 0, groups=[], people=None, roles={}, warnings=[]))
    render(name, document)
