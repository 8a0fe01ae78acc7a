"""Which stages must run after a change: by what is declared, as DVC sees it, and by what is really read.

The rules of DVC that `declared` follows are those of `dvc repro`
(https://dvc.org/doc/command-reference/repro) and of `dvc.stage.Stage.changed` in DVC 3.67.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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


def declared(pipeline: Pipeline, change: Change) -> frozenset[str]:
    """The stages that `dvc repro` runs after the change, when every stage that runs gives other outputs.

    A stage runs when a file or folder among its deps changed (a params file listed there is a file like any
    other), a declared params key or a key of a declared section changed, or an output is gone; so does what
    follows it by data. A frozen stage never runs; one with `always_changed`, or without deps and outputs
    (`Stage.is_callback`), runs each time, which alone changes nothing after it. A stage whose output was
    deleted gives the same bytes again, so that what follows it does not run.
    """
    running = {stage.address for stage in pipeline.stages if _declares(stage, change) and not stage.frozen}
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


def _declares(stage: Stage, change: Change) -> bool:
    """Whether DVC sees the stage itself as changed by files or parameters."""
    by_file = any(overlaps(dep, path) for dep in stage.deps for path in change.files)
    return by_file or any(
        _touched(keys, change.params.get(file, frozenset())) for file, keys in stage.takes.items()
    )


def _touched(declared_keys: Collection[str], changed: Iterable[str]) -> bool:
    """Whether a changed key lies in a declared one or holds it; any does where all keys are declared."""
    return any(
        not declared_keys or any(covers(one, key) or covers(key, one) for one in declared_keys)
        for key in changed
    )


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


def _sees(reads: Reads, address: str, change: Change) -> bool:
    """Whether a stage itself was seen to read what changed; a params file counts by keys read."""
    seen = reads.params.get(address, {})
    whole = [path for path in reads.files.get(address, ()) if not (path in change.params and path in seen)]
    return any(overlaps(path, changed) for path in whole for changed in change.files) or any(
        file in seen and _touched(seen[file], changed) for file, changed in change.params.items()
    )
