"""Where the seconds of a grade go: what runs in the boxes by program, the boxes themselves, and the rest."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.workspace.launcher import Launcher, Order, Running
from harness.workspace.warm.launcher import chosen_launcher
from tests.benchmarks.grading import graded
from tests.benchmarks.measuring import benchmark, keep, seconds

BOXES = "boxes: made, entered and ended"
REST = "the grading process: clones, copies, reading, recomputing, pytest"


def named(argv: tuple[str, ...]) -> str:
    """What a command counts as: DVC's by their names, with the stages that they run."""
    words = [Path(word).name for word in argv]
    if words[0] == "git":
        return "git"
    if words[0] == "dvc":
        return " ".join(words[: 3 if words[1] == "exp" else 2])
    probe = next((word for word in words if word.endswith("_probe.py")), None)
    script = next((word for word in words if word.endswith(".py")), None)
    return probe or (f"{script} alone" if script else words[0])


@dataclass
class Timed:
    """A launcher that notes how long each command takes, and how long its box."""

    real: Launcher
    spent: defaultdict[str, float] = field(default_factory=partial(defaultdict, float))
    commands: Counter[str] = field(default_factory=Counter)
    boxed: set[Path | None] = field(default_factory=set)
    boxes: int = 0

    def start(self, order: Order) -> Running:
        """Start it; the first command of a workspace waits for its box."""
        begin = time.monotonic()
        running = self.real.start(order)
        if order.root not in self.boxed:
            self.boxed.add(order.root)
            self.boxes += 1
            self.spent[BOXES] += time.monotonic() - begin
            begin = time.monotonic()
        name = named(order.argv)
        self.commands[name] += 1
        close = running.close

        def ended() -> None:
            close()
            self.spent[name] += time.monotonic() - begin

        running.close = ended  # type: ignore[method-assign]
        return running

    def leave(self, root: Path) -> None:
        """End the box."""
        self.boxed.discard(root)
        self.spent[BOXES] += seconds(lambda: self.real.leave(root))

    def seen(self, root: Path) -> str:
        """As the real one."""
        return self.real.seen(root)

    def adopt(self, root: Path) -> None:
        """As the real one."""
        self.real.adopt(root)

    def show(self, path: Path) -> None:
        """As the real one."""
        self.real.show(path)

    def explain(self, order: Order, exit_code: int, stderr: str) -> str | None:
        """As the real one."""
        return self.real.explain(order, exit_code, stderr)


@benchmark
def test_profile() -> None:
    """A grade of the reference in a warm worker, one scenario after the other, so that the parts add up."""
    with chosen_launcher(cold=False) as launcher:
        graded(launcher, jobs=1)
        timed = Timed(launcher)
        total = seconds(lambda: graded(timed, jobs=1))
    assert timed.commands["dvc exp run"] == 3
    timed.spent[REST] = total - sum(timed.spent.values())
    rows = {
        name: {"commands": timed.commands[name], "seconds": round(spent, 2), "share": round(spent / total, 3)}
        for name, spent in sorted(timed.spent.items(), key=lambda row: -row[1])
    }
    keep("profile", {"seconds": round(total, 2), "boxes": timed.boxes, "parts": rows})
