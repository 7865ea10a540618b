"""report_templates/gallery.html: every component in every state, from the fixture documents.

`EVENHAND_UPDATE_GOLDEN=1 pytest tests/render` writes it; without, the test compares.
"""

from __future__ import annotations

import re
from dataclasses import replace

import price_documents
import render_documents as made

from evenhand.render.build_page import badge_of, build_page
from evenhand.render.html import fill
from evenhand.render.page import Count, Page, Table, Verdict
from evenhand.render.sentences import fill_sentences
from evenhand.render.status import MEASURED, STATUSES

COMPONENTS = (
    "header.html",
    "verdict.html",
    "decisions.html",
    "contents.html",
    "checks.html",
    "untested.html",
    "prices.html",
    "factors.html",
    "evidence.html",
    "data.html",
    "methods.html",
    "glossary.html",
    "provenance.html",
    "sign_off.html",
)
_SKELETON = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>FAIL: gallery of the report's components</title>
<meta name="color-scheme" content="light dark">
<style>
@STYLE@
</style>
</head>
<body>
<header class="page-head"><h1>Every component in every state</h1>
<p>Made from the fixtures of the tests; do not edit. See README.md for what a template may use.</p></header>
<main>
@BODY@
</main>
</body>
</html>
"""
TOPICS = {f"prices_{topic}.html" for topic in ("paid", "why", "quantiles", "claims", "factors", "cost")}
"""Components that `prices.html` is made of: shown with it."""
_ID = re.compile(r'(\b(?:id|href|aria-labelledby)=")(#?)([^"]+)(")')


def gallery() -> str:
    """The whole gallery page."""
    page = build_page(fill_sentences(made.every_state()))
    style = fill(page, "page.html").split("<style>")[1].split("</style>")[0].strip()
    parts = []
    for name in COMPONENTS:
        parts.append(f"<h2>{name}</h2>")
        for number, (state, example) in enumerate(_states(page, name), start=1):
            drawn = fill(example, name).strip()
            if state:
                parts.append(f"<h3>{state}</h3>")
            parts.append(_apart(drawn, f"{name.removesuffix('.html')}{number}"))
    return _SKELETON.replace("@STYLE@", style).replace("@BODY@", "\n".join(parts))


def _states(page: Page, name: str) -> list[tuple[str, Page]]:
    if name == "verdict.html":
        return [(state, replace(page, verdict=_verdict(page.verdict, state))) for state in STATUSES]
    if name == "header.html":
        bare = replace(page.header, purpose="", facts=page.header.facts[:2])
        long = replace(page.header, title="a-model-with-a-very-long-name-" * 4)
        return [("usual", page), ("shortest", replace(page, header=bare)), ("longest", replace(page, header=long))]
    if name == "checks.html":
        empty = Table(page.checks.caption, page.checks.columns, (), page.checks.heading)
        return [("usual", page), ("no checks", replace(page, checks=empty))]
    if name == "prices.html":
        return _prices()
    if name == "factors.html":
        return [("", build_page(fill_sentences(price_documents.with_factors())))]
    return [("", page)]


def _prices() -> list[tuple[str, Page]]:
    """All topics; percent instead of money; and the least there is: averages, no factors."""
    rates = price_documents.overview(currency=None, price_unit="percent")
    averages = [m for m in price_documents.measures() if m["metric"].startswith("mean_price")]
    least = price_documents.overview(factors=[], currency=None, measures=averages)
    documents = {
        "usual": price_documents.pricing(),
        "prices in percent": price_documents.pricing(overview=rates),
        "averages only": price_documents.pricing(overview=least),
    }
    return [(state, build_page(fill_sentences(document))) for state, document in documents.items()]


def _verdict(usual: Verdict, state: str) -> Verdict:
    looks = [*STATUSES.values(), MEASURED] if state == "fail" else [STATUSES[state]]
    counts = tuple(Count(badge_of(look), f"{i + 1} {look.counted}") for i, look in enumerate(looks))
    badge = badge_of(STATUSES[state])
    return replace(usual, status=state, badge=badge, counts=counts, untested=usual.untested if state == "fail" else "")


def _apart(drawn: str, prefix: str) -> str:
    """Ids made unique, since a page holds each component once and the gallery several times."""
    return _ID.sub(
        lambda m: m.group(1) + m.group(2) + " ".join(f"{prefix}-{part}" for part in m.group(3).split()) + m.group(4),
        drawn,
    )
