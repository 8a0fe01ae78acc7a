"""From a fork to a program: what a command takes over, and whether it can run warm."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from harness.workspace.warm.channel import Request
    from harness.workspace.warm.server import Start

CANNOT_START = 127
CANNOT_OPEN = 2
FIRST_FREE = 3
MOST_DESCRIPTORS = 4096
# Read when an interpreter or a library starts: a template has acted on its own long ago.
READ_AT_START = re.compile(
    r"PYTHON|LD_|LC_|LANG|TZ$|MALLOC_|GLIBC_|"
    r"(OMP|GOMP|KMP|OPENBLAS|GOTO|MKL|BLIS|VECLIB|NUMEXPR|NPY|NUMPY|PANDAS|SKLEARN|JOBLIB|LOKY|ARROW|MPL)_?"
)
SAFE = ("-P", "-s")
SUFFIXES = (".py", ".pyc", ".so", ".abi3.so")


@dataclass(frozen=True)
class Settings:
    """What a template knows of its commands.

    `programs` are the command lines that do cold what is asked for by name, `scripts` the Python files that
    do it warm (a name without one takes the file from the command line), `variables` what libraries have read
    at the start, and `preloaded` the top-level modules that a cold interpreter would not have loaded.
    """

    programs: Mapping[str, tuple[str, ...]]
    scripts: Mapping[str, str]
    variables: Mapping[str, str]
    preloaded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Script:
    """A Python program: `path` as typed, its `argv`, and the `interpreter` and command line of a cold start.

    `ours` says that it is a tool's and not a student's, `safe` that it imports nothing from beside it (`-P`).
    """

    path: str
    argv: tuple[str, ...]
    interpreter: str
    original: tuple[str, ...]
    ours: bool = False
    safe: bool = False


def take_over(start: Start) -> None:
    """Take over what a process inherits, but for its environment: streams, folder, umask, signals, group."""
    streams, here = start.descriptors[:3], start.descriptors[3]
    if start.request.cwd:
        os.chdir(start.request.cwd)
    else:
        os.fchdir(here)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    os.closerange(FIRST_FREE, MOST_DESCRIPTORS)
    request = start.request
    if request.umask >= 0:
        os.umask(request.umask)
    if request.group:
        with contextlib.suppress(OSError):
            os.setpgid(0, request.group)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    for number in request.ignored:
        signal.signal(number, signal.SIG_IGN)


def warm_script(request: Request, settings: Settings) -> Script | None:
    """The script to run, if a fork can pass for a fresh interpreter; None where only a cold start can."""
    cold = settings.programs.get(request.name)
    if cold is None or read_at_start(request.env) != settings.variables:
        return None
    if request.name in settings.scripts:
        path, rest = settings.scripts[request.name], request.argv[1:]
        return Script(path, (path, *rest), cold[0], (*cold, *rest), ours=True)
    safe = request.argv[1:3] == SAFE
    argv = request.argv[3:] if safe else request.argv[1:]
    typed = argv[0] if argv else ""
    if typed.startswith("-") or not typed.endswith(".py") or not os.path.isfile(typed):  # noqa: PTH113
        return None
    if not os.access(typed, os.R_OK):
        return None
    if not safe and (shadows(os.path.realpath(typed), settings.preloaded) or own_packages(request.env)):
        return None
    return Script(typed, argv, cold[0], request.argv, safe=safe)


def unreadable_script(request: Request, settings: Settings) -> str | None:
    """What an interpreter says of a script that it cannot open; it then ends with exit code 2.

    A cold start would say it with a name for itself that nobody typed.
    """
    typed = request.argv[1] if len(request.argv) > 1 else ""
    if request.name not in settings.programs or request.name in settings.scripts or not typed.endswith(".py"):
        return None
    if typed.startswith("-") or os.path.isdir(typed):  # noqa: PTH112
        return None
    try:
        with open(typed, "rb"):  # noqa: PTH123
            return None
    except OSError as error:
        path = absolute(typed)
        return f"{request.name}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}\n"


def read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that matter to an interpreter or a library before the program's first line."""
    return {name: value for name, value in env.items() if READ_AT_START.match(name)}


def shadows(script: str, preloaded: frozenset[str]) -> bool:
    """Whether a module beside the script would be imported in place of a preloaded one."""
    folder = os.path.dirname(script)  # noqa: PTH120 (a string of the operating system's)
    with os.scandir(folder) as entries:
        named = [entry.name for entry in entries]
    modules = {name.partition(".")[0] for name in named if name.endswith(SUFFIXES)}
    packages = {name for name in named if os.path.isfile(f"{folder}/{name}/__init__.py")}  # noqa: PTH113
    return not preloaded.isdisjoint(modules | packages)


def own_packages(env: Mapping[str, str]) -> bool:
    """Whether the user has packages of their own, which a cold interpreter would look through."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return os.path.isdir(f"{env.get('HOME', '')}/.local/lib/{version}/site-packages")  # noqa: PTH112


def become_cold(request: Request, settings: Settings) -> None:
    """Become the program that was asked for; never returns."""
    python_signals = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT)
    for number in python_signals:
        if number not in request.ignored:
            signal.signal(number, signal.SIG_DFL)
    cold = settings.programs.get(request.name, (request.argv[0],))
    argv = [*cold, *request.argv[1:]]
    try:
        os.execvpe(argv[0], argv, dict(request.env))  # noqa: S606 (the command is the caller's)
    except OSError as error:
        os.write(2, f"{request.argv[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(CANNOT_START)


def interrupt(_: int, __: FrameType | None) -> None:
    """What a cold interpreter does at SIGINT."""
    raise KeyboardInterrupt


def absolute(path: str) -> str:
    """The path as CPython makes a script's name absolute: joined to the current folder, nothing resolved."""
    return path if path.startswith("/") else f"{os.getcwd()}/{path}"  # noqa: PTH109


def first_path(path: str) -> str:
    """The entry of sys.path that a script gets: its folder, links resolved."""
    return os.path.dirname(os.path.realpath(path)) or sys.path[0]  # noqa: PTH120
