"""The committed files of the synthetic campaign are what their generator writes, byte for byte."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def generator(samples: Path) -> Iterator[ModuleType]:
    path = samples / "targeting" / "generate.py"
    spec = importlib.util.spec_from_file_location("campaign_generator", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up by name
        patch.setattr(sys, "dont_write_bytecode", True)  # the folder goes into the wheel as it is
        spec.loader.exec_module(module)
        yield module


def test_fresh_files_equal_the_committed_ones(generator: ModuleType, samples: Path) -> None:
    written = 0
    for campaign in generator.CAMPAIGNS:
        for name, text in generator.files(campaign).items():
            committed = samples / "targeting" / campaign.folder / name
            assert committed.read_bytes() == text.encode("utf-8"), committed.name
            written += 1
    assert written == 6


def test_main_writes_the_same_files(generator: ModuleType, samples: Path, tmp_path: Path) -> None:
    for folder in ("clean", "too_little"):
        (tmp_path / folder).mkdir()
    generator.main(tmp_path)
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.csv"))
    assert found == sorted(
        f"{folder}{name}" for folder in ("", "clean/", "too_little/") for name in ("people.csv", "predictions.csv")
    )
    assert (tmp_path / "people.csv").read_bytes() == (samples / "targeting" / "people.csv").read_bytes()
