"""Reading a Git directory as plain data, hostile ones too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import Unreadable
from harness.submission.gitdir import Head, is_ref_name, read_git_directory

GitIn = Callable[..., str]


def refs_by_git(folder: Path, git_in: GitIn) -> dict[str, str]:
    """Return what Git itself says."""
    lines = git_in(folder, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ") for line in lines)


@pytest.mark.parametrize("packed", [False, True])
def test_refs_are_those_that_git_sees(alice: Path, git_in: GitIn, packed: bool) -> None:  # noqa: FBT001 - a case
    """Loose and packed refs, a loose one before a packed one, symbolic ones resolved."""
    git_in(alice, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
    if packed:
        git_in(alice, "pack-refs", "--all")
        git_in(alice, "update-ref", "refs/heads/main", "main~1")
    read = read_git_directory(alice / ".git")
    assert read.refs == refs_by_git(alice, git_in)
    assert read.head == Head("refs/heads/main", None)
    assert not read.shallow


def test_detached_head(alice: Path, git_in: GitIn) -> None:
    """A detached HEAD is its commit."""
    git_in(alice, "checkout", "--quiet", "v1")
    assert read_git_directory(alice / ".git").head == Head(None, git_in(alice, "rev-parse", "v1^{commit}"))


@pytest.mark.parametrize("content", ["", "ref: ../../outside", "ref: HEAD", "main", "\x1b[31m", "a" * 64])
def test_head_that_names_nothing(alice: Path, content: str) -> None:
    """A HEAD that is no ref and no commit is refused, and shown without its control characters."""
    (alice / ".git" / "HEAD").write_text(content)
    with pytest.raises(Unreadable, match="names neither a branch nor a commit") as raised:
        read_git_directory(alice / ".git")
    assert str(raised.value).isprintable()


def test_head_that_is_a_link_or_a_pipe(alice: Path, tmp_path: Path) -> None:
    """A link is not followed, and nobody waits for a pipe."""
    head = alice / ".git" / "HEAD"
    head.unlink()
    head.symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_text("ref: refs/heads/main\n")
    with pytest.raises(Unreadable, match="no readable file HEAD"):
        read_git_directory(alice / ".git")
    head.unlink()
    os.mkfifo(head)
    with pytest.raises(Unreadable, match="no readable file HEAD"):
        read_git_directory(alice / ".git")


def test_alternates_are_refused(alice: Path, git_in: GitIn) -> None:
    """Objects borrowed from another repository are a refusal that tells how to stop borrowing."""
    git_in(alice.parent, "clone", "--quiet", "--shared", alice, "borrower")
    with pytest.raises(Unreadable, match=r"borrows objects from another repository .* `git repack -a -d`"):
        read_git_directory(alice.parent / "borrower" / ".git")


@pytest.mark.parametrize("name", ["objects/ab", "objects/pack/pack-1.pack", "objects/info/alternates"])
def test_links_among_the_objects_are_refused(alice: Path, tmp_path: Path, name: str) -> None:
    """A link among the objects could lead into somebody else's repository."""
    (alice / ".git" / "objects" / "ab").rename(tmp_path / "ab") if (
        alice / ".git/objects/ab"
    ).exists() else None
    (alice / ".git" / name).symlink_to(tmp_path)
    with pytest.raises(Unreadable, match="is a link or a device, not an object"):
        read_git_directory(alice / ".git")


def test_pipe_among_the_objects_is_refused(alice: Path) -> None:
    """Git would wait for a pipe for ever."""
    os.mkfifo(alice / ".git" / "objects" / "pack" / "pack-1.idx")
    with pytest.raises(Unreadable, match="is a link or a device"):
        read_git_directory(alice / ".git")


def test_objects_elsewhere(alice: Path, tmp_path: Path) -> None:
    """An objects folder that is a link is not this repository's."""
    (alice / ".git" / "objects").rename(tmp_path / "objects")
    (alice / ".git" / "objects").symlink_to(tmp_path / "objects")
    with pytest.raises(Unreadable, match="no folder objects of its own"):
        read_git_directory(alice / ".git")


def test_linked_refs_are_not_followed(alice: Path, tmp_path: Path) -> None:
    """A ref that is a link is no ref."""
    (tmp_path / "ref").write_text("a" * 40)
    (alice / ".git" / "refs" / "heads" / "linked").symlink_to(tmp_path / "ref")
    (alice / ".git" / "refs" / "all").symlink_to(tmp_path)
    assert not [name for name in read_git_directory(alice / ".git").refs if "linked" in name or "all" in name]


def test_names_that_git_would_not_take(alice: Path) -> None:
    """Packed refs with names that no command makes are left out."""
    head = (alice / ".git" / "refs" / "heads" / "main").read_text().strip()
    odd = ["refs/heads/../../x", "refs/heads/a b", "refs/heads/" + "n" * 300, "HEAD", "refs/heads/x.lock"]
    (alice / ".git" / "packed-refs").write_text(
        "".join(f"{head} {name}\n" for name in [*odd, "refs/heads/fine"])
    )
    names = read_git_directory(alice / ".git").refs
    assert "refs/heads/fine" in names
    assert not names.keys() & set(odd)


@pytest.mark.parametrize(
    ("key", "value", "saying"),
    [
        ("extensions.objectFormat", "sha256", "SHA-256 repository, which is not supported"),
        ("extensions.refStorage", "reftable", "run `git refs migrate --ref-format=files`"),
    ],
)
def test_formats_that_are_not_supported(alice: Path, key: str, value: str, saying: str) -> None:
    """Another hash or another store of refs is refused by its name."""
    section, _, name = key.partition(".")
    with (alice / ".git" / "config").open("a") as config:
        config.write(f"[{section}]\n\t{name} = {value}\n")
    with pytest.raises(Unreadable, match=saying):
        read_git_directory(alice / ".git")


@pytest.mark.parametrize("name", ["refs/heads/main", "refs/heads/größe", "refs/exps/ab/" + "c" * 38 + "/x-y"])
def test_names_that_git_takes(name: str) -> None:
    """Ordinary names and names in any script are taken."""
    assert is_ref_name(name)


@pytest.mark.parametrize(
    "name",
    ["refs/heads/-x y", "refs/heads/", "refs//x", "refs/.x", "refs/a..b", "refs/a@{1}", "x", "refs/é" * 600],
)
def test_names_that_are_none(name: str) -> None:
    """What git check-ref-format refuses is refused."""
    assert not is_ref_name(name)
