"""From the path of an audit file to an `Audit`: everything that was declared, resolved and checked. Start reading here.

May import: the other modules of config, errors. Imports pydantic: not for `evenhand --help`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from evenhand.config.attributes import AttributeTable
from evenhand.config.catalogue import Catalogue, MeasureLike
from evenhand.config.checks import Check, resolve_check
from evenhand.config.declarations import declaration_problems
from evenhand.config.extending import drafts_of, small_groups_of, tolerance_problems
from evenhand.config.nodes import Document, KeyPath, read_document
from evenhand.config.packs import Pack, PackInfo, PackNotFound, find_pack
from evenhand.config.problems import Problem, raise_all
from evenhand.config.schema import AuditFile, Exclusion, SmallGroups
from evenhand.config.validation import validated
from evenhand.errors import AuditFileError, UsageError

OVERRIDES = ("predictions", "attributes", "key")
"""Keys of `data` that the command line may replace: where the rows are, never what is asked of them."""


@dataclass(frozen=True)
class Audit:
    """An audit file with everything that it builds on."""

    file: AuditFile
    checks: tuple[Check, ...]
    packs: tuple[PackInfo, ...]
    small_groups: SmallGroups
    attributes: AttributeTable
    predictions: str | None
    """Where the decisions are: a path or pattern, resolved against the folder of the audit file; None if not said."""
    attributes_path: str | None
    key: str | None
    path: Path
    name: str
    """The audit file as it is called from the root of its repository."""
    sha256: str
    """Of the policy: what is asked, of whom and how. Not of the model's version, the data's place, or the layout."""
    document: Document = field(repr=False)

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """What `exclude` says, with each attribute by the name that it has in `attributes`."""
        named = [(entry, self.attributes.resolve(entry.attribute)) for entry in self.file.exclude]
        return tuple(entry.model_copy(update={"attribute": name}) for entry, name in named)

    def position(self, path: KeyPath, *, key: bool = False) -> tuple[int, int]:
        """(line, column) of what stands at `path`, as `("columns", "decision")`; of its key with `key=True`."""
        return self.document.position(path, key=key)

    def error(self, path: KeyPath, message: str, hint: str | None = None) -> AuditFileError:
        """An error at `path` of the audit file, for what only shows when the data are read."""
        return self.document.problem(path, message, hint=hint).error()

    def check_error(self, check: Check, message: str, hint: str | None = None) -> AuditFileError:
        """An error at a check, for what only shows when the data are read."""
        file = self.document.file if check.file == self.name else check.file
        text = f"check `{check.id}`: {message}"
        return AuditFileError(text, file=file, line=check.line, column=check.column, hint=hint)


def load_audit(
    path: Path,
    *,
    catalogue: Mapping[str, MeasureLike],
    aliases: Mapping[str, str] | None = None,
    extra_policies: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Audit:
    """The audit that the file at `path` describes.

    `catalogue` and `aliases` are the measures and their other names (`evenhand.measure`). `extra_policies` are the
    values of `--policy`, names or paths relative to the working directory. `overrides` replaces keys of `data`
    (`predictions`, `attributes`, `key`); its paths are relative to the working directory, the file's to its folder.
    `environment` is os.environ unless given; of it only EVENHAND_POLICIES is read.

    Raises AuditFileError, which tells every problem of the first stage that has any (syntax, shape, declarations,
    checks), and UsageError for `extra_policies` and `overrides`.
    """
    document = read_document(path, file=_as_called(path))
    file = validated(AuditFile, document)
    raise_all(declaration_problems(file, document))
    policies = (os.environ if environment is None else environment).get("EVENHAND_POLICIES")
    packs = _packs(file, document, path, extra_policies, Path(policies) if policies else None)
    table = AttributeTable.of(file)
    drafts, problems = drafts_of(file, document, packs)
    small_groups, raised = small_groups_of(file, document, [pack for pack, _ in packs])
    problems += [*raised, *tolerance_problems(file, document, [pack for pack, _ in packs])]
    checks = []
    known = Catalogue(catalogue, aliases or {})
    for draft in drafts:
        check, wrong = resolve_check(draft, file, table, known)
        problems += wrong
        if check is not None:
            checks.append(check)
    if not drafts and not problems:
        hint = "list `checks:`, or name a pack in `extends:`; `evenhand init DATA` writes an example"
        problems.append(document.problem(("checks",), "nothing is checked", hint=hint, key=True))
    raise_all(problems)
    names = _names_in_repository(document, path, [pack for pack, _ in packs])
    resolved = tuple(replace(check, file=names.get(check.file, check.file)) for check in checks)
    predictions, attributes_path, key = _data(file, document, path, overrides or {})
    return Audit(
        file=file,
        checks=resolved,
        packs=tuple(pack.info for pack, _ in packs),
        small_groups=small_groups,
        attributes=table,
        predictions=predictions,
        attributes_path=attributes_path,
        key=key,
        path=path,
        name=names[document.file],
        sha256=policy_digest(file, resolved, small_groups),
        document=document,
    )


def repository_root(folder: Path) -> Path:
    """The nearest folder from `folder` upwards that holds `.git`; `folder` itself if none does."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)


def _as_called(path: Path) -> str:
    """The path as messages show it: from the working directory if it lies in it, else as given."""
    absolute = _absolute(path)
    return absolute.relative_to(Path.cwd()).as_posix() if absolute.is_relative_to(Path.cwd()) else str(path)


def _absolute(path: Path) -> Path:
    """The path from the root, `..` removed, links kept: what stands beside a link is what its reader sees there."""
    return Path(os.path.abspath(path))


def _packs(
    file: AuditFile, document: Document, path: Path, extra_policies: Sequence[str], policies: Path | None
) -> list[tuple[Pack, tuple[Document, KeyPath] | None]]:
    """Each pack once, with the entry of `extends` that names it (None for `--policy`)."""
    folder = _absolute(path).parent
    inside = [repository_root(folder)] + ([policies] if policies is not None else [])
    found: dict[str, tuple[Pack, tuple[Document, KeyPath] | None]] = {}
    problems: list[Problem] = []
    for i, written in enumerate(file.extends):
        here: KeyPath = ("extends", i) if document.has(("extends", i)) else ("extends",)
        try:
            pack = find_pack(written, folder=folder, inside=inside, policies=policies)
        except PackNotFound as error:
            problems.append(document.problem(here, str(error), hint=error.hint))
            continue
        if pack.info.id in found and found[pack.info.id][0].path != pack.path:
            problems.append(document.problem(here, f"another pack with the id `{pack.info.id}` is extended already"))
        found.setdefault(pack.info.id, (pack, (document, here)))
    raise_all(problems)
    for written in extra_policies:
        try:
            pack = find_pack(written, folder=Path.cwd(), inside=None, policies=policies)
        except PackNotFound as error:
            raise UsageError(f"--policy: {error}", hint=error.hint) from None
        if pack.info.id in found and found[pack.info.id][0].path != pack.path:
            raise UsageError(f"--policy: the audit file extends another pack with the id `{pack.info.id}`")
        found.setdefault(pack.info.id, (pack, None))
    return list(found.values())


def _names_in_repository(document: Document, path: Path, packs: Sequence[Pack]) -> dict[str, str]:
    """What each file is called from the root of the repository, so that no working directory shows in results."""
    root = repository_root(_absolute(path).parent)
    paths = {document.file: _absolute(path)} | {pack.document.file: pack.path for pack in packs if pack.path}
    return {
        called: real.relative_to(root).as_posix() if real.is_relative_to(root) else real.name
        for called, real in paths.items()
    }


def _data(
    file: AuditFile, document: Document, path: Path, overrides: Mapping[str, str]
) -> tuple[str | None, str | None, str | None]:
    """(predictions, attributes, key), the command line's before the file's."""
    unknown = [name for name in overrides if name not in OVERRIDES]
    if unknown:
        raise UsageError(f"`{unknown[0]}` cannot be overridden", hint="known: " + ", ".join(OVERRIDES))
    folder = _absolute(path).parent

    def place(name: str, written: str | None) -> str | None:
        if name in overrides:
            return str(Path.cwd() / overrides[name])
        return str(folder / written) if written is not None else None

    predictions = place("predictions", file.data.predictions)
    attributes = place("attributes", file.data.attributes)
    key = overrides.get("key", file.data.key)
    if attributes is not None and key is None:
        hint = "`key` is the column that joins predictions and attributes"
        if "attributes" in overrides:
            raise UsageError("`--attributes` needs `--key`", hint=hint)
        raise_all([document.problem(("data", "attributes"), "`attributes` needs `key`", hint=hint, key=True)])
    return predictions, attributes, key


_NOT_ASKED = ("written", "missing_roles", "file", "line", "column")
"""Fields of a check that say where it stands or what this audit lacks, not what it asks."""


def policy_digest(file: AuditFile, checks: Sequence[Check], small_groups: SmallGroups) -> str:
    """SHA-256 of what the policy asks, in a form where key order, layout, comments and `0.8` for `0.80` do not matter.

    The model's name and version, the approval, and where the data lie are left out: the next release has the same.
    """
    declared = file.model_dump(
        include={"purpose", "columns", "polarity", "protected", "intersections", "factors", "exclude", "population"}
    )
    asked = [
        {name: value for name, value in asdict(check).items() if name not in _NOT_ASKED}
        for check in sorted(checks, key=lambda check: check.id)
    ]
    content = {
        "kind": file.model.kind,
        "where": file.data.where,
        "missing_values": file.data.missing_values,
        **({"currency": file.data.currency} if file.data.currency else {}),
        "small_groups": small_groups.model_dump(),
        "checks": asked,
        **declared,
    }
    canonical = json.dumps(content, default=_canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    raise TypeError(f"no canonical form for {type(value).__name__}")
