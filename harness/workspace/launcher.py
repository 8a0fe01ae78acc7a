"""The seam between what a workspace runs and the way in which processes are started for it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.workspace.box.allowance import Allowance

if TYPE_CHECKING:
    from collections.abc import Mapping

SUPERVISOR = Path(__file__).with_name("supervisor.py")
GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class Order:
    """A command to start: in folder `cwd`, with exactly the environment `env`, for the workspace at `root`.

    `root` is the folder that belongs to the workspace, or None for a command without one. `readable` are
    folders of the harness's own that the command reads, wherever they lie. It has `seconds` to end,
    and may use what `allowance` says (None: as the launcher says).
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    root: Path | None = None
    readable: tuple[Path, ...] = ()
    seconds: float = 600.0
    allowance: Allowance | None = None


class Running(Protocol):
    """A command that was started; `stdout` and `stderr` are descriptors, its own to close.

    `limit` is the limit that it was ended for, or that what it left passes, as a student reads it; final once
    it is closed.
    """

    stdout: int
    stderr: int
    limit: str | None

    def poll(self) -> int | None:
        """The exit code as a shell shows it, once the command and all that it started are dead."""

    def wait(self, seconds: float) -> int | None:
        """As `poll`, after waiting for at most so many seconds."""

    def close(self) -> None:
        """Kill whatever is left of the command, and return when it is dead."""


class Launcher(Protocol):
    """Starts commands. Called from several threads, for one workspace from one thread at a time."""

    def start(self, order: Order) -> Running:
        """Start a command with empty standard input; HarnessError when we cannot."""

    def leave(self, root: Path) -> None:
        """End what is kept running for the workspaces at and below `root`; a command may start it anew."""

    def seen(self, root: Path) -> str:
        """The path at which commands see the workspace at `root`."""

    def adopt(self, root: Path) -> None:
        """Make the workspace at `root` the commands' own, whoever made its files."""

    def show(self, path: Path) -> None:
        """See to it that commands can read `path`, a folder of the harness's own."""

    def explain(self, order: Order, exit_code: int, stderr: str) -> str | None:
        """The limit that a failed command met by its own account, as a student reads it."""


class PlainLauncher:
    """Starts each command as a process of this machine, below a supervisor that buries all of it."""

    def start(self, order: Order) -> Running:
        """Start a command below a supervisor of its own."""
        return Supervised(order)

    def leave(self, root: Path) -> None:
        """Nothing outlives a command here."""

    def seen(self, root: Path) -> str:
        """The workspace lies where it lies."""
        return str(root)

    def adopt(self, root: Path) -> None:
        """Everything is this user's already."""

    def show(self, path: Path) -> None:
        """Everything can be read already."""

    def explain(self, order: Order, exit_code: int, stderr: str) -> str | None:
        """The limit for each process that a failed command met, as far as its last words tell."""
        if order.root is None:
            return None
        return (order.allowance or Allowance()).met(exit_code, stderr, boxed=False)


def plain_limits(order: Order) -> tuple[tuple[int, int], ...]:
    """What each process of a workspace's command may use outside a box, for setrlimit(2)."""
    if order.root is None:
        return ()
    return (order.allowance or Allowance()).plain_limits(order.seconds)


class Supervised:
    """A command below a supervisor, which ends when the control pipe closes."""

    limit: str | None = None

    def __init__(self, order: Order) -> None:
        read, self._control = os.pipe()
        limits = ",".join(f"{kind}={value}" for kind, value in plain_limits(order))
        try:
            self._process = subprocess.Popen(  # noqa: S603 (running a submission's commands is the purpose)
                [sys.executable, "-I", "-S", os.fspath(SUPERVISOR), str(read), limits, *order.argv],
                cwd=order.cwd,
                env=dict(order.env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=(read,),
            )
        except BaseException:
            os.close(self._control)
            raise
        finally:
            os.close(read)
        self._streams = [stream for stream in (self._process.stdout, self._process.stderr) if stream]
        self.stdout, self.stderr = (stream.fileno() for stream in self._streams)

    def poll(self) -> int | None:
        """The command's exit code, once everything is dead."""
        return shell_code(self._process.poll())

    def wait(self, seconds: float) -> int | None:
        """As `poll`, after waiting."""
        try:
            return shell_code(self._process.wait(seconds))
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """Have the supervisor kill what is left."""
        os.close(self._control)
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            for stream in self._streams:
                stream.close()


def shell_code(code: int | None) -> int | None:
    """The exit code that a shell shows: 128 + n for death by signal n."""
    return 128 - code if code is not None and code < 0 else code
