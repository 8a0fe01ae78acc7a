"""The surroundings of every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.workspace.environment import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.workspace.workspace import Workspace


def test_every_path_lies_in_the_workspace(tmp_path: Path) -> None:
    """Home, temp dir and configuration are the workspace's own."""
    variables = Surroundings.under(tmp_path / "a").variables()
    names = ("HOME", "TMPDIR", "GIT_CONFIG_GLOBAL", "DVC_SITE_CACHE_DIR", "XDG_CACHE_HOME", "SHELL")
    assert all(variables[name].startswith(f"{tmp_path / 'a'}/") for name in names)


def test_nothing_names_the_grader(tmp_path: Path) -> None:
    """A submission's code cannot tell from its variables that it is graded."""
    variables = Surroundings.under(tmp_path).variables()
    own = {name: value for name, value in variables.items() if name != "PATH"}
    text = str(own).replace(str(tmp_path), "").lower()
    assert not any(word in text for word in ("harness", "grad", "pytest", "test"))


def test_bytecode_and_hash_seed_are_left_to_python(tmp_path: Path) -> None:
    """Commands may keep compiled bytecode, and each starts with a hash seed of its own."""
    names = Surroundings.under(tmp_path).variables().keys()
    assert not names & {"PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONPYCACHEPREFIX"}


@pytest.mark.parametrize("program", ["python", "python3", "dvc", "git"])
def test_programs_are_found(program: str, new_workspace: Callable[[], Workspace]) -> None:
    """Every program that a lab types runs by its plain name."""
    assert new_workspace().run(program, "--version").ok


def test_missing_programs_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the interpreter has no `python` or `dvc` beside it, a small program takes its place."""
    monkeypatch.setattr("sys.prefix", str(tmp_path / "none"))
    surroundings = Surroundings.under(tmp_path / "a")
    surroundings.make()
    assert {path.name for path in surroundings.bin.iterdir()} == {"sh", "python", "python3", "dvc"}
