"""The committed files of the synthetic samples are what their generators write, byte for byte."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

Texts = Mapping[tuple[str, str], str]
"""(folder, file name) -> text."""


@contextmanager
def generator_of(folder: Path) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location(f"{folder.name}_generator", folder / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up by name
        patch.setattr(sys, "dont_write_bytecode", True)  # the folder goes into the wheel as it is
        spec.loader.exec_module(module)
        yield module


def campaigns(module: ModuleType) -> Texts:
    return {(one.folder, name): text for one in module.CAMPAIGNS for name, text in module.files(one).items()}


def prices(module: ModuleType) -> Texts:
    return {(folder, name): text for folder, make in module.SAMPLES.items() for name, text in make().items()}


GENERATED = (("targeting", campaigns), ("pricing", prices))


@pytest.mark.parametrize(("kind", "texts_of"), GENERATED)
def test_fresh_files_equal_the_committed_ones(
    kind: str, texts_of: Callable[[ModuleType], Texts], samples: Path
) -> None:
    with generator_of(samples / kind) as generator:
        texts = texts_of(generator)
    for (folder, name), text in texts.items():
        committed = samples / kind / folder / name
        assert committed.read_bytes() == text.encode("utf-8"), committed.name
    made = {(samples / kind / folder / name).resolve() for folder, name in texts}
    assert made == {path.resolve() for path in (samples / kind).rglob("*.csv")}


@pytest.mark.parametrize(("kind", "texts_of"), GENERATED)
def test_main_writes_the_same_files(
    kind: str, texts_of: Callable[[ModuleType], Texts], samples: Path, tmp_path: Path
) -> None:
    with generator_of(samples / kind) as generator:
        texts = texts_of(generator)
        for folder, _ in texts:
            (tmp_path / folder).mkdir(exist_ok=True)
        generator.main(tmp_path)
    found = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv"))
    assert found == sorted(Path(folder) / name for folder, name in texts)
    for path in found:
        assert (tmp_path / path).read_bytes() == (samples / kind / path).read_bytes()
