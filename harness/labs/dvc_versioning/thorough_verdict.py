"""What one edit of `harness check --thorough` shows: whether DVC then did what is right, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.params import declares
from harness.evidence.pipeline import overlaps
from harness.labs.dvc_versioning.reproduction import last_lines
from harness.labs.dvc_versioning.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.forecast import State
    from harness.evidence.pipeline import Pipeline, Stage
    from harness.labs.dvc_versioning.thorough_edits import Edit
    from harness.workspace.command import Completed

Reads = "Mapping[str, frozenset[str] | None]"


@dataclass(frozen=True)
class Fault:
    """What should have happened after the last edit, what did, and what to do about it."""

    expected: str
    found: str
    hint: str


@dataclass(frozen=True)
class Seen:
    """One edit and the `dvc repro` after it.

    `foreseen` are the stages that the oracle expected to run, `last` has the state after each stage's run
    before this one, `after` that of now, and `fresh` that of a run of everything from here. The command of
    those `reworded` is no longer what it was then.
    """

    pipeline: Pipeline
    reads: Mapping[str, frozenset[str] | None]
    edit: Edit
    completed: Completed
    foreseen: frozenset[str]
    last: Mapping[str, State]
    after: State
    fresh: State
    reworded: frozenset[str] = frozenset()

    @property
    def ran(self) -> frozenset[str]:
        """The stages whose command was started."""
        return frozenset(self.completed.stages)

    def moved(self, address: str, path: str) -> bool:
        """Whether a path is otherwise than when a stage last ran."""
        return self.after.at(path) != self.last[address].at(path)

    def keys(self, address: str, file: str) -> tuple[str, ...]:
        """The keys of a params file whose values are other than when a stage last ran."""
        before, now = self.last[address].leaves(file), self.after.leaves(file)
        return tuple(key for key in dict.fromkeys([*before, *now]) if before.get(key) != now.get(key))


def failure(edit: Edit, completed: Completed) -> Fault | None:
    """The fault of a pipeline that fails after an edit that breaks none; None for any other edit."""
    if not edit.harmless:
        return None
    found = last_lines(completed.stderr or completed.stdout)
    return Fault("`dvc repro` succeeds", found, "Type the same and read the whole message.")


def judge(seen: Seen) -> Fault | None:
    """What went wrong: something stale first, then something needless, then what nobody can explain."""
    for address in seen.pipeline.order:
        stage = seen.pipeline.stage(address)
        stale = [path for path in stage.out_paths if seen.after.at(path) != seen.fresh.at(path)]
        if stale:
            return _stale(seen, stage, stale)
    for address in seen.pipeline.order:
        if address in seen.ran and (fault := _needless(seen, seen.pipeline.stage(address))):
            return fault
    if seen.ran != seen.foreseen:
        wanted, found = (listed(sorted(names)) or "nothing" for names in (seen.foreseen, seen.ran))
        hint = (
            "`dvc repro -v` says why each stage runs; does a stage write into files that it or others read?"
        )
        return Fault(f"by what dvc.yaml declares, {wanted} runs", f"{found} ran", hint)
    return None


def _stale(seen: Seen, stage: Stage, paths: list[str]) -> Fault:
    what = _undeclared(seen, stage)
    found = (
        f"{listed(paths)} is not what a run of everything (`dvc repro -f`) makes, "
        f"because {stage.name} {'ran too early' if stage.address in seen.ran else 'did not run'}"
    )
    if what is None:
        hint = (
            f"Declare under `deps` and `params` of `{stage.name}` in {stage.file} all that its script reads."
        )
        return Fault(f"{stage.name} runs after this", found, hint)
    section, name = what
    hint = f"List {name} under the `{section}` of `{stage.name}` in {stage.file}."
    return Fault(f"{stage.name} runs after this, since it reads {name}", found, hint)


def _undeclared(seen: Seen, stage: Stage) -> tuple[str, str] | None:
    """The section and name of what a stage reads without declaring it, and what has changed in it."""
    read = seen.reads.get(stage.address) or frozenset()
    for path in sorted(read):
        if not seen.moved(stage.address, path) or stage.reads(path) or stage.makes(path):
            continue
        keys = [key for key in seen.keys(stage.address, path) if not _declares_key(stage, path, key)]
        if keys:
            return "params", keys[0]
        if path not in stage.takes:
            return "deps", path
    return None


def _declares_key(stage: Stage, file: str, key: str) -> bool:
    return file in stage.takes and declares(stage.takes[file], key)


def _needless(seen: Seen, stage: Stage) -> Fault | None:
    """A stage that ran and made the same again, though nothing that it reads had changed."""
    same = not any(seen.moved(stage.address, path) for path in stage.out_paths)
    had_to = stage.address in seen.reworded or (seen.edit.kind == "deletion" and stage.makes(seen.edit.path))
    moved = [path for path in stage.deps if seen.moved(stage.address, path)]
    keys = [
        file
        for file in stage.takes
        for key in seen.keys(stage.address, file)
        if _declares_key(stage, file, key)
    ]
    if not same or had_to or keys or not moved or any(_counts(seen, stage, path) for path in moved):
        return None
    path = moved[0]
    found = f"{stage.name} ran again, because its `deps` list {path}; what it made is byte for byte the same"
    why = "its keys belong under `params`" if seen.after.leaves(path) else "it does not read that"
    hint = f"Remove `- {path}` from the `deps` of `{stage.name}` in {stage.file}: {why}."
    return Fault(f"{stage.name} stays as it is: it reads nothing that changed in {path}", found, hint)


def _counts(seen: Seen, stage: Stage, path: str) -> bool:
    """Whether a changed dep is a good reason to run: the stage reads it, and not as a params file."""
    read = seen.reads.get(stage.address)
    if read is None:
        return True
    is_params = bool(seen.after.leaves(path))
    return not is_params and any(overlaps(path, one) for one in read)
