"""From a raw document to a model of the schema, or to problems in our words at the lines of the file.

May import: config.nodes, config.problems, config.schema, errors. Imports pydantic: not for `evenhand --help`.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from evenhand.config.fields import kind_of
from evenhand.config.nodes import Document, KeyPath
from evenhand.config.problems import Problem, raise_all
from evenhand.config.schema import Section
from evenhand.errors import near_name

SectionType = TypeVar("SectionType", bound=Section)


def validated(model: type[SectionType], document: Document) -> SectionType:
    """The document as an instance of `model`. Raises AuditFileError that tells every problem, the first one first.

    Example: in `checks: [{id: a, mni: 0.8}]` the message ends with `checks.0.mni: unknown key (did you mean 'min'?)`.
    """
    try:
        return model.model_validate(document.tree)
    except ValidationError as error:
        details = error.errors(include_url=False)
    misspelt = {_meant(model, detail["loc"]) for detail in details if detail["type"] == "extra_forbidden"}
    # A misspelt required key is one mistake, not two: its unknown key is told, its absence is not.
    told = [d for d in details if not (d["type"] == "missing" and d["loc"] in misspelt)]
    raise_all([_problem(model, document, detail) for detail in told])
    raise AssertionError("pydantic reported no error")


def _meant(model: type[Section], path: KeyPath) -> KeyPath:
    """The path that an unknown key was probably meant to be; the path itself if nothing is near."""
    return (*path[:-1], near_name(str(path[-1]), _fields(model, path[:-1])) or path[-1])


def _problem(model: type[Section], document: Document, detail: ErrorDetails) -> Problem:
    path: KeyPath = detail["loc"]
    kind = detail["type"]
    context: Mapping[str, Any] = detail.get("ctx") or {}
    if path and path[-1] == "[key]":
        return document.problem(path[:-1], _sentence(kind, context, detail), key=True)
    if kind == "extra_forbidden":
        return _unknown_key(model, document, path)
    if kind == "missing":
        written = document.has(path)
        field = _fields(model, path[:-1]).get(str(path[-1]))
        message = "a value is required, found nothing" if written else "this key is required"
        return document.problem(path, message, hint=_meaning(path, field))
    hint = None
    if kind in _WRONG_SHAPE:
        hint = _meaning(path, _fields(model, path[:-1]).get(str(path[-1]))) if path else None
    return document.problem(path, _sentence(kind, context, detail), hint=hint)


def _unknown_key(model: type[Section], document: Document, path: KeyPath) -> Problem:
    name = str(path[-1])
    owner = _model_at(model, path[:-1])
    if owner is not None and name in owner.reserved:
        hint = "remove the key: a later version will read it"
        return document.problem(path, "not supported yet", hint=hint, key=True)
    known = _fields(model, path[:-1])
    near = near_name(name, known)
    if near:
        return document.problem(path, f"unknown key (did you mean '{near}'?)", key=True)
    hint = "known here: " + ", ".join(known)
    if " " in name and document.place(path).flow:
        hint = "inside { } a comma starts a new key: put a text that holds a comma in quotes"
    return document.problem(path, "unknown key", hint=hint, key=True)


_WRONG_SHAPE = {
    "model_type": "expected a mapping",
    "model_attributes_type": "expected a mapping",
    "dict_type": "expected a mapping",
    "tuple_type": "expected a list",
}


def _sentence(kind: str, context: Mapping[str, Any], detail: ErrorDetails) -> str:
    """The message of one pydantic error in our words."""
    if kind == "evenhand":
        return str(context["text"])
    if kind in _WRONG_SHAPE:
        return f"{_WRONG_SHAPE[kind]}, found {kind_of(detail['input'])}"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context["expected"]))
        given = detail["input"]
        near = near_name(given, allowed) if isinstance(given, str) else None
        suggestion = f" (did you mean '{near}'?)" if near else ""
        return f"expected {' or '.join(allowed)}, found {kind_of(given)}{suggestion}"
    if kind == "too_short":
        few = context["min_length"]
        return "expected at least one entry" if few == 1 else f"expected at least {few} entries"
    message = detail["msg"]
    return message[:1].lower() + message[1:]


def _meaning(path: KeyPath, field: FieldInfo | None) -> str | None:
    """`polarity`: whether being selected is …, as the schema describes the key."""
    return f"`{path[-1]}` is {field.description}" if field is not None and field.description else None


def _fields(model: type[Section], path: KeyPath) -> dict[str, FieldInfo]:
    """The known keys at `path`, by the name that the file uses."""
    owner = _model_at(model, path)
    return {f.alias or n: f for n, f in owner.model_fields.items()} if owner is not None else {}


def _model_at(model: type[Section], path: KeyPath) -> type[Section] | None:
    """The model that validates the mapping at `path`, found by walking the annotations."""
    annotation: Any = model
    for step in path:
        annotation = _inside(annotation, step)
    found = _without_none(annotation)
    return found if isinstance(found, type) and issubclass(found, Section) else None


def _inside(annotation: Any, step: str | int) -> Any:
    annotation = _without_none(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        by_name = {f.alias or n: f for n, f in annotation.model_fields.items()}
        return by_name[str(step)].annotation if step in by_name else None
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return arguments[1]
    return arguments[0] if get_origin(annotation) is tuple else None


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation
