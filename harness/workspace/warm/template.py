"""A template: a process that has imported what most commands import, and forks a server per workspace.

It is started as `python -c "…main()"` with its settings as JSON in the one argument, and a control socket.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import warnings
from typing import NoReturn

from harness.workspace import supervisor
from harness.workspace.box.entering import Entry, enter, fork_into, settle
from harness.workspace.warm.channel import receive
from harness.workspace.warm.interpreter import Fresh, prepare
from harness.workspace.warm.leaving import Leaving
from harness.workspace.warm.memory import use_large_pages
from harness.workspace.warm.program import (
    CANNOT_OPEN,
    CANNOT_START,
    Settings,
    become_cold,
    read_at_start,
    take_over,
    unreadable_script,
    warm_script,
)
from harness.workspace.warm.rehearsal import rehearse
from harness.workspace.warm.server import Server, Start

HIRE, BURY = b"H", b"B"
READY, BURIED = b"R", b"."
MESSAGE = 1 << 16
PAUSE = 0.002
OURS = "harness"
GONE = -1


def main(control: int, settings: str, fresh: Fresh) -> None:
    """Preload, then serve the harness; returns in a process that is to become a command, or never."""
    told = json.loads(settings)
    leaving = Leaving()
    gc.disable()  # what is imported stays, and a fork that freed memory of ours would have to copy it
    preload(told["modules"], told["kind"])
    leaving.remember(OURS)
    known = Settings(
        programs={name: tuple(argv) for name, argv in told["programs"].items()},
        scripts=told["scripts"],
        variables=read_at_start(told["variables"]),
        preloaded=frozenset(name.partition(".")[0] for name in leaving.preloaded - fresh.modules) - {OURS},
    )
    hide_arguments()
    gc.freeze()
    gc.enable()
    use_large_pages()
    sock = socket.socket(fileno=control)
    sock.sendall(READY)
    start = Template(sock).serve()
    begin(start, known, fresh, leaving)


def hide_arguments() -> None:
    """Leave of this process's command line the program alone: what is forked from it shows it to everybody.

    Source: the fields arg_start and arg_end of proc_pid_stat(5).
    """
    if sys.platform != "linux":
        return
    with open("/proc/self/stat", "rb") as file:  # noqa: PTH123
        fields = file.read().rpartition(b")")[2].split()
    start, end = (int(field) for field in fields[45:47])
    program = len(ctypes.string_at(start))
    ctypes.memset(start + program, 0, end - start - program)


def preload(modules: list[str], kind: str) -> None:
    """Import and rehearse what can be; what a version lacks is left to the commands."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        rehearse(kind)
    if threading.active_count() > 1:
        raise SystemExit("a preloaded module has started a thread")


def begin(start: Start, settings: Settings, fresh: Fresh, leaving: Leaving) -> None:
    """Become the command; returns when it is to run in this interpreter."""
    try:
        take_over(start)
    except OSError as error:
        _end(f"{start.request.name}: {error}\n", CANNOT_START)
    request = start.request
    refusal = unreadable_script(request, settings)
    if refusal is not None:
        _end(refusal, CANNOT_OPEN)
    try:
        script = warm_script(request, settings)
        if script is not None:
            prepare(script, dict(request.env), fresh, leaving)
    except Exception:  # noqa: BLE001 (whatever cannot be done warm is done cold)
        script = None
    if script is None:
        become_cold(request, settings)


def _end(text: str, code: int) -> NoReturn:
    os.write(2, os.fsencode(text))
    os._exit(code)


class Template:
    """Forks servers when the harness asks for them, until it hangs up."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._servers: set[int] = set()

    def serve(self) -> Start:
        """Serve; returns only in a command."""
        supervisor.prctl(supervisor.PR_SET_CHILD_SUBREAPER, 1)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a server ended
        while True:
            select.select([self._control], [], [])
            message, descriptors = receive(self._control, MESSAGE)
            if not message:
                os._exit(0)
            start = self._obey(message, descriptors)
            if start is not None:
                return start

    def _obey(self, message: bytes, descriptors: list[int]) -> Start | None:
        if message[:1] == HIRE:
            told = json.loads(message[1:])
            return self._hire(descriptors, Entry.from_json(told) if told else None)
        self._bury()
        self._control.sendall(BURIED)
        return None

    def _hire(self, descriptors: list[int], entry: Entry | None) -> Start | None:
        """Fork a server, into a box where there is one; returns in its commands.

        Where the box is gone there is no server, and the harness finds its control closed.
        """
        into = entry if entry is not None and entry.by_root else None
        try:
            pid = fork_into(into) if into else os.fork()
        except OSError:
            pid = GONE
        if pid:
            for descriptor in descriptors:
                os.close(descriptor)
            self._servers |= {pid} - {GONE}
            self._control.sendall(READY)
            return None
        os.setsid()
        self._control.close()
        if into:
            settle(into)
        elif entry is not None and enter(entry):
            os._exit(0)
        control, door = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        start = Server(control, door).serve()
        if start is None:
            os._exit(0)
        return start

    def _bury(self) -> None:
        """End what servers that are gone have left behind."""
        if sys.platform != "linux":
            return
        while True:
            children = {pid for pid, parent in supervisor.parents().items() if parent == os.getpid()}
            self._servers &= children
            if not children - self._servers:
                return
            for pid in children - self._servers:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(PAUSE)
