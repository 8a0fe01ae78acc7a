"""``dvc.lock``: what DVC recorded of each stage when it last ran, in the schemas of DVC 1.x and 2.0.

Source of the format: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files#dvclock-file. Paths in it
are relative to the stage's working directory, which only ``dvc.yaml`` names.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.fields import Fields, leaves_repository, resolve
from harness.evidence.safe_yaml import load_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.repository import Tree
    from harness.evidence.safe_yaml import Json

NAME = "dvc.lock"


@dataclass(frozen=True)
class LockedFile:
    """A dependency or an output as recorded; `path` from the repository's root, `size` in bytes.

    `legacy` for DVC 2 and older, whose MD5 is that of the text with LF line ends. `outside`: the path leaves
    the repository.
    """

    path: str
    md5: str | None
    size: int | None = None
    nfiles: int | None = None
    isexec: bool = False
    legacy: bool = False
    outside: bool = False

    @property
    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return self.md5 is not None and self.md5.endswith(".dir")


@dataclass(frozen=True)
class LockedStage:
    """One stage's record; `params` by parameters file, then by key as `dvc.yaml` declares it."""

    name: str
    cmd: tuple[str, ...]
    deps: tuple[LockedFile, ...]
    params: Mapping[str, Mapping[str, Json]]
    outs: tuple[LockedFile, ...]

    def dep(self, path: str) -> LockedFile | None:
        """Return the recorded dependency at `path`, None where there is none."""
        return next((dep for dep in self.deps if dep.path == path), None)

    def out(self, path: str) -> LockedFile | None:
        """Return the recorded output at `path`, None where there is none."""
        return next((out for out in self.outs if out.path == path), None)


@dataclass(frozen=True)
class Lock:
    """A lock file; `schema` as written, ``1.0`` where it is not; `stages` by name."""

    file: str
    schema: str
    stages: Mapping[str, LockedStage]

    @property
    def outs(self) -> Mapping[str, LockedFile]:
        """Every recorded output by its path."""
        return {out.path: out for stage in self.stages.values() for out in stage.outs}


def parse_lock(file: str, data: bytes, wdirs: Mapping[str, str] | None = None) -> Lock:
    """Return the lock file `file`; `wdirs` has stages' working directories, from the repository's root.

    A stage that `wdirs` leaves out works in the lock's folder. Raises MalformedEvidence where it is no lock.
    """
    fields = Fields.of(file, load_yaml(data, file), "a lock file")
    schema = _schema(fields)
    stages = fields.section("stages").values if "schema" in fields.values else fields.values
    folder = posixpath.dirname(file) or "."
    known = wdirs or {}
    found = {
        name: _stage(name, Fields.of(file, value, f"the stage {name!r}"), known.get(name, folder))
        for name, value in stages.items()
    }
    return Lock(file, schema, found)


def lock_files(tree: Tree) -> tuple[str, ...]:
    """Return the paths of the lock files in `tree`."""
    return tuple(path for path in tree.paths() if is_lock_file(path))


def is_lock_file(path: str) -> bool:
    """Whether `path` is named like a lock file."""
    return posixpath.basename(path) == NAME


def read_lock(tree: Tree, file: str, wdirs: Mapping[str, str] | None = None) -> Lock:
    """Return the lock file at `file` in `tree`; raises MalformedEvidence where it is missing or no lock."""
    data = tree.read(file)
    if data is None:
        raise MalformedEvidence(file, "not a regular file of readable size")
    return parse_lock(file, data, wdirs)


def _schema(fields: Fields) -> str:
    """The schema as text; YAML reads an unquoted 2.0 as a number."""
    written = fields.values.get("schema", "1.0")
    if not isinstance(written, str | float) or str(written) not in {"1.0", "2.0"}:
        fields.refuse("`schema` must be '2.0', or absent as in DVC 1.x")
    return str(written)


def _stage(name: str, fields: Fields, wdir: str) -> LockedStage:
    params = fields.section("params")
    return LockedStage(
        name=name,
        cmd=_commands(fields),
        deps=tuple(_file(dep, wdir) for dep in fields.each("deps")),
        params={resolve(wdir, file): params.section(file).values for file in params.values},
        outs=tuple(_file(out, wdir) for out in fields.each("outs")),
    )


def _commands(fields: Fields) -> tuple[str, ...]:
    written = fields.values.get("cmd")
    if written is None:
        return ()
    commands = written if isinstance(written, list) else [written]
    if not all(isinstance(command, str) for command in commands):
        fields.refuse("`cmd` must be text or a list of texts")
    return tuple(str(command) for command in commands)


def _file(fields: Fields, wdir: str) -> LockedFile:
    written = fields.text("path")
    if not written:
        fields.refuse("a dependency or an output has no `path`")
    path = resolve(wdir, written)
    md5 = fields.md5()
    return LockedFile(
        path=path,
        md5=md5,
        size=fields.count("size"),
        nfiles=fields.count("nfiles"),
        isexec=fields.flag("isexec", default=False),
        legacy=md5 is not None and fields.text("hash") is None,
        outside=leaves_repository(path),
    )
