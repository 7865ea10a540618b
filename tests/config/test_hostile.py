"""Whatever is in an audit file, loading it succeeds or raises one of our errors: no traceback of a library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenhand.config.loader import load_audit
from evenhand.config.schema import AuditFile, CheckEntry, Columns, Data
from evenhand.errors import EvenhandError

TEXTS = st.sampled_from(
    [
        *("", "null", "1", "0.8", "80", "-1", "sex", "age", "sex × age", "sex x age", "male", "(missing)", "30-59"),
        *(
            "selection_rate_ratio",
            "impact_ratio",
            "fairlearn:x",
            "four-fifths",
            "four-fifths/impact-ratio",
            "../x.yaml",
        ),
        *(
            "report",
            "warn",
            "legal",
            "point",
            "benefit",
            "burden",
            "targeting",
            "true",
            "2000",
            "9" * 40,
            "a\0b",
            "é" * 400,
        ),
    ]
)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def section(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from([*keys, "waivers", "price", "misspelt"]), VALUES, max_size=5)


WHOLE: Mapping[str, Any] = {
    "version": 1,
    "model": {"name": "a", "version": "1", "kind": "targeting"},
    "purpose": "p",
    "columns": {"decision": "d", "selected": 1},
    "polarity": "benefit",
    "protected": {"sex": {"reference": "male"}, "age": {"bands": [18, 30, 60], "reference": "30-59"}},
    "intersections": [["sex", "age"]],
    "checks": [{"id": "a", "metric": "selection_rate_ratio", "min": 0.8}],
}
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys((*AuditFile.model_fields, "waivers", "misspelt"), VALUES),
        "columns": section(*Columns.model_fields) | VALUES,
        "data": section(*Data.model_fields) | VALUES,
        "checks": st.lists(section(*CheckEntry.model_fields), max_size=3) | VALUES,
        "protected": st.dictionaries(TEXTS, section("reference", "values", "bands", "column"), max_size=3) | VALUES,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(changes=CHANGES, dropped=st.sets(st.sampled_from(list(WHOLE)), max_size=2))
def test_any_tree_is_an_audit_or_our_error(
    tmp_path: Path, catalogue: Mapping[str, Any], changes: dict[str, Any], dropped: set[str]
) -> None:
    tree = {key: value for key, value in {**WHOLE, **changes}.items() if key not in dropped or key in changes}
    path = tmp_path / "evenhand.yaml"
    path.write_text(json.dumps(tree), encoding="utf-8")  # JSON is YAML
    try:
        audit = load_audit(path, catalogue=catalogue, environment={})
    except EvenhandError as error:
        outcome = str(error)
    else:
        outcome = audit.sha256
    assert outcome
    assert "\0" not in outcome
