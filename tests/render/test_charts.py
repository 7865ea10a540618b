"""Charts: what is drawn, that labels stay text, that the same input gives the same bytes and no style attributes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evenhand.render.charts import (
    MOST_ROWS,
    ChartRow,
    Scale,
    _logarithmic_ticks,
    axis_range,
    curves,
    dot_and_whisker,
)

RATIO = Scale("ratio", "ratio of selection rates", 0.8, None, 1.0)


def row(label: str, estimate: float | None, low: float | None, high: float | None, status: str = "pass") -> ChartRow:
    return ChartRow(label, status, status.upper(), "0.9", estimate, low, high, has_interval=True)


def drawn(rows: list[ChartRow], scale: Scale = RATIO) -> str:
    return dot_and_whisker(rows, scale, name="chk", title="a title", description="a description")


def classes(svg: str) -> list[str]:
    return re.findall(r'<g class="([^"]+)"', svg)


def test_limit_parity_whisker_and_dot_are_drawn() -> None:
    found = classes(drawn([row("a", 0.7, 0.6, 0.75, "fail"), row("b", 0.95, 0.9, 1.0)]))
    assert found.count("limit") == found.count("parity") == found.count("outside") == 1
    assert {"whisker fail", "dot fail", "whisker pass", "dot pass"} <= set(found)


def test_both_limits_are_drawn_and_none_for_a_check_without() -> None:
    assert classes(drawn([row("a", 1, 0.9, 1.1)], Scale("ratio", "x", 0.8, 1.25, 1.0))).count("limit") == 2
    assert "limit" not in classes(drawn([row("a", 0.3, 0.2, 0.4)], Scale("rate", "x", None, None, None)))


def test_states_differ_by_shape_not_by_colour_alone() -> None:
    marks = set()
    for status in ("pass", "fail", "warn", "inconclusive"):
        svg = drawn([ChartRow("a", status, "", "", 0.9, None, None, has_interval=False)])
        group = svg[svg.index('<g class="dot') :]
        shape = re.search(r'<path[^>]* d="([^"]+)"', group)
        fill = re.search(r'<use[^>]* fill="([^"]+)"', group)
        assert shape is not None
        assert fill is not None
        marks.add((shape.group(1), fill.group(1) == "#ffffff"))
    assert len(marks) == 4


def test_a_missing_bound_is_an_arrow_and_a_missing_estimate_no_dot() -> None:
    svg = drawn([row("a", None, 0.6, None, "inconclusive")])
    assert classes(svg).count("dot inconclusive") == 1  # the arrow
    assert "dot open inconclusive" not in classes(svg)


@pytest.mark.parametrize("label", ["$0-$50", "$\\foo$", "_hidden", "<script>alert(1)</script>", "עברית", "日本", "a&b"])
def test_labels_are_text(label: str) -> None:
    root = ElementTree.fromstring(drawn([row(label, 0.9, 0.8, 1.0)]))
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert label in texts
    root = ElementTree.fromstring(
        curves([(label, [(0, 1), (1, 2)])], x=label, y="y", name="c", title="t", description="d")
    )
    assert [e.text for e in root.iter() if e.tag.endswith("text")].count(label) == 2


def test_the_drawing_stands_without_styles_and_is_named() -> None:
    svg = drawn([row("a", 0.9, 0.8, 1.0)])
    root = ElementTree.fromstring(svg)
    assert "style" not in svg
    assert "clip-path" not in svg
    assert "metadata" not in svg
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "chk-title chk-desc"
    assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
    ids = re.findall(r' id="([^"]+)"', svg)
    assert all(identity.startswith("chk-") for identity in ids)
    assert set(re.findall(r'href="#([^"]+)"', svg)) <= set(ids)
    assert len(svg) < 4000


def test_same_input_same_bytes_in_another_process_and_hash_seed() -> None:
    program = (
        "from evenhand.render.charts import *;"
        "print(dot_and_whisker([ChartRow('a','pass','PASS','0.9',.9,.8,1.0,True)],"
        "Scale('ratio','x',.8,None,1.0),name='c',title='t',description='d'))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "HOME": "/nonexistent", "TZ": zone},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Kolkata"))
    }
    assert len(outputs) == 1


def test_nothing_but_our_words_reaches_stderr(tmp_path: Path) -> None:
    """An unwritable cache folder and a glyph that no font has make matplotlib warn; a report must not."""
    program = (
        "from evenhand.render.charts import *;"
        "dot_and_whisker([ChartRow('\\u65e5\\u672c','pass','PASS','0.9',.9,.8,1.0,True)],"
        "Scale('ratio','x',.8,None,1.0),name='c',title='t',description='d')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "HOME": "/nonexistent", "MPLCONFIGDIR": "/nonexistent/x"},
    )
    assert done.stderr == b""


def test_a_users_own_style_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib

    plain = drawn([row("a", 0.9, 0.8, 1.0)])
    with matplotlib.rc_context(
        {"font.size": 30, "svg.fonttype": "path", "axes.facecolor": "red", "text.parse_math": True}
    ):
        assert drawn([row("a", 0.9, 0.8, 1.0)]) == plain
        assert matplotlib.rcParams["font.size"] == 30


@pytest.mark.parametrize(
    ("rows", "scale", "logarithmic"),
    [
        ([row("a", 0.9, 0.8, 1.0)], RATIO, False),
        ([row("a", 0.2, 0.1, 0.4)], RATIO, True),
        ([row("a", 0.0, 0.0, 0.02)], RATIO, True),
        ([row("a", -0.2, -0.9, 0.4)], Scale("difference", "x", -0.05, 0.05, 0.0), False),
        ([row("a", None, None, None)], Scale("rate", "x", None, None, None), False),
        ([row("a", 5, 5, 5)], Scale("count", "x", None, 0, None), False),
    ],
)
def test_axis_holds_all_limits_and_estimates(rows: list[ChartRow], scale: Scale, logarithmic: bool) -> None:
    low, high, log = axis_range(rows, scale)
    assert log is logarithmic
    assert low < high
    wanted = [v for v in (scale.minimum, scale.maximum, scale.parity, rows[0].estimate) if v is not None]
    assert all(low <= v <= high for v in wanted if v > 0 or not log)
    drawn(rows, scale)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.05, 20.0, [0.1, 0.3, 1, 3, 10]),
        (0.3, 8.0, [0.5, 1, 2, 5]),
        (0.001, 100.0, [0.001, 0.01, 0.1, 1, 10, 100]),
        (0.7, 1.1, [0.7, 1.0]),
    ],
)
def test_logarithmic_ticks_are_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    found = _logarithmic_ticks(low, high)
    assert len(found) >= min(4, len(ticks))
    assert set(ticks) <= set(found)


def test_a_group_too_small_to_judge_is_not_drawn_among_the_judged() -> None:
    import render_documents as made

    from evenhand.render.build_page import build_page
    from evenhand.render.sentences import fill_sentences

    rows = [
        made.comparison("g", "judged", "pass", 0.9, (0.8, 1.2)),
        made.comparison("g", "tiny", "not_tested", 0.0, n=3),
    ]
    check = made.check("c", "selection_rate_ratio", "pass", rows)
    (entry,) = build_page(fill_sentences(made.document([check], "pass", 0))).evidence
    assert "tiny" not in str(entry.charts[0].svg)
    assert entry.table is not None
    assert len(entry.table.rows) == 2


def test_one_very_wide_interval_does_not_squeeze_the_others() -> None:
    low, high, _ = axis_range([row("a", 0.9, 0.85, 0.95), row("b", 0.9, 0.001, 500.0)], RATIO)
    assert low > 0.1
    assert high < 10


def test_a_chart_has_at_most_twelve_groups() -> None:
    import render_documents as made

    from evenhand.render.build_page import build_page
    from evenhand.render.sentences import fill_sentences

    rows = [made.comparison("g", f"g{i}", "pass", 0.9 + i / 100, (0.8, 1.2)) for i in range(20)]
    check = made.check("c", "selection_rate_ratio", "pass", rows)
    (entry,) = build_page(fill_sentences(made.document([check], "pass", 0))).evidence
    assert classes(str(entry.charts[0].svg)).count("dot pass") == MOST_ROWS
    assert entry.charts[0].caption.endswith("8 more groups stand in the table.")
    assert entry.table is not None
    assert len(entry.table.rows) == 20
