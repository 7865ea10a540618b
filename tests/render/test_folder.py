"""The run folder is old or new, never torn; what evenhand did not write stays."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from evenhand.errors import OutputError
from evenhand.render import exchange, folder
from evenhand.render.folder import PUBLISHED, check_writable, publish


def files(tag: str, size: int = 10) -> dict[str, bytes]:
    return {name: f"{tag} ".encode() * size for name in PUBLISHED}


def tags(out: Path) -> set[bytes]:
    """Which runs the files in the folder belong to: one for a whole folder."""
    found = {path.read_bytes().split()[0] for path in out.iterdir() if path.name in PUBLISHED}
    cells = out / "restricted" / "cells.parquet"
    return found | ({cells.read_bytes().split()[0]} if cells.exists() else set())


def run(out: Path, tag: str, size: int = 10) -> None:
    publish(out, files(tag, size), {"cells.parquet": f"{tag} ".encode() * size})


@pytest.fixture(params=["exchange", "two renames", "inside"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The three ways of publishing: the system swaps, two renames, a folder that must keep its place."""
    if request.param == "two renames":
        monkeypatch.setattr(folder, "exchange", lambda first, second: False)
    if request.param == "inside":
        monkeypatch.setattr(folder, "_stays", lambda target: target.exists())
    return str(request.param)


def test_files_appear_with_their_modes(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    check_writable(out)
    assert not out.exists()
    run(out, "a")
    assert sorted(p.name for p in out.iterdir()) == sorted([*PUBLISHED, "restricted"])
    assert stat.S_IMODE((out / "restricted").stat().st_mode) == 0o700
    assert stat.S_IMODE((out / "restricted" / "cells.parquet").stat().st_mode) == 0o600
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_a_second_run_replaces_all_and_leaves_foreign_files(tmp_path: Path, way: str) -> None:
    out = tmp_path / "out"
    run(out, "old")
    (out / "notes.txt").write_text("mine")
    (out / "folder").mkdir()
    (out / "folder" / "deep.txt").write_text("mine too")
    (out / "link").symlink_to("notes.txt")
    (out / "restricted" / "key.txt").write_text("and mine")
    os.chmod(out, 0o750)
    inode = (out / "notes.txt").stat().st_ino
    publish(out, {"report.html": b"new "}, {})
    assert tags(out) == {b"new"}
    assert sorted(p.name for p in out.iterdir()) == ["folder", "link", "notes.txt", "report.html", "restricted"]
    assert (out / "folder" / "deep.txt").read_text() == "mine too"
    assert (out / "restricted" / "key.txt").read_text() == "and mine"
    assert (out / "link").is_symlink()
    assert (out / "notes.txt").stat().st_ino == inode
    assert stat.S_IMODE(out.stat().st_mode) == 0o750
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_kth_write_fails_for_each_k(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    run(out, "old")
    (out / "notes.txt").write_text("mine")
    real = os.fsync
    steps, messages = 0, set()
    for k in range(1, 30):
        calls = 0

        def failing(descriptor: int, k: int = k) -> None:
            nonlocal calls
            calls += 1
            if calls == k:
                raise OSError(28, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(folder.os, "fsync", failing)
        try:
            run(out, "new")
        except OutputError as error:
            messages.add(str(error))
            steps += 1
        monkeypatch.setattr(folder.os, "fsync", real)
        assert tags(out) in ({b"old"}, {b"new"})
        check_writable(out)
        assert (out / "notes.txt").read_text() == "mine"
        assert [p.name for p in tmp_path.iterdir()] == ["out"]
        assert not [p for p in out.iterdir() if p.name.startswith(".")]
        if tags(out) == {b"new"} and calls < k:
            break
        run(out, "old")
    assert steps >= len(PUBLISHED) + 1
    assert messages == {f"cannot write the run folder `{out}`: no space left on device"}


def test_a_first_run_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder.os, "fsync", failing)
    with pytest.raises(OutputError):
        run(tmp_path / "out", "new")
    assert list(tmp_path.iterdir()) == []


CHILD = """
import os, sys
from pathlib import Path
from evenhand.render import folder
way, out, step = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
if way == "two renames":
    folder.exchange = lambda first, second: False
if way == "inside":
    folder._stays = lambda target: target.exists()
count = 0
def dying(name):
    real = getattr(os, name)
    def call(*args, **kwargs):
        global count
        count += 1
        if count == step:
            os.kill(os.getpid(), 9)
        return real(*args, **kwargs)
    return call
for name in ("open", "rename", "replace", "unlink", "rmdir", "link", "mkdir", "fsync", "chmod"):
    setattr(os, name, dying(name))
swap = folder.exchange
def exchange(first, second):
    done = swap(first, second)
    global count
    count += 1
    if count == step:
        os.kill(os.getpid(), 9)
    return done
folder.exchange = exchange
folder.publish(out, {n: b"new " for n in folder.PUBLISHED}, {"cells.parquet": b"new "})
"""


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the child changes a folder and dies
def test_killed_at_any_step_the_next_start_finds_a_whole_folder(tmp_path: Path, way: str) -> None:
    """kill -9 at every system call of a run that changes something, one after the other."""
    killed = 0
    for step in range(1, 200):
        out = tmp_path / f"run{step}" / "out"
        run(out, "old")
        (out / "notes.txt").write_text("mine")
        (out / "folder").mkdir()
        (out / "folder" / "deep.txt").write_text("mine too")
        child = os.fork()
        if child == 0:
            sys.argv = ["child", way, str(out), str(step)]
            try:
                exec(CHILD, {"__name__": "child"})  # the test's own text: a fork is 50 times faster than an interpreter
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        if way == "exchange":  # no moment at which a reader could see a torn or absent folder
            assert tags(out) in ({b"old"}, {b"new"})
            assert (out / "notes.txt").read_text() == "mine"
        check_writable(out)
        assert tags(out) in ({b"old"}, {b"new"})
        assert (out / "notes.txt").read_text() == "mine"
        assert (out / "folder" / "deep.txt").read_text() == "mine too"
        assert [p.name for p in out.parent.iterdir()] == ["out"]
        assert not [p for p in out.iterdir() if p.name.startswith(".")]
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            killed += 1
        else:
            break
    assert killed > 20
    assert tags(out) == {b"new"}


def test_readers_see_one_run_at_every_moment(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, "r0", 2000)
    done = threading.Event()
    seen: set[bytes] = set()
    torn: list[str] = []

    def first_word(name: str, here: int) -> bytes:
        file = os.open(name, os.O_RDONLY, dir_fd=here)
        try:
            return os.read(file, 4).split()[0]
        finally:
            os.close(file)

    def read() -> None:
        while not done.is_set():
            here = os.open(out, os.O_RDONLY)  # one folder, as a web server or an archiver would open it
            try:
                first = {first_word(name, here) for name in ("report.html", "run.json")}
                seen.update(first)
                if len(first) > 1:
                    torn.append(str(first))
            except FileNotFoundError:
                pass  # the folder opened is the former one, just being removed
            finally:
                os.close(here)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(1, 20):
        run(out, f"r{i}", 2000)
    done.set()
    reader.join()
    assert torn == []


def test_eight_runs_into_one_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    program = (
        "import sys; from pathlib import Path; from evenhand.render.folder import *;"
        "t = sys.argv[2].encode();"
        "[publish(Path(sys.argv[1]), {n: t + b' ' for n in PUBLISHED}, {'cells.parquet': t + b' '}) for _ in range(5)]"
    )
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    runs = [
        subprocess.Popen([sys.executable, "-c", program, str(out), f"r{i}"], env=environment, stderr=subprocess.PIPE)
        for i in range(8)
    ]
    while any(r.poll() is None for r in runs):
        assert (out / "notes.txt").exists()
        time.sleep(0.01)
    assert [r.communicate()[1] for r in runs] == [b""] * 8
    assert [r.returncode for r in runs] == [0] * 8
    assert len(tags(out)) == 1
    assert (out / "notes.txt").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_interrupted_run_leaves_the_old_folder(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    run(out, "old")

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folder.os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(out, "new")
    assert tags(out) == {b"old"}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert not [p for p in out.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("name", ["", "report.html", "restricted", "restricted/cells.parquet"])
def test_symbolic_links_are_refused_and_not_written_through(tmp_path: Path, name: str) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "target").write_text("precious")
    if name:
        (out / name).parent.mkdir(parents=True)
        (out / name).symlink_to(elsewhere if name == "restricted" else elsewhere / "target")
    else:
        out.symlink_to(elsewhere)
    for attempt in (check_writable, lambda path: run(path, "new")):
        with pytest.raises(OutputError, match="symbolic link"):
            attempt(out)
    assert [p.name for p in elsewhere.iterdir()] == ["target"]
    assert (elsewhere / "target").read_text() == "precious"


def test_a_link_planted_as_staging_folder_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "report.html").write_text("precious")
    (tmp_path / ".out.evenhand-new").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="symbolic link"):
        run(tmp_path / "out", "new")
    assert (elsewhere / "report.html").read_text() == "precious"


def test_what_cannot_be_written_fails_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(OutputError, match="is a file"):
        check_writable(tmp_path / "file")
    with pytest.raises(OutputError, match=r"not a directory|file exists"):
        check_writable(tmp_path / "file" / "out")
    (tmp_path / "out" / "report.html").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"`report\.html` in the run folder .* is a folder"):
        check_writable(tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="read-only"):
        check_writable(out)


def test_read_only_file_system_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match="read-only file system"):
        check_writable(tmp_path / "out")


def test_the_current_folder_keeps_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evenhand.yaml").write_text("mine")
    inode = tmp_path.stat().st_ino
    check_writable(Path())
    run(Path(), "a")
    run(Path(), "b")
    assert tmp_path.stat().st_ino == inode
    assert tags(tmp_path) == {b"b"}
    assert (tmp_path / "evenhand.yaml").read_text() == "mine"


def test_only_files_of_the_run_folder_are_taken(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a file of the run folder"):
        publish(tmp_path / "out", {"../evil": b""}, {})


@pytest.mark.skipif(sys.platform != "linux", reason="the call is Linux's")
def test_exchange_swaps_and_says_where_it_cannot(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not exchange.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange")
    assert (tmp_path / "a" / "b").exists()
    with pytest.raises(FileNotFoundError):
        exchange.exchange(tmp_path / "a", tmp_path / "none")
