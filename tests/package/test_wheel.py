"""The built wheel holds everything: templates, samples, packs, schemas; and it runs where nothing else of ours is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_every_template_sample_and_pack_is_inside(wheel: Path) -> None:
    """A .gitignore that matches *.html would drop templates silently."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    wanted = {f"evenhand/{name}" for name in tracked if name.startswith(("report_templates/", "sample_data/"))}
    wanted |= {name.removeprefix("src/") for name in tracked if name.startswith("src/")}
    assert len(wanted) > 100
    assert wanted <= inside, sorted(wanted - inside)[:10]


def test_the_wheel_alone_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere and put first on the path, the package finds its own templates and samples."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import evenhand; assert 'site' in evenhand.__file__, evenhand.__file__\n"
        "sys.argv = ['evenhand', 'demo', '--out', 'out']\n"
        "from evenhand.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/report.html").exists()
