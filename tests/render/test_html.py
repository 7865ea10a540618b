"""The report as a document: structure, names that stay text, size, no network, templates of the caller."""

from __future__ import annotations

import copy
import hashlib
import itertools
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import render_documents as made

from evenhand.errors import UsageError
from evenhand.render import FORMATS
from evenhand.render.html import css_string, prose, render_html, templates_folder
from evenhand.render.inspect_page import problems_of_page
from evenhand.render.json_v1 import dumps, load
from evenhand.render.limited import render_limited
from evenhand.render.options import RenderOptions
from evenhand.render.sentences import fill_sentences

PLAIN = RenderOptions()
Element = tuple[str, tuple[tuple[str, str | None], ...]]


class Elements(HTMLParser):
    """Start tags with their attributes, in order, and the text of chosen elements."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Element] = []
        self.text = ""
        self._silent = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(attrs)))
        self._silent += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [dict(attrs) for name, attrs in self.found if name == tag]

    def names(self) -> list[tuple[str, tuple[str, ...]]]:
        """The skeleton: which elements with which attributes, whatever the attributes say."""
        return [(tag, tuple(name for name, _ in attrs)) for tag, attrs in self.found]


@pytest.fixture(scope="module")
def page(every_state: dict[str, Any]) -> str:
    return render_html(every_state, PLAIN)


@pytest.fixture(scope="module")
def elements(page: str) -> Elements:
    return Elements(page)


# ---------------------------------------------------------------- structure


def test_title_begins_with_the_verdict_and_the_banner_shows_it(page: str) -> None:
    assert "<title>FAIL: fairness audit of spring-offer-ranker 4.2.0</title>" in page
    assert problems_of_page(page, "fail") == []
    assert problems_of_page(page, "pass") != []


def test_no_script_no_network(elements: Elements, page: str) -> None:
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not [name for _, attrs in elements.found for name, _ in attrs if name.startswith("on") or name == "style"]
    addresses = page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "http" not in addresses
    assert "@import" not in page
    assert "url(" not in page


def test_landmarks_headings_and_skip_link(elements: Elements) -> None:
    tags = [tag for tag, _ in elements.found]
    assert tags.count("main") == tags.count("h1") == tags.count("nav") == 1
    assert elements.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag in tags if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert elements.all("a")[0] == {"class": "skip", "href": "#verdict"}


def test_ids_are_unique_and_every_link_and_reference_resolves(elements: Elements) -> None:
    ids = [value for _, attrs in elements.found for name, value in attrs if name == "id"]
    assert len(ids) == len(set(ids))
    for _, attrs in elements.found:
        for name, value in attrs:
            if name == "href":
                assert value is not None
                assert value.startswith("#")
                assert value[1:] in ids
            if name == "aria-labelledby":
                assert value is not None
                assert set(value.split()) <= set(ids)


def test_tables_have_captions_scopes_and_focusable_regions(elements: Elements) -> None:
    tables = elements.all("table")
    tags = [tag for tag, _ in elements.found]
    assert tags.count("caption") == len(tables) > 10
    assert all(th.get("scope") in {"col", "row"} for th in elements.all("th"))
    regions = [div for div in elements.all("div") if div.get("role") == "region"]
    assert all(r["tabindex"] == "0" and r["aria-label"] for r in regions)
    assert len(regions) == len(tables) + tags.count("figure")


def test_each_chart_is_named_described_and_followed_by_its_table(elements: Elements) -> None:
    tags = [tag for tag, _ in elements.found]
    charts = elements.all("svg")
    assert len(charts) == tags.count("figure") == 14  # 13 checks with comparisons, one of them with a curve
    assert all(svg["role"] == "img" and svg["aria-labelledby"] for svg in charts)
    assert tags.count("desc") == len(charts)
    for position, tag in enumerate(tags):
        if tag == "figure":
            following = tags[position + 1 :]
            assert "table" in following[: following.index("details")]


def test_sections_without_content_are_absent(page: str) -> None:
    assert "What changed" not in page
    assert "Waivers" not in page
    assert "Stated, not measured" not in page
    empty = Elements(render_html(fill_sentences(made.document([], "not_tested", 3, groups=[])), PLAIN))
    assert "What needs a decision" not in empty.text
    assert "could not be judged" not in empty.text
    assert "Sign-off" in empty.text


@pytest.mark.parametrize("verdict", ["pass", "warn", "fail", "inconclusive", "not_tested", "waived"])
def test_every_verdict_is_shown_by_word_and_mark(verdict: str) -> None:
    page = render_html(fill_sentences(made.document([], verdict, 0)), PLAIN)
    assert problems_of_page(page, verdict) == []


def test_never_a_percentage_of_passed_checks(elements: Elements) -> None:
    assert "of 14 passed" not in elements.text
    assert "14 checks:" in elements.text


def test_what_is_folded_is_there(elements: Elements) -> None:
    for words in (
        "How this was computed",
        "Holm over the 4 comparisons tested",
        "Miettinen",
        "Seed",
        "evenhand.yaml, line 21",
    ):
        assert words in elements.text


def test_provenance_names_the_digest_of_the_results_file(every_state: dict[str, Any], elements: Elements) -> None:
    assert hashlib.sha256(dumps(every_state).encode()).hexdigest() in elements.text


def test_conflicting_criteria_are_named_only_when_configured(elements: Elements) -> None:
    assert "no imperfect model can satisfy all of these" in elements.text
    one = made.check("c", "selection_rate_ratio", "pass", [made.comparison("sex", "f", "pass", 1.0)])
    assert (
        "no imperfect model" not in Elements(render_html(fill_sentences(made.document([one], "pass", 0)), PLAIN)).text
    )


def test_report_from_the_file_is_the_same_bytes(every_state: dict[str, Any], page: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(dumps(every_state), encoding="utf-8")
    assert FORMATS["html"].render(load(tmp_path / "results.json"), PLAIN) == page


def test_fifty_checks_of_eight_groups_stay_below_one_megabyte(fifty_checks: dict[str, Any]) -> None:
    assert len(render_html(fifty_checks, PLAIN).encode()) <= 1_000_000


# ---------------------------------------------------------------- names that stay text


def with_names(payload: str) -> dict[str, Any]:
    """Every name and free text of a document made of the payload; what the schema fixes stays."""
    document = made.every_state()
    counter = iter(range(100_000))

    def name(_: object = None) -> str:
        return f"{payload} {next(counter):05d}"

    audit = document["audit"]
    audit.update(
        id=name(), title=name(), kind=name(), purpose=name(), as_of=name(), approved={"by": name(), "on": name()}
    )
    audit["model"] = {"name": name(), "version": name(), "owner": name()}
    document["tool"] = {"name": name(), "version": name()}
    document["policy"]["sha256"] = name()
    for pack in document["policy"]["packs"]:
        pack.update({key: name() for key in pack})
    document["roles"] = {name(): name(), name(): [name(), name()]}
    for row in document["rows"]["excluded"]:
        row["reason"] = name()
    for row in document["data"]["missing"]:
        row["attribute"] = name()
    for note in [*document["data"]["notes"], *document["warnings"]]:
        note["text"] = name()
    evidence = {}
    for check in document["checks"]:
        old = document["evidence"][check["id"]]
        check["id"] = name()
        check["pack"] = name() if check["pack"] else None
        check["source"] = {"file": name(), "line": 3}
        if check["reason"]["text"]:
            check["reason"]["text"] = name()
        for comparison in check["comparisons"]:
            comparison.update(attribute=name(), group=name(), groups={name(): name()})
            comparison["reference"] = name() if comparison["reference"] else None
            if comparison["interval"]:
                comparison["interval"]["method"] = name()
            if comparison["reason"]["text"]:
                comparison["reason"]["text"] = name()
        table = old["table"]
        table["columns"] = [name(c) for c in table["columns"]]
        table["rows"] = [[name(v) if isinstance(v, str) else v for v in row] for row in table["rows"]]
        old.update(formula=name(), source=name())
        if old["curve"]:
            old["curve"].update(x=name(), y=name())
            for line in old["curve"]["series"]:
                line["name"] = name()
        evidence[check["id"]] = old
    document["evidence"] = evidence
    for group in document["groups"]:
        group.update(attribute=name(), group=name(), groups={name(): name()})
    return fill_sentences(document)


PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover=alert(1) x='",
    "x onfocus=alert(1)",
    "</style><script>alert(1)</script>",
    "</title></svg><b>",
    "--><script>alert(1)</script><!--",
    "]]><script>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "}</style>body{display:none}",
    '"; } * { display: none } /*',
    "\\000022;",
    "&lt;b&gt;&#60;i&#62;",
    "$\\foo$ _hidden $0-$50",
    "\u202e\u2066\x1b[31m\x00\n\r\u2028",
    "=cmd|' /C calc'!A0",
]


@pytest.fixture(scope="module")
def harmless() -> list[tuple[str, tuple[str, ...]]]:
    return Elements(render_html(with_names("x"), PLAIN)).names()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_makes_the_same_elements_as_a_harmless_name(
    payload: str, harmless: list[tuple[str, tuple[str, ...]]]
) -> None:
    page = render_html(with_names(payload), PLAIN)
    assert Elements(page).names() == harmless
    assert "49" not in page.split("<title>")[1].split("</title>")[0].replace("00049", "")
    style = page.split("<style>")[1].split("</style>")[0]
    assert "display: none }" not in style.replace(".skip { display: none; }", "")
    assert "<" not in style


def test_hostile_labels_are_readable_as_text(elements: Elements) -> None:
    for label in ("<script>alert(1)</script>", "$0-$50", r"$\foo$", "_hidden", "עברית (ישראל)", r"red\x1b[31mred"):
        assert elements.text.count(label) >= 3  # table, chart, data section


def test_css_strings_and_prose_cannot_be_ended() -> None:
    assert str(css_string('a"}</style>\\\n')) == (
        '"a\\000022 \\00007d \\00003c \\00002f style\\00003e \\00005c \\00000a "'
    )
    assert str(prose("no `a<b` and <i>")) == "no <code>a&lt;b</code> and &lt;i&gt;"


# ---------------------------------------------------------------- templates of the caller

SMALL = fill_sentences(made.document([], "fail", 1, groups=[]))


def with_template(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return render_html(SMALL, RenderOptions(templates=folder))


def test_one_template_can_be_replaced(tmp_path: Path) -> None:
    page = with_template(tmp_path, "glossary.html", "<section><h2>Words of {{ page.header.title }}</h2></section>")
    assert "<h2>Words of spring-offer-ranker 4.2.0</h2>" in page
    assert 'id="provenance"' in page


def test_an_empty_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    assert render_html(SMALL, RenderOptions(templates=tmp_path)) == render_html(SMALL, PLAIN)


REFUSED = {
    "dropped banner": ("verdict.html", "<p>all is well</p>", "does not show the verdict FAIL"),
    "hidden banner": (
        "verdict.html", "<div hidden><section id='verdict'>FAIL</section></div>", "does not show the verdict FAIL"
    ),
    "banner out of sight": (
        "verdict.html", "<section id='verdict' style='display: none'>FAIL</section>", "does not show the verdict FAIL"
    ),
    "banner out of sight by style sheet": ("base.css", "/* */ main > .verdict { display :none }", "hides the verdict"),
    "everything out of sight": ("base.css", "@media screen { body, p { opacity: 0 } }", "hides the verdict"),
    "other title": ("page.html", "<title>fine</title><p id=verdict>FAIL</p>", "title does not begin"),
    "script": ("header.html", "<script>1</script>", "`<script>` element"),
    "handler": ("header.html", "<p onclick='x()'>", "event handler"),
    "fetch": ("header.html", "<img src='//example.org/a.png'>", "fetches something"),
    "css fetch": ("base.css", "body { background: url(//example.org/a.png) }", "style fetches something"),
    "script link": ("header.html", "<a href=' java\nscript:x()'>a</a>", "link that runs a script"),
    "unknown name": ("header.html", "{{ page.nothing }}", "`header.html`.*cannot be used|has no attribute 'nothing'"),
    "syntax": ("header.html", "{% if %}", "`header.html`, line 1"),
    "sandbox": ("header.html", "{{ page.__class__.__mro__ }}", "cannot be used|sandbox"),
    "other file": ("header.html", "{% include '../../pyproject.toml' %}", "cannot be used"),
    "memory": ("header.html", "{{ 'x' * 10 ** 10 }}", "too much"),
    "failing": ("header.html", "{{ 1 // 0 }}", "ZeroDivisionError"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(REFUSED))
def test_a_template_that_breaks_the_rules_is_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    name, text, message = REFUSED[case]
    with pytest.raises(UsageError, match=message) as caught:
        with_template(tmp_path, name, text)
    assert "\n" not in str(caught.value)


def test_a_template_that_never_ends_is_stopped(tmp_path: Path) -> None:
    loops = "{% for a in range(9999) %}" * 5 + "{% endfor %}" * 5
    (tmp_path / "header.html").write_text(loops)
    with pytest.raises(UsageError, match="longer than 3 seconds"):
        render_limited(SMALL, tmp_path, seconds=3)


def test_the_current_folder_is_no_place_to_import_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jinja2.py").write_text("raise SystemExit('imported from the current folder')")
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    assert render_html(SMALL, RenderOptions(templates=tmp_path / "own")) == render_html(SMALL, PLAIN)


def test_templates_are_not_read_through_links(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "header.html").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(UsageError, match="not a plain file"):
        render_html(SMALL, RenderOptions(templates=folder))
    with pytest.raises(UsageError, match="does not exist"):
        render_html(SMALL, RenderOptions(templates=tmp_path / "none"))


def test_every_component_is_used_and_documented() -> None:
    files = {entry.name for entry in templates_folder().iterdir()}
    skeleton = templates_folder().joinpath("page.html").read_text(encoding="utf-8")
    readme = templates_folder().joinpath("README.md").read_text(encoding="utf-8")
    for name in sorted(files - {"page.html", "README.md", "gallery.html"}):
        used = any(name in templates_folder().joinpath(other).read_text(encoding="utf-8") for other in files - {name})
        assert used, name
        assert f"`{name}`" in readme, name
    assert skeleton.count("include") == skeleton.count(".css") + skeleton.count(".html")


def test_the_document_is_not_changed(every_state: dict[str, Any]) -> None:
    before = copy.deepcopy(every_state)
    render_html(every_state, PLAIN)
    assert every_state == before


def test_foreign_pages_tell_browsers_to_fetch_nothing(tmp_path: Path) -> None:
    """CSS has more ways to name an address than a reader can find; the policy comes before any of them."""
    folder = tmp_path / "templates"
    folder.mkdir()
    skeleton = templates_folder().joinpath("page.html").read_text(encoding="utf-8")
    style = "<style>div{background:\\75rl(https://tracker.example/x)}</style>"
    without = skeleton.replace('<meta charset="utf-8">', style + '<meta charset="utf-8">')
    (folder / "page.html").write_text(without, encoding="utf-8")
    page = render_html(SMALL, RenderOptions(templates=folder))
    assert page.index("Content-Security-Policy") < page.index("tracker.example")
    assert "default-src 'none'" in page
