"""Pointing a repository's DVC at the workspace's own cache and remote, whatever its committed config says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from configobj import ConfigObj, ConfigObjError  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator

REMOTE = "workspace-storage"
PRUNED = frozenset({".git", ".dvc", "site-packages", "node_modules", "__pycache__"})
IGNORED = "**/.dvc/config.local\n**/.dvc/tmp\n__pycache__/\n"


def dvc_folders(repo: Path) -> Iterator[Path]:
    """Every real `.dvc` folder of a repository, at its root or (`dvc init --subdir`) below."""
    for folder, names, _ in os.walk(repo):
        place = Path(folder, ".dvc")
        if ".dvc" in names and not place.is_symlink():
            yield place
        names[:] = [name for name in names if name not in PRUNED]


def point_dvc(repo: Path, *, cache: Path, storage: Path) -> None:
    """Write the `config.local` that each `.dvc` folder lacks; it wins over the committed config.

    Paths are relative, so that a copied workspace uses its own cache and remote. The file is kept out of Git
    by `.git/info/exclude`, which no submission brings along.
    """
    for folder in dvc_folders(repo):
        local = folder / "config.local"
        if not _is_ours(local):
            part = folder / "config.local.part"
            part.unlink(missing_ok=True)
            part.write_text(_config(folder, cache, storage), encoding="utf-8")
            part.replace(local)


def exclude_from_git(repo: Path) -> None:
    """Have Git overlook what running adds: DVC's local files and Python's bytecode."""
    info = repo / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "exclude").write_text(IGNORED, encoding="utf-8")


def _is_ours(local: Path) -> bool:
    return local.is_file() and not local.is_symlink() and REMOTE.encode() in local.read_bytes()


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
    for name in (REMOTE, *_plain_remotes(folder / "config")):
        rows += [f"['remote \"{name}\"']", f"    url = {url}"]
    return "\n".join(rows) + "\n"


def _plain_remotes(config: Path) -> list[str]:
    """Names of the committed remotes that have nothing but a url: an output may name one as its own.

    One with more keys (a profile, an endpoint) cannot be moved to a local folder: DVC refuses the mixture.
    """
    if config.is_symlink() or not config.is_file():
        return []
    try:
        sections = ConfigObj(str(config), encoding="utf-8", interpolation=False, list_values=False)
    except (ConfigObjError, UnicodeDecodeError):
        return []
    names = (title[len('remote "') : -1] for title in sections if title.startswith('remote "'))
    return [name for name in names if list(sections[f'remote "{name}"']) == ["url"]]
