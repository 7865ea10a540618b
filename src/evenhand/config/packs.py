"""Policy packs: where they are found, and how one is read. The shipped ones are `packs/*.yaml` beside this file.

May import: config.declarations, config.nodes, config.problems, config.schema, config.validation, errors.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from evenhand.config.declarations import CHECK_ID, id_problems
from evenhand.config.nodes import Document, document_from, read_document
from evenhand.config.problems import raise_all, shown
from evenhand.config.schema import PackFile
from evenhand.config.validation import validated
from evenhand.errors import near_name

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class PackInfo:
    """What the report says about a pack."""

    id: str
    version: str
    title: str
    jurisdiction: str
    binding: str
    in_force_from: str | None
    in_force_to: str | None
    source: str
    sentence: str


@dataclass(frozen=True)
class Pack:
    """A pack that was read, with its document for errors. `path` is None for a shipped one."""

    info: PackInfo
    file: PackFile
    document: Document
    path: Path | None


class PackNotFound(LookupError):
    """No pack is meant by a text; the caller turns this into an error where the text stands (a line, an option)."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def shipped_names() -> tuple[str, ...]:
    """The ids of the packs that come with evenhand, sorted."""
    folder = files("evenhand.config") / "packs"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


@cache
def shipped_checks() -> Mapping[str, tuple[str, ...]]:
    """The metrics that each shipped pack has a check on, by the pack's id."""
    packs = [find_pack(name, folder=Path(), inside=None, policies=None) for name in shipped_names()]
    return MappingProxyType({pack.info.id: tuple(check.metric or "" for check in pack.file.checks) for pack in packs})


def find_pack(written: str, *, folder: Path, inside: Sequence[Path] | None, policies: Path | None) -> Pack:
    """The pack that `written` names: a shipped id, a file `NAME.yaml` in the `policies` folder, or a path.

    Paths are relative to `folder`. With `inside` (for `extends`: whoever wrote the audit file chose it) the file must
    lie in one of these folders once every link and `..` is followed; None (for `--policy`: the operator chose it)
    allows any. Addresses are never fetched.

    Raises PackNotFound where there is none, AuditFileError for a pack that is wrong.
    """
    if "://" in written:
        raise PackNotFound("packs are never fetched from an address", hint="save the pack in the repository")
    is_path = "/" in written or "\\" in written or written.endswith(SUFFIXES)
    if not is_path:
        if written in shipped_names():
            content = (files("evenhand.config") / "packs" / f"{written}.yaml").read_bytes()
            return _pack(document_from(content, file=f"{written}.yaml"), path=None)
        company = policies / f"{written}.yaml" if policies is not None else None
        if company is None or not os.path.isfile(company):
            raise _unknown_name(written, policies)
        return _pack_at(company, written, inside)
    return _pack_at(folder / written, written, inside)


def _unknown_name(written: str, policies: Path | None) -> PackNotFound:
    company = [p.stem for p in sorted(policies.glob("*.yaml"))] if policies is not None else []
    names = [*shipped_names(), *company]
    near = near_name(written, names)
    suggestion = f" (did you mean '{near}'?)" if near else ""
    hint = f"packs: {', '.join(names)}; a file is named by its path, as in `policies/{shown(written)}.yaml`"
    return PackNotFound(f"there is no pack `{shown(written)}`{suggestion}", hint=hint)


def _pack_at(path: Path, written: str, inside: Sequence[Path] | None) -> Pack:
    try:
        real = path.resolve()
        contained = inside is None or any(real.is_relative_to(folder.resolve()) for folder in inside)
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a NUL in the name
        contained, real = False, path
    if not contained:
        hint = "packs lie in the repository of the audit file, or in the folder that EVENHAND_POLICIES names"
        raise PackNotFound(f"`{shown(written)}` is outside the repository", hint=hint)
    if real.suffix not in SUFFIXES:
        raise PackNotFound(f"`{shown(written)}` is not a .yaml file")
    if not os.path.isfile(real):  # unlike Path.is_file, False for a name that is too long
        near = (
            near_name(path.name, [p.name for p in real.parent.glob("*.y*ml")]) if os.path.isdir(real.parent) else None
        )
        suggestion = f" (did you mean '{near}'?)" if near else ""
        raise PackNotFound(f"there is no pack file `{shown(written)}`{suggestion}")
    return _pack(read_document(real, file=written), path=real)


def _pack(document: Document, *, path: Path | None) -> Pack:
    file = validated(PackFile, document)
    problems = list(id_problems(file.checks, document, allow_pack=False))
    if not CHECK_ID.fullmatch(file.id):
        problems.append(document.problem(("id",), f"an id is made of a-z, 0-9 and -, found `{shown(file.id)}`"))
    raise_all(problems)
    info = PackInfo(
        id=file.id,
        version=file.version,
        title=file.title,
        jurisdiction=file.jurisdiction,
        binding=file.binding,
        in_force_from=file.in_force.from_,
        in_force_to=file.in_force.to,
        source=file.source,
        sentence=file.sentence,
    )
    return Pack(info, file, document, path)
