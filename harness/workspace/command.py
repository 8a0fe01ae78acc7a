"""Starting a command, and being sure of its end: the only place of the harness that starts processes."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from harness.errors import CheckFailed, HarnessError
from harness.workspace.box.allowance import MB, Allowance, sized
from harness.workspace.budget import Budget
from harness.workspace.files import disk_is_full
from harness.workspace.launcher import Order, PlainLauncher

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.workspace.launcher import Launcher, Running

POLL_SECONDS = 0.2
TIMED_OUT = 124
KILLED = 137


class Stopped(HarnessError):
    """The run was called off while a command was running; the command was killed."""


class Outgrown(HarnessError):
    """The workspaces lie where there is less room than they may take up, and they need it."""


@dataclass(frozen=True)
class Limits:
    """What ends a command before its own end.

    It is ended when `seconds` have passed, when the `budget` that it shares with others is spent, when it has
    `printed` so many bytes, and when `stop` is set. Of each output stream the first and the last `kept` bytes
    are kept. `allowance` is what its box may use (None: what is usual). With `outgrown`, its disk space is
    not what a submission may use but what there is: whoever runs out of it sets this, and all is void.
    """

    seconds: float = 600.0
    stop: threading.Event = field(default_factory=threading.Event)
    kept: int = 500_000
    printed: int = 64 * MB
    budget: Budget = field(default_factory=Budget)
    allowance: Allowance | None = None
    outgrown: threading.Event | None = None

    def apart(self) -> Limits:
        """The same, with the same budget, but stopped on its own."""
        return replace(self, stop=threading.Event())

    def require_room(self, *, short: bool = False) -> None:
        """See that no command has run out of room that is scarce here; this one has if it is `short`.

        Raises:
            Outgrown: it is so.
        """
        if self.outgrown is None:
            return
        if short:
            self.outgrown.set()
        if self.outgrown.is_set():
            raise Outgrown("the workspaces need more room than there is for them in memory")

    def within(self, seconds: float | None) -> Limits:
        """The same for a command that should need no more than so many seconds."""
        return self if seconds is None else replace(self, seconds=min(seconds, self.seconds))


@dataclass(frozen=True)
class Completed:
    """One command that has ended, with everything that it started.

    `exit_code` is what a shell would show: 128 + n for death by signal n, 124 after the time limit.
    `stages` are the DVC stages whose command it started, in order. `limit` is the limit that it met, such as
    "ran out of its 2 GB of memory".
    """

    argv: tuple[str, ...]
    cwd: str
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False
    stages: tuple[str, ...] = ()
    limit: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the command ended by itself with exit code 0."""
        return self.exit_code == 0 and not self.timed_out

    @property
    def line(self) -> str:
        """The command as one would type it."""
        return shlex.join(self.argv)

    def require(self, *, success: bool) -> None:
        """See that it met no limit, and that it was a `success` where that is asked for.

        Raises:
            CheckFailed: it is not so.
        """
        if self.limit:
            who = self.stages[-1] if self.stages else f"`{self.line}`"
            raise CheckFailed(f"`{self.line}` to stay within its limits", f"{who} {self.limit}")
        if success and not self.ok:
            raise CheckFailed(f"`{self.line}` to end with exit code 0", self.describe())

    def shown(self, place: str, name: str, cwd: str) -> Completed:
        """The same with another name for a place of this machine, and the folder `cwd` in it."""
        texts = (*self.argv, self.stdout, self.stderr)
        *argv, stdout, stderr = (text.replace(place, name) for text in texts)
        return replace(self, argv=tuple(argv), cwd=cwd, stdout=stdout, stderr=stderr)

    def describe(self) -> str:
        """Command line, exit code, standard output and standard error; "(none)" where nothing was written."""
        why = "time limit" if self.timed_out else self.limit
        code = f"{self.exit_code} ({why})" if why else str(self.exit_code)
        parts = [f"command: {self.line}", f"exit code: {code}"]
        for name, text in (("stdout", self.stdout), ("stderr", self.stderr)):
            parts.append(f"{name}:" + (f"\n{_indent(text)}" if text.strip() else " (none)"))
        return "\n".join(parts)


@dataclass
class _Capture:
    """The beginning and the end of one output stream; what lies between is counted and dropped."""

    limit: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    @property
    def size(self) -> int:
        return len(self.head) + len(self.tail) + self.dropped

    def feed(self, data: bytes) -> None:
        room = max(0, self.limit - len(self.head))
        self.head += data[:room]
        self.tail += data[room:]
        excess = max(0, len(self.tail) - self.limit)
        del self.tail[:excess]
        self.dropped += excess

    def text(self) -> str:
        gap = f"\n[… {self.dropped} bytes left out …]\n".encode() if self.dropped else b""
        return bytes(self.head + gap + self.tail).decode("utf-8", "replace")


def run(argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], limits: Limits) -> Completed:
    """Run `argv` in `cwd` with exactly `env`, as a plain process of this machine: see `carry_out`."""
    return carry_out(Order(argv, cwd, env), limits, PlainLauncher())


def carry_out(order: Order, limits: Limits, launcher: Launcher) -> Completed:
    """Run a command, and return once everything that it started is dead.

    Standard input is empty. A command that takes too long is killed and returned as timed out.

    Raises:
        CheckFailed: the time that it shares with other commands is spent.
        Stopped: `limits.stop` was set meanwhile.
        Outgrown: there is more room elsewhere.
        HarnessError: the folder to run in is missing, or the command could not be started by our fault.
    """
    line = shlex.join(order.argv)
    if not order.cwd.is_dir():
        raise HarnessError(f"cannot run `{line}`: there is no folder {order.cwd}")
    limits.budget.require(line)
    limits.require_room()
    begin = time.monotonic()
    captures = (_Capture(limits.kept), _Capture(limits.kept))
    with contextlib.closing(launcher.start(order)) as running:
        why = _drain(running, captures, begin, limits)
        ended = running.poll()
    seconds = time.monotonic() - begin
    limits.budget.spend(seconds)
    timed_out, flooded = why == "time", why == "output"
    if timed_out:
        limits.budget.require(line)
    if limits.stop.is_set():
        raise Stopped(f"`{line}` was stopped")
    full = bool(ended) and order.root is not None and disk_is_full(order.root)
    limits.require_room(short=full or _out_of_disk(running, limits))
    if full:
        raise HarnessError(f"`{line}` failed on a full disk, which no submission can fill: make room")
    code = TIMED_OUT if timed_out else KILLED if ended is None or running.limit or flooded else ended
    out, err = (capture.text() for capture in captures)
    limit = f"printed more than {sized(limits.printed)}" if flooded else running.limit
    limit = None if timed_out else limit or launcher.explain(order, code, err)
    return Completed(order.argv, ".", code, out, err, seconds, timed_out, limit=limit)


def _out_of_disk(running: Running, limits: Limits) -> bool:
    return limits.allowance is not None and running.limit == limits.allowance.out_of_disk


def _drain(
    running: Running, captures: tuple[_Capture, _Capture], begin: float, limits: Limits
) -> Literal["time", "output"] | None:
    """Read both streams to their end and wait for the process; what was used up first, if anything was."""
    deadline = begin + min(limits.seconds, limits.budget.left)
    with selectors.DefaultSelector() as selector:
        for stream, capture in zip((running.stdout, running.stderr), captures, strict=True):
            selector.register(stream, selectors.EVENT_READ, capture)
        while selector.get_map() or running.poll() is None:
            if limits.stop.is_set():
                return None
            if time.monotonic() > deadline:
                return "time"
            if sum(capture.size for capture in captures) > limits.printed:
                return "output"
            ended = running.poll() is not None
            if not _read_ready(selector, running) and ended:
                return None  # the supervisor was killed, and what it watched holds the outputs open
    return None


def _read_ready(selector: selectors.BaseSelector, running: Running) -> bool:
    """Take what the streams have to give, or wait a moment for the end; True if there was any."""
    if not selector.get_map():
        running.wait(POLL_SECONDS)
        return False
    ready = selector.select(POLL_SECONDS)
    for key, _ in ready:
        data = os.read(key.fd, 65536)
        key.data.feed(data)
        if not data:
            selector.unregister(key.fileobj)
    return bool(ready)


def _indent(text: str) -> str:
    return "\n".join(f"  {row}" for row in text.rstrip().splitlines())
