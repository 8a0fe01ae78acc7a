"""The grading process's side: the crew of servers that each workspace has, and their commands."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.workspace.box.bubblewrap import KILLED, HeldBox, shown
from harness.workspace.box.entering import Entry
from harness.workspace.box.watch import size_of, too_large
from harness.workspace.environment import Surroundings
from harness.workspace.launcher import plain_limits, shell_code
from harness.workspace.warm import server as words
from harness.workspace.warm.channel import Request, send
from harness.workspace.warm.hiring import Lost

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.workspace.box.bubblewrap import Bubblewrap
    from harness.workspace.launcher import Order
    from harness.workspace.warm.hiring import TemplateProcess

STATUS_BYTES = 16
MOST_WAITING = 64


@dataclass
class Crew:
    """The servers of one workspace by kind, with the template of each kind, and the box that they are in."""

    root: Path
    templates: Mapping[str, TemplateProcess]
    bubblewrap: Bubblewrap | None = None
    servers: dict[str, socket.socket] = field(default_factory=dict)
    box: HeldBox | None = None

    def order(self, kind: str, order: Order, needed: tuple[str, ...] | None) -> WarmCommand:
        """Start a command with the server of `kind`. Raises Lost.

        The servers that are `needed` are hired too, and the doors of all stand open to it; None: of none.
        """
        if self.bubblewrap is not None and self.box is None:
            self.bubblewrap = self.bubblewrap.serving(order)
            self.box = HeldBox(self.bubblewrap, order)
        for name in {*(needed or ()), kind} - set(self.servers):
            self.servers[name] = self._hire(name, order)
        called = () if needed is None else tuple(self.servers)
        for name in called:
            self._tell(name, words.LISTEN)
        for name in called:
            self._hear(name)
        return WarmCommand(self, self.servers[kind], order)

    def sweep(self) -> None:
        """End all that was started; no server lets anybody in until the next order."""
        try:
            for name in self.servers:
                self._tell(name, words.SWEEP)
            for name in self.servers:
                self._hear(name)
        except Lost:
            self.close()

    def passed(self) -> str | None:
        """The limit that the running command has passed, as a student reads it."""
        return self.box.limit if self.box is not None else None

    def left(self) -> str | None:
        """The limit that the files of the workspace pass."""
        if self.bubblewrap is None:
            return None
        allowance = self.bubblewrap.allowance
        return too_large(size_of(self.root, allowance.files), allowance)

    def close(self) -> None:
        """Let all servers go; what they started is dead afterwards."""
        for control in self.servers.values():
            control.close()
        self.servers.clear()
        if self.box is not None:
            self.box.close()
            self.box = None
        elif self.bubblewrap is None:
            self._bury()

    def _bury(self) -> None:
        for template in self.templates.values():
            with contextlib.suppress(Lost):
                template.bury()

    def _hire(self, kind: str, order: Order) -> socket.socket:
        entry = self.box.entry if self.box is not None else Entry(0, None, plain_limits(order), None)
        with open_door(Surroundings.under(self.root).bin / f".{kind}") as door:
            return self.templates[kind].hire(door, entry)

    def _tell(self, kind: str, word: bytes) -> None:
        try:
            self.servers[kind].sendall(word)
        except OSError as error:
            raise Lost(f"the server for {kind} has ended") from error

    def _hear(self, kind: str) -> None:
        try:
            if self.servers[kind].recv(1):
                return
        except OSError as error:
            raise Lost(f"the server for {kind} does not answer") from error
        raise Lost(f"the server for {kind} has ended")


def open_door(path: Path) -> socket.socket:
    """A socket that clients find at `path`, in place of an older one; whoever sees it may connect."""
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # The whole path may be too long for a socket's address.
        short = f"/proc/self/fd/{folder}/{path.name}" if sys.platform == "linux" else str(path)
        door.bind(short)
        path.chmod(0o777)
        door.listen(MOST_WAITING)
        door.setblocking(False)  # noqa: FBT003 (it takes no keyword)
    finally:
        os.close(folder)
    return door


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
        if crew.bubblewrap is not None:
            crew.bubblewrap.hand_over(order, out, err)
        try:
            with theirs:
                send(control, words.TAKE, [theirs.fileno()])
            handed = [nothing, out, err, nothing if crew.box else here]
            send(self._status, _request(order, boxed=crew.box is not None).pack(), handed)
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
            return self._within_limits()
        except OSError:
            status = b""
        self.limit = self._crew.passed()
        self._crew.sweep() if status else self._crew.close()
        self.limit = self.limit or self._crew.left()
        self._code = shell_code(os.waitstatus_to_exitcode(int(status))) if status else KILLED
        return self._code

    def close(self) -> None:
        """Kill what is left of it."""
        if self._code is None:
            self._crew.sweep()
            self.limit = self.limit or self._crew.left()
        self._close()

    def _within_limits(self) -> int | None:
        """None while the command may go on; the code of a killed one when it has passed a limit."""
        self.limit = self._crew.passed()
        if self.limit:
            self._crew.close()
            self._code = KILLED
        return self._code

    def _close(self) -> None:
        self._status.close()
        os.close(self.stdout)
        os.close(self.stderr)


def _request(order: Order, *, boxed: bool) -> Request:
    """The order as a server is told it, with the paths of the box where there is one."""
    if not boxed:
        return Request(order.argv[0], order.argv, order.env)
    argv = tuple(shown(word, order) for word in order.argv)
    env = {name: shown(value, order) for name, value in order.env.items()}
    return Request(argv[0], argv, env, cwd=shown(str(order.cwd), order))
