"""junit.xml: one test case a check, so that a dashboard counts what the last line of the terminal counts.

May import: render's own words and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from evenhand.render.labels import readable
from evenhand.render.options import RenderOptions
from evenhand.render.order import worst_first
from evenhand.render.status import look_of


def render_junit(document: Mapping[str, Any], _: RenderOptions) -> str:
    """The checks as JUnit XML; control characters, which XML 1.0 cannot hold, are written as escapes.

    A failing check has a `<failure>`, an inconclusive one `<error type="inconclusive">`, a waived or untested one
    `<skipped>`, one that only warns its sentence in `<system-out>`: the table is `status.STATUSES`. There are no
    times: they would differ from run to run.
    """
    junit: Any = import_module("junitparser")
    audit = document["audit"]
    suite = junit.TestSuite(_clean(audit["title"] or audit["model"]["name"]))
    for check in document["checks"]:
        look = look_of(check)
        case = junit.TestCase(_clean(check["id"]), classname=_clean(f"{audit['kind']}.{check['metric']}"))
        sentence = _clean(check["sentence"])
        details = "\n".join(_clean(f"{c['status']}: {c['sentence']}") for c in worst_first(document, check))
        if look.junit in {"failure", "error"}:
            element = (
                junit.Failure(sentence, "fail") if look.junit == "failure" else junit.Error(sentence, "inconclusive")
            )
            element.text = details
            case.result = [element]
        elif look.junit == "skipped":
            case.result = [junit.Skipped(sentence)]
            case.system_out = details
        elif look.junit == "system-out":
            case.system_out = f"{look.word}: {sentence}\n{details}"
        suite.add_testcase(case)
    suite.update_statistics()
    report = junit.JUnitXml()
    report.add_testsuite(suite)
    report.update_statistics()
    for element in (report, suite):
        del element._elem.attrib["time"]  # the sum of no times
    body: bytes = report.tostring()
    return _tidy(body.decode())


def _clean(text: str) -> str:
    return readable(text)


def _tidy(xml: str) -> str:
    """One case a line, and one declaration whichever XML library junitparser found on this machine."""
    root = xml.partition("?>")[2] if xml.startswith("<?xml") else xml
    for tag in ("<testsuite ", "<testcase ", "</testsuite>"):
        root = root.replace(tag, f"\n{tag}")  # data cannot hold `<`, which is escaped there
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root.strip()}\n'
