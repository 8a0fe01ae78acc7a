"""The end of a script that runs in a fork: all that CPython does of its own that one can see, and no more.

Taking apart an interpreter that has hundreds of modules loaded costs far more than most scripts. So the last
of the functions that run at exit does what is left to be seen (it clears `__main__`, which calls destructors,
and flushes the streams) and leaves by `os._exit`.
"""
# Source: CPython's Python/pylifecycle.c (Py_FinalizeEx) and Python/pythonrun.c (_Py_HandleSystemExit).

from __future__ import annotations

import atexit
import ctypes
import gc
import itertools
import os
import signal
import sys
import threading
from typing import Any, NoReturn

LAST = ("last_type", "last_value", "last_traceback", "last_exc")
UNCAUGHT = 1
NOT_READ = object()
MAIN = "__main__"


class Leaving:
    """Ends this process quickly; to be made before the first import of a library, so that it comes last.

    `preloaded` names the modules that were imported before the script, `ours` those that it must not see.
    """

    preloaded: frozenset[str] = frozenset()
    ours: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._result: int | None = None
        self._code: object = NOT_READ
        self._last = ""
        atexit.register(self._leave)

    def remember(self, package: str) -> None:
        """Note what has been imported by now, and what of it belongs to `package`, which is ours."""
        self._last = next(reversed(sys.modules))
        self.preloaded = frozenset(sys.modules) - {MAIN}
        self.ours = tuple(name for name in sys.modules if name.partition(".")[0] == package)

    def watch_exit_codes(self) -> None:
        """From now on, note the exit code that CPython reads from a SystemExit at the end of the script."""
        names = gc.get_referents(SystemExit.__dict__)[0]
        names["code"] = _Noted(names["code"], self)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(SystemExit))

    def note(self, code: object) -> None:
        """Remember an exit code."""
        self._code = code

    def script_ended(self, result: int) -> None:
        """To be called by CPython after a script that did not end by SystemExit."""
        self._result = UNCAUGHT if result else 0
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 (what CPython would call now)

    def _leave(self) -> None:
        """The last thing to happen at exit; returns where only CPython knows the exit code or what is wrong.

        It alone knows the code of `sys.exit(5)` in 3.11, where no exception is made of it before the end.
        """
        if self._result is None and self._code is NOT_READ:
            self._keep_preloaded()
            return
        try:
            _flush()
            self._clear()
            _flush()
        except Exception:  # noqa: BLE001 (CPython meets it again, prints it, and chooses the exit code)
            return
        if self._result and getattr(sys, "last_type", None) is KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(_code(self._code) if self._result is None else self._result)

    def _keep_preloaded(self) -> None:
        """Put the preloaded modules out of reach, so that CPython does not take them apart."""
        kept = [sys.modules.pop(name) for name in self.preloaded if name in sys.modules]
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))

    def _clear(self) -> None:
        """Destroy what the script has made, as CPython does before it flushes for the last time."""
        for name in LAST[1:]:
            vars(sys).pop(name, None)
        for name in (MAIN, *self._added()):
            if name not in self.preloaded and (name == MAIN or hasattr(sys.modules[name], "__file__")):
                sys.modules.pop(name, None)
        gc.collect()

    def _added(self) -> list[str]:
        """The modules imported since then, found from the end: a look at the others would copy memory."""
        return list(itertools.takewhile(lambda name: name != self._last, reversed(sys.modules)))[::-1]


class _Noted:
    """Stands for the member `code` of SystemExit, and notes what is read when no Python code is running."""

    def __init__(self, member: Any, leaving: Leaving) -> None:  # noqa: ANN401 (a descriptor of CPython's)
        self._member = member
        self._leaving = leaving

    def __get__(self, error: BaseException | None, kind: type | None = None) -> object:
        if error is None:
            return self._member
        code = self._member.__get__(error, kind)
        if not _called_by_python():
            self._leaving.note(code)
        return code

    def __set__(self, error: BaseException, code: object) -> None:
        self._member.__set__(error, code)

    def __delete__(self, error: BaseException) -> None:
        self._member.__delete__(error)


def _called_by_python() -> bool:
    """Whether the caller of this function was called by Python code."""
    try:
        sys._getframe(2)  # noqa: SLF001 (the documented way)
    except ValueError:
        return False
    return True


def exit_by_instance(code: object = None) -> NoReturn:
    """What `sys.exit` does, with an exception that 3.11 reads the code from; for tools, not for students."""
    raise SystemExit(code)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def _code(code: object) -> int:
    """The exit code of a SystemExit: CPython has printed what is no number."""
    if code is None:
        return 0
    return ctypes.c_int(code).value & 0xFF if isinstance(code, int) else UNCAUGHT
