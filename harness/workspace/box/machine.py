"""What a box shows of this machine: its programs and the interpreter, read-only, and nothing else."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import sys
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives"),
    *("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/ca-certificates"),
    *("/etc/localtime", "/etc/mime.types", "/etc/magic", "/etc/fonts"),
)
PROGRAMS = ("git", "sh", "bash", "env")
PROBES = Path(__file__).parents[1] / "probes"
SHOWN_PROBES = "/run/probes"


def system() -> list[str]:
    """Arguments that show the system's programs and libraries, and the few settings that they read."""
    shown: list[str] = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            shown += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            shown += ["--ro-bind", name, name]
    shown += folder("/etc")
    for name in SETTINGS:
        if Path(name).exists():
            shown += [*folders_above(Path(name)), "--ro-bind", os.path.realpath(name), name]
    return shown


def interpreter() -> list[str]:
    """Arguments that show the running interpreter, its libraries and Git where they lie outside the system.

    An installed harness is covered up, so that neither its checks nor its name can be read.
    """
    shown: list[str] = []
    for root in _roots():
        shown += [*folders_above(root), "--ro-bind", str(root), str(root)]
    package = Path(__file__).parents[2]
    if any(package.is_relative_to(root) for root in (*_roots(), *map(Path, SYSTEM))):
        shown += ["--tmpfs", str(package), "--remount-ro", str(package)]
    return [*shown, *folders_above(Path(SHOWN_PROBES)), "--ro-bind", str(PROBES), SHOWN_PROBES]


def stand_ins(folder: Path) -> list[str]:
    """Arguments that show the files below a folder in place of the machine's: /a/b in place of that /a/b."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [word for path in files for word in ("--ro-bind", str(path), f"/{path.relative_to(folder)}")]


def folder(path: str) -> list[str]:
    """Arguments that make a folder which everybody may enter: bwrap itself makes them for root alone."""
    return ["--perms", "0755", "--dir", path]


def folders_above(path: Path) -> list[str]:
    """Arguments that make the folders in which a path lies."""
    return [word for above in reversed(path.parents) if above != above.parent for word in folder(str(above))]


@functools.cache
def _roots() -> list[Path]:
    """The folders outside the system in which interpreter, packages and programs lie, none inside another."""
    wanted = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]]
    found = (shutil.which(name) for name in PROGRAMS)
    wanted += [Path(name).resolve().parents[1] for name in found if name]
    wanted += _editable()
    outside = sorted({path for path in wanted if not _in_system(path) and path != path.parent})
    return [path for path in outside if not any(path.is_relative_to(o) for o in outside if o != path)]


def _editable() -> list[Path]:
    """Where DVC lies when it is not installed inside the interpreter's own folders."""
    spec = importlib.util.find_spec("dvc")
    places = spec.submodule_search_locations if spec is not None else None
    packages = [Path(place).resolve().parent for place in places or ()]
    prefixes = (Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
    return [path for path in packages if not any(path.is_relative_to(prefix) for prefix in prefixes)]


def _in_system(path: Path) -> bool:
    return any(path.is_relative_to(name) for name in SYSTEM)
