"""Hashes of a stream of bytes, and Git's output as bounded records."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence import git_reader
from harness.evidence.git_reader import GitReader, digests

if TYPE_CHECKING:
    from tests.evidence.conftest import Work


@given(st.lists(st.text(alphabet="a\r\n").map(str.encode)))
def test_digests_do_not_depend_on_the_chunks(chunks: list[bytes]) -> None:
    """A line end that two chunks share counts as one line end."""
    whole = b"".join(chunks)
    unix = whole.replace(b"\r\n", b"\n")
    forms = (whole, unix, unix.replace(b"\n", b"\r\n"))
    assert digests(chunks) == tuple(hashlib.md5(form, usedforsecurity=False).hexdigest() for form in forms)


def test_output_without_bound_is_refused(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that prints more than the limit is ended."""
    monkeypatch.setattr(git_reader, "MAX_OUTPUT", 10)
    work.commit("one", {"a": b"1"})
    with pytest.raises(MalformedEvidence, match="more than 10 bytes"):
        GitReader(Path(work.repo.git_dir)).output("log", "HEAD")


def test_records_may_be_left_unread(work: Work) -> None:
    """Who reads only the first record leaves no process behind, and can go on reading."""
    sha = work.commit("one", {"a": b"1", "b": b"2"})
    reader = GitReader(Path(work.repo.git_dir))
    records = reader.records("ls-tree", "-z", "--name-only", sha)
    assert next(records) == b"a"
    records.close()  # type: ignore[attr-defined]
    assert list(reader.records("ls-tree", "-z", "--name-only", sha)) == [b"a", b"b"]


def test_relative_paths_are_from_where_they_are_given(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository named relative to the current directory is found."""
    sha = work.commit("one", {"a": b"1"})
    monkeypatch.chdir(work.path)
    assert GitReader(Path(".git")).lines("rev-parse", "HEAD") == [sha]


def test_failure_says_what_git_said(work: Work) -> None:
    """An exit code that was not expected is malformed evidence with Git's own words."""
    with pytest.raises(MalformedEvidence, match="git log says: fatal"):
        GitReader(Path(work.repo.git_dir)).lines("log", "nope")


def test_blobs_are_sized_read_and_hashed(work: Work) -> None:
    """A blob's size, bytes and hashes agree, and closing is harmless."""
    sha = work.repo.commit(work.commit("one", {"a": b"12\n"})).tree["a"].hexsha
    reader = GitReader(Path(work.repo.git_dir))
    assert reader.size(sha) == 3
    assert reader.blob(sha) == b"12\n"
    assert reader.md5s(sha) == digests([b"12\n"])
    reader.close()
    assert reader.blob(sha) == b"12\n"
