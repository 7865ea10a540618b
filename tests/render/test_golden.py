"""Whole outputs of one document with every state, kept in tests/golden: read the diff when they change.

`EVENHAND_UPDATE_GOLDEN=1 pytest tests/render/test_golden.py` writes them anew. These are no oracle of any number (the
fixture's are typed in); they show what a change does to the pages people read. Inside charts only texts and classes
are compared: coordinates differ between versions of matplotlib.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from gallery import COMPONENTS, TOPICS, gallery

from evenhand.render import FORMATS
from evenhand.render.html import templates_folder
from evenhand.render.options import RenderOptions

GOLDEN = Path(__file__).parents[1] / "golden"
UPDATE = os.environ.get("EVENHAND_UPDATE_GOLDEN") == "1"
FILES = {name: entry.file_name or f"{name}.txt" for name, entry in FORMATS.items()}


def without_coordinates(page: str) -> str:
    """Each chart reduced to its name, its texts and the classes of its parts."""

    def reduced(match: re.Match[str]) -> str:
        drawing = match.group()
        kept = re.findall(r"<title.*?</title>|<desc.*?</desc>|<text[^>]*>(?:.*?)</text>|<g class=\"[^\"]*\">", drawing)
        ticks = r"[\d.,\u2212]+"
        kept = [re.sub(r"<text[^>]*>", "<text>", part) for part in kept]
        return "<svg>\n" + "\n".join(k for k in kept if not re.fullmatch(f"<text>{ticks}</text>", k)) + "\n</svg>"

    return re.sub(r"<svg.*?</svg>", reduced, page, flags=re.DOTALL)


def compare(path: Path, found: str, *, charts: bool = False) -> None:
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    kept = path.read_text(encoding="utf-8")
    assert (without_coordinates(found) == without_coordinates(kept)) if charts else (found == kept), (
        f"{path.name} changed: run with EVENHAND_UPDATE_GOLDEN=1 and read the diff"
    )


@pytest.mark.parametrize("name", list(FILES))
def test_output_is_the_golden_one(name: str, every_state: dict[str, Any]) -> None:
    found = FORMATS[name].render(every_state, RenderOptions())
    compare(GOLDEN / "every_state" / FILES[name], found, charts=name == "html")


@pytest.mark.parametrize("name", ["html", "md", "text"])
def test_output_of_a_pricing_model_is_the_golden_one(name: str, pricing: dict[str, Any]) -> None:
    found = FORMATS[name].render(pricing, RenderOptions())
    compare(GOLDEN / "pricing" / FILES[name], found, charts=name == "html")


def test_gallery_shows_every_component_as_it_is_now() -> None:
    folder = Path(str(templates_folder()))
    compare(folder / "gallery.html", gallery(), charts=True)
    sections = {p.name for p in folder.glob("*.html")} - {"page.html", "gallery.html"}
    macros = {"badge.html", "table.html", "facts.html", "topic.html"}
    assert sections - macros - TOPICS == set(COMPONENTS)
