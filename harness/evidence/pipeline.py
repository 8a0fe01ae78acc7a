"""The stages of a submission as DVC itself resolved them, and the graph that their data makes."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

from harness.errors import MalformedEvidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WHERE = "dvc.yaml"


def overlaps(one: str, other: str) -> bool:
    """True when two paths are the same, or one is a folder that holds the other.

    DVC draws an edge in each of these cases (`dvc dag`, https://dvc.org/doc/command-reference/dag).
    """
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/") or "." in (one, other)


@dataclass(frozen=True)
class Output:
    """A path that a stage makes; `kind` is `out`, `metric` or `plot`, `cached` says whether DVC keeps it."""

    path: str
    cached: bool = True
    kind: str = "out"


@dataclass(frozen=True)
class Stage:
    """One resolved stage; paths are POSIX and relative to the root of the Git repository.

    `params` maps a file to the declared keys; no keys means the whole file. `filled` has in the same way the
    keys whose values DVC fills into the stage, most often into its command, which it then runs anew. `root`
    is the folder of the DVC repository that it belongs to. `listed`: `cmd` is written as a list.
    """

    address: str
    name: str
    file: str = WHERE
    wdir: str = "."
    cmd: tuple[str, ...] = ()
    deps: tuple[str, ...] = ()
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    outs: tuple[Output, ...] = ()
    frozen: bool = False
    always_changed: bool = False
    persist: tuple[str, ...] = ()
    filled: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    root: str = "."
    listed: bool = False

    @property
    def commands(self) -> tuple[str, ...]:
        """What DVC gives to a shell each: members of a list, lines of text (dvc/stage/run.py, `cmd_run`)."""
        return self.cmd if self.listed else tuple(line for text in self.cmd for line in text.splitlines())

    @property
    def called(self) -> str:
        """What DVC calls the stage in its own repository (dvc/stage/__init__.py, `addressing`)."""
        file = posixpath.relpath(self.file, self.root)
        return self.name if file == WHERE else f"{file}:{self.name}"

    @property
    def takes(self) -> Mapping[str, tuple[str, ...]]:
        """The parameters whose change makes DVC run the stage: those of `params` and those filled in."""
        both = {file: (*self.params.get(file, ()), *keys) for file, keys in self.filled.items()}
        whole = {file: keys for file, keys in self.params.items() if not keys}
        return {file: tuple(dict.fromkeys(keys)) for file, keys in {**self.params, **both, **whole}.items()}

    @property
    def out_paths(self) -> tuple[str, ...]:
        """The paths that the stage declares to make."""
        return tuple(out.path for out in self.outs)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every path that the stage declares to read: its deps, then its params files."""
        return tuple(dict.fromkeys((*self.deps, *self.params)))

    def reads(self, path: str) -> bool:
        """True when a declared dep (not a params entry) is the path, lies in it, or holds it."""
        return any(overlaps(dep, path) for dep in self.deps)

    def makes(self, path: str) -> bool:
        """True when a declared output is the path, lies in it, or holds it."""
        return any(overlaps(out, path) for out in self.out_paths)


@dataclass(frozen=True)
class Pipeline:
    """All stages of one revision, with the edges that their declared data makes.

    `error` is DVC's own message where it refuses a file or the graph; the stages are those of other files.
    """

    stages: tuple[Stage, ...] = ()
    metrics: tuple[str, ...] = ()
    plots: tuple[str, ...] = ()
    params_files: tuple[str, ...] = ()
    error: str | None = None

    @classmethod
    def from_description(cls, data: object, path: str = WHERE) -> Pipeline:
        """The pipeline of one revision's JSON description; raises MalformedEvidence on any other shape.

        Stages without a command are data pointers, not pipeline stages, and are left out.
        """
        return _Reader(path).pipeline(data)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """The stages' addresses in the order of the files."""
        return tuple(stage.address for stage in self.stages)

    def stage(self, address: str) -> Stage:
        """The stage of that address; raises KeyError when there is none."""
        for stage in self.stages:
            if stage.address == address:
                return stage
        raise KeyError(address)

    def producers(self, path: str) -> tuple[str, ...]:
        """Addresses of the stages that declare to make the path, a folder of it, or something inside it."""
        return tuple(stage.address for stage in self.stages if stage.makes(path))

    def consumers(self, path: str) -> tuple[str, ...]:
        """Addresses of the stages that declare to read the path, a folder of it, or something inside it."""
        return tuple(stage.address for stage in self.stages if stage.reads(path))

    @cached_property
    def edges(self) -> frozenset[tuple[str, str]]:
        """Pairs (maker, reader) of different stages joined by a declared path, params files included."""
        return frozenset(
            (maker, reader.address)
            for reader in self.stages
            for path in reader.inputs
            for maker in self.producers(path)
            if maker != reader.address
        )

    def between(self, maker: str, reader: str) -> tuple[str, ...]:
        """What flows from one stage to another, each as the narrower of the two declared paths."""
        outs = self.stage(maker).out_paths
        inputs = self.stage(reader).inputs
        return tuple(
            dict.fromkeys(max(out, path, key=len) for path in inputs for out in outs if overlaps(out, path))
        )

    def upstream(self, address: str) -> frozenset[str]:
        """Every stage that this one needs, directly or through others; in a cycle that includes itself."""
        return self._closure(address, self._makers)

    def downstream(self, address: str) -> frozenset[str]:
        """Every stage that needs this one, directly or through others; in a cycle that includes itself."""
        return self._closure(address, self._readers)

    def sources(self) -> tuple[str, ...]:
        """The declared inputs that no stage makes: raw data, code and params files."""
        paths = dict.fromkeys(path for stage in self.stages for path in stage.inputs)
        return tuple(path for path in paths if not self.producers(path))

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All addresses, makers before readers; stages of a cycle come last, in the order of the files."""
        left = list(self.addresses)
        done: list[str] = []
        while ready := [address for address in left if self._makers[address] <= set(done)]:
            done += ready
            left = [address for address in left if address not in ready]
        return (*done, *left)

    @cached_property
    def _makers(self) -> Mapping[str, frozenset[str]]:
        return {
            address: frozenset(maker for maker, reader in self.edges if reader == address)
            for address in self.addresses
        }

    @cached_property
    def _readers(self) -> Mapping[str, frozenset[str]]:
        return {
            address: frozenset(reader for maker, reader in self.edges if maker == address)
            for address in self.addresses
        }

    @staticmethod
    def _closure(start: str, neighbours: Mapping[str, frozenset[str]]) -> frozenset[str]:
        seen: set[str] = set()
        waiting = list(neighbours[start])
        while waiting:
            address = waiting.pop()
            if address not in seen:
                seen.add(address)
                waiting += neighbours[address]
        return frozenset(seen)


@dataclass(frozen=True)
class _Reader:
    """Turns JSON into stages; every value must have exactly the promised type."""

    path: str

    def pipeline(self, data: object) -> Pipeline:
        fields = self._mapping(data, "the description")
        error = fields.get("error")
        stages = tuple(self.stage(item) for item in self._list(fields.get("stages", []), "stages"))
        self._distinct(stages)
        return Pipeline(
            stages=tuple(stage for stage in stages if stage.cmd),
            metrics=self._texts(fields, "metrics"),
            plots=self._texts(fields, "plots"),
            params_files=self._texts(fields, "params_files"),
            error=None if error is None else self._text(error, "error"),
        )

    def stage(self, data: object) -> Stage:
        fields = self._mapping(data, "a stage")
        params = self._mapping(fields.get("params", {}), "params")
        filled = self._mapping(fields.get("filled", {}), "filled")
        return Stage(
            address=self._text(fields.get("address"), "address"),
            name=self._text(fields.get("name"), "name"),
            file=self._text(fields.get("file"), "file"),
            wdir=self._text(fields.get("wdir", "."), "wdir"),
            cmd=self._texts(fields, "cmd"),
            deps=self._texts(fields, "deps"),
            params={file: self._texts(params, file) for file in params},
            outs=tuple(self.output(item) for item in self._list(fields.get("outs", []), "outs")),
            frozen=self._flag(fields, "frozen"),
            always_changed=self._flag(fields, "always_changed"),
            persist=self._texts(fields, "persist"),
            filled={file: self._texts(filled, file) for file in filled},
            root=self._text(fields.get("root", "."), "root"),
            listed=self._flag(fields, "listed"),
        )

    def output(self, data: object) -> Output:
        fields = self._mapping(data, "an output")
        kind = self._text(fields.get("kind", "out"), "kind")
        if kind not in {"out", "metric", "plot"}:
            raise self._wrong("kind", "out, metric or plot", kind)
        return Output(self._text(fields.get("path"), "path"), self._flag(fields, "cached"), kind)

    def _distinct(self, stages: Iterable[Stage]) -> None:
        seen: set[str] = set()
        for stage in stages:
            if stage.address in seen:
                raise MalformedEvidence(self.path, f"two stages have the address {stage.address!r}")
            seen.add(stage.address)

    def _mapping(self, value: object, what: str) -> Mapping[str, object]:
        if type(value) is not dict or not all(type(key) is str for key in value):
            raise self._wrong(what, "a mapping", value)
        return cast("Mapping[str, object]", value)

    def _list(self, value: object, what: str) -> list[object]:
        if type(value) is not list:
            raise self._wrong(what, "a list", value)
        return value

    def _text(self, value: object, what: str) -> str:
        if type(value) is not str:
            raise self._wrong(what, "a text", value)
        return value

    def _texts(self, fields: Mapping[str, object], name: str) -> tuple[str, ...]:
        return tuple(self._text(item, name) for item in self._list(fields.get(name, []), name))

    def _flag(self, fields: Mapping[str, object], name: str) -> bool:
        value = fields.get(name, False)
        if type(value) is not bool:
            raise self._wrong(name, "true or false", value)
        return value

    def _wrong(self, what: str, wanted: str, found: object) -> MalformedEvidence:
        return MalformedEvidence(self.path, f"{what} should be {wanted}, found {type(found).__name__}")
