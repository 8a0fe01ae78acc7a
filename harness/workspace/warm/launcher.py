"""The launcher of the warm interpreter: its commands are forked from templates."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.workspace.box.isolation import isolation
from harness.workspace.environment import Surroundings, interpreter_bin
from harness.workspace.launcher import PlainLauncher
from harness.workspace.probe import INTERPRETER
from harness.workspace.warm.crew import Crew
from harness.workspace.warm.hiring import Lost, TemplateProcess
from harness.workspace.warm.program import SAFE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.workspace.box.bubblewrap import Bubblewrap
    from harness.workspace.launcher import Launcher, Order, Running

HERE = Path(__file__).parent
KINDS = {"python": "python", "python3": "python", "dvc": "dvc"}
WARM_KINDS = ("python", "dvc")
PLAIN_KIND = "base"
ASKING_DVC = frozenset({"pipeline_probe.py"})
ALONE = frozenset({"git"})
RUNNING_STAGES = (("repro",), ("exp", "run"), ("experiments", "run"), ("stage", "add"), ("queue", "start"))
TRIES = 2
BY_SHELL = "'''exec' "


def can_be_warm() -> bool:
    """Whether this system and this interpreter offer what the warm interpreter is made of."""
    return hasattr(os, "fork") and sys.implementation.name == "cpython"


@contextlib.contextmanager
def chosen_launcher(*, cold: bool) -> Iterator[Launcher]:
    """The warm launcher, or one that starts cold where that is wanted or nothing else is to be had.

    Both isolate commands as well as this machine can.
    """
    found = isolation()
    if cold or not can_be_warm():
        yield found.launcher()
        return
    with WarmLauncher(found.launcher(), found.bubblewrap) as launcher:
        yield launcher


class WarmLauncher:
    """Starts `python script.py` and `dvc` warm, and whatever else as `plain` would, only faster.

    With `bubblewrap`, all that is started for a workspace is in one box. Where processes of ours are lost it
    starts them once more; if they are lost again, `plain` takes over.
    """

    def __init__(self, plain: Launcher | None = None, bubblewrap: Bubblewrap | None = None) -> None:
        self._plain = plain or PlainLauncher()
        self._bubblewrap = bubblewrap
        self._lock = threading.Lock()
        self._programs = programs()
        self._templates = {
            kind: self._template(kind) for kind in (*dict.fromkeys(KINDS.values()), PLAIN_KIND)
        }
        self._crews: dict[Path, Crew] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, order: Order) -> Running:
        """Start a command; one without a workspace, or that reads outside it, starts plainly."""
        if order.root is None or order.readable:
            return self._plain.start(order)
        root, order = order.root, plainly_named(order)
        kind = kind_of(order.argv)
        needed = needed_by(order.argv)
        for _ in range(TRIES):
            with contextlib.suppress(Lost):
                return self._crew(root).order(kind, order, needed)
            self._replace(root)
        return self._plain.start(order)

    def leave(self, root: Path) -> None:
        """Let the servers go of the workspace and of those below it."""
        with self._lock:
            places = [place for place in self._crews if place.is_relative_to(root)]
            crews = [self._crews.pop(place) for place in places]
        for crew in crews:
            crew.close()

    def seen(self, root: Path) -> str:
        """As in a command that starts plainly."""
        return self._plain.seen(root)

    def adopt(self, root: Path) -> None:
        """Make the workspace the commands' own."""
        self._plain.adopt(root)

    def show(self, path: Path) -> None:
        """See to it that plain commands can read `path`."""
        self._plain.show(path)

    def explain(self, order: Order, exit_code: int, stderr: str) -> str | None:
        """What the plain launcher says of the end of a command."""
        return self._plain.explain(order, exit_code, stderr)

    def processes(self) -> tuple[int, ...]:
        """The process ids of the templates."""
        return tuple(template.pid for template in self._templates.values())

    def close(self) -> None:
        """End everything; the launcher is of no use afterwards."""
        for root in list(self._crews):
            self.leave(root)
        for template in self._templates.values():
            template.close()

    def _crew(self, root: Path) -> Crew:
        with self._lock:
            if root not in self._crews:
                write_clients(Surroundings.under(root).bin, self._programs)
                self._crews[root] = Crew(root, self._templates, self._bubblewrap)
            return self._crews[root]

    def _replace(self, root: Path) -> None:
        """Start what was lost anew."""
        self.leave(root)
        with self._lock:
            for kind, template in self._templates.items():
                if not template.alive():
                    template.close()
                    self._templates[kind] = self._template(kind)

    def _template(self, kind: str) -> TemplateProcess:
        listed = HERE / f"{kind}.txt"
        settings = {
            "kind": kind,
            "modules": listed.read_text(encoding="utf-8").split() if listed.is_file() else [],
            "programs": self._programs if kind in WARM_KINDS else {},
            "scripts": scripts() if kind == "dvc" else {},
            "variables": dict(variables()),
        }
        return TemplateProcess(settings, variables())


def plainly_named(order: Order) -> Order:
    """An order for one of the harness's own probes as one for `python`, with the same options."""
    given = len(INTERPRETER)
    if order.argv[:given] != INTERPRETER:
        return order
    return replace(order, argv=("python", *SAFE, *order.argv[given:]))


def kind_of(argv: tuple[str, ...]) -> str:
    """The kind of server that runs a command."""
    if argv[1:3] == SAFE and Path(argv[3]).name in ASKING_DVC:
        return "dvc"
    return KINDS.get(argv[0], PLAIN_KIND)


def needed_by(argv: tuple[str, ...]) -> tuple[str, ...] | None:
    """The kinds of servers that a command is likely to call; None when it calls no program that we know.

    What it calls of another kind starts cold.
    """
    if argv[0] in ALONE:
        return None
    if argv[0] == "dvc":
        return ("python",) if any(argv[1 : 1 + len(words)] == words for words in RUNNING_STAGES) else ()
    if argv[0] in KINDS:
        return ()
    return WARM_KINDS


def variables() -> Mapping[str, str]:
    """The environment of every template: a workspace's, of a workspace that does not exist."""
    return Surroundings.under(Path("/nonexistent")).variables()


def programs() -> dict[str, tuple[str, ...]]:
    """What the names of the clients mean where nothing is warm."""
    there = {name: shutil.which(name, path=str(interpreter_bin())) for name in KINDS}
    python = there["python"] or sys.executable
    cold: dict[str, tuple[str, ...]] = {name: (there[name] or python,) for name in ("python", "python3")}
    dvc = there["dvc"]
    cold["dvc"] = (shebang(Path(dvc)) or python, dvc) if dvc else (python, "-m", "dvc")
    return cold


def scripts() -> dict[str, str]:
    """The script that `dvc` is, where it is one."""
    found = shutil.which("dvc", path=str(interpreter_bin()))
    return {"dvc": found} if found and shebang(Path(found)) else {}


def shebang(script: Path) -> str | None:
    """The Python interpreter that a script names in its first line, without options.

    One whose path has a space in it is named in the second line, as pip writes it.
    """
    with script.open("rb") as file:
        first, second = (os.fsdecode(file.readline(1024)).rstrip("\n") for _ in range(2))
    if first == "#!/bin/sh" and second.startswith(BY_SHELL):
        first = "#!" + shlex.split(second.removeprefix(BY_SHELL))[0]
    named = first.removeprefix("#!").strip()
    plain = first.startswith("#!") and Path(named).name.startswith("python")
    return named if plain and Path(named).is_file() else None


def _runnable(source: str) -> str:
    """The client's source as a program; where the kernel cannot start the interpreter, a shell does.

    The shell's lines are then the docstring, in place of the client's own.
    """
    if " " not in sys.executable:
        return f"#!{sys.executable} -IS\n{source}"
    code = source.split('"""', 2)[2]
    return f'#!/bin/sh\n{BY_SHELL}"{sys.executable}" -IS "$0" "$@"\n\' \'\'\'\n{code}'


def write_clients(place: Path, cold: Mapping[str, tuple[str, ...]]) -> None:
    """Put the clients into a workspace's folder of programs."""
    source = (HERE / "client.py").read_text(encoding="utf-8")
    told = source.replace("COLD: dict[str, tuple[str, ...]] = {}", f"COLD = {dict(cold)!r}")
    for name in KINDS:
        program = place / name
        program.unlink(missing_ok=True)
        program.write_text(_runnable(told), encoding="utf-8")
        program.chmod(0o755)
