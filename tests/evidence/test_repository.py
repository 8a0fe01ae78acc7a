"""Commits, refs, trees and changes of a repository."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import MalformedEvidence
from harness.evidence import repository as module
from harness.evidence.repository import Blob, Change, GitRepository

if TYPE_CHECKING:
    from tests.evidence.conftest import Lab, Work


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def test_commits_come_parents_first_with_who_and_why(work: Work) -> None:
    """A commit carries its parents, author, time and whole message, and follows its parents."""
    first = work.commit("one\n\nbecause", {"a": b"1\n"})
    second = work.commit("two", {"a": b"2\n"})
    commits = work.open().commits("HEAD")
    assert [commit.sha for commit in commits] == [first, second]
    assert commits[1].parents == (first,)
    assert commits[0].author == "Student <student@example.org>"
    assert commits[0].message == "one\n\nbecause"
    assert commits[0].subject == "one"
    assert abs(commits[0].time - time.time()) < 3600


def test_commits_can_leave_a_past_out(work: Work) -> None:
    """Commits reachable from `without` are left out, and no revision gives no commit."""
    first = work.commit("one", {"a": b"1\n"})
    second = work.commit("two", {"a": b"2\n"})
    opened = work.open()
    assert [commit.sha for commit in opened.commits(second, without=[first])] == [second]
    assert opened.commits() == ()


def test_merge_follows_both_sides(work: Work) -> None:
    """In topological order a merge comes last, and its changes are those against its first parent."""
    work.commit("base", {"a": b"1\n"})
    work.branch("side")
    side = work.commit("side", {"b": b"2\n"})
    work.checkout("main")
    main = work.commit("main", {"c": b"3\n"})
    merge = work.merge("side")
    opened = work.open()
    assert opened.commits("main")[-1].parents == (main, side)
    assert [change.path for change in opened.changes(merge)] == ["b"]


def test_changes_tell_both_sides_of_each_path(work: Work) -> None:
    """Additions have no before, removals no after, and a root commit adds all it has."""
    first = work.commit("one", {"a": b"1\n", "b c\n": b"2\n"})
    second = work.commit("two", {"a": b"3\n", "b c\n": None})
    opened = work.open()
    assert {change.path for change in opened.changes(first)} == {"a", "b c\n"}
    changed, removed = opened.changes(second)
    assert changed.before is not None
    assert changed.after is not None
    assert opened.blob(changed.before.sha) == b"1\n"
    assert opened.blob(changed.after.sha) == b"3\n"
    assert removed == Change("b c\n", Blob("100644", opened.tree(first).entry("b c\n").sha), None)  # type: ignore[union-attr]


def test_branches_and_tags_end_at_commits(work: Work) -> None:
    """An annotated tag is peeled to its commit, and a tag of a file is no tag of a commit."""
    sha = work.commit("one", {"a": b"1\n"})
    work.repo.create_tag("light")
    work.repo.git(c=["user.name=S", "user.email=s@example.org"]).tag("-a", "v1/é", "-m", "first")
    work.repo.git.tag("blob", "HEAD:a")
    opened = work.open()
    assert opened.branches() == {"main": sha}
    assert opened.tags() == {"light": sha, "v1/é": sha}
    assert opened.refs() == {"refs/heads/main": sha, "refs/tags/light": sha, "refs/tags/v1/é": sha}


@pytest.mark.parametrize(
    ("rev", "found"), [("main", True), ("HEAD~0", True), ("nope", False), ("--all", False)]
)
def test_resolve_names_a_commit_or_nothing(work: Work, rev: str, *, found: bool) -> None:
    """A revision is a commit's name, never an option."""
    sha = work.commit("one", {"a": b"1\n"})
    assert work.open().resolve(rev) == (sha if found else None)


def test_tree_reads_files_and_follows_no_link(work: Work) -> None:
    """A tree lists links but reads regular files only; folders and missing paths are nothing."""
    (work.path / "link").symlink_to("/etc/passwd")
    work.repo.index.add(["link"])
    sha = work.commit("one", {"d/a b": b"1\r\n2\n", "é": b"x"})
    tree = work.open().tree(sha)
    assert tree.paths() == ("d/a b", "link", "é")
    assert tree.under("d") == tree.under("d/") == ("d/a b",)
    assert tree.under(".") == tree.under("") == tree.paths()
    assert tree.read("d/a b") == b"1\r\n2\n"
    entry = tree.entry("d/a b")
    assert entry is not None
    assert (entry.size, entry.mode, entry.is_file) == (5, "100644", True)
    for nothing in ("link", "d", "nope"):
        assert tree.read(nothing) is None
        assert tree.md5(nothing) is None
        assert tree.md5_forms(nothing) == frozenset()


def test_read_stops_at_the_limit(work: Work) -> None:
    """A file larger than the limit is not read."""
    tree = work.open().tree(work.commit("one", {"a": b"12345"}))
    assert tree.read("a", limit=5) == b"12345"
    assert tree.read("a", limit=4) is None


def test_md5_forms_are_those_of_both_line_ends(work: Work) -> None:
    """Text is hashed as it is, with LF and with CRLF line ends."""
    tree = work.open().tree(work.commit("one", {"a": b"1\r\n2\n"}))
    assert tree.md5("a") == _md5(b"1\r\n2\n")
    assert tree.md5_forms("a") == {_md5(b"1\r\n2\n"), _md5(b"1\n2\n"), _md5(b"1\r\n2\r\n")}


def test_tags_name_objects(work: Work) -> None:
    """An annotated tag's own object, a light one's commit; both with the commit that they end at."""
    sha = work.commit("one", {"a": b"1"})
    work.repo.create_tag("light")
    note = work.repo.create_tag("v1", message="first").tag
    assert note is not None
    assert work.open().tag_objects() == {"light": (sha, sha), "v1": (note.hexsha, sha)}


def test_whole_objects_have_their_names(work: Work) -> None:
    """What Git hashes, with kind and size; nothing where that is more than asked for."""
    sha = work.commit("one", {"a": b"1"})
    data = work.open().whole(sha)
    assert data is not None
    assert hashlib.sha1(data, usedforsecurity=False).hexdigest() == sha
    assert work.open().whole(sha, 10) is None


def test_submodules_are_left_out(work: Work) -> None:
    """A submodule's entry is no file."""
    work.commit("one", {"a": b"1"})
    work.repo.git.update_index("--add", "--cacheinfo", f"160000,{work.repo.head.commit.hexsha},sub")
    work.repo.git(c=["user.name=S", "user.email=s@example.org"]).commit("-qm", "two")
    assert work.open().tree(work.repo.head.commit.hexsha).paths() == ("a",)


def test_replaced_objects_do_not_count(work: Work) -> None:
    """A replace ref in the submission does not change what a commit holds."""
    honest = work.commit("one", {"a": b"1"})
    other = work.commit("two", {"a": b"2"})
    work.repo.git.replace(honest, other)
    assert work.open().tree(honest).read("a") == b"1"


def test_users_configuration_does_not_count(
    work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Git's configuration in the user's home does not reach what is read."""
    (tmp_path / ".gitconfig").write_text("[log]\n\tshowSignature = true\n[core]\n\tabbrev = 4\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    path = Path(work.repo.git_dir)
    sha = work.commit("one", {"a": b"1"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert [commit.sha for commit in GitRepository(path).commits("main")] == [sha]


@pytest.mark.parametrize("what", ["blob", "tree", "changes", "commits"])
def test_missing_objects_are_malformed_evidence(work: Work, what: str) -> None:
    """What is not in the repository is evidence that cannot be read, not a crash."""
    work.commit("one", {"a": b"1"})
    with pytest.raises(MalformedEvidence):
        getattr(work.open(), what)("1" * 40)


def test_nested_trees_cannot_grow_without_bound(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree whose folders all are one folder, ten levels deep, is refused at the limit."""
    monkeypatch.setattr(module, "MAX_ENTRIES", 5000)
    tree = _feed(work, b"x", "hash-object", "-w", "--stdin")
    entry = "100644 blob"
    for _ in range(10):
        listing = "".join(f"{entry} {tree}\t{name}\n" for name in "0123456789")
        tree = _feed(work, listing.encode(), "mktree")
        entry = "040000 tree"
    with pytest.raises(MalformedEvidence, match="more than 5000 files"):
        work.open().tree(tree)


def test_large_trees_and_long_histories_are_quick(work: Work) -> None:
    """Twenty thousand files and two hundred commits take seconds, not minutes."""
    names = [f"venv/{folder}/{number}.py" for folder in range(100) for number in range(200)]
    lines = "".join(f"M 100644 inline {name}\ndata 1\nx\n" for name in names)
    who = "committer S <s@example.org> 1700000000 +0000\n"
    commits = [f"commit refs/heads/main\n{who}data 1\nm\n{lines}\n"]
    commits += [
        f"commit refs/heads/main\n{who}data 1\nm\nM 100644 inline a\ndata {len(str(n))}\n{n}\n"
        for n in range(200)
    ]
    _feed(work, "".join(commits).encode(), "fast-import", "--quiet")
    opened = work.open()
    started = time.perf_counter()
    history = opened.commits("main")
    changed = [opened.changes(commit.sha) for commit in history]
    assert len(opened.tree(history[-1].sha).paths()) == 20_001
    assert sum(map(len, changed)) == 20_200
    assert time.perf_counter() - started < 10


def test_lab_is_read_from_its_mirror_clone(opened: GitRepository, lab: Lab) -> None:
    """A mirror clone has the branches and DVC's experiment refs."""
    assert opened.branches()["main"] == lab.commits["head"]
    assert len(opened.refs("refs/exps/")) >= 2


def _feed(work: Work, data: bytes, *command: str) -> str:
    file = work.path / "fed"
    file.write_bytes(data)
    with file.open("rb") as stream:
        return str(work.repo.git.execute(["git", *command], istream=stream))


def test_a_blob_is_known_by_size_and_by_its_hashes(work: Work) -> None:
    """Its bytes without reading them, and the MD5 of them as they are, with LF and with CRLF."""
    opened = work.open()
    tree = opened.tree(work.commit("one", {"a": b"1\r\n"}))
    entry = tree.entry("a")
    assert entry is not None
    assert opened.size(entry.sha) == 3
    forms = (b"1\r\n", b"1\n", b"1\r\n")
    assert opened.md5s(entry.sha) == tuple(
        hashlib.md5(form, usedforsecurity=False).hexdigest() for form in forms
    )
    with pytest.raises(MalformedEvidence, match=f"^blob {'0' * 40}: missing from the repository, or damaged"):
        opened.size("0" * 40)
