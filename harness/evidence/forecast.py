"""What `dvc repro` will do to a workspace of which everything is known, through any sequence of changes.

`oracle.declared` answers for one change after which every stage makes something new. This one keeps the
books that DVC keeps (lock, cache, run cache) and is told what each stage makes of its inputs, so that its
answer is exact: which stages run, in which order, which are restored, and what is there afterwards. The rules
are those of `Stage.changed`, `Stage.run` and `StageCache` in DVC 3.67.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from harness.evidence.params import flatten, lookup
from harness.evidence.pipeline import overlaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from harness.evidence.params import Value
    from harness.evidence.pipeline import Output, Pipeline, Stage

Contents: TypeAlias = frozenset[tuple[str, str]]
Deed: TypeAlias = Literal["skipped", "restored", "accepted", "ran"]


@dataclass(frozen=True)
class State:
    """What is in a workspace: the digest of each file by its path, and the values in each params file."""

    files: Mapping[str, str]
    params: Mapping[str, Mapping[str, Value]]

    def at(self, path: str) -> Contents:
        """The file at a path, or all files below it, each with its digest; empty where there is none."""
        return frozenset((file, digest) for file, digest in self.files.items() if within(file, path))

    def values(self, file: str, key: str) -> list[Value]:
        """The value at a key of a params file ("" for all of it) in a list, which is empty without one."""
        try:
            return [lookup(self.params[file], key) if key else dict(self.params[file])]
        except KeyError:
            return []

    def leaves(self, file: str) -> Mapping[str, Value]:
        """The values of a params file by dotted key; nothing where there is no such file."""
        return flatten(self.params.get(file, {}))

    def without(self, paths: Iterable[str]) -> State:
        """The same without these files and folders."""
        gone = tuple(paths)
        kept = {file: digest for file, digest in self.files.items() if not any(within(file, p) for p in gone)}
        return State(kept, self.params)

    def plus(self, contents: Iterable[tuple[str, str]]) -> State:
        """The same with these files."""
        return State({**self.files, **dict(contents)}, self.params)


@dataclass(frozen=True)
class Record:
    """What `dvc.lock` holds of a stage: what it was made with and what it made, by declared path and key."""

    cmd: tuple[str, ...]
    deps: Mapping[str, Contents]
    params: Mapping[tuple[str, str], list[Value]]
    outs: Mapping[str, Contents]

    @property
    def key(self) -> str:
        """What the run cache knows the run by; unlike a comparison of values it tells 1 from 1.0."""
        made_with = (
            self.cmd,
            [(path, sorted(contents)) for path, contents in sorted(self.deps.items())],
            [(*place, value) for place, value in sorted(self.params.items())],
            sorted(self.outs),
        )
        return json.dumps(made_with, sort_keys=True)


@dataclass(frozen=True)
class Outcome:
    """What one `dvc repro` does to each stage, in DVC's own order, and the workspace after it."""

    deeds: Mapping[str, Deed]
    state: State

    @property
    def ran(self) -> tuple[str, ...]:
        """The stages whose command runs, in order."""
        return tuple(address for address, deed in self.deeds.items() if deed == "ran")


class Foresight:
    """DVC's books of one workspace. `make` says what a stage makes: the digest of each file it writes.

    Every command is taken to succeed, to write what its stage declares and nothing else, and to leave its
    inputs alone.
    """

    def __init__(self, make: Callable[[Stage, State], Mapping[str, str]]) -> None:
        self._make = make
        self._lock: dict[str, Record] = {}
        self._cache: set[str | Contents] = set()
        self._runs: dict[str, list[Record]] = {}

    def repro(self, pipeline: Pipeline, state: State, *, run_cache: bool = True) -> Outcome:
        """What `dvc repro` does, and with `run_cache` unset `dvc repro --no-run-cache`; the books follow."""
        deeds: dict[str, Deed] = {}
        for address in turns(pipeline):
            deeds[address], state = self._turn(pipeline.stage(address), state, run_cache=run_cache)
        return Outcome(deeds, state)

    def lose(self, address: str, path: str) -> None:
        """Forget the cached object that `dvc.lock` names for an output: the file, or a folder's list."""
        contents = self._lock[address].outs[path]
        alone = dict(contents).get(path)
        self._cache.discard(_listing(path, contents) if alone is None else alone)

    def why(self, stage: Stage, state: State) -> str | None:
        """What of a stage differs from its record, in words; None when nothing does."""
        record = self._lock.get(stage.address)
        if record is None:
            return "it never ran"
        if record.cmd != stage.cmd:
            return "its command changed"
        return self._input_changed(stage, record, state) or self._output_changed(stage, record, state)

    def _turn(self, stage: Stage, state: State, *, run_cache: bool) -> tuple[Deed, State]:
        if self.why(stage, state) is None:
            return "skipped", state
        if stage.frozen:
            self._save(stage, state)
            return "accepted", state
        state = state.without(path for path in stage.out_paths if path not in stage.persist)
        found = self._restorable(stage, state, run_cache=run_cache)
        if found is None:
            state = state.plus(self._make(stage, state).items())
        else:
            state = state.plus(pair for contents in found.outs.values() for pair in contents)
        self._save(stage, state)
        return ("ran" if found is None else "restored"), state

    def _input_changed(self, stage: Stage, record: Record, state: State) -> str | None:
        if stage.frozen:
            return None
        if stage.always_changed or _is_callback(stage):
            return "it always runs"
        now = _record(stage, state)
        for path, contents in now.deps.items():
            if record.deps.get(path) != contents:
                return f"{path} changed"
        for (file, key), value in now.params.items():
            if record.params.get((file, key)) != value:
                return f"{key or 'a value'} of {file} changed"
        return None

    def _output_changed(self, stage: Stage, record: Record, state: State) -> str | None:
        for out in stage.outs:
            recorded = record.outs.get(out.path)
            if recorded != state.at(out.path):
                return f"{out.path} is not as it was made"
            if out.cached and not _objects(out.path, recorded) <= self._cache:
                return f"{out.path} is not in the cache"
        return None

    def _restorable(self, stage: Stage, state: State, *, run_cache: bool) -> Record | None:
        """The record whose outputs DVC checks out of the cache instead of running the stage."""
        if not _can_be_kept(stage):
            return None
        record = self._lock.get(stage.address)
        as_recorded = (
            record is not None and record.cmd == stage.cmd and record.outs.keys() == {*stage.out_paths}
        )
        if record is None or not as_recorded or self._input_changed(stage, record, state):
            runs = self._runs.get(_record(stage, state).key) if run_cache else None
            record = runs[-1] if runs else None
        if record and all(_objects(path, made) <= self._cache for path, made in record.outs.items()):
            return record
        return None

    def _save(self, stage: Stage, state: State) -> None:
        record = _record(stage, state)
        self._lock[stage.address] = record
        kept = _can_be_kept(stage) and not any(_is_plain_uncached(out) for out in stage.outs)
        for out in stage.outs:
            if out.cached or kept:
                self._cache |= _objects(out.path, record.outs[out.path])
        if kept:
            runs = self._runs.setdefault(record.key, [])
            if all(run.outs != record.outs for run in runs):
                runs.append(record)


def turns(pipeline: Pipeline) -> tuple[str, ...]:
    """The order in which `dvc repro` takes the stages: depth first, from the first of `dvc.yaml` on.

    What a frozen stage depends on has no say in it (`dvc.repo.reproduce.plan_repro`).
    """
    order: dict[str, None] = {}
    seen: set[str] = set()

    def visit(stage: Stage) -> None:
        if stage.address not in seen:
            seen.add(stage.address)
            for maker in () if stage.frozen else _makers(pipeline, stage):
                visit(maker)
            order[stage.address] = None

    for stage in pipeline.stages:
        visit(stage)
    return tuple(order)


def within(file: str, path: str) -> bool:
    """True when a file is the path, or lies below it."""
    return file == path or file.startswith(f"{path}/") or path == "."


def _makers(pipeline: Pipeline, stage: Stage) -> Iterable[Stage]:
    return (
        maker
        for path in stage.inputs
        for maker in pipeline.stages
        if maker is not stage and any(overlaps(out, path) for out in maker.out_paths)
    )


def _record(stage: Stage, state: State) -> Record:
    places = [(file, key) for file, keys in stage.params.items() for key in keys or ("",)]
    return Record(
        stage.cmd,
        {path: state.at(path) for path in stage.deps},
        {place: state.values(*place) for place in places},
        {path: state.at(path) for path in stage.out_paths},
    )


def _objects(path: str, contents: Contents) -> set[str | Contents]:
    """What the cache keeps of an output: its files, by their digests alone, and the list of a folder's."""
    files: set[str | Contents] = {digest for _, digest in contents}
    return files if path in dict(contents) else {*files, _listing(path, contents)}


def _listing(path: str, contents: Contents) -> Contents:
    return frozenset((file.removeprefix(path), digest) for file, digest in contents)


def _is_callback(stage: Stage) -> bool:
    return not (stage.deps or stage.params or stage.outs)


def _can_be_kept(stage: Stage) -> bool:
    """Whether DVC restores the stage at all (`dvc.stage.cache._can_hash`)."""
    inputs = stage.deps or stage.params
    return bool(inputs and stage.outs) and not stage.always_changed and not stage.persist


def _is_plain_uncached(out: Output) -> bool:
    """An output outside the cache that is neither metric nor plot keeps its stage out of the run cache."""
    return not out.cached and out.kind == "out"
