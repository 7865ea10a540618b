"""What every report must be, looked at from outside: the verdict in sight, no script, nothing fetched.

Used on pages made by foreign templates before they are published, and by our tests on our own.
May import: render.status.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from evenhand.render.status import STATUSES

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_FORBIDDEN = {"script", "iframe", "object", "embed", "base", "form", "frame", "applet", "link"}
_FETCHING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping", "manifest"}
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|content-visibility\s*:\s*hidden"
    r"|opacity\s*:\s*0*\.?0*\s*(;|!|$)|font-size\s*:\s*0|color\s*:\s*transparent",
    re.IGNORECASE,
)
_AROUND_BANNER = re.compile(
    r"verdict|badge|(^|[\s,>+~])(\*|html|body|main|section|h2|span|:root)(?![\w-])", re.IGNORECASE
)
_ADDRESS = re.compile(r"url\(\s*['\"]?(?!data:|#)|@import", re.IGNORECASE)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, bool, bool]] = []
        self.problems: list[str] = []
        self.title = ""
        self.banner = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _FORBIDDEN:
            self.problems.append(f"it has a `<{tag}>` element")
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.problems.append("it sends the reader to another page")
        for name, value in given.items():
            target = re.sub(r"[\x00-\x20]", "", value).lower()
            if name.startswith("on"):
                self.problems.append(f"it has the event handler `{name}`")
            elif name in _FETCHING and not target.startswith("data:"):
                self.problems.append(f"it fetches something (`{name}`)")
            elif name in {"href", "xlink:href"}:
                if tag == "a" and target.startswith(("javascript:", "vbscript:", "data:")):
                    self.problems.append("it has a link that runs a script")
                elif tag != "a" and not target.startswith(("#", "data:")):
                    self.problems.append(f"it fetches something (`{name}`)")
            elif name == "style" and _ADDRESS.search(value):
                self.problems.append("a style fetches something")
        if tag not in _VOID:
            hidden = "hidden" in given or _HIDING.search(given.get("style", ""))
            self.open.append((tag, given.get("id") == "verdict", bool(hidden)))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _, _ in self.open):
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        tags = {name for name, _, _ in self.open}
        if "title" in tags and "svg" not in tags:
            self.title += data
        if "style" in tags:
            self._style(data)
        inside = any(banner for _, banner, _ in self.open)
        hidden = any(hidden for _, _, hidden in self.open)
        if inside and not hidden and not tags & {"style", "template", "details", "title"}:
            self.banner += data

    def _style(self, data: str) -> None:
        if _ADDRESS.search(data):
            self.problems.append("a style fetches something")
        for selector, declarations in _RULE.findall(re.sub(r"/\*.*?\*/", "", data, flags=re.DOTALL)):
            if _HIDING.search(declarations) and _AROUND_BANNER.search(selector.strip()):
                self.problems.append("a style hides the verdict")


def problems_of_page(page: str, verdict: str) -> list[str]:
    """What is wrong with a page: nothing, or sentences such as `it does not show the verdict FAIL`.

    The element with `id="verdict"` must hold the verdict's word, visibly, and `<title>` must begin with it.
    """
    word = STATUSES[verdict].word
    reader = _Reader()
    reader.feed(page)
    reader.close()
    problems = reader.problems
    if word not in reader.banner:
        problems.append(f"it does not show the verdict {word} in the element `verdict`")
    if not reader.title.strip().startswith(word):
        problems.append(f"its title does not begin with the verdict {word}")
    return problems
