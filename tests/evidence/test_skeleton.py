"""A repository of names."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import git
import pytest

from harness.evidence import skeleton as module
from harness.evidence.skeleton import skeleton

if TYPE_CHECKING:
    from tests.evidence.conftest import Work

ROWS = b"1,2\n" * 3


def opened(folder: Path, files: dict[str, bytes], commit: str) -> git.Repo:
    """The repository that the files make, with the commit checked out as `main`."""
    named = {"HEAD": b"ref: refs/heads/main\n", "refs/heads/main": commit.encode(), "objects/info/x": b""}
    for path, data in {**files, **named}.items():
        place = folder / ".git" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return git.Repo(folder)


@pytest.fixture
def told(work: Work, tmp_path: Path) -> git.Repo:
    """What is told of a history of three commits, the first and the last with a tag."""
    work.commit("one", {"a/b/rows.csv": ROWS, "params.yaml": b"a: 1"})
    work.repo.create_tag("v1", message="first")
    work.commit("two", {"a/b/rows.csv": ROWS * 2, "params.yaml": b"a: 2"})
    sha = work.commit("three", {"a/b/rows.csv": ROWS * 3, "large.txt": b"1" * 70_000})
    work.repo.create_tag("last")
    return opened(tmp_path / "told", skeleton(work.open(), sha), sha)


def test_all_has_its_name(told: git.Repo) -> None:
    """Commits, tags, and the files of each commit; and Git finds no object damaged."""
    assert told.git.log("--format=%s").split() == ["three", "two", "one"]
    assert told.git.describe("--tags", "HEAD~1").startswith("v1-1-g")
    assert told.git.describe("--tags") == "last"
    assert told.git.ls_tree("-r", "--name-only", "HEAD~2").split() == ["a/b/rows.csv", "params.yaml"]
    assert told.git.log("--format=%s", "-1", "--", "params.yaml") == "two"
    for place in Path(told.git_dir, "objects").glob("??/*"):
        data = zlib.decompress(place.read_bytes())
        assert hashlib.sha1(data, usedforsecurity=False).hexdigest() == place.parent.name + place.name


def test_no_rows_are_left(told: git.Repo) -> None:
    """Small files of the commit are there; its tables, what is large, and other commits' files are not."""
    assert told.git.show("HEAD:params.yaml") == "a: 2"
    for gone in ("HEAD:a/b/rows.csv", "HEAD:large.txt", "HEAD~1:a/b/rows.csv", "HEAD~2:params.yaml"):
        with pytest.raises(git.GitCommandError):
            told.git.show(gone)


def test_what_does_not_fit_is_left_out(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the oldest commits, which Git then takes for no part of the history; so are their tags."""
    work.commit("one", {f"{number:0>60}": b"" for number in range(30)})
    work.repo.create_tag("v1")
    sha = work.commit("two", {f"{number:0>60}": None for number in range(30)} | {"a/b": b"1"})
    monkeypatch.setattr(module, "MOST_BYTES", 2_000)
    files = skeleton(work.open(), sha)
    told = opened(tmp_path / "told", files, sha)
    assert files["packed-refs"], "Dulwich reads no empty list"
    assert told.git.log("--format=%s") == "two"
    assert told.git.show("HEAD:a/b") == "1"
    assert told.git.tag() == ""
