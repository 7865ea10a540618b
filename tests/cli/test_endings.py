"""Whatever ends a run, foreign code included: the exit code says it, and 1 is never anything but a verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from evenhand.endings import exit_code_of
from evenhand.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def audit_after(preparation: str) -> str:
    """Code that prepares something and then runs `evenhand audit`."""
    return (
        "import os, sys, time\n"
        "import evenhand.pipeline as pipeline\n"
        f"{preparation}\n"
        "sys.argv = ['evenhand', 'audit', '--out', 'run']\n"
        "from evenhand.cli import main\n"
        "main()\n"
    )


@pytest.mark.parametrize("broken", ["raise ImportError('zqx')", "import sys; sys.exit(1)", "def ("])
def test_an_installation_that_cannot_start_exits_2(tmp_path: Path, broken: str) -> None:
    (tmp_path / "typer").mkdir()
    (tmp_path / "typer/__init__.py").write_text(broken)
    done = subprocess.run(
        [sys.executable, "-m", "evenhand", "audit"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: evenhand cannot start: ")
    assert "Traceback" not in done.stderr


def test_the_command_goes_through_the_same_door() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["scripts"] == {"evenhand": "evenhand.__main__:run"}


@pytest.mark.parametrize("code", ["0", "1", "None"])
def test_an_exit_of_foreign_code_is_an_internal_error(audit_folder: Path, code: str) -> None:
    """A library that calls sys.exit(0) in the middle of an audit would otherwise make it pass."""
    done = python(audit_after(f"pipeline.judge_cells = lambda *a, **k: sys.exit({code})"), audit_folder)
    assert done.returncode == 2
    assert "internal error, SystemExit" in done.stderr
    assert not (audit_folder / "run").exists()


def test_a_broken_pipe_inside_an_audit_is_not_a_pass(audit_folder: Path) -> None:
    raising = "def judge(*a, **k): raise BrokenPipeError(32, 'Broken pipe')\npipeline.judge_cells = judge"
    done = python(audit_after(raising), audit_folder)
    assert done.returncode == 2
    assert "broken pipe" in done.stderr


def test_what_the_operating_system_refuses_is_said_in_its_words(audit_folder: Path) -> None:
    raising = "def judge(*a, **k): raise OSError(28, 'No space left on device')\npipeline.judge_cells = judge"
    done = python(audit_after(raising), audit_folder)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == "error: cannot read or write a file: no space left on device"
    assert "internal error" not in done.stderr


def test_the_traceback_that_was_asked_for_does_not_change_the_exit_code(audit_folder: Path) -> None:
    raising = "def judge(*a, **k): raise RuntimeError\npipeline.judge_cells = judge"
    done = python(audit_after(raising), audit_folder, EVENHAND_DEBUG="1")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "error: internal error, RuntimeError" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("sent", "swallowed", "code"),
    [(signal.SIGTERM, False, 143), (signal.SIGTERM, True, 143), (signal.SIGINT, False, 130)],
)
def test_a_signal_removes_temporary_folders(
    audit_folder: Path, tmp_path_factory: pytest.TempPathFactory, sent: int, swallowed: bool, code: int
) -> None:
    """143 = 128 + 15 and 130 = 128 + 2, as shells say it; also where a library turns the signal into an error."""
    temporary = tmp_path_factory.mktemp("temporary")
    wait = (
        "def wait(*a, **k):\n"
        "    print('waiting', len(os.listdir(os.environ['TMPDIR'])), flush=True)\n"
        "    try:\n"
        "        time.sleep(60)\n"
        "    except BaseException:\n"
        f"        raise {'RuntimeError from None' if swallowed else ''}\n"
        "pipeline.tally = wait"
    )
    with subprocess.Popen(
        [sys.executable, "-c", audit_after(wait)],
        cwd=audit_folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "waiting 1\n"
        process.send_signal(sent)
        process.wait(timeout=30)
        assert process.stderr.read().splitlines()[-1] in ("error: terminated", "error: interrupted")
    assert process.returncode == code
    assert list(temporary.iterdir()) == []
    assert not (audit_folder / "run").exists()


def test_the_handler_of_whoever_calls_is_put_back() -> None:
    former = signal.getsignal(signal.SIGTERM)
    seen = []
    assert exit_code_of(lambda: seen.append(signal.getsignal(signal.SIGTERM))) == 0
    assert seen != [former]
    assert signal.getsignal(signal.SIGTERM) == former


def test_errors_of_ours_keep_their_code(capsys: pytest.CaptureFixture[str]) -> None:
    def wrong() -> None:
        raise UsageError("this is\nwrong", hint="do\nthis\x1b")

    assert exit_code_of(wrong) == 2
    assert capsys.readouterr().err == "error: this is\\nwrong\n\nhint: do\nthis\\x1b\n"
