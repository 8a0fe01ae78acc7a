"""Starting each command of a workspace in a box of its own, with bubblewrap."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.workspace.box import machine
from harness.workspace.box.entering import Entry
from harness.workspace.box.processes import Init
from harness.workspace.box.syscalls import filter_program
from harness.workspace.box.watch import Watch
from harness.workspace.launcher import shell_code

if TYPE_CHECKING:
    from harness.workspace.box.allowance import Allowance
    from harness.workspace.launcher import Order

SHOWN_ROOT = "/workspace"
WRITABLE = ("repo", "cache", "storage", "origin", "home", "tmp", "site")
READABLE = ("bin", "etc")
# Without /proc, a command may write into the memory of others of its user, and live on in them.
READ_ONLY = ("/proc", "/dev", "/")
KILLED = 137
HELD_SECONDS = 24 * 3600.0
NEEDED_TO_DROP = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
END_SECONDS = 60.0
# Runs inside, as the user that the command runs as: enters the folder, sets the limits, becomes the command.
PRELUDE = 'cd "$1" && shift || exit 126; unset PWD OLDPWD; {limits} exec "$@"'


@dataclass(frozen=True)
class Bubblewrap:
    """How boxes are made on this machine.

    `setpriv` is the program that changes the user, where the harness runs as root: a box then has a user of
    its own, who owns the workspace and nothing else. An ordinary user's boxes are user namespaces. What is
    `ours` keeps its user, without capabilities: commands can neither end it nor change it.
    """

    program: str
    setpriv: str | None
    allowance: Allowance
    ours: bool = False

    def serving(self, order: Order) -> Bubblewrap:
        """The same, with the limits that a command brings along."""
        return self if order.allowance is None else replace(self, allowance=order.allowance)

    def hand_over(self, order: Order, *pipes: int) -> None:
        """Make pipes the command's own, so that it can open /dev/stdout and /dev/stderr by their names."""
        if self.setpriv is not None and not self.ours:
            for pipe in pipes:
                os.fchown(pipe, owner_of(order.root), -1)

    def arguments(self, order: Order) -> list[str]:
        """What bwrap is told for a command, apart from descriptors and the command itself."""
        return [
            *self._namespaces(),
            *machine.system(),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--perms", "1777", "--size", str(self.allowance.shared), "--tmpfs", "/dev/shm"),  # noqa: S108 (the box's own)
            *_folders(order),
            *machine.interpreter(),  # after /tmp, in which a checkout may lie
            *machine.stand_ins(_root(order) / "instead"),
            *(word for place in READ_ONLY for word in ("--remount-ro", place)),
        ]

    def inner(self, order: Order, seconds: float) -> list[str]:
        """The command line inside the box: change the user, set limits, become the command."""
        user: list[str] = []
        if self.setpriv is not None:
            uid = "0" if self.ours else str(owner_of(order.root))
            user = [self.setpriv, "--reuid", uid, "--regid", uid, "--clear-groups"]
            user += ["--inh-caps", "-all", "--bounding-set", "-all", "--"]
        limits = self.allowance.shell_limits(seconds)
        argv = [shown(word, order) for word in order.argv]
        cwd = shown(str(order.cwd), order)
        return [*user, "/bin/sh", "-c", PRELUDE.format(limits=limits), "sh", cwd, *argv]

    def _namespaces(self) -> list[str]:
        ours = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        ours += ["--hostname", "localhost", "--new-session", "--die-with-parent", "--cap-drop", "ALL"]
        if self.setpriv is None:
            return ["--unshare-user", "--disable-userns", *ours]
        return [*ours, *(word for name in NEEDED_TO_DROP for word in ("--cap-add", name))]


class HeldBox:
    """A box kept open for a workspace, empty but for a process that waits: warm processes can enter it.

    Processes that enter it die with it, whoever their parents are.
    """

    def __init__(self, bubblewrap: Bubblewrap, order: Order) -> None:
        waiting = replace(order, argv=("sh", "-c", f"echo; exec sleep {HELD_SECONDS:.0f}"))
        self._boxed = Boxed(replace(bubblewrap, ours=True), waiting, HELD_SECONDS)
        os.read(self._boxed.stdout, 1)  # the box is furnished when the shell speaks
        limits = bubblewrap.allowance.process_limits(order.seconds)
        uid = owner_of(order.root) if bubblewrap.setpriv is not None else None
        self.entry = Entry(self._boxed.first, uid, limits, filter_program())

    @property
    def limit(self) -> str | None:
        """The limit that it passed; a box that passes one is killed at the next look."""
        self._boxed.poll()
        return self._boxed.limit

    def close(self) -> None:
        """Kill everything in it, and return when all is dead."""
        self._boxed.close()


class Boxed:
    """A command in its box: the `Running` of the launcher."""

    def __init__(self, bubblewrap: Bubblewrap, order: Order, seconds: float) -> None:
        self.limit: str | None = None
        self._killed = False
        self._process, status = _start(bubblewrap, order, seconds)
        self._status = status
        self._streams = [stream for stream in (self._process.stdout, self._process.stderr) if stream]
        self.stdout, self.stderr = (stream.fileno() for stream in self._streams)
        bubblewrap.hand_over(order, self.stdout, self.stderr)
        self.first = self._first_process()
        self._init = Init(self.first)
        self._watch = Watch(_root(order), self._init, bubblewrap.allowance)

    def poll(self) -> int | None:
        """The command's exit code, once everything in the box is dead."""
        code = self._process.poll()
        if code is None:
            self._stop_beyond_limits()
            return None
        return self._code(code) if self._init.wait(0) else None

    def wait(self, seconds: float) -> int | None:
        """As `poll`, after waiting."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.poll()
        self._init.wait(seconds)
        return self.poll()

    def close(self) -> None:
        """Kill the box, wait until nothing in it is alive, and measure what it left behind."""
        self._kill()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        dead = self._init.wait(END_SECONDS)
        self._init.close()
        os.close(self._status)
        for stream in self._streams:
            stream.close()
        if not dead:
            raise HarnessError("a command is still alive after its box was closed")
        self.limit = self.limit or self._watch.left()

    def _stop_beyond_limits(self) -> None:
        if not self._killed and (passed := self._watch.passed()):
            self.limit = passed
            self._kill()

    def _kill(self) -> None:
        """Kill the box: bwrap buries its first process and ends.

        Were bwrap killed as well, that process would be an orphan: what stands for init in a container may
        bury none.
        """
        self._killed = True
        self._init.kill()

    def _code(self, code: int) -> int:
        if self._killed:
            return KILLED
        return shell_code(code) or 0

    def _first_process(self) -> int:
        """The process id of the box's first process, which bwrap tells as soon as it has made it."""
        line = b""
        while not line.endswith(b"\n") and (data := os.read(self._status, 1)):
            line += data
        try:
            return int(json.loads(line)["child-pid"])
        except (ValueError, KeyError) as error:
            said = self._streams[1].read(2000).decode("utf-8", "replace").strip()
            raise HarnessError(f"bubblewrap cannot make a box: {said or 'it says nothing'}") from error


def shown(text: str, order: Order) -> str:
    """A word of a command, or a variable, with the machine's paths replaced by those in the box."""
    return text.replace(str(_root(order)), SHOWN_ROOT).replace(str(machine.PROBES), machine.SHOWN_PROBES)


def owner_of(root: Path | None) -> int:
    """The user that a workspace belongs to.

    Raises:
        HarnessError: it is root's, so that a command in it would run as root.
    """
    uid = (root or Path("/")).joinpath("repo").lstat().st_uid
    if not uid:
        raise HarnessError(f"the workspace {root} belongs to root: adopt it before a command runs in it")
    return uid


def _root(order: Order) -> Path:
    if order.root is None:
        raise HarnessError(f"`{shlex.join(order.argv)}` has no workspace to be boxed in")
    return order.root


def _folders(order: Order) -> list[str]:
    """Arguments that show the workspace: each folder is a mount, so that none can be moved away."""
    root = _root(order)
    words = [*machine.folder(SHOWN_ROOT)]
    for name in (*WRITABLE, *READABLE):
        if (root / name).is_dir():
            words += ["--bind" if name in WRITABLE else "--ro-bind", str(root / name), f"{SHOWN_ROOT}/{name}"]
    words += ["--bind", str(root / "tmp"), "/tmp"]  # noqa: S108 (the box's own)
    for name in ("passwd", "group", "hosts"):
        words += ["--ro-bind", str(root / "etc" / name), f"/etc/{name}"]
    for path in order.readable:
        words += [*machine.folders_above(path), "--ro-bind", str(path), str(path)]
    return words


def _start(bubblewrap: Bubblewrap, order: Order, seconds: float) -> tuple[subprocess.Popen[bytes], int]:
    """The started bwrap, and the descriptor on which it tells its state."""
    arguments = bubblewrap.arguments(order)
    status, tell = os.pipe()
    program = filter_program()
    opened = [tell]
    try:
        if program is not None:
            opened.append(_in_memory(program))
            arguments += ["--seccomp", str(opened[-1])]
        arguments += ["--json-status-fd", str(tell)]
        # Not on the command line: the box can read that of its first process.
        opened.append(_in_memory("\0".join(arguments).encode("utf-8", "surrogateescape")))
        process = subprocess.Popen(  # noqa: S603 (running a submission's commands is the purpose)
            [bubblewrap.program, "--args", str(opened[-1]), "--", *bubblewrap.inner(order, seconds)],
            cwd="/",
            env={name: shown(value, order) for name, value in order.env.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=opened,
        )
    except BaseException:
        os.close(status)
        raise
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return process, status


def _in_memory(data: bytes) -> int:
    """A descriptor from which bwrap reads `data`."""
    descriptor = os.memfd_create("arguments", 0)
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
