"""Pointing a repository's DVC at the workspace's own cache and remote, whatever its committed config says."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from configobj import ConfigObj, ConfigObjError  # type: ignore[import-untyped]

from harness.errors import MalformedEvidence
from harness.workspace.files import read_inside, write_inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG_LIMIT = 64 << 10
# configobj's patterns need time that grows with the square of a line's length.
LONGEST_LINE = 2000
PLAIN_REMOTE = re.compile(r"""remote "([^"']*)\"""")
REMOTE = "workspace-storage"
PRUNED = frozenset({".git", ".dvc", "site-packages", "node_modules", "__pycache__"})
IGNORED = "**/.dvc/config.local\n**/.dvc/tmp\n__pycache__/\n"


def dvc_folders(repo: Path) -> Iterator[Path]:
    """Every real `.dvc` folder of a repository, at its root or (`dvc init --subdir`) below."""
    waiting = [repo]
    while waiting:  # os.walk calls itself for each folder in a folder, and commands may make thousands
        folder = waiting.pop()
        names = _folders_in(folder)
        if ".dvc" in names:
            yield folder / ".dvc"
        waiting += [folder / name for name in names if name not in PRUNED]


def point_dvc(repo: Path, *, cache: Path, storage: Path) -> None:
    """Write the `config.local` that each `.dvc` folder lacks; it wins over the committed config.

    Paths are relative, so that a copied workspace uses its own cache and remote. The file is kept out of Git
    by `.git/info/exclude`, which no submission brings along.
    """
    for folder in dvc_folders(repo):
        ours = _config(folder, cache, storage).encode()
        if _content(folder, "config.local") != ours:
            write_inside(folder, "config.local", ours)


def exclude_from_git(repo: Path) -> None:
    """Have Git overlook what running adds: DVC's local files and Python's bytecode."""
    write_inside(repo, ".git/info/exclude", IGNORED.encode())


def _folders_in(folder: Path) -> list[str]:
    """Names of the real folders in a folder; none where it is closed, or too deep to be named."""
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    return []


def _content(folder: Path, name: str) -> bytes | None:
    """A configuration file's content; None where there is none, or one of no plausible size."""
    try:
        return read_inside(folder, name, CONFIG_LIMIT)
    except MalformedEvidence:
        return None


def _config(folder: Path, cache: Path, storage: Path) -> str:
    url = os.path.relpath(storage, folder)
    rows = [
        "[core]",
        f"    remote = {REMOTE}",
        "    no_scm = false",
        "    site_cache_dir =",
        "[cache]",
        f"    dir = {os.path.relpath(cache, folder)}",
        "    type = copy",
        "[exp]",
        "    auto_push = false",
    ]
    for name in (REMOTE, *_plain_remotes(_content(folder, "config"))):
        rows += [f"['remote \"{name}\"']", f"    url = {url}"]
    return "\n".join(rows) + "\n"


def _plain_remotes(config: bytes | None) -> list[str]:
    """Names of the committed remotes that have nothing but a url: an output may name one as its own.

    One with more keys (a profile, an endpoint) cannot be moved to a local folder: DVC refuses the mixture.
    """
    try:
        rows = [row.strip() for row in (config or b"").decode("utf-8").splitlines()]
        if max(map(len, rows), default=0) > LONGEST_LINE:
            return []
        sections = ConfigObj(rows, interpolation=False, list_values=False)
    except (ConfigObjError, UnicodeDecodeError, RecursionError):
        return []
    remotes = ((PLAIN_REMOTE.fullmatch(title), section) for title, section in sections.items())
    return [named[1] for named, section in remotes if named and _keys(section) == ["url"]]


def _keys(section: object) -> list[str]:
    return list(section) if isinstance(section, dict) else []
