"""Which stages must run after a change: by what is declared, as DVC sees it, and by what is really read.

The rules of DVC that `declared` follows are those of `dvc repro`
(https://dvc.org/doc/command-reference/repro) and of `dvc.stage.Stage.changed` in DVC 3.67.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from harness.evidence.params import covers
from harness.evidence.pipeline import Pipeline, Stage, overlaps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True)
class Change:
    """What is different since the last run.

    `files` are paths whose bytes changed, a params file among them when one of its values did; `params` maps
    a file to the dotted keys whose values changed; `deleted` are outputs gone from workspace and cache.
    """

    files: frozenset[str] = frozenset()
    params: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    deleted: frozenset[str] = frozenset()

    @classmethod
    def of_param(cls, file: str, key: str) -> Change:
        """One key of a params file edited, which changes that file's bytes as well."""
        return cls(files=frozenset({file}), params={file: frozenset({key})})

    @classmethod
    def of_file(cls, path: str) -> Change:
        """One file's bytes changed."""
        return cls(files=frozenset({path}))


@dataclass(frozen=True)
class Reads:
    """What each stage was seen to read: paths, and keys of params files (no keys: the file as a whole)."""

    files: Mapping[str, frozenset[str]]
    params: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """A stage that runs without need, or is skipped though what it reads changed, and why, in words."""

    stage: str
    kind: Literal["needless", "missed"]
    text: str


def declared(pipeline: Pipeline, change: Change) -> frozenset[str]:
    """The stages that `dvc repro` runs after the change, when every stage that runs gives other outputs.

    A stage runs when a file or folder among its deps changed (a params file listed there is a file like any
    other), a declared params key or a key of a declared section changed, or an output is gone; so does what
    follows it by data. A frozen stage never runs; one with `always_changed`, or without deps and outputs
    (`Stage.is_callback`), runs each time, which alone changes nothing after it. A stage whose output was
    deleted gives the same bytes again, so that what follows it does not run.
    """
    running = {stage.address for stage in pipeline.stages if why_declared(stage, change) and not stage.frozen}
    spread = _spread(running, pipeline.edges, {stage.address for stage in pipeline.stages if stage.frozen})
    again = {stage.address for stage in pipeline.stages if _runs_again(stage, change) and not stage.frozen}
    return frozenset(spread | again)


def really(pipeline: Pipeline, reads: Reads, change: Change) -> frozenset[str]:
    """The stages whose results the change can alter, by the files and keys that they were seen to read.

    A params file counts by its keys where any are known to have been read; edges follow from reading, at
    whatever depth, what another stage declares to make. A stage whose output was deleted is among them.
    """
    running = {address for address in pipeline.addresses if _sees(reads, address, change)}
    edges = {
        (maker, reader)
        for reader in pipeline.addresses
        for path in reads.files.get(reader, frozenset())
        for maker in pipeline.producers(path)
        if maker != reader
    }
    gone = {stage.address for stage in pipeline.stages if any(stage.makes(path) for path in change.deleted)}
    return frozenset(_spread(running, edges, set()) | gone)


def compare(pipeline: Pipeline, reads: Reads, change: Change) -> tuple[Difference, ...]:
    """Where `declared` and `really` differ, in topological order; empty when DVC does what is right."""
    runs, right = declared(pipeline, change), really(pipeline, reads, change)
    return tuple(
        _needless(pipeline, stage, change, runs)
        if stage in runs
        else _missed(pipeline, stage, reads, change, right - runs)
        for stage in pipeline.order
        if (stage in runs) != (stage in right)
    )


def why_declared(stage: Stage, change: Change) -> str | None:
    """Why DVC sees the stage itself as changed by files or parameters, in words; None when it does not."""
    for dep in stage.deps:
        if any(overlaps(dep, path) for path in change.files):
            listed = "as a file, so that each change in it counts" if dep in change.params else "as a dep"
            return f"it declares {dep} {listed}"
    for file, keys in stage.params.items():
        if touched := _touched(keys, change.params.get(file, frozenset())):
            return f"it declares {touched if keys else 'all'} of {file} as a parameter"
    return None


def _touched(declared_keys: Collection[str], changed: Iterable[str]) -> str | None:
    """The declared key that a changed key lies in or holds; the changed key itself where all are declared."""
    for key in sorted(changed):
        if not declared_keys:
            return key
        for one in declared_keys:
            if covers(one, key) or covers(key, one):
                return one
    return None


def _runs_again(stage: Stage, change: Change) -> bool:
    callback = not (stage.deps or stage.params or stage.outs)
    return stage.always_changed or callback or any(stage.makes(path) for path in change.deleted)


def _spread(start: Iterable[str], edges: Iterable[tuple[str, str]], still: Collection[str]) -> set[str]:
    """The start and all that follows it along the edges, never through a stage that stays still."""
    pairs = [(maker, reader) for maker, reader in edges if reader not in still]
    found = set(start)
    while added := {reader for maker, reader in pairs if maker in found} - found:
        found |= added
    return found


def _sees(reads: Reads, address: str, change: Change) -> str | None:
    """What of the change a stage itself was seen to read, in words; None when nothing."""
    seen = reads.params.get(address, {})
    for path in sorted(reads.files.get(address, frozenset())):
        by_key = path in change.params and path in seen
        if not by_key and any(overlaps(path, changed) for changed in change.files):
            return path
    for file, changed in change.params.items():
        if file in seen and (touched := _touched(seen[file], changed)):
            return f"{touched} of {file}"
    return None


def _needless(pipeline: Pipeline, address: str, change: Change, runs: frozenset[str]) -> Difference:
    stage = pipeline.stage(address)
    makers = sorted(maker for maker, reader in pipeline.edges if reader == address and maker in runs)
    reason = why_declared(stage, change)
    if reason is None and makers:
        reason = f"it declares what {makers[0]} makes"
    return Difference(
        address,
        "needless",
        f"{address} re-runs because {reason or 'it is always seen as changed'}, "
        "yet nothing that it reads has changed",
    )


def _missed(
    pipeline: Pipeline, address: str, reads: Reads, change: Change, missed: frozenset[str]
) -> Difference:
    makers = {maker for maker, reader in pipeline.edges if reader == address and maker in missed}
    what = _sees(reads, address, change) or _made_elsewhere(pipeline, address, reads)
    why = "because it does not declare that"
    if pipeline.stage(address).frozen:
        why = "because it is frozen"
    elif makers:
        why = f"together with {min(makers)}"
    return Difference(address, "missed", f"{address} reads {what}, which changes, and is skipped {why}")


def _made_elsewhere(pipeline: Pipeline, address: str, reads: Reads) -> str:
    """The first path that a stage reads and another stage makes."""
    made = [
        f"{path} from {maker}"
        for path in sorted(reads.files.get(address, frozenset()))
        for maker in pipeline.producers(path)
        if maker != address
    ]
    return made[0] if made else "what another stage makes"
