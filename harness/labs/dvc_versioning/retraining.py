"""Training once more on the rows as they are: it should make the model that was scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import CheckFailed
from harness.evidence.rewriting import in_other_bytes
from harness.labs.dvc_versioning.alone import run_as_before, run_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.evidence.pipeline import Stage
    from harness.evidence.scoring import Label
    from harness.labs.dvc_versioning.alone import Alone
    from harness.workspace.sealing import Seal
    from harness.workspace.workspace import Workspace

ODD_ROWS = 3  # trees, forests and neighbours lost one row of 116 by such a step, over 25 splits
ODD_SHARE = 0.02


def fewest_odd(rows: int) -> float:
    """How many of some rows must be told otherwise to count: fewer may be by chance."""
    return max(ODD_ROWS, ODD_SHARE * rows)


@dataclass(frozen=True)
class Retraining:
    """A workspace's training, what its stages did ``alone``, and what the model it made then ``answers``."""

    ws: Workspace
    stages: Sequence[Stage]
    alone: Mapping[str, Alone]
    answers: Callable[[], tuple[Label, ...] | None]

    def run(self, stage: Stage) -> tuple[bool, frozenset[str] | None]:
        """Whether a stage runs, and what it read (None: unknown); with other rows it may meet a limit."""
        try:
            done, read = run_as_before(self.ws, stage, self.alone.get(stage.address))
        except CheckFailed:
            return False, None
        return done.ok, read

    def on(self, files: Mapping[str, bytes]) -> tuple[Label, ...] | None:
        """What the model says when training finds these files; None where it fails."""
        self._write(files)
        return self.answers() if all(self.run(stage)[0] for stage in self.stages) else None

    def is_watchful(self, tables: Mapping[str, bytes], seal: Seal, before: Sequence[Label]) -> bool:
        """Whether it makes another model, or none, of the same ``tables``, in other bytes, under a ``seal``.

        ``before`` is what the model that was scored says. Training that made that one under a seal cannot do
        so. It is asked with its own bytes, too, where it should be right about each row; it may not like the
        others. What makes another model each time is asked twice each way: what it says both times, plainly
        and under the seal, is compared.
        """
        known = [self.alone.get(stage.address) for stage in self.stages]
        if all(one and one.seal for one in known):
            return False
        again = 0 if all(one and one.deterministic for one in known) else 1
        plain = [before, *(self.on(tables) for _ in range(again))]
        if None in plain:
            return False
        other = {path: in_other_bytes(path, data) for path, data in tables.items()}
        fewest = fewest_odd(len(before))
        for files, odd in ((other, fewest), (tables, fewest if again else 1)):
            self._write(files)
            told = [self._under(seal) for _ in range(again + 1)]
            if None in told:
                if self.on(files) is not None:
                    return True
            elif _told_apart(plain, told) >= odd:
                return True
        return False

    def _under(self, seal: Seal) -> tuple[Label, ...] | None:
        """What the model says when training runs under a seal; None where it fails."""
        return self.answers() if all(run_sealed(self.ws, stage, seal) for stage in self.stages) else None

    def _write(self, files: Mapping[str, bytes]) -> None:
        for path, data in files.items():
            self.ws.write(path, data)


def _told_apart(some: Sequence[Sequence[Label] | None], others: Sequence[Sequence[Label] | None]) -> int:
    """Of how many rows all of some answers say one thing, and all of the others another."""
    ours, theirs = ([set(row) for row in zip(*filter(None, told), strict=False)] for told in (some, others))
    both = zip(ours, theirs, strict=False)
    return sum(len(one) == len(other) == 1 and one != other for one, other in both)
