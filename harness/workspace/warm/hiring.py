"""The grading process's side of a template: a process that is started once, and has servers forked."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from harness.workspace.warm.channel import send
from harness.workspace.warm.template import BURY, HIRE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.workspace.box.entering import Entry

CHECKOUT = Path(__file__).parents[3]
BOOT = """\
import sys
fresh = frozenset(sys.modules), tuple(sys.path[1:])
sys.path[0] = sys.argv[3]
from harness.workspace.warm.interpreter import Fresh
from harness.workspace.warm.template import main
del sys.path[0]
main(int(sys.argv[1]), sys.argv[2], Fresh(*fresh))
"""
# A grade is the same each time: sets too come in the same order each time.
SEED = {"PYTHONHASHSEED": "0"}
PATIENCE = 20.0


class Lost(Exception):
    """A template or a server does not answer any more."""


class TemplateProcess:
    """A template, started at once and ready when it answers."""

    def __init__(self, settings: Mapping[str, object], variables: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._ready = False
        self._control, theirs = socket.socketpair()
        self._control.settimeout(PATIENCE)
        with theirs:
            number = str(theirs.fileno())
            self._process = subprocess.Popen(  # noqa: S603 (our own code)
                [sys.executable, "-c", BOOT, number, json.dumps(settings), str(CHECKOUT)],
                env={**variables, **SEED},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )

    def hire(self, door: socket.socket | None, entry: Entry | None) -> socket.socket:
        """Have a server forked, into a box where one is given; returns its control. Raises Lost."""
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        handed = [theirs, door] if door is not None else [theirs]
        with theirs, self._lock:
            try:
                self._wait_until_ready()
                message = HIRE + json.dumps(entry.to_json() if entry else None).encode()
                send(self._control, message, [sock.fileno() for sock in handed])
                self._answer()
            except (OSError, Lost) as error:
                ours.close()
                raise Lost(str(error)) from error
        return ours

    def bury(self) -> None:
        """End what dead servers have left behind. Raises Lost."""
        with self._lock:
            try:
                self._control.sendall(BURY)
                self._answer()
            except OSError as error:
                raise Lost(str(error)) from error

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it; its servers end with their own controls. One that never served is not waited for."""
        self._control.close()
        if not self._ready:
            self._process.kill()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_ready(self) -> None:
        if not self._ready:
            self._answer()
            self._ready = True

    def _answer(self) -> None:
        if not self._control.recv(1):
            raise Lost("the template has ended")
