"""Pointing a repository's DVC at the workspace, whatever its committed config says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.workspaces import TINY_PIPELINE, commit_all, write_tree
from harness.workspace.dvc_config import dvc_folders, point_dvc
from harness.workspace.files import remove_tree
from harness.workspace.workspace import Workspace

FOREIGN = {
    "missing plugin": "[core]\n    remote = bad\n['remote \"bad\"']\n    url = gdrive://xyz/abc\n",
    "another machine": "[core]\n    remote = tmp\n['remote \"tmp\"']\n    url = C:\\tmp\\dvc-storage\n",
    "another cache": "[cache]\n    dir = /nowhere/cache\n    type = symlink\n[core]\n    no_scm = true\n",
    "keys of its own": (
        "[core]\n    remote = s\n['remote \"s\"']\n    url = s3://b/p\n    endpointurl = http://h\n"
    ),
}


@pytest.mark.parametrize("config", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_config_does_no_harm(config: str, dvc_repo: Workspace) -> None:
    """An experiment runs and a push fills the workspace's remote, whatever remote and cache are committed."""
    write_tree(dvc_repo.repo, {".dvc/config": config})
    commit_all(dvc_repo, "foreign config")
    assert dvc_repo.run("dvc", "exp", "run", "-S", "shout.mark='?'").ok
    assert dvc_repo.run("dvc", "push").ok
    assert len([path for path in dvc_repo.storage.rglob("*") if path.is_file()]) == 1
    assert not Path("/nowhere").exists()


def test_an_output_with_a_remote_of_its_own_is_pushed_here_too(dvc_repo: Workspace) -> None:
    """A remote that an output names lies in the workspace as well."""
    config = "['remote \"other\"']\n    url = C:\\tmp\\other\n"
    pipeline = TINY_PIPELINE["dvc.yaml"].replace(
        "outs: [loud.txt]", "outs:\n      - loud.txt:\n          remote: other"
    )
    write_tree(dvc_repo.repo, {".dvc/config": config, "dvc.yaml": pipeline})
    (dvc_repo.repo / ".dvc" / "config.local").unlink()
    assert dvc_repo.run("dvc", "repro").ok
    assert dvc_repo.run("dvc", "push").ok
    assert any(path.is_file() for path in dvc_repo.storage.rglob("*"))


def test_git_does_not_see_what_is_written(dvc_repo: Workspace) -> None:
    """The local config stays out of Git, even where `.dvc/.gitignore` is missing."""
    (dvc_repo.repo / ".dvc" / ".gitignore").unlink()
    assert "config.local" not in dvc_repo.run("git", "status", "--short", "-uall").stdout


def test_a_project_in_a_subfolder_is_found(new_workspace: Callable[[], Workspace]) -> None:
    """`dvc init --subdir` projects use the workspace's cache and remote too."""
    workspace = new_workspace()
    write_tree(workspace.repo, {f"deep/project/{name}": text for name, text in TINY_PIPELINE.items()})
    workspace.run("dvc", "init", "-q", "--subdir", cwd="deep/project", check=True)
    done = workspace.run("dvc", "repro", cwd="deep/project", check=True)
    workspace.run("dvc", "push", cwd="deep/project", check=True)
    assert done.stages == ("deep/project/dvc.yaml:shout", "deep/project/dvc.yaml:count")
    assert any(path.is_file() for path in workspace.storage.rglob("*"))


def test_a_linked_dvc_folder_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written through a `.dvc` that is a link."""
    outside, repo = tmp_path / "outside", tmp_path / "repo"
    outside.mkdir()
    repo.mkdir()
    (repo / ".dvc").symlink_to(outside)
    point_dvc(repo, cache=tmp_path / "cache", storage=tmp_path / "storage")
    assert not list(dvc_folders(repo))
    assert not list(outside.iterdir())


@pytest.mark.parametrize("config", ["[core\nremote =", '[remote "]\nurl = x', "[remote]\nurl = x"])
def test_a_broken_config_is_left_to_dvc(config: str, tmp_path: Path) -> None:
    """A config that cannot be read does not stop the harness: DVC will say what is wrong with it."""
    folder = tmp_path / "repo" / ".dvc"
    folder.mkdir(parents=True)
    (folder / "config").write_text(config, encoding="utf-8")
    point_dvc(tmp_path / "repo", cache=tmp_path / "cache", storage=tmp_path / "storage")
    assert (folder / "config.local").is_file()


def test_thousands_of_folders_in_folders_are_looked_through(tmp_path: Path) -> None:
    """Folders deeper than a path can name are no error of ours, and what lies higher is found."""
    (tmp_path / "sub" / ".dvc").mkdir(parents=True)
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    assert list(dvc_folders(tmp_path)) == [tmp_path / "sub" / ".dvc"]
    remove_tree(tmp_path)
