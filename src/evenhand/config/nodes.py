"""A YAML file as raw text with the line and column of everything in it.

Never `safe_load`: it reads the countries `[NO, SE, on]` as `[False, 'SE', True]`, the postcode `0123` as 83, and
silently keeps the last of two equal keys. Here every scalar stays the text that was written; what it means is decided
by the schema. Aliases, anchors, tags, several documents, depth beyond 20 and equal keys are refused.

May import: errors, config.problems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias

import yaml

from evenhand.config.problems import Problem, excerpt, raise_all, shown
from evenhand.errors import AuditFileError

Raw: TypeAlias = "str | list[Raw] | dict[str, Raw] | None"
KeyPath: TypeAlias = tuple[str | int, ...]

LARGEST_FILE = 256 * 1024
"""Bytes. A policy that people read before they sign it is far smaller; parsing time grows with size."""

DEEPEST = 20


@dataclass(frozen=True)
class Place:
    """Where a value stands (lines and columns from 1) and where its key does; `quoted` and `flow` as YAML wrote it."""

    line: int
    column: int
    key_line: int
    key_column: int
    quoted: bool
    flow: bool
    """True inside `{ }` or `[ ]`, where a comma ends a text."""


@dataclass(frozen=True)
class Document:
    """One YAML file: its raw tree (text, None, lists, mappings) and the place of every path in it."""

    file: str
    tree: dict[str, Raw]
    places: Mapping[KeyPath, Place]
    lines: tuple[str, ...] = ()

    def has(self, path: KeyPath) -> bool:
        """Whether the path is written in the file."""
        return path in self.places

    def place(self, path: KeyPath) -> Place:
        """The place of `path`, or of the nearest thing around it that is written in the file."""
        while path not in self.places:
            path = path[:-1]
        return self.places[path]

    def position(self, path: KeyPath, *, key: bool = False) -> tuple[int, int]:
        """(line, column) of the value at `path`, or of its key; of the nearest thing around it if it is not written."""
        place = self.place(path)
        return (place.key_line, place.key_column) if key else (place.line, place.column)

    def problem(self, path: KeyPath, message: str, *, hint: str | None = None, key: bool = False) -> Problem:
        """A problem at `path`; the message is preceded by the path, as in `checks.0.min: …`."""
        line, column = self.position(path, key=key)
        name = ".".join(shown(str(step)) for step in path)
        message = f"{name}: {message}" if name else message
        return Problem(self.file, line, column, message, hint, excerpt(self.lines, file=self.file, line=line))


class _StrictLoader(yaml.SafeLoader):
    """Composes nodes like SafeLoader, but refuses what makes a text mean more than it says."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # untyped in types-PyYAML
        if isinstance(event, yaml.AliasEvent):
            raise _refusal("aliases (`*name`) are not allowed", event)
        if getattr(event, "anchor", None) is not None:
            raise _refusal("anchors (`&name`) are not allowed", event)
        if getattr(event, "tag", None) is not None:
            raise _refusal("tags (`!name`) are not allowed", event)
        if self.depth >= DEEPEST:
            raise _refusal(f"nested deeper than {DEEPEST} levels", event)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Refused(Exception):
    """YAML that is well formed and not allowed here."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def _refusal(message: str, event: yaml.Event) -> _Refused:
    mark = event.start_mark
    return _Refused(message, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)


def read_document(path: Path, *, file: str | None = None) -> Document:
    """The document in the file at `path`; messages call it `file` (default: the path as given).

    Raises AuditFileError when it cannot be read, is larger than `LARGEST_FILE`, is not UTF-8, or as `parse_document`.
    """
    name = file if file is not None else str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as problem:
        reason = (problem.strerror or "unknown reason").lower()
        raise AuditFileError(f"the file cannot be read ({reason})", file=name) from None
    return document_from(content, file=name)


def document_from(content: bytes, *, file: str) -> Document:
    """The document in the bytes of a file that messages call `file`; errors as `read_document`."""
    if len(content) > LARGEST_FILE:
        raise AuditFileError(f"the file is larger than {LARGEST_FILE // 1024} KiB", file=file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = content[: problem.start]
        column = problem.start - (before.rfind(b"\n") + 1) + 1
        raise AuditFileError(
            "the text is not UTF-8", file=file, line=before.count(b"\n") + 1, column=column, hint="save it as UTF-8"
        ) from None
    return parse_document(text, file=file)


def parse_document(text: str, *, file: str) -> Document:
    """The document in `text`. In `a: [NO]` the tree is `{"a": ["NO"]}` and `("a", 0)` stands at line 1, column 5.

    Raises AuditFileError at file:line:column for YAML that is malformed, or that uses aliases, anchors, tags, several
    documents, more than `DEEPEST` levels, equal keys, or keys that are not text.
    """
    lines = tuple(text.splitlines())

    def refuse(message: str, line: int, column: int, hint: str | None = None) -> NoReturn:
        raise_all([Problem(file, line, column, message, hint, excerpt(lines, file=file, line=line))])
        raise AssertionError("one problem is always raised")

    try:
        root = yaml.compose(text, Loader=_StrictLoader)
    except _Refused as problem:
        refuse(str(problem), problem.line, problem.column, "write the text out: a policy says what it means")
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        message = shown(problem.problem or problem.context or "cannot be read as YAML")
        refuse(message, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, _syntax_hint(message))
    except yaml.reader.ReaderError as problem:
        before = text[: problem.position]
        refuse("a control character", before.count("\n") + 1, problem.position - before.rfind("\n"), "remove it")
    if root is None:
        refuse("the file is empty", 1, 1)
    if not isinstance(root, yaml.MappingNode):
        refuse("expected keys with values (`key: value`)", root.start_mark.line + 1, root.start_mark.column + 1)
    builder = _Builder(file, lines)
    tree = builder.mapping(root, ())
    raise_all(builder.problems)
    return Document(file, tree, builder.places, lines)


def _syntax_hint(message: str) -> str | None:
    """What usually causes the YAML errors that people meet most."""
    if "mapping values are not allowed" in message or "could not find expected ':'" in message:
        return "a text that holds `: ` or ` #` needs quotes; keys of one mapping start in the same column"
    if "'\\t'" in message:
        return "indent with spaces, not tabs"
    if "single document" in message:
        return "one file holds one document: remove the `---` between them"
    return None


class _Builder:
    """Turns nodes into the raw tree, noting places and equal keys on the way."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.file = file
        self.lines = lines
        self.places: dict[KeyPath, Place] = {(): Place(1, 1, 1, 1, quoted=False, flow=False)}
        self.problems: list[Problem] = []

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Raw]:
        tree: dict[str, Raw] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "a key must be text")
                continue
            name = str(key.value)
            here = (*path, name)
            if name in tree:
                dotted = ".".join(shown(str(step)) for step in here)
                first = self.places[here].key_line
                self._refuse(key, f"{dotted}: the same key stands on line {first} already", "keep one of the two")
                continue
            tree[name] = self._value(item, here, key, flow=bool(node.flow_style))
        return tree

    def _value(self, node: yaml.Node, path: KeyPath, key: yaml.Node, *, flow: bool) -> Raw:
        """The raw value of `node`; `key` is the node of its key, or itself in a list."""
        quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
        start, name = node.start_mark, key.start_mark
        self.places[path] = Place(start.line + 1, start.column + 1, name.line + 1, name.column + 1, quoted, flow)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            inside = bool(node.flow_style)
            return [self._value(item, (*path, i), item, flow=inside) for i, item in enumerate(node.value)]
        text = str(node.value)
        return None if not quoted and text in ("", "~", "null") else text

    def _refuse(self, key: yaml.Node, message: str, hint: str | None = None) -> None:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        around = excerpt(self.lines, file=self.file, line=line)
        self.problems.append(Problem(self.file, line, column, message, hint, around))
