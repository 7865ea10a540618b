"""How a command ends: every way out, ours or foreign, becomes one exit code, and an error becomes one sentence.

0, 1, 2 and 3 are what the command decided; 1 is never anything but a verdict. 130 is Ctrl-C, 143 is SIGTERM.
May import: typer, errors, streams.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from evenhand.errors import EvenhandError
from evenhand.streams import harmless, make_usable, put, reason, say, silence


class Terminated(KeyboardInterrupt):
    """SIGTERM has come. Raised like Ctrl-C, so that code which lets that one through lets this one through too."""


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command and say with what the process is to exit."""
    received: list[int] = []
    try:
        make_usable()
        with termination(received):
            command()
        put("")
        return 0
    except BaseException as problem:  # also a foreign sys.exit(), and panics that are no Exception
        if received:  # whatever it has been turned into on its way here
            return failed("terminated", None, 128 + received[0])
        return ended_by(problem)


@contextmanager
def termination(received: list[int]) -> Iterator[None]:
    """Let SIGTERM unwind the stack, so that temporary folders are removed; its number is put into `received`.

    Only in the main thread, where Python allows it, and not where whoever started us had it ignored.
    """
    former = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or former is signal.SIG_IGN:
        yield
        return

    def unwind(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second one must not stop the cleaning
        received.append(number)
        raise Terminated

    signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former or signal.SIG_DFL)


def ended_by(problem: BaseException) -> int:
    """The exit code of whatever ended a command, after saying it."""
    if isinstance(problem, typer.Exit):
        return problem.exit_code
    if isinstance(problem, EvenhandError):
        return failed(str(problem), problem.hint, problem.exit_code)
    if isinstance(problem, typer.Abort) or interrupted(problem):
        return failed("interrupted", None, 130)
    if isinstance(problem, BrokenPipeError) and "--help" in sys.argv:  # the one text that typer writes by itself
        silence(sys.stdout)
        return 0
    if type(problem).__name__ == "NoArgsIsHelpError":
        say(str(problem))
        return 2
    if hasattr(problem, "format_message"):  # typer's usage errors, whose class is not public
        called = getattr(getattr(problem, "ctx", None), "command_path", "evenhand")
        return failed(problem.format_message().rstrip("."), f"`{called} --help` shows how it is called", 2)
    if os.environ.get("EVENHAND_DEBUG"):
        say("".join(traceback.format_exception(problem)))
    if isinstance(problem, OSError) and problem.strerror:
        return failed(*refused_by_system(problem), 2)
    return failed(*internal_error(problem), 2)


def failed(message: str, hint: str | None, code: int) -> int:
    """Print an error and what to do about it."""
    say(f"error: {harmless(message)}")
    if hint:
        say(f"\nhint: {harmless(hint, lines=True)}")
    return code


def interrupted(problem: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an exception: an interrupted import surfaces as an ImportError."""
    while problem is not None:
        if isinstance(problem, KeyboardInterrupt):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def refused_by_system(problem: OSError) -> tuple[str, str]:
    """What the operating system said, and of which file if it said so."""
    name = os.path.basename(os.fsdecode(problem.filename)) if isinstance(problem.filename, str | bytes) else ""
    which = f"`{name if len(name) <= 80 else name[:80] + '…'}`" if name else "a file"
    return (
        f"cannot read or write {which}: {reason(problem)}",
        "temporary files go to the folder that TMPDIR names; EVENHAND_DEBUG=1 shows where it happened",
    )


def internal_error(problem: BaseException) -> tuple[str, str]:
    """What happened and where, without the exception's own text, which may quote rows."""
    frame = problem.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "an unknown place"
    return (
        f"internal error, {type(problem).__name__} at {where}; nothing was judged",
        "please report it; EVENHAND_DEBUG=1 shows the traceback, which may quote rows",
    )
