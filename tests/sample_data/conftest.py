"""The samples, audited once a session through the public API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from evenhand import audit

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"

Document = Mapping[str, Any]


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def document_of() -> Callable[[str], Document]:
    """The results document of a sample, by its folder below sample_data."""

    @cache
    def audited(folder: str) -> Document:
        return audit(audit_file=SAMPLES / folder / "evenhand.yaml").document

    return audited


@pytest.fixture(scope="session")
def comparison_of(document_of: Callable[[str], Document]) -> Callable[..., Mapping[str, Any]]:
    """One comparison of a sample: folder, check and group."""

    def found(folder: str, check: str, group: str) -> Mapping[str, Any]:
        checks = {one["id"]: one for one in document_of(folder)["checks"]}
        return next(c for c in checks[check]["comparisons"] if c["group"] == group)

    return found
