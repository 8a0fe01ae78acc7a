"""Random pipelines of tiny scripts: what they declare, what they really read, and what they make of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st

from harness.evidence.forecast import State, within
from harness.evidence.oracle import Change, Reads
from harness.evidence.params import load_params
from harness.evidence.pipeline import Output, Pipeline, Stage

PARAMS = {"params.yaml": ("a", "b", "s.c", "s.d"), "conf/more.yaml": ("e", "t.f")}
LEAVES = tuple((file, key) for file, keys in PARAMS.items() for key in keys)
SOURCES = ("r0", "r1", "raw/x", "raw/y")
MORE_SOURCES = (*SOURCES, "raw/z")
FOLDERS = ("raw",)
VALUES = ("1", "2", "3.5", "false", "word")
TEXTS = ("one\n", "two\n", "three\n")
KINDS = ((True, "out"), (True, "out"), (True, "metric"), (False, "metric"), (False, "out"))


@dataclass(frozen=True)
class Piece:
    """A file that a script writes: the digest of all that it reads for it, one after the other."""

    path: str
    files: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Lab:
    """The stages as declared, in the order of `dvc.yaml`, and what the script of each really makes."""

    stages: tuple[Stage, ...]
    pieces: Mapping[str, tuple[Piece, ...]]

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as declared."""
        return Pipeline(self.stages)

    @property
    def reads(self) -> Reads:
        """What each script really reads."""
        keys: dict[str, dict[str, frozenset[str]]] = {}
        files: dict[str, frozenset[str]] = {}
        for address, pieces in self.pieces.items():
            seen = [place for piece in pieces for place in piece.keys]
            keys[address] = {f: frozenset(key for file, key in seen if file == f) for f, _ in seen}
            files[address] = (
                frozenset(path for piece in pieces for path in piece.files) | keys[address].keys()
            )
        return Reads(files, keys)

    def sources(self) -> dict[str, str]:
        """The files to begin with: data, parameters and scripts."""
        scripts = {f"{address}.sh": self.script(address) for address in self.pieces}
        return {**dict.fromkeys(SOURCES, TEXTS[0]), **{file: params(file, {}) for file in PARAMS}, **scripts}

    def script(self, address: str) -> str:
        """The shell script of a stage."""
        return "".join(_line(piece) for piece in self.pieces[address])

    def make(self, stage: Stage, state: State) -> Mapping[str, str]:
        """What the script of a stage writes: in this model a file's digest is its text."""
        return {piece.path: _made(piece, state) for piece in self.pieces[stage.address]}

    def from_scratch(self, state: State) -> State:
        """What is right: every script run on what is there, each after those whose results it reads."""
        right = state.without(path for stage in self.stages for path in stage.out_paths)
        for address in sorted(self.pieces):
            right = right.plus(self.make(self.pipeline.stage(address), right).items())
        return right


def state_of(files: Mapping[str, str]) -> State:
    """The state of a workspace with these files."""
    return State(dict(files), {file: load_params(file, files[file].encode()) for file in PARAMS})


def change_between(before: State, now: State) -> Change:
    """What is different, as the oracle's functions for a single change take it."""
    paths = {*before.files, *now.files}
    altered = {path for path in paths if before.files.get(path) != now.files.get(path)}
    keys: Mapping[str, frozenset[str]] = {
        file: frozenset(key for key in now.leaves(file) if now.values(file, key) != before.values(file, key))
        for file in now.params
    }
    deleted = {path for path in altered if path not in now.files}
    return Change(
        files=frozenset(altered - deleted) | frozenset(p for p in deleted if p in MORE_SOURCES),
        params={file: found for file, found in keys.items() if found},
        deleted=frozenset(deleted - {*MORE_SOURCES}),
    )


def params(file: str, values: Mapping[str, str]) -> str:
    """The text of a params file: a line for each key, all of them 1 but those in `values`."""
    lines: list[str] = []
    for key in PARAMS[file]:
        section, _, leaf = key.rpartition(".")
        if section and f"{section}:" not in lines:
            lines.append(f"{section}:")
        lines.append(f"{'  ' if section else ''}{leaf}: {values.get(key, VALUES[0])}")
    return "\n".join(lines) + "\n"


def dvc_yaml(stages: tuple[Stage, ...]) -> str:
    """The text of `dvc.yaml`."""
    return yaml.safe_dump({"stages": {stage.name: _entry(stage) for stage in stages}}, sort_keys=False)


def _entry(stage: Stage) -> dict[str, Any]:
    entry: dict[str, Any] = {"cmd": stage.cmd[0], "deps": list(stage.deps)}
    entry["params"] = [
        one
        for file, keys in stage.params.items()
        for one in ([{file: list(keys)}] if keys else [{file: None}])
    ]
    for section, kind in (("outs", "out"), ("metrics", "metric")):
        entry[section] = [{out.path: {"cache": out.cached}} for out in stage.outs if out.kind == kind]
    flags = {"frozen": stage.frozen, "always_changed": stage.always_changed}
    return {name: value for name, value in {**entry, **flags}.items() if value}


def _line(piece: Piece) -> str:
    parts = [f"cat {path}/*" if path in FOLDERS else f"cat {path}" for path in piece.files]
    parts += [f"sed -n 's/^ *{key.rpartition('.')[2]}: //p' {file}" for file, key in piece.keys]
    folder = piece.path.rpartition("/")[0]
    before = f"mkdir -p {folder}\n" if folder else ""
    return f"{before}{{ :; {'; '.join([*parts, ':'])}; }} 2>/dev/null | md5sum > {piece.path}\n"


def _made(piece: Piece, state: State) -> str:
    texts = [text for path in piece.files for _, text in sorted(state.at(path))]
    for file, key in piece.keys:
        leaf = key.rpartition(".")[2]
        rows = (row.strip() for row in state.files[file].splitlines())
        texts += [f"{row.removeprefix(f'{leaf}: ')}\n" for row in rows if row.startswith(f"{leaf}: ")]
    return f"{hashlib.md5(''.join(texts).encode()).hexdigest()}  -\n"  # noqa: S324  as md5sum does


def some(choices: tuple[Any, ...], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few of the choices, each at most once."""
    return st.lists(st.sampled_from(choices), max_size=most, unique=True).map(tuple)


@st.composite
def labs(draw: st.DrawFn) -> Lab:
    """A pipeline of 2 to 10 stages whose declarations are right, too wide or too narrow."""
    made: dict[str, Stage] = {}
    pieces: dict[str, tuple[Piece, ...]] = {}
    for number in range(draw(st.integers(2, 10))):
        address = f"s{number}"
        outs, pieces[address] = draw(_outs(address, made, pieces))
        made[address] = draw(_declared(address, outs, pieces[address], tuple(made.values())))
    order = draw(st.permutations(list(made)))
    return Lab(tuple(made[address] for address in order), pieces)


@st.composite
def _outs(
    draw: st.DrawFn, address: str, made: Mapping[str, Stage], pieces: Mapping[str, tuple[Piece, ...]]
) -> tuple[tuple[Output, ...], tuple[Piece, ...]]:
    """One or two outputs, files or folders, and what their pieces are made of."""
    earlier = tuple(piece.path for name in made for piece in pieces[name])
    readable = (*SOURCES, *FOLDERS, *earlier, *earlier)
    outs: list[Output] = []
    written: list[Piece] = []
    for letter in "uv"[: draw(st.integers(1, 2))]:
        path = f"{address}.{letter}"
        outs.append(Output(path, *draw(st.sampled_from(KINDS))))
        paths = (f"{path}/x", f"{path}/y") if draw(st.integers(0, 3)) == 0 else (path,)
        own = (f"{address}.sh",) if draw(st.booleans()) else ()
        for one in paths:
            files = (*own, *draw(some(readable, 3)))
            written.append(Piece(one, files, draw(some(LEAVES, 2))))
    return tuple(outs), tuple(written)


@st.composite
def _declared(
    draw: st.DrawFn,
    address: str,
    outs: tuple[Output, ...],
    pieces: tuple[Piece, ...],
    earlier: tuple[Stage, ...],
) -> Stage:
    """A stage that declares most of what it reads, now and then by its folder, and perhaps more."""
    read = dict.fromkeys([f"{address}.sh", *(path for piece in pieces for path in piece.files)])
    kept = [path for path in read if draw(st.integers(0, 5))]
    folders = {path: out.path for stage in earlier for out in stage.outs for path in [f"{out.path}/x"]}
    deps = [folders.get(path, path) if draw(st.booleans()) else path for path in kept]
    extra = (*SOURCES, *FOLDERS, *PARAMS, *(out.path for stage in earlier for out in stage.outs))
    deps += draw(some(extra, 1)) if draw(st.integers(0, 2)) == 0 else ()
    keys = [place for piece in pieces for place in piece.keys if draw(st.integers(0, 5))]
    keys += draw(some(LEAVES, 1)) if draw(st.integers(0, 3)) == 0 else ()
    return Stage(
        address,
        address,
        cmd=(f"sh {address}.sh",),
        deps=_apart(deps),
        params={file: draw(_keys(file, keys)) for file in dict.fromkeys(file for file, _ in keys)},
        outs=outs,
        always_changed=draw(st.integers(0, 19)) == 0,
    )


@st.composite
def _keys(draw: st.DrawFn, file: str, places: list[tuple[str, str]]) -> tuple[str, ...]:
    """The keys as they are, by their section, or the file as a whole."""
    if draw(st.integers(0, 7)) == 0:
        return ()
    keys = dict.fromkeys(key for name, key in places if name == file)
    return tuple(dict.fromkeys(key.partition(".")[0] if draw(st.booleans()) else key for key in keys))


def _apart(paths: list[str]) -> tuple[str, ...]:
    """Each once."""
    return tuple(dict.fromkeys(path for path in paths if path))


def folder_of(path: str) -> str | None:
    """The source folder that a file lies in."""
    return next((folder for folder in FOLDERS if within(path, folder)), None)
