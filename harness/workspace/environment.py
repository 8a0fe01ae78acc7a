"""The surroundings of every command: variables, home, Git and DVC configuration, all made from nothing.

Nothing here says that a grader is at work: a submission's code finds a plain user on a plain machine.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

USER = "user"
SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")

GIT_CONFIG = """\
[user]
    name = user
    email = user@localhost
[init]
    defaultBranch = main
[core]
    hooksPath = /dev/null
    autocrlf = false
    fsmonitor = false
    editor = true
[commit]
    gpgSign = false
[tag]
    gpgSign = false
[gc]
    auto = 0
[maintenance]
    auto = false
[advice]
    detachedHead = false
[safe]
    directory = *
[protocol]
    allow = never
[protocol "file"]
    allow = always
[uploadpack]
    allowAnySHA1InWant = true
[fetch]
    recurseSubmodules = false
[push]
    recurseSubmodules = no
"""

DVC_CONFIG = """\
[core]
    analytics = false
    check_update = false
"""

# DVC starts a stage's command with $SHELL and names the stage in DVC_STAGE: a shell that tells it through a
# pipe tells which stages were really started, whatever DVC prints.
SHELL_SCRIPT = """\
#!/bin/sh
[ -z "$DVC_STAGE" ] || [ ! -p "${0%/*}/stages" ] || printf '%s\\n' "$DVC_STAGE" > "${0%/*}/stages"
[ -x /bin/bash ] && exec /bin/bash --noprofile --norc "$@"
exec /bin/sh "$@"
"""


@dataclass(frozen=True)
class Surroundings:
    """The folders beside the repository: home, temp dir, programs, settings.

    Programs and settings lie where no command can write, if the workspace is in a box. What is at
    a/b in ``instead``, where there is such a folder, a box shows in place of the machine's file /a/b.
    """

    home: Path
    tmp: Path
    bin: Path
    etc: Path
    site: Path
    instead: Path

    @classmethod
    def under(cls, root: Path) -> Surroundings:
        """The folders' places below a workspace's root; makes nothing."""
        return cls(*(root / name for name in ("home", "tmp", "bin", "etc", "site", "instead")))

    @property
    def shell(self) -> Path:
        """The shell that stages are started with."""
        return self.bin / "sh"

    def make(self) -> None:
        """Make the folders, the configuration files and the programs that are missing."""
        for folder in (self.home, self.tmp, self.bin, self.etc / "dvc", self.site):
            folder.mkdir(parents=True, exist_ok=True)
        (self.etc / "gitconfig").write_text(GIT_CONFIG, encoding="utf-8")
        (self.etc / "dvc" / "config").write_text(DVC_CONFIG, encoding="utf-8")
        _write_program(self.shell, SHELL_SCRIPT)
        for name, argv in _programs().items():
            _write_program(self.bin / name, f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')

    def variables(self) -> Mapping[str, str]:
        """The complete environment of a command."""
        home = str(self.home)
        return {
            "PATH": ":".join((str(self.bin), str(interpreter_bin()), *SYSTEM_PATH)),
            "HOME": home,
            "USER": USER,
            "LOGNAME": USER,
            "SHELL": str(self.shell),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TMPDIR": str(self.tmp),
            "XDG_CONFIG_HOME": f"{home}/.config",
            "XDG_CACHE_HOME": f"{home}/.cache",
            "XDG_DATA_HOME": f"{home}/.local/share",
            "XDG_STATE_HOME": f"{home}/.local/state",
            "XDG_CONFIG_DIRS": f"{home}/.config/none",
            "GIT_CONFIG_GLOBAL": f"{self.etc}/gitconfig",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "DVC_GLOBAL_CONFIG_DIR": f"{self.etc}/dvc",
            "DVC_SYSTEM_CONFIG_DIR": f"{self.etc}/none",
            "DVC_SITE_CACHE_DIR": str(self.site),
            "DVC_NO_ANALYTICS": "1",
            "DVC_STUDIO_OFFLINE": "true",
            "DVC_EXP_AUTO_PUSH": "false",
            "MPLBACKEND": "Agg",
            "WANDB_MODE": "offline",
        }


def interpreter_bin() -> Path:
    """The folder of the running interpreter's programs: `dvc`, `pytest` and, in a venv, `python`."""
    return Path(sys.prefix) / "bin"


def _programs() -> dict[str, tuple[str, ...]]:
    """Programs that the interpreter's own folder lacks, with the command line that does their work."""
    wanted: dict[str, tuple[str, ...]] = {
        "python": (sys.executable,),
        "python3": (sys.executable,),
        "dvc": (sys.executable, "-m", "dvc"),
    }
    there = str(interpreter_bin())
    return {name: argv for name, argv in wanted.items() if shutil.which(name, path=there) is None}


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
