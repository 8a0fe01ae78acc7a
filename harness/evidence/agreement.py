"""Whether `dvc.lock` agrees with the code, the parameters and the pointers beside it in one commit.

What is compared is what `dvc status` compares (https://dvc.org/doc/command-reference/status), with two
allowances: text may have been hashed with LF or CRLF line ends, and raw data that is neither in Git nor
behind a pointer cannot disagree.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.errors import MalformedEvidence
from harness.evidence.params import Value, load_params, lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.evidence.lock import Lock, LockedFile, LockedStage
    from harness.evidence.pipeline import Pipeline, Stage

LOCK = "dvc.lock"
NOTHING = "nothing"
MOST_SHOWN = 200


class Files(Protocol):
    """The files of one commit."""

    def md5_forms(self, path: str) -> frozenset[str]:
        """The MD5s of a file as it is, with LF and with CRLF line ends; none where there is no such file."""
        ...

    def read(self, path: str) -> bytes | None:
        """A file's bytes, None where there is no such file."""
        ...


@dataclass(frozen=True)
class Disagreement:
    """One thing that the lock records otherwise than it stands in the commit."""

    stage: str
    what: str
    locked: str
    found: str

    @property
    def text(self) -> str:
        """The disagreement in one sentence."""
        return f"{self.stage}: {self.what} is {self.locked} in {LOCK}, but {self.found} in the commit"


def disagreements(
    pipeline: Pipeline, locks: Iterable[Lock], files: Files, pointers: Mapping[str, str]
) -> tuple[Disagreement, ...]:
    """Everything in which the locks disagree with a commit, stage by stage; empty when they agree.

    `pointers` maps a tracked path to the md5 in its `.dvc` file. What only the lock knows is left out, as DVC
    does; nothing is raised.
    """
    recorded = {lock.file: lock for lock in locks}
    compared = _Compared(pipeline, recorded, files, pointers)
    return tuple(found for stage in pipeline.stages for found in compared.stage(stage))


def _lock_file(stage: Stage) -> str:
    """DVC keeps a lock beside each `dvc.yaml`."""
    return posixpath.join(posixpath.dirname(stage.file), LOCK)


@dataclass(frozen=True)
class _Compared:
    """Compares one stage after the other with its record."""

    pipeline: Pipeline
    locks: Mapping[str, Lock]
    files: Files
    pointers: Mapping[str, str]

    def recorded(self, stage: Stage) -> LockedStage | None:
        lock = self.locks.get(_lock_file(stage))
        return lock.stages.get(stage.name) if lock else None

    def stage(self, stage: Stage) -> Iterator[Disagreement]:
        record = self.recorded(stage)
        if record is None:
            yield Disagreement(stage.address, "the stage", NOTHING, f"declared in {stage.file}")
            return
        if record.cmd != stage.cmd:
            yield Disagreement(stage.address, "the command", "; ".join(record.cmd), "; ".join(stage.cmd))
        for dep in stage.deps:
            yield from self._dep(stage, dep, record.dep(dep))
        for file, keys in stage.params.items():
            yield from self._params(stage, file, keys, record.params.get(file, {}))
        for out in stage.outs:
            yield from self._out(stage, out.path, record.out(out.path))

    def _dep(self, stage: Stage, path: str, locked: LockedFile | None) -> Iterator[Disagreement]:
        if locked is None or locked.md5 is None:
            yield Disagreement(stage.address, f"the dep {path}", NOTHING, "declared")
            return
        made = [one for one in map(self._made, self.pipeline.producers(path)) if path in one]
        wanted = frozenset(one[path] for one in made)
        where = "the output of the stage before it"
        if not made and path in self.pointers:
            wanted, where = frozenset({self.pointers[path]}), "the pointer"
        elif not made:
            wanted, where = self.files.md5_forms(path), "the file"
        if wanted and locked.md5 not in wanted:
            yield Disagreement(stage.address, f"the dep {path}", locked.md5, f"{min(wanted)} ({where})")

    def _made(self, address: str) -> Mapping[str, str]:
        """The recorded md5 of each output of a stage."""
        record = self.recorded(self.pipeline.stage(address))
        return {out.path: out.md5 for out in record.outs if out.md5} if record else {}

    def _params(
        self, stage: Stage, file: str, keys: tuple[str, ...], locked: Mapping[str, Value]
    ) -> Iterator[Disagreement]:
        data = self.files.read(file)
        if data is None and (file in self.pointers or self.pipeline.producers(file)):
            return
        try:
            values = load_params(file, data or b"")
        except MalformedEvidence as error:
            yield Disagreement(stage.address, f"the params file {file}", "recorded", error.reason)
            return
        for key in keys or sorted({*values, *locked}):
            was, now = _recorded(locked, key), _present(values, key)
            if was != now:
                what = f"the parameter {key} of {file}"
                yield Disagreement(stage.address, what, _shown(was), _shown(now))

    def _out(self, stage: Stage, path: str, locked: LockedFile | None) -> Iterator[Disagreement]:
        if locked is None or locked.md5 is None:
            yield Disagreement(stage.address, f"the output {path}", NOTHING, "declared")
            return
        forms = self.files.md5_forms(path)
        if forms and locked.md5 not in forms:
            yield Disagreement(stage.address, f"the output {path}", locked.md5, f"{min(forms)} (the file)")


def _recorded(locked: Mapping[str, Value], key: str) -> list[Value]:
    """The recorded value in a list, which is empty without one; the lock keeps a key as it was declared."""
    return [locked[key]] if key in locked else []


def _present(values: Mapping[str, Value], key: str) -> list[Value]:
    """The value in the file in a list, which is empty without one."""
    try:
        return [lookup(values, key)]
    except KeyError:
        return []


def _shown(value: list[Value]) -> str:
    return json.dumps(value[0])[:MOST_SHOWN] if value else NOTHING
