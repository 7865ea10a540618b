"""The report in a real browser: axe-core finds nothing, nothing is fetched, it reads at 320 px, in the dark, on paper.

Needs chromium, node, and `npm ci` in this folder; `EVENHAND_BROWSER` names another chromium, or is `required` to make
a missing one a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "render"))  # importlib mode does not put test folders on the path

import price_documents as priced  # after the path they need
import render_documents as made

from evenhand.render import FORMATS
from evenhand.render.html import templates_folder
from evenhand.render.options import RenderOptions
from evenhand.render.sentences import fill_sentences

HERE = Path(__file__).parent
WANTED = os.environ.get("EVENHAND_BROWSER", "")
CHROMIUM = WANTED if WANTED not in {"", "required"} else shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = [
    name
    for name, there in (
        ("chromium", CHROMIUM),
        ("node", shutil.which("node")),
        ("node_modules", (HERE / "node_modules" / "axe-core").exists()),
    )
    if not there
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(MISSING) and not WANTED, reason=f"not here: {', '.join(MISSING)}"),
]


def look(page: Path, pdf: Path) -> dict[str, Any]:
    assert CHROMIUM is not None, "chromium is missing"
    done = subprocess.run(
        ["node", str(HERE / "look.mjs"), CHROMIUM, str(page), str(pdf)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def pages() -> dict[str, str]:
    burden = made.every_state()
    burden["audit"]["polarity"] = "burden"
    documents = {
        "every state": made.every_state(),
        "burden": burden,
        "many checks": made.many_checks(10, 8),
        "no checks": made.document([], "not_tested", 3, groups=[]),
        "prices": priced.pricing(),
        "factors": priced.with_factors(),
    }
    written = {name: FORMATS["html"].render(fill_sentences(d), RenderOptions()) for name, d in documents.items()}
    return {**written, "gallery": templates_folder().joinpath("gallery.html").read_text(encoding="utf-8")}


@pytest.mark.parametrize("name", ["every state", "burden", "many checks", "no checks", "prices", "factors", "gallery"])
def test_page_in_a_browser(name: str, tmp_path: Path) -> None:
    page, pdf = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text(pages()[name], encoding="utf-8")
    found = look(page, pdf)
    assert found.pop("paper") == 0, "wider than A4"
    assert set(found) == {"light", "dark", "narrow"}
    for view, seen in found.items():
        assert seen["violations"] == [], view
        assert seen["passes"] > 15, view
        assert seen["requests"] == [], view
        assert seen["overflow"] == 0, f"{view}: the page itself scrolls sideways"
    assert found["light"]["background"] == "rgb(255, 255, 255)"
    assert found["dark"]["background"] != found["light"]["background"]
    assert pdf.read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="not here: pdftotext")
def test_report_on_paper(tmp_path: Path) -> None:
    """Footer on each page, folded evidence opened, heads of tables repeated, the verdict on the first page."""
    page, pdf = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text(pages()["every state"], encoding="utf-8")
    look(page, pdf)
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    sheets = text.split("\f")[:-1]
    assert len(sheets) > 5
    for number, sheet in enumerate(sheets, start=1):
        assert "spring-offer-ranker 4.2.0 – audit 9c41e0b7" in sheet
        assert f"{number} / {len(sheets)}" in sheet
    assert "FAIL" in sheets[0]
    assert "required checks are outside the limits" in sheets[0]
    assert "Miettinen and Nurminen (1985)" in text
    assert "adjusted" in text
