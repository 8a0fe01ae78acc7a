"""Which isolation this machine offers: found out by making a box and looking around in it."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.errors import HarnessError
from harness.workspace.box.allowance import Allowance
from harness.workspace.box.bubblewrap import WRITABLE, Bubblewrap
from harness.workspace.box.launcher import BoxLauncher
from harness.workspace.box.syscalls import filter_program
from harness.workspace.command import Limits, carry_out
from harness.workspace.environment import Surroundings
from harness.workspace.files import remove_tree
from harness.workspace.launcher import Order, PlainLauncher

if TYPE_CHECKING:
    from harness.workspace.launcher import Launcher

Kind = Literal["bubblewrap", "none"]
TRIAL_SECONDS = 30.0
INSTALL = "sudo apt-get install bubblewrap (dnf, pacman, apk, zypper: the package has the same name)"
TRIAL = 'test ! -e "$1" && git --version >/dev/null && python -c "import _socket, _ctypes" && command -v dvc'


class NotIsolated(HarnessError):
    """Isolation was asked for, and this machine has none."""


@dataclass(frozen=True)
class Isolation:
    """What a submission's commands are isolated with; `missing` says what is not there, and what to do."""

    kind: Kind
    missing: tuple[str, ...]
    bubblewrap: Bubblewrap | None = None

    def launcher(self) -> Launcher:
        """What starts the commands."""
        return BoxLauncher(self.bubblewrap) if self.bubblewrap else PlainLauncher()

    def require(self) -> None:
        """Refuse to go on without isolation.

        Raises:
            NotIsolated: there is none; the message says why, and what to do.
        """
        if self.kind == "none":
            raise NotIsolated(f"this machine cannot isolate a submission: {'; '.join(self.missing)}")


def isolation(allowance: Allowance | None = None) -> Isolation:
    """The best isolation that works here, tried out once."""
    return _found(allowance or Allowance())


@functools.cache
def _found(allowance: Allowance) -> Isolation:
    if sys.platform != "linux":
        return Isolation("none", ("bubblewrap needs Linux",))
    program = shutil.which("bwrap")
    if program is None:
        return Isolation("none", (f"bubblewrap is not installed: {INSTALL}",))
    setpriv = shutil.which("setpriv")
    if os.geteuid() == 0 and setpriv is None:
        return Isolation("none", ("setpriv is not installed: install the package util-linux",))
    bubblewrap = Bubblewrap(program, setpriv if os.geteuid() == 0 else None, allowance)
    refusal = _refusal(bubblewrap)
    if refusal is not None:
        return Isolation("none", (refusal,))
    unfiltered = "no filter of kernel calls: pip install pyseccomp, and your system's package libseccomp2"
    return Isolation("bubblewrap", () if filter_program() else (unfiltered,), bubblewrap)


def _refusal(bubblewrap: Bubblewrap) -> str | None:
    """Why a box that does what is needed cannot be made here, if it cannot."""
    place = Path(tempfile.mkdtemp()).resolve()
    try:
        return _tried(bubblewrap, place)
    except HarnessError as error:
        return f"{error} (in a container, allow user namespaces or add the capability SYS_ADMIN)"
    finally:
        remove_tree(place)


def _tried(bubblewrap: Bubblewrap, place: Path) -> str | None:
    secret = place / "secret"
    secret.touch()
    root = place / "root"
    surroundings = Surroundings.under(root)
    for name in WRITABLE:
        (root / name).mkdir(parents=True)
    surroundings.make()
    launcher = BoxLauncher(bubblewrap)
    launcher.adopt(root)
    order = Order(("sh", "-c", TRIAL, "sh", str(secret)), root / "repo", surroundings.variables(), root)
    done = carry_out(order, Limits(seconds=TRIAL_SECONDS), launcher)
    if done.ok:
        return None
    return f"a command in a box ended with exit code {done.exit_code}: {done.stderr.strip() or 'no message'}"
