"""Running a script in a forked interpreter as a fresh one would run it, down to the last frame.

The script is run by the C function that `python script.py` itself uses, and only after the template's own
Python code has returned: at the point of its end where CPython looks up `threading._shutdown` and calls it.
So there is no frame of ours below the script, and exit codes, tracebacks, SystemExit and the order of the end
are CPython's own.
"""
# Source: CPython's Modules/main.c (Py_RunMain), Python/pylifecycle.c (wait_for_thread_shutdown) and
# Python/pythonrun.c (PyRun_SimpleFileExFlags).

from __future__ import annotations

import builtins
import ctypes
import functools
import io
import linecache
import logging
import multiprocessing.process
import os
import sys
import tempfile
import time
import types
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from harness.workspace.warm.leaving import exit_by_instance
from harness.workspace.warm.program import absolute, first_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.workspace.warm.leaving import Leaving
    from harness.workspace.warm.program import Script

FRAMES_TO_GIVE_BACK = 2


@dataclass(frozen=True)
class Fresh:
    """What an interpreter looked like before the template imported anything."""

    modules: frozenset[str]
    path: tuple[str, ...]


def prepare(script: Script, env: dict[str, str], fresh: Fresh, leaving: Leaving) -> None:
    """Make this interpreter what it would be at the first line of the script, and have it run at our end."""
    _name_program(script, fresh)
    _take_environment(env)
    _open_streams()
    _start_libraries()
    _forget_ourselves(leaving.ours)
    leaving.watch_exit_codes()
    if script.ours:
        sys.exit = exit_by_instance
    _run_at_the_end(absolute(script.path), leaving)


def _name_program(script: Script, fresh: Fresh) -> None:
    sys.argv[:] = script.argv
    sys.orig_argv[:] = script.original
    sys.executable = script.interpreter
    sys.path[:] = [*([] if script.safe else [first_path(script.path)]), *fresh.path]


def _take_environment(env: dict[str, str]) -> None:
    for name in list(os.environ):
        del os.environ[name]
    os.environ.update(env)
    time.tzset()


def _open_streams() -> None:
    """Open the standard streams on what was handed over, and let loggers of the template write to them."""
    before = (sys.stdout, sys.stderr)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        stream = _stream(name, number, getattr(sys, name))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    for reference in list(getattr(logging, "_handlerList", ())):
        handler = reference()
        if isinstance(handler, logging.StreamHandler) and handler.stream in before:
            handler.setStream(sys.stdout if handler.stream is before[0] else sys.stderr)


def _stream(name: str, number: int, like: TextIO) -> io.TextIOWrapper:
    """A standard stream as CPython makes it (create_stdio in pylifecycle.c)."""
    mode = "r" if number == 0 else "w"
    buffer: Any = io.open(number, mode + "b", closefd=False)  # noqa: SIM115, UP020
    buffer.raw.name = f"<{name}>"
    lines = number == 2 or buffer.raw.isatty()  # noqa: PLR2004 (standard error)
    stream = io.TextIOWrapper(
        buffer, like.encoding, like.errors, newline=None if number == 0 else "\n", line_buffering=lines
    )
    stream.mode = mode  # type: ignore[misc]  # CPython sets it as well
    return stream


def _start_libraries() -> None:
    """Give what libraries remember from their own start the values of a start now."""
    linecache.clearcache()
    tempfile.tempdir = None
    vars(warnings)["onceregistry"].clear()
    vars(logging)["_startTime"] = time.time()
    vars(multiprocessing.process)["ORIGINAL_DIR"] = os.getcwd()  # noqa: PTH109
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "pygit2" in sys.modules:
        _find_git_configuration(sys.modules["pygit2"])


def _find_git_configuration(pygit2: Any) -> None:  # noqa: ANN401 (a library without types)
    """Have libgit2 look anew where this environment's configuration lies."""
    for level in (
        pygit2.enums.ConfigLevel.SYSTEM,
        pygit2.enums.ConfigLevel.XDG,
        pygit2.enums.ConfigLevel.GLOBAL,
    ):
        pygit2.settings.search_path[level] = None


def _forget_ourselves(ours: tuple[str, ...]) -> None:
    for name in ours:
        sys.modules.pop(name, None)


def _main_module() -> types.ModuleType:
    """An empty `__main__`, with the names that CPython gives it in their order."""
    module = types.ModuleType("__main__")
    vars(module).update(__annotations__={}, __builtins__=builtins)
    return module


def _run_at_the_end(path: str, leaving: Leaving) -> None:
    """Have CPython run the script when the code that now runs has returned."""
    fopen = ctypes.CDLL(None, use_errno=True).fopen
    fopen.restype = ctypes.c_void_p
    file = fopen(os.fsencode(path), b"rb")
    run = ctypes.pythonapi["PyRun_SimpleFileExFlags"]  # an object of its own, unlike the attribute
    run.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
    run.restype = leaving.script_ended
    sys.modules["threading"] = _Trampoline(  # type: ignore[assignment]
        sys.modules["threading"], functools.partial(run, file, os.fsencode(path), 1, None), _main_module()
    )


class _Trampoline:
    """Stands for the module `threading` once: gives the script to call in place of its `_shutdown`."""

    def __init__(self, real: types.ModuleType, run: Callable[[], object], main: types.ModuleType) -> None:
        self._kept = (real, run, main)

    @property
    def _shutdown(self) -> Callable[[], object]:
        real, run, main = self._kept
        del self._kept
        sys.modules["threading"] = real
        sys.modules["__main__"] = main
        _give_frames_back()
        return run


def _give_frames_back() -> None:
    """Take the calls that led to the script out of CPython 3.11's count of nested calls."""
    if sys.version_info[:2] != (3, 11):
        return
    ctypes.pythonapi.PyThreadState_Get.restype = ctypes.c_void_p
    numbers = (ctypes.c_int * 20).from_address(ctypes.pythonapi.PyThreadState_Get())
    limit = sys.getrecursionlimit()
    for place in range(len(numbers) - 2):
        if numbers[place + 1] == limit and limit - 10 < numbers[place] < limit and not numbers[place + 2]:
            numbers[place] += FRAMES_TO_GIVE_BACK
            return
