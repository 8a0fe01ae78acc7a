"""A boxed workspace for hostile commands, and what lies outside it that they must not reach."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.workspace.box.allowance import MB, Allowance
from harness.workspace.box.isolation import isolation
from harness.workspace.box.machine import folders_above
from harness.workspace.command import Completed
from harness.workspace.launcher import Launcher
from harness.workspace.warm.launcher import WarmLauncher
from harness.workspace.workspace import Workspace

SMALL = Allowance(
    memory=300 * MB, processes=64, file=60 * MB, disk=120 * MB, files=3000, handles=128, shared=32 * MB
)
SECONDS = 20.0


# Graded every day: each tries several things at once, or stands for the rows that go for the numbers.
EVERY_DAY = frozenset(
    {
        *("takes_over_pytest", "meddles_while_graded", "leads_outside"),
        *("model_answers_itself", "tells_that_the_frozen_ran"),
    }
)
UID = "54321"
CHECKOUT = Path(__file__).parents[2]
HOMELESS = {"HOME": "/var/tmp", "TMPDIR": "/var/tmp", "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}  # noqa: S108
ORDINARY = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("bwrap") is None,
    reason="only root can become another user, and that takes bubblewrap",
)


@dataclass(frozen=True)
class Outside:
    """What a submission would like to have: a file with a secret, and a service of this machine."""

    folder: Path
    token: str
    port: int
    abstract: str

    @property
    def secret(self) -> Path:
        """The file that holds the token."""
        return self.folder / "secret.txt"

    def untouched(self) -> bool:
        """Whether the folder holds what it held at the start."""
        names = sorted(path.name for path in self.folder.iterdir())
        return names == ["secret.txt"] and self.secret.read_text(encoding="ascii") == self.token


Attack = Callable[..., Completed]


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """A secret file, the same secret in the grader's environment, a TCP port and an abstract socket."""
    folder = tmp_path / "outside"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    token, name = secrets.token_hex(16), f"service-{secrets.token_hex(4)}"
    (folder / "secret.txt").write_text(token, encoding="ascii")
    (folder / "secret.txt").chmod(0o666)
    monkeypatch.setenv("GRADING_TOKEN", token)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"\0{name}")
        unix.listen()
        yield Outside(folder, token, tcp.getsockname()[1], name)


@pytest.fixture(scope="session", params=["cold", "warm"])
def launcher(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    """Starts commands in boxes with small limits: cold, or forked from the warm interpreter."""
    found = isolation(SMALL)
    if found.kind == "none":
        pytest.skip(f"this machine cannot isolate a submission: {'; '.join(found.missing)}")
    if request.param == "cold":
        yield found.launcher()
        return
    with WarmLauncher(found.launcher(), found.bubblewrap) as warm:
        yield warm


@pytest.fixture(scope="session")
def boxed_template(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Workspace:
    """An empty workspace whose box has small limits; never to be changed."""
    root = tmp_path_factory.mktemp("boxed") / "workspace"
    return Workspace.create(root, repository=None, commit=None, branch="main", launcher=launcher)


@pytest.fixture
def boxed(boxed_template: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace of the test's own."""
    workspace = boxed_template.copy(tmp_path / "workspace")
    yield workspace
    workspace.leave()


@pytest.fixture
def attack(boxed: Workspace, outside: Outside) -> Attack:
    """Runs a shell script in the box; nothing of it is alive afterwards, nothing outside touched."""

    def run(script: str, seconds: float = SECONDS) -> Completed:
        mark = f"mark={secrets.token_hex(8)}"
        argv = ("sh", "-c", f"MARK={mark}; export MARK\n{script}", "sh", mark)
        done = boxed.execute(argv, timeout=seconds)
        assert not [pid for pid in everybody() if mark.encode() in environment_of(pid)]
        assert outside.untouched()
        assert outside.token not in done.stdout + done.stderr
        return done

    return run


def everybody() -> list[int]:
    """The ids of all processes of this machine."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def environment_of(pid: int) -> bytes:
    """A process's environment and command line; nothing when it is gone or another user's."""
    found = b""
    for name in ("environ", "cmdline"):
        try:
            found += Path(f"/proc/{pid}/{name}").read_bytes()
        except OSError:
            continue
    return found if pid != os.getpid() else b""


def as_ordinary_user(*argv: str) -> tuple[str, ...]:
    """A command line that runs `argv` as a user of no importance, who may read interpreter and checkout.

    Nothing but the user is another: the machine is the same, apart from the folders on the way there.
    """
    shown = [word for path in needed() for word in (*folders_above(path), "--bind", str(path), str(path))]
    hidden = sorted({str(path.parents[-2]) for path in needed()} - {"/usr", "/tmp"})  # noqa: S108 (the real one)
    covers = [word for name in hidden for word in ("--perms", "0755", "--tmpfs", name)]
    user = ("setpriv", "--reuid", UID, "--regid", UID, "--clear-groups", "--inh-caps=-all", "--")
    own = ("--perms", "1777", "--tmpfs", HOMELESS["TMPDIR"])
    return ("bwrap", "--dev-bind", "/", "/", *covers, *shown, *own, *user, *argv)


def needed() -> list[Path]:
    """The folders that a test run needs."""
    return sorted({Path(sys.base_prefix), Path(sys.prefix), CHECKOUT}, key=lambda path: len(path.parts))
