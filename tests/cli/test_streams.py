"""Where the output goes wrong, the exit code stays what it should be: never 1 unless the audit failed its policy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evenhand.streams import harmless

Run = Callable[..., subprocess.CompletedProcess[str]]

AUDIT = ["audit", "evenhand.yaml", "--out", "run"]
CASES = [
    (AUDIT, 1),
    ([*AUDIT, "--format", "html"], 1),
    ([*AUDIT, "--fail-on", "never"], 0),
    (["measures"], 0),
    (["explain", "auc"], 0),
    (["policy", "schema"], 0),
    (["audit", "--help"], 0),
    (["--version"], 0),
]


@pytest.mark.parametrize(("arguments", "code"), CASES)
def test_a_reader_that_is_gone_does_not_change_the_exit_code(
    audit_folder: Path, arguments: list[str], code: int
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "evenhand", *arguments],
        cwd=audit_folder,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.skipif(os.name != "posix", reason="a shell's way to close a stream")
def test_closed_streams_do_not_change_the_exit_code(audit_folder: Path) -> None:
    """A run folder is whole all the same: no file of ours has taken the number of a closed stream."""
    files = {}
    for closed in ("", ">&-", "<&- >&- 2>&-", "2>/dev/full"):
        command = f'"$0" -m evenhand audit --out run --fail-on never {closed}'
        assert subprocess.run(["sh", "-c", command, sys.executable], cwd=audit_folder, check=False).returncode == 0
        files[closed] = {path: path.read_bytes() for path in (audit_folder / "run").glob("re*.*")}
        assert len(files[closed]) == 2
    assert all(found == files[""] for found in files.values())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(("arguments", "said"), [(AUDIT, "`run` was written"), (["measures"], "no space left")])
def test_a_full_disk_below_standard_output_exits_2(audit_folder: Path, arguments: list[str], said: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "evenhand", *arguments],
            cwd=audit_folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot write to standard output: no space left on device")
    assert said in done.stderr
    assert (audit_folder / "run/results.json").exists() == (arguments == AUDIT)


def test_error_messages_hold_nothing_that_a_terminal_obeys(evenhand: Run, audit_folder: Path) -> None:
    """Line ends and escapes in a message would let a file forge lines of a log, or clear the screen."""
    file = audit_folder / "evenhand.yaml"
    file.write_text(file.read_text().replace("reference: male", 'reference: "ma\\e[2J\\nerror: forged"'))
    done = evenhand(*AUDIT)
    assert done.returncode == 2
    assert "ma\\x1b[2J\\nerror: forged" in done.stderr.splitlines()[0]
    assert all(c.isprintable() or c == "\n" for c in done.stderr)
    assert not any(line.startswith("error: forged") for line in done.stderr.splitlines())


def test_harmless_escapes_what_is_not_printable() -> None:
    """By hand: ESC is 1b, the override of the writing direction is 202e, a lone surrogate cannot be encoded."""
    assert harmless("é\x1b[0m\u202e\r\n\ud800") == "é\\x1b[0m\\u202e\\r\\n\\ud800"
    assert harmless("a\nb\tc", lines=True) == "a\nb\\tc"
