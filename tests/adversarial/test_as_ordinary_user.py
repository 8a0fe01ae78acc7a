"""The same attacks where the harness runs as an ordinary user, whose boxes are user namespaces."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from harness.workspace.box.machine import folders_above
from harness.workspace.command import Limits, run

UID = "54321"
CHECKOUT = Path(__file__).parents[2]


def as_ordinary_user(*argv: str) -> tuple[str, ...]:
    """A command line that runs `argv` as a user of no importance, who may read interpreter and checkout.

    Nothing but the user is another: the machine is the same, apart from the folders on the way there.
    """
    shown = [word for path in needed() for word in (*folders_above(path), "--bind", str(path), str(path))]
    hidden = sorted({str(path.parents[-2]) for path in needed()} - {"/usr", "/tmp"})  # noqa: S108 (the real one)
    covers = [word for name in hidden for word in ("--perms", "0755", "--tmpfs", name)]
    user = ("setpriv", "--reuid", UID, "--regid", UID, "--clear-groups", "--inh-caps=-all", "--")
    return ("bwrap", "--dev-bind", "/", "/", *covers, *shown, "--tmpfs", "/var/tmp", *user, *argv)  # noqa: S108


def needed() -> list[Path]:
    """The folders that a test run needs."""
    return sorted({Path(sys.base_prefix), Path(sys.prefix), CHECKOUT}, key=lambda path: len(path.parts))


@pytest.mark.long
@pytest.mark.skipif(
    os.geteuid() != 0, reason="whoever is an ordinary user already runs these very tests as one"
)
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_every_attack_fails_as_an_ordinary_user() -> None:
    """Under a user id without privileges, all tests of this folder hold, and none is skipped."""
    env = {"HOME": "/var/tmp", "TMPDIR": "/var/tmp", "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}  # noqa: S108
    tests = ("-m", "not long", "-p", "no:cacheprovider", "-q", str(Path(__file__).parent))
    argv = as_ordinary_user(sys.executable, "-m", "pytest", *tests, "--rootdir", str(CHECKOUT))
    done = run(argv, cwd=Path("/"), env=env, limits=Limits(seconds=600))
    assert done.ok, done.describe()
    assert "skipped" not in done.stdout.splitlines()[-1]
