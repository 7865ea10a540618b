"""Documents for every renderer's tests, with their sentences filled in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode does not put test folders on the path

import price_documents
import render_documents  # after the path it needs

from evenhand.render.sentences import fill_sentences


@pytest.fixture(scope="session")
def every_state() -> dict[str, Any]:
    return fill_sentences(render_documents.every_state())


@pytest.fixture(scope="session")
def pricing() -> dict[str, Any]:
    return fill_sentences(price_documents.pricing())


@pytest.fixture(scope="session")
def fifty_checks() -> dict[str, Any]:
    return fill_sentences(render_documents.many_checks(50, 8))
