"""The grading process's side: templates, the crew of servers that each workspace has, and their commands."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.workspace.launcher import shell_code
from harness.workspace.warm import server as words
from harness.workspace.warm.channel import Request, send
from harness.workspace.warm.template import BURY, HIRE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.workspace.launcher import Order

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
# One page in place of 512, and one call into the system in place of many: a fork costs a third.
MALLOC = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
PATIENCE = 20.0
KILLED = 137
STATUS_BYTES = 16


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
                env={**variables, **MALLOC},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )

    def hire(self, place: Path, address: str) -> socket.socket:
        """Have a server forked for the folder `place`; what comes back is its control. Raises Lost."""
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        with theirs, self._lock:
            try:
                self._wait_until_ready()
                message = HIRE + json.dumps([str(place), address]).encode()
                send(self._control, message, [theirs.fileno()])
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

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it; its servers end with their own controls."""
        self._control.close()
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


@dataclass
class Crew:
    """The servers of one workspace by kind, with the template of each kind."""

    place: Path
    templates: Mapping[str, TemplateProcess]
    servers: dict[str, socket.socket] = field(default_factory=dict)

    def order(self, kind: str, order: Order, others: tuple[str, ...]) -> WarmCommand:
        """Start a command with the server of `kind`, the doors of `others` open to it. Raises Lost."""
        for name in others:
            self._tell(name, words.LISTEN)
        for name in others:
            self._heard(name)
        return WarmCommand(self, self._server(kind), order)

    def sweep(self) -> None:
        """End all that was started; no server lets anybody in until the next order."""
        gone = set()
        for word in (self._tell, self._heard):
            for name in list(self.servers):
                try:
                    word(name, words.SWEEP)
                except Lost:
                    gone.add(name)
        for name in gone:
            self.servers.pop(name).close()
            with contextlib.suppress(Lost):
                self.templates[name].bury()

    def close(self) -> None:
        """Let all servers go; what they started is killed."""
        self.sweep()
        for control in self.servers.values():
            control.close()
        self.servers.clear()

    def _server(self, kind: str) -> socket.socket:
        if kind not in self.servers:
            self.servers[kind] = self.templates[kind].hire(self.place, f".{kind}")
        return self.servers[kind]

    def _tell(self, kind: str, word: bytes) -> None:
        try:
            self._server(kind).sendall(word)
        except OSError as error:
            raise Lost(f"the server for {kind} has ended") from error

    def _heard(self, kind: str, _: bytes = b"") -> None:
        try:
            if self.servers[kind].recv(1):
                return
        except OSError as error:
            raise Lost(f"the server for {kind} does not answer") from error
        raise Lost(f"the server for {kind} has ended")


class WarmCommand:
    """A command that a server runs; see harness.workspace.launcher.Running."""

    limit: str | None = None

    def __init__(self, crew: Crew, control: socket.socket, order: Order) -> None:
        self._crew = crew
        self._code: int | None = None
        self.stdout, out = os.pipe()
        self.stderr, err = os.pipe()
        self._status, theirs = socket.socketpair()
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        here = os.open(order.cwd, os.O_RDONLY | os.O_CLOEXEC)
        request = Request(order.argv[0], order.argv, order.env)
        try:
            with theirs:
                send(control, words.TAKE, [theirs.fileno()])
            send(self._status, request.pack(), [nothing, out, err, here])
        except OSError as error:
            self._close()
            raise Lost("the server has ended") from error
        finally:
            for descriptor in (nothing, here, out, err):
                os.close(descriptor)

    def poll(self) -> int | None:
        """The exit code, once the command and all that it started are dead."""
        return self.wait(0.0)

    def wait(self, seconds: float) -> int | None:
        """As `poll`, after waiting."""
        if self._code is not None:
            return self._code
        self._status.settimeout(seconds)
        try:
            status = self._status.recv(STATUS_BYTES)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError:
            status = b""
        self._crew.sweep()
        self._code = shell_code(os.waitstatus_to_exitcode(int(status))) if status else KILLED
        return self._code

    def close(self) -> None:
        """Kill what is left of it."""
        if self._code is None:
            self._crew.sweep()
        self._close()

    def _close(self) -> None:
        self._status.close()
        os.close(self.stdout)
        os.close(self.stderr)
