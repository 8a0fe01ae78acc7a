"""A server: forked from a template for one workspace, it forks that workspace's commands and buries them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.workspace import supervisor
from harness.workspace.warm.channel import Incoming, receive

if TYPE_CHECKING:
    from harness.workspace.warm.channel import Request

TAKE, LISTEN, SWEEP = b"T", b"L", b"S"
DONE = b"."
PR_SET_DUMPABLE = 4
GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL
MOST_CLIENTS = 256


@dataclass(frozen=True)
class Start:
    """What a forked command starts with: its request and the descriptors handed over."""

    request: Request
    descriptors: tuple[int, ...]


@dataclass
class Server:
    """Serves one workspace until the harness hangs up on `control`.

    The harness may have it take a connection of its own (T), open the `door` to clients (L), and close it and
    end all that it started (S). A connection brings one request, and gets the wait status
    of the command when that has ended; a client that hangs up has its command killed.
    """

    control: socket.socket
    door: socket.socket | None = None
    poll: select.poll = field(default_factory=select.poll)
    waiting: dict[int, Incoming] = field(default_factory=dict)
    running: dict[int, tuple[int, socket.socket]] = field(default_factory=dict)
    open: bool = False

    def serve(self) -> Start | None:
        """Serve; returns in each forked command with what it is to run, and in the server at its end."""
        supervisor.prctl(supervisor.PR_SET_CHILD_SUBREAPER, 1)
        supervisor.prctl(PR_SET_DUMPABLE, 0)  # no command may write into this process
        self._wakeup, alarm = os.pipe()
        for descriptor in (self._wakeup, alarm):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for descriptor in (self.control.fileno(), self._wakeup):
            self.poll.register(descriptor, select.POLLIN)
        try:
            while True:
                for descriptor, event in self.poll.poll():
                    start = self._see(descriptor, event)
                    if start is not None:
                        return start
        except EOFError:
            self._sweep()
            return None

    def _see(self, descriptor: int, event: int) -> Start | None:
        if descriptor == self._wakeup:
            self._bury()
        elif descriptor == self.control.fileno():
            self._obey()
        elif self.door is not None and descriptor == self.door.fileno():
            self._welcome()
        elif descriptor in self.waiting:
            return self._read(descriptor)
        elif descriptor in self.running:
            self._hear(descriptor, event)
        return None

    def _obey(self) -> None:
        """One word of the harness."""
        word, descriptors = receive(self.control, 1)
        if word == TAKE and descriptors:
            self._expect(socket.socket(fileno=descriptors[0]))
        elif word == LISTEN:
            self._listen()
            self.control.sendall(DONE)
        elif word == SWEEP:
            self._sweep()
            self.control.sendall(DONE)
        elif not word:
            raise EOFError

    def _listen(self) -> None:
        """Open the door for clients; whoever still waits before it is dead by now."""
        if self.door is not None and not self.open:
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.door.accept()[0].close()
            self.poll.register(self.door, select.POLLIN)
            self.open = True

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            sock, _ = self.door.accept() if self.door else (None, None)
            if sock is not None and len(self.waiting) + len(self.running) < MOST_CLIENTS:
                self._expect(sock)

    def _expect(self, sock: socket.socket) -> None:
        sock.setblocking(False)  # noqa: FBT003 (it takes no keyword)
        self.waiting[sock.fileno()] = Incoming(sock)
        self.poll.register(sock, select.POLLIN)

    def _read(self, descriptor: int) -> Start | None:
        """Take what a client says; fork when the request is complete."""
        incoming = self.waiting[descriptor]
        try:
            request = incoming.read()
        except (OSError, ValueError):
            request = None
            self._forget(descriptor)
        return self._fork(incoming, request) if request else None

    def _fork(self, incoming: Incoming, request: Request) -> Start | None:
        """Fork a command; returns what it is to run in the child, None here."""
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            os.setpgid(0, 0)
            supervisor.prctl(supervisor.PR_SET_PDEATHSIG, signal.SIGKILL)
            supervisor.prctl(PR_SET_DUMPABLE, 1)
            self._abandon()
            return Start(request, tuple(incoming.descriptors))
        sock = incoming.sock
        del self.waiting[sock.fileno()]
        self.running[sock.fileno()] = (pid, sock)
        for descriptor in incoming.descriptors:
            os.close(descriptor)
        return None

    def _abandon(self) -> None:
        """In a command: have no object close a descriptor whose number is another's by then."""
        socks = [incoming.sock for incoming in self.waiting.values()]
        socks += [sock for _, sock in self.running.values()]
        for sock in (*socks, self.control, *([self.door] if self.door else [])):
            sock.detach()

    def _hear(self, descriptor: int, event: int) -> None:
        """A signal for a running command, or the end of the client that stands for it."""
        pid, sock = self.running[descriptor]
        numbers = b""
        if event & select.POLLIN:
            with contextlib.suppress(OSError):
                numbers = sock.recv(64)
        for number in numbers or (signal.SIGKILL,):
            with contextlib.suppress(OSError, ValueError):
                os.kill(pid, number)
        if not numbers or event & GONE:
            self.poll.unregister(descriptor)

    def _bury(self) -> None:
        """Tell each client whose command has ended how it ended."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 512)
        self._report(supervisor.reap() or {})

    def _report(self, ended: dict[int, int]) -> None:
        for descriptor, (pid, sock) in list(self.running.items()):
            if pid in ended:
                with contextlib.suppress(OSError):
                    sock.send(b"%d" % ended[pid])
                self._forget(descriptor)

    def _forget(self, descriptor: int) -> None:
        with contextlib.suppress(KeyError):
            self.poll.unregister(descriptor)
        if descriptor in self.waiting:
            self.waiting.pop(descriptor).close()
        else:
            self.running.pop(descriptor)[1].close()

    def _sweep(self) -> None:
        """Let nobody in any more, and end everything below this process."""
        if self.door is not None and self.open:
            self.poll.unregister(self.door)
            self.open = False
        for pid, _ in self.running.values():
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        for descriptor in (*self.waiting, *self.running):
            self._forget(descriptor)
        supervisor.kill_all_below()
