"""The random edits of `harness check --thorough`: what a student does to a pipeline in an afternoon."""

from __future__ import annotations

import contextlib
import io
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.errors import CheckFailed, MalformedEvidence
from harness.evidence.params import candidates, flatten, load_params
from harness.evidence.params_edit import edit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from random import Random

    from harness.evidence.params import Value
    from harness.evidence.pipeline import Pipeline
    from harness.workspace.workspace import Workspace

Kind = Literal["parameter", "data", "comment", "constant", "deletion", "undo"]
LARGEST_DATA = 8 << 20
LEAST_ROWS = 4
PARAMS_FILE = "params.yaml"
SCRIPTS = (".py", ".sh", ".r", ".jl", ".rb", ".pl")  # those that write a comment with #
HARMLESS = frozenset({"comment", "deletion", "undo"})


@dataclass(frozen=True)
class Edit:
    """One edit: what it does in words, and the bytes that it leaves at a path; None where it deletes it.

    A parameter's edit is done to the file as it is then, so that edits can be left out of a sequence.
    """

    kind: Kind
    path: str
    words: str
    data: bytes | None = None
    key: str = ""
    value: Value = None

    @property
    def harmless(self) -> bool:
        """Whether every right pipeline runs after it."""
        return self.kind in HARMLESS

    def apply(self, workspace: Workspace) -> None:
        """Do it.

        Raises:
            CheckFailed: the file cannot be edited in this state.
        """
        if self.kind == "parameter":
            workspace.write(self.path, self._with_value(workspace.read(self.path) or b""))
        elif self.data is None:
            workspace.remove(self.path)
        else:
            workspace.write(self.path, self.data)

    def _with_value(self, data: bytes) -> bytes:
        try:
            return edit(self.path, data, self.key, self.value)
        except (KeyError, MalformedEvidence) as error:
            raise CheckFailed(f"{self.key} in {self.path}", str(error)) from error


class Editor:
    """Draws edits of a pipeline whose files are as `workspace` has them now.

    Of the files that the stages really `read`, scripts are edited too where no stage declares them.
    """

    def __init__(
        self,
        workspace: Workspace,
        pipeline: Pipeline,
        data: tuple[str, ...],
        rng: Random,
        read: Collection[str] = (),
    ) -> None:
        self._rng = rng
        params = params_in(workspace, pipeline)
        self._leaves = {(file, key): v for file in params for key, v in flatten(params[file]).items()}
        self._outs = [out.path for stage in pipeline.stages if not stage.frozen for out in stage.outs]
        made = {path for path in read for stage in pipeline.stages if stage.makes(path)}
        code = sorted(path for path in set(read) - made if path.lower().endswith(SCRIPTS))
        known = dict.fromkeys([*pipeline.sources(), *(path for path, _ in self._leaves), *data, *code])
        self._files = dict(_contents(workspace, known))
        self._scripts = [path for path in self._files if path.lower().endswith(SCRIPTS)]
        self._tables = [path for path in data if self._files.get(path, b"").count(b"\n") >= LEAST_ROWS]

    def draw(self, count: int) -> tuple[Edit, ...]:
        """A sequence of edits; an edit may undo an earlier one."""
        drawn: list[Edit] = []
        while len(drawn) < count and (edits := list(self._choices(drawn))):
            drawn.append(self._rng.choice(edits))
        return tuple(drawn)

    def _choices(self, before: list[Edit]) -> Iterator[Edit]:
        """One edit of each kind that is possible, a parameter's twice: it is what students change most."""
        for leaves in (self._leaves, self._leaves):
            if leaves:
                yield from self._parameter(*self._rng.choice(list(leaves.items())))
        if self._tables:
            yield self._rows(self._rng.choice(self._tables))
        if self._scripts:
            path = self._rng.choice(self._scripts)
            yield self._comment(path)
            yield from self._constant(path)
        if self._outs:
            path = self._rng.choice(self._outs)
            yield Edit("deletion", path, f"delete {path}")
        undone = [one for one in before if one.kind not in {"deletion", "undo"}]
        if undone:
            path = self._rng.choice(undone).path
            yield Edit("undo", path, f"put {path} back as it was", self._files[path])

    def _parameter(self, place: tuple[str, str], value: Value) -> Iterator[Edit]:
        path, key = place
        others = candidates(value, key, self._rng)
        if others:
            new = self._rng.choice(others)
            yield Edit("parameter", path, f"change {key} in {path} from {value} to {new}", None, key, new)

    def _rows(self, path: str) -> Edit:
        lines = self._files[path].splitlines(keepends=True)
        chosen = self._rng.randrange(1, len(lines))
        if self._rng.random() < 1 / 2:
            without = b"".join(lines[:chosen] + lines[chosen + 1 :])
            return Edit("data", path, f"remove row {chosen} of {path}", without)
        row = lines[chosen].rstrip(b"\r\n")
        longer = self._files[path].rstrip(b"\r\n") + b"\n" + row + b"\n"
        return Edit("data", path, f"append row {chosen} to {path} once more", longer)

    def _comment(self, path: str) -> Edit:
        comment = f"\n# {self._rng.randrange(10**6)}\n".encode()
        return Edit("comment", path, f"add a comment at the end of {path}", self._files[path] + comment)

    def _constant(self, path: str) -> Iterator[Edit]:
        found = numbers(self._files[path]) if path.endswith(".py") else []
        if found:
            line, start, end, text = self._rng.choice(found)
            rows = self._files[path].decode().splitlines(keepends=True)
            rows[line - 1] = f"{rows[line - 1][:start]}{text}1{rows[line - 1][end:]}"
            words = f"change {text} to {text}1 in line {line} of {path}"
            yield Edit("constant", path, words, "".join(rows).encode())


def numbers(source: bytes) -> list[tuple[int, int, int, str]]:
    """The plain decimal numbers of a Python script: line, first and last column, text; none if it is none."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source.decode()).readline))
    except (UnicodeDecodeError, tokenize.TokenError, SyntaxError):
        return []
    plain = (
        one for one in tokens if one.type == tokenize.NUMBER and one.string.replace(".", "", 1).isdigit()
    )
    return [(one.start[0], one.start[1], one.end[1], one.string) for one in plain]


def params_in(workspace: Workspace, pipeline: Pipeline) -> dict[str, dict[str, Value]]:
    """The nested values of each params file that a pipeline names, as such or (the lab's own) as a dep."""
    named = [file for stage in pipeline.stages for file in stage.takes]
    as_deps = [path for stage in pipeline.stages for path in stage.deps if path.endswith(PARAMS_FILE)]
    files = dict.fromkeys([*named, *pipeline.params_files, *as_deps])
    found = ((file, workspace.read(file)) for file in files)
    return {file: load_params(file, data) for file, data in found if data is not None}


def _contents(workspace: Workspace, paths: Mapping[str, None]) -> Iterator[tuple[str, bytes]]:
    """The files that are small enough to be edited in memory."""
    for path in paths:
        with contextlib.suppress(MalformedEvidence):
            if (data := workspace.read(path, LARGEST_DATA)) is not None:
                yield path, data
