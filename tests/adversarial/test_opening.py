"""Git directories that reach for another repository, for a command, or for time, when they are opened."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import git
import pytest

from harness.errors import Unreadable
from harness.submission import open_submission

OTHERS = "words of another student"
RUN = "touch {marks}/pwned"
SETTINGS = """
[core]
    worktree = /etc
    fsmonitor = "{run}"
    sshCommand = "{run}"
    alternateRefsCommand = "{run}"
    hooksPath = .
[extensions]
    worktreeConfig = true
    partialClone = x
[remote "x"]
    url = "ext::sh -c '{run}'"
    promisor = true
[protocol]
    allow = always
[uploadpack]
    packObjectsHook = "{run}"
[filter "x"]
    smudge = "{run}"
[include]
    path = {other}/.git/config
"""
Trick = Callable[[Path, Path], None]


def work(folder: Path, text: str) -> Path:
    """A repository with one commit of one file."""
    repository = git.Repo.init(folder, initial_branch="main")
    (folder / "work.txt").write_text(text, encoding="utf-8")
    (folder / ".gitattributes").write_text("* filter=x\n", encoding="utf-8")
    repository.git.add("--all")
    repository.git.commit("--quiet", "--message", "work")
    repository.close()
    return folder


def points_at(name: str) -> Trick:
    """A file of the Git directory that names the other repository's objects, and its commit as one's own."""

    def lay(own: Path, other: Path) -> None:
        (own / name).parent.mkdir(exist_ok=True)
        (own / name).write_text(
            f"{other / '.git'}{'/objects' if 'objects' in name else ''}\n", encoding="utf-8"
        )
        shutil.copy(other / ".git/refs/heads/main", own / "refs/heads/main")

    return lay


def link(name: str, target: str | None = None) -> Trick:
    """A part of the Git directory that is a link to the other's, or to a file of the machine."""

    def lay(own: Path, other: Path) -> None:
        path = own / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(target or other / ".git" / name)

    return lay


def pipe(name: str) -> Trick:
    """A part of the Git directory that is a pipe, on which whoever opens it waits."""

    def lay(own: Path, _: Path) -> None:
        (own / name).unlink(missing_ok=True)
        os.mkfifo(own / name)

    return lay


def settings(own: Path, other: Path) -> None:
    """Settings that run commands, fetch what is missing, and lead elsewhere."""
    run = RUN.format(marks=other.parent)
    with (own / "config").open("a", encoding="utf-8") as config:
        config.write(SETTINGS.format(run=run, other=other))
    (own / "config.worktree").write_text(f'[core]\n    fsmonitor = "{run}"\n', encoding="utf-8")
    hook = own / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{run}\n", encoding="utf-8")
    hook.chmod(0o755)


def names(own: Path, other: Path) -> None:
    """Refs that are called like options, escapes and places elsewhere."""
    commit = (own / "refs/heads/main").read_text().strip()
    odd = (
        f"--upload-pack={RUN.format(marks=other.parent)}",
        "-o",
        "\x1b[2J",
        "../../x",
        "..",
        "x.lock",
        "d/" * 300,
    )
    rows = "".join(f"{commit} refs/heads/{name}\n" for name in odd)
    (own / "packed-refs").write_text(rows, encoding="utf-8")


TRICKS: dict[str, Trick] = {
    "common-dir": points_at("commondir"),
    "alternates": points_at("objects/info/alternates"),
    "http-alternates": points_at("objects/info/http-alternates"),
    "objects-are-a-link": link("objects"),
    "refs-are-a-link": link("refs"),
    "head-is-a-link": link("HEAD"),
    "packed-refs-are-a-link": link("packed-refs", "/etc/passwd"),
    "index-never-ends": link("index", "/dev/zero"),
    "head-never-ends": link("HEAD", "/dev/zero"),
    "head-is-a-pipe": pipe("HEAD"),
    "config-is-a-pipe": pipe("config"),
    "shallow-is-a-pipe": pipe("shallow"),
    "object-is-a-pipe": pipe("objects/pack/pack-x.pack"),
    "settings": settings,
    "names": names,
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_git_directory_reaches_nothing(tmp_path: Path, name: str) -> None:
    """It is opened or refused in seconds; no command has run, and nothing of another repository is there."""
    other, own = work(tmp_path / "other", OTHERS), work(tmp_path / "own", "my own words")
    TRICKS[name](own / ".git", other)
    (tmp_path / "opened").mkdir()
    begin, said = time.monotonic(), ""
    try:
        submission = open_submission(str(own), tmp_path / "opened")
    except Unreadable as refusal:
        said = str(refusal)
    else:
        with git.Repo(submission.repository) as opened:
            said = opened.git.show("--text", submission.commit)
        assert "my own words" in said
    assert time.monotonic() - begin < 20
    assert OTHERS not in said
    assert "root:" not in said
    assert not (tmp_path / "pwned").exists()
