"""Names from the data cannot act on the page or terminal that shows them."""

from __future__ import annotations

import unicodedata

import pytest

from evenhand.render.labels import (
    capitalized,
    display_label,
    isolated,
    one_line,
    readable,
    short_who,
    visible,
    where,
    who,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("female", "female"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("line\nbreak\ttab", "line\\x0abreak\\x09tab"),
        ("evil\u202eexe", "evil\\u202eexe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("para\u2029graph", "para\\u2029graph"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian needs the joiner
        ("e\u0301", "e\u0301"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_every_control_character_is_written_out() -> None:
    for code in [*range(0x20), *range(0x7F, 0xA0)]:
        assert unicodedata.category(visible(chr(code))[0]) != "Cc"


def test_long_label_is_cut_in_the_middle_and_counted() -> None:
    shown = display_label("x" * 4999 + "y")
    assert len(shown) < 100
    assert shown.endswith("xy (5,000 characters)")


def test_right_to_left_is_isolated_and_stays_so() -> None:
    assert isolated("female") == "female"
    assert readable(isolated("עברית")) == "\u2068עברית\u2069"


def test_one_line_keeps_isolates_and_nothing_that_moves_a_cursor() -> None:
    assert one_line(" a \n b\x1b[2J \u2068x\u2069") == "a b\\x1b[2J \u2068x\u2069"


def test_who_and_where() -> None:
    crossed = {"attribute": "sex × age_band", "group": "f × 75+", "groups": {"sex": "f", "age_band": "75+"}}
    assert who(crossed) == "sex = f and age_band = 75+"
    assert short_who(crossed) == "sex × age_band=f × 75+"
    assert who({"attribute": "sex", "group": "all groups", "groups": {}}) == "sex (all groups)"
    assert who({"attribute": "everyone", "group": "vulnerable", "groups": {"vulnerable": "vulnerable"}}) == "vulnerable"
    assert who({"attribute": "everyone", "group": "everyone", "groups": {}}) == "everyone"
    assert capitalized("area under the ROC curve") == "Area under the ROC curve"
    assert where({"at": {"stage": "sent"}, "run": "B"}) == "at stage sent, in run B"
    assert where({"at": {}, "run": None}) == ""
