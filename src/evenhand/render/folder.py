"""The run folder: written whole or not at all, and nothing in it touched that evenhand did not write.

All files are written to a staging folder beside the run folder, synced, and the two folders change places in one
step; where the system has no such step, in two renames that the next start completes. Where the folder itself cannot
be renamed (a mount point, the current directory, a parent that is not ours) the staging folder stands inside it and
the files move one by one, which the next start completes as well. Foreign files stay where they are.

`check_writable` fails before the data are read; `publish` is the only writer. May import: errors, render.exchange.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from evenhand.errors import OutputError
from evenhand.render.exchange import exchange

PUBLISHED = ("report.html", "results.json", "summary.md", "junit.xml", "run.json")
RESTRICTED_FOLDER = "restricted"
RESTRICTED = ("cells.parquet",)
_STAGED, _COMPLETE, _MOVING = ".evenhand-new", ".evenhand-complete", ".evenhand-moving"


def check_writable(folder: Path) -> None:
    """Make sure that a run folder can be published at `folder`, sweeping up after a run that was killed.

    Creates missing parent folders, and nothing else that stays. Errors: OutputError if the path or one of our names in
    it is a symbolic link, is not what it should be, or cannot be written.
    """
    target = _target(folder)
    with _as_output_error(folder):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _turn(target.parent):
            _complete(target)
            _refuse_links(target, folder)
            if target.exists() and not os.access(target, os.W_OK | os.X_OK):
                raise OutputError(f"the run folder `{folder}` is read-only", hint="choose another with `--out`")
            place = target if _stays(target) else target.parent
            probe = place / f".{target.name}.evenhand-probe"
            with suppress(FileExistsError):
                probe.mkdir(mode=0o700)
            probe.rmdir()


def kept_beside(folder: Path, results: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What stays when `report` renders a run folder again in place: its run.json and its cells, as bytes.

    Errors: OutputError where the folder holds the cells of other results, which rendering would delete.
    """
    with _as_output_error(folder):
        cells = {name: (folder / RESTRICTED_FOLDER / name) for name in RESTRICTED}
        present = {name: path.read_bytes() for name, path in cells.items() if path.is_file()}
        former = folder / "results.json"
        same = former.is_file() and former.read_bytes() == results
        if present and not same:
            raise OutputError(
                f"the run folder `{folder}` holds the cells of another audit", hint="choose another `--out`"
            )
        run = folder / "run.json"
        return ({"run.json": run.read_bytes()} if same and run.is_file() else {}), present


def publish(folder: Path, files: Mapping[str, bytes], restricted: Mapping[str, bytes]) -> None:
    """Replace what evenhand wrote in `folder` by these files: all of them appear, or the folder stays as it was.

    `files` have names of `PUBLISHED`; `restricted` those of `RESTRICTED`, in a folder 0700 with files 0600. Names of
    ours that are not given now disappear, so that no old page stands beside new results.

    Errors: OutputError; what stood there before is untouched.
    """
    unknown = [*(set(files) - set(PUBLISHED)), *(set(restricted) - set(RESTRICTED))]
    if unknown:
        raise ValueError(f"not a file of the run folder: {', '.join(sorted(unknown))}")
    target = _target(folder)
    with _as_output_error(folder):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _turn(target.parent):
            _complete(target)
            _refuse_links(target, folder)
            if _stays(target):
                _publish_inside(target, files, restricted)
            else:
                _publish_beside(target, files, restricted)


def _publish_beside(target: Path, files: Mapping[str, bytes], restricted: Mapping[str, bytes]) -> None:
    staged, former = _beside(target, "new"), _beside(target, "old")
    try:
        _write_all(staged, files, restricted)
        if target.exists():
            os.chmod(staged, stat.S_IMODE(target.stat().st_mode))
            _link_foreign(target, staged)
            _sync_folder(staged)
            if exchange(staged, target):
                former = staged
            else:
                os.rename(target, former)
                os.rename(staged, target)
        else:
            os.rename(staged, target)
    except BaseException:
        # Also on Ctrl-C: whichever folder is the run folder now is whole, and the other one goes.
        with suppress(OSError):
            _complete(target)
        raise
    with suppress(OSError):  # published: what is left over is swept at the next start
        _sync_folder(target.parent)
        _carry_over(former, target)


def _publish_inside(target: Path, files: Mapping[str, bytes], restricted: Mapping[str, bytes]) -> None:
    staged = target / _STAGED
    try:
        _write_all(staged, files, restricted)
    except BaseException:
        with suppress(OSError):
            _complete_inside(target)
        raise
    os.rename(staged, target / _COMPLETE)
    _complete_inside(target)
    _sync_folder(target)


def _complete(target: Path) -> None:
    """Finish or undo what a killed run left: afterwards no staging folder is there and the run folder is whole."""
    staged, former = _beside(target, "new"), _beside(target, "old")
    for stray in (staged, former):
        if stray.is_symlink():
            raise OutputError(f"`{stray.name}` beside the run folder is a symbolic link", hint="remove it")
    if not target.exists() and former.exists():
        # Killed between the two renames. The first one happens only when the staged folder is complete.
        os.rename(staged if staged.exists() else former, target)
    for stray in (staged, former):
        if stray.exists():
            _carry_over(stray, target)
    if target.is_dir():
        _complete_inside(target)


def _complete_inside(target: Path) -> None:
    complete, moving = target / _COMPLETE, target / _MOVING
    if complete.exists():
        given = {path.relative_to(complete) for path in complete.rglob("*")}
        for name in _ours():
            if name not in given:
                (target / name).unlink(missing_ok=True)
        os.rename(complete, moving)
    if moving.exists():
        if (moving / RESTRICTED_FOLDER).exists():
            with suppress(FileExistsError):
                (target / RESTRICTED_FOLDER).mkdir(mode=0o700)
            os.chmod(target / RESTRICTED_FOLDER, 0o700)
        for name in _ours():
            if (moving / name).exists():
                os.replace(moving / name, target / name)
    for stray in (target / _STAGED, moving):
        if stray.exists():
            _carry_over(stray, target)


def _carry_over(stray: Path, target: Path) -> None:
    """Empty a staging or former folder: our files are deleted, foreign ones are brought (back) into the run folder."""
    ours = set(_ours())
    for folder in (stray / RESTRICTED_FOLDER, stray):
        for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
            name = entry.relative_to(stray)
            there = target / name
            if name in ours:
                entry.unlink()
            elif name == Path(RESTRICTED_FOLDER):
                with suppress(OSError):  # not empty: a foreign file could not be brought back, and is kept
                    entry.rmdir()
            elif not os.path.lexists(there):
                there.parent.mkdir(mode=0o700, exist_ok=True)
                os.rename(entry, there)
            elif not entry.is_dir() and os.path.samestat(entry.lstat(), there.lstat()):
                entry.unlink()
    with suppress(OSError):
        stray.rmdir()


def _link_foreign(target: Path, staged: Path) -> None:
    """Let foreign files be in both folders, so that they are never missing; folders move after the exchange."""
    ours = {*_ours(), Path(RESTRICTED_FOLDER)}
    for entry in [*target.iterdir(), *_listed(target / RESTRICTED_FOLDER)]:
        name = entry.relative_to(target)
        if name in ours or (entry.is_dir() and not entry.is_symlink()) or not (staged / name).parent.is_dir():
            continue
        with suppress(OSError):  # a file system without hard links: carried over after the exchange instead
            os.link(entry, staged / name, follow_symlinks=False)


def _stays(target: Path) -> bool:
    """Whether the folder must keep its place: it is a mount point, somebody stands in it, or its parent is not ours."""
    if not target.exists():
        return False
    here = Path.cwd()
    if os.path.ismount(target) or here == target or target in here.parents:
        return True
    if not os.access(target.parent, os.W_OK | os.X_OK):
        return True
    folders = [e for e in target.iterdir() if e.is_dir() and not e.is_symlink() and e.name != RESTRICTED_FOLDER]
    return any(os.path.ismount(folder) or not os.access(folder, os.W_OK) for folder in folders)


def _write_all(staged: Path, files: Mapping[str, bytes], restricted: Mapping[str, bytes]) -> None:
    staged.mkdir()
    for name, content in files.items():
        _write(staged / name, content, 0o666)
    if restricted:
        private = staged / RESTRICTED_FOLDER
        private.mkdir(mode=0o700)
        for name, content in restricted.items():
            _write(private / name, content, 0o600)
        _sync_folder(private)
    _sync_folder(staged)


def _write(path: Path, content: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _target(folder: Path) -> Path:
    if folder.is_symlink():
        raise OutputError(f"the run folder `{folder}` is a symbolic link", hint="give the folder it points to")
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"the run folder `{folder}` is a file", hint="give a folder to `--out`")
    return Path(os.path.realpath(folder))


def _refuse_links(target: Path, folder: Path) -> None:
    for name in [Path(RESTRICTED_FOLDER), *_ours()]:
        path = target / name
        if path.is_symlink():
            raise OutputError(f"`{name}` in the run folder `{folder}` is a symbolic link", hint="remove the link")
        if os.path.lexists(path) and path.is_dir() != (name == Path(RESTRICTED_FOLDER)):
            kind = "a folder" if path.is_dir() else "not a folder"
            raise OutputError(f"`{name}` in the run folder `{folder}` is {kind}", hint="move it elsewhere")


def _ours() -> list[Path]:
    return [*(Path(name) for name in PUBLISHED), *(Path(RESTRICTED_FOLDER, name) for name in RESTRICTED)]


def _beside(target: Path, which: str) -> Path:
    return target.with_name(f".{target.name}.evenhand-{which}")


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


@contextmanager
def _turn(parent: Path) -> Iterator[None]:
    """One run at a time publishes below `parent`; a killed one gives its turn up. Without flock runs are not queued."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # file systems without locks (some network mounts)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = (error.strerror or "unknown reason").lower()
        raise OutputError(
            f"cannot write the run folder `{folder}`: {what}", hint="choose another with `--out`"
        ) from error
