"""matplotlib's SVG made fit for one shared page: small, themeable, accessible, and right without style attributes.

A strict content security policy drops `style=`, and the picture turns into a black box: every property becomes a
presentation attribute. Ids are prefixed, since all charts of a report live in one document.
May import: the standard library only.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_NUMBER = re.compile(r"-?\d+\.\d+")
_DROPPED_STYLES = {"stroke-linejoin", "stroke-linecap", "-inkscape-stroke", "stroke-miterlimit", "stroke-dashoffset"}
_OURS = {"whisker", "bar", "dot", "open", "line", "legend", "outside", "limit", "parity"}
_INK = {"#000000", "black", "#262626"}


def inline_svg(drawing: str, *, name: str, title: str, description: str) -> str:
    """The drawing as an `<svg role="img">` element with `<title>` and `<desc>`, its ids prefixed by `name`.

    Black becomes `currentColor`, and the groups that the chart named keep their names as classes, so that a page may
    colour them for a dark scheme; without any style sheet the colours of the drawing hold.
    """
    root = ElementTree.fromstring(drawing)
    box = root.get("viewBox", "0 0 100 100")
    _clean(root, name)
    inner = [child for child in root if child.tag in {"g", "defs"} and len(child)]
    for element in inner:
        _flatten(element)
    svg = ElementTree.Element(
        "svg",
        {
            "class": "chart",
            "viewBox": box,
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-desc",
            "font-family": "system-ui, sans-serif",
            "fill": "currentColor",
            "xmlns": "http://www.w3.org/2000/svg",
        },
    )
    ElementTree.SubElement(svg, "title", {"id": f"{name}-title"}).text = title
    ElementTree.SubElement(svg, "desc", {"id": f"{name}-desc"}).text = description
    svg.extend(inner)
    _inherit_strokes(svg)
    _drop_unused_ids(svg, keep={f"{name}-title", f"{name}-desc"})
    return ElementTree.tostring(svg, encoding="unicode")


def _clean(root: ElementTree.Element, name: str) -> None:
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        _styles_to_attributes(element)
        for key in list(element.attrib):
            value = element.attrib.pop(key)
            key = key.removeprefix(_XLINK)
            kept = _attribute(element.tag, key, value, name)
            if kept is not None:
                element.set(key, kept)
        if element.get("id", "").removeprefix(f"{name}-").split(" ")[0] in _OURS:
            element.set("class", element.attrib.pop("id").removeprefix(f"{name}-"))
        element.text = element.text.replace("\u200b", "") if element.tag == "text" and element.text else None
        element.tail = None
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {"metadata", "style", "clipPath"}:
                parent.remove(child)


def _styles_to_attributes(element: ElementTree.Element) -> None:
    for part in element.attrib.pop("style", "").split(";"):
        name, _, value = part.partition(":")
        name, value = name.strip(), value.strip()
        if not value or name in _DROPPED_STYLES:
            continue
        if name == "font":
            size = re.search(r"([\d.]+)px", value)
            name, value = "font-size", size.group(1) if size else "10"
        element.set(name, value)


def _attribute(tag: str, key: str, value: str, name: str) -> str | None:
    """The value to keep, or None. Only the listed attributes survive: no event handler can ride along."""
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}" if value.startswith("#") else None
    if key in {"fill", "stroke"}:
        return "currentColor" if value in _INK else value
    if key in {"font-size"}:
        return value.removesuffix("px")
    if key == "text-anchor":
        return value if value != "start" else None
    if key == "transform":
        return None if "rotate(-0 " in value or value == "rotate(-0)" else _rounded(value)
    if key in {"d", "x", "y", "points", "width", "height", "x1", "x2", "y1", "y2"}:
        return _rounded(" ".join(value.split()))
    if key in {"stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "stroke-opacity"}:
        return value
    return None


def _rounded(value: str) -> str:
    return _NUMBER.sub(lambda match: f"{float(match.group()):.1f}".removesuffix(".0"), value)


def _flatten(element: ElementTree.Element) -> None:
    """Groups that group nothing and paths that draw nothing go: they are most of matplotlib's bytes."""
    for child in list(element):
        _flatten(child)
    kept: list[ElementTree.Element] = []
    for child in element:
        if child.tag == "path" and (child.get("d", "").count("L") == 0 and "C" not in child.get("d", "")):
            continue
        if child.tag == "path" and child.get("fill") == "none" and "stroke" not in child.attrib:
            continue
        if child.tag == "g" and not len(child):
            continue
        if child.tag == "g" and set(child.attrib) <= {"id"}:
            kept.extend(child)
        else:
            kept.append(child)
    for child in list(element):
        element.remove(child)
    element.extend(kept)


def _inherit_strokes(svg: ElementTree.Element) -> None:
    """A mark takes its colour from the place it is used at: style sheets do not reach into what `<use>` copies."""
    for definitions in svg.iter("defs"):
        for path in definitions.iter("path"):
            path.attrib.pop("stroke", None)


def _drop_unused_ids(svg: ElementTree.Element, keep: set[str]) -> None:
    used = {element.get("href", "").removeprefix("#") for element in svg.iter()} | keep
    for element in svg.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
