"""Pointer files of every DVC, at a commit and over a history."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.pointers import (
    Pointer,
    is_pointer_file,
    malformed_pointers,
    parse_pointer,
    pointer_versions,
    pointers_in,
)

if TYPE_CHECKING:
    from harness.evidence.repository import GitRepository
    from tests.evidence.conftest import Lab, Work

A, B = "a" * 32, "b" * 32
FILE = "data/raw/x.csv.dvc"


def _text(md5: str, path: str = "x.csv") -> bytes:
    return f"outs:\n- md5: {md5}\n  size: 3\n  hash: md5\n  path: {path}\n".encode()


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (_text(A), Pointer(FILE, "data/raw/x.csv", A, size=3)),
        (_text(A).replace(b"\n", b"\r\n"), Pointer(FILE, "data/raw/x.csv", A, size=3)),
        (f"outs:\n- md5: {A}\n  path: x.csv\n".encode(), Pointer(FILE, "data/raw/x.csv", A, legacy=True)),
        (
            f"outs:\n- md5: {A}.dir\n  size: 9\n  nfiles: 2\n  hash: md5\n  path: parts\n".encode(),
            Pointer(FILE, "data/raw/parts", f"{A}.dir", size=9, nfiles=2),
        ),
        (
            f"outs:\n- md5: {A}\n  size: 3\n  isexec: true\n  hash: md5\n  path: x.csv\n".encode(),
            Pointer(FILE, "data/raw/x.csv", A, size=3, isexec=True),
        ),
        (
            f"wdir: ../..\nouts:\n- md5: {A}\n  hash: md5\n  path: other/x.csv\n".encode(),
            Pointer(FILE, "other/x.csv", A),
        ),
        (
            f"md5: {B}\ncmd: python a.py\nwdir: .\ndeps:\n- md5: {B}\n  path: ../a.py\n"
            f"outs:\n- md5: {A}\n  path: x.csv\n  cache: false\n  metric: true\n  persist: false\n".encode(),
            Pointer(
                FILE, "data/raw/x.csv", A, legacy=True, cached=False, cmd="python a.py", deps=("data/a.py",)
            ),
        ),
        (
            f"frozen: true\ndeps:\n- path: x.csv\n  repo:\n    url: https://example.org/r\n    rev: v1\n"
            f"outs:\n- md5: {A}\n  size: 3\n  hash: md5\n  path: x.csv\n".encode(),
            Pointer(FILE, "data/raw/x.csv", A, size=3, deps=("data/raw/x.csv",), imported=True),
        ),
        (b"outs:\n- path: x.csv\n  desc: not computed yet\n", Pointer(FILE, "data/raw/x.csv", None)),
    ],
)
def test_each_form_is_read(text: bytes, pointer: Pointer) -> None:
    """DVC 3, DVC 2, folders, executables, a working directory, DVC 0.x stages and imports are understood."""
    assert parse_pointer(FILE, text) == (pointer,)


def test_one_file_may_have_several_outputs() -> None:
    """Every output of a pointer file is a pointer, and a folder is known for one."""
    two = f"outs:\n- md5: {A}\n  path: a\n- md5: {B}.dir\n  path: b\n".encode()
    assert [(pointer.path, pointer.is_dir) for pointer in parse_pointer("x.dvc", two)] == [
        ("a", False),
        ("b", True),
    ]
    assert parse_pointer("x.dvc", b"") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (_text(A, "../../../x.csv"), "the output '../../../x.csv' lies outside the repository"),
        (_text(A, "/etc/passwd"), "the output '/etc/passwd' lies outside the repository"),
        (b"wdir: /etc\n" + _text(A, "x.csv"), "the output 'x.csv' lies outside the repository"),
        (_text("short"), "`md5` must be 32 hexadecimal digits (and `.dir`), not 'short'"),
        (b"outs:\n- md5: null\n", "an output has no `path`"),
        (b"outs: x\n", "`outs` must be a list, not 'x'"),
        (b"- a\n", "a pointer file must be a mapping, not a list"),
    ],
)
def test_malformed_pointers_say_why(text: bytes, reason: str) -> None:
    """A path outside, a wrong hash and a missing path are each named, with the file."""
    with pytest.raises(MalformedEvidence) as caught:
        parse_pointer(FILE, text)
    assert str(caught.value) == f"{FILE}: {reason}"


def test_a_conflict_left_behind_is_named() -> None:
    """Git's marks are no YAML."""
    with pytest.raises(MalformedEvidence, match=rf"^{FILE}: not valid YAML: "):
        parse_pointer(FILE, b"<<<<<<< HEAD\nouts: []\n")


@given(
    st.text("outsmd5path:- \n'\"[]{}0a/.&*") | st.sampled_from(["outs", "deps", "wdir"]).map("{}: [1]".format)
)
def test_any_text_is_pointers_or_malformed(text: str) -> None:
    """No text makes the parser raise anything but MalformedEvidence."""
    with contextlib.suppress(MalformedEvidence):
        parse_pointer(FILE, text.encode())


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("x.csv.dvc", True),
        ("a/Dvcfile", True),
        (".dvc", False),
        ("a/.dvc", False),
        (".dvc/x.dvc", False),
        ("x", False),
    ],
)
def test_pointer_files_are_known_by_name(path: str, *, named: bool) -> None:
    """DVC's own folder is no pointer file and holds none."""
    assert is_pointer_file(path) is named


def test_unreadable_pointers_do_not_hide_the_others(work: Work) -> None:
    """A tree's readable pointers are found beside one that is not."""
    tree = work.open().tree(work.commit("one", {"a.dvc": _text(A), "b.dvc": b"- 1\n", "c.txt": _text(B)}))
    assert [pointer.md5 for pointer in pointers_in(tree)] == [A]
    both = work.open().tree(work.commit("two", {"b.dvc": _text(B), "c/Dvcfile": _text("c" * 32)}))
    assert [pointer.md5 for pointer in pointers_in(both)] == [A, B, "c" * 32]
    assert [error.path for error in malformed_pointers(both)] == []
    assert [error.path for error in malformed_pointers(tree)] == ["b.dvc"]


def test_versions_of_a_real_history(opened: GitRepository, lab: Lab) -> None:
    """The two versions that DVC tracked are found at their commits, with the hash of their bytes."""
    commits = opened.commits("main")
    versions = pointer_versions(commits, opened)["data.csv"]
    assert [version.commit.sha for version in versions] == [lab.commits["tracked"], lab.commits["second"]]
    first = hashlib.md5(b"a,b\n1,2\n3,4\n", usedforsecurity=False).hexdigest()
    assert (versions[0].pointer.md5, versions[0].pointer.size, versions[0].pointer.legacy) == (
        first,
        12,
        False,
    )
    assert pointers_in(opened.tree(lab.commits["head"])) == (versions[1].pointer,)


def test_versions_are_distinct_and_in_order(work: Work) -> None:
    """Moved, touched and restored pointers add no version, and a malformed one counts as absent."""
    work.commit("first", {"x.csv.dvc": _text(A)})
    work.commit("comment", {"x.csv.dvc": _text(A) + b"# same data\n"})
    work.commit("removed", {"x.csv.dvc": None})
    work.commit("restored", {"x.csv.dvc": _text(A)})
    work.commit("broken", {"x.csv.dvc": b"- 1\n"})
    work.commit("second", {"x.csv.dvc": _text(B)})
    work.commit("back", {"x.csv.dvc": _text(A)})
    opened = work.open()
    versions = pointer_versions(opened.commits("HEAD"), opened)["x.csv"]
    assert [(version.commit.subject, version.pointer.md5) for version in versions] == [
        ("first", A),
        ("second", B),
        ("back", A),
    ]


def test_a_pointer_that_moves_and_comes_back(work: Work) -> None:
    """The same data path in another file, and in the first one again, are three versions."""
    old = _text(A, "x.csv")
    work.commit("first", {"a.txt": b"1", "x.csv.dvc": old})
    work.commit("moved", {"x.csv.dvc": None, "y.dvc": _text(B, "x.csv")})
    work.commit("back", {"y.dvc": None, "x.csv.dvc": old})
    opened = work.open()
    commits = opened.commits("HEAD")
    versions = pointer_versions(commits, opened)["x.csv"]
    assert [(version.commit.subject, version.pointer.md5) for version in versions] == [
        ("first", A),
        ("moved", B),
        ("back", A),
    ]
    assert [version.commit.subject for version in pointer_versions(commits[1:], opened)["x.csv"]] == [
        "moved",
        "back",
    ]


def test_a_merge_of_an_older_version_adds_none(work: Work) -> None:
    """The other side's pointer is its own also where that side's last commit left it alone."""
    work.commit("base", {"x.csv.dvc": _text(A)})
    work.branch("side")
    work.commit("side", {"x.csv.dvc": _text(B)})
    work.commit("text", {"z": b"z"})
    work.checkout("main")
    work.commit("main", {"y": b"y"})
    work.merge("side")
    work.commit("later", {"x.csv.dvc": _text("c" * 32)})
    opened = work.open()
    versions = pointer_versions(opened.commits("HEAD"), opened)["x.csv"]
    assert [version.commit.subject for version in versions] == ["base", "side", "later"]


def test_merges_add_no_version(work: Work) -> None:
    """A merge that takes a parent's pointer over is no version of its own."""
    work.commit("base", {"x.csv.dvc": _text(A)})
    work.branch("side")
    work.commit("side", {"x.csv.dvc": _text(B)})
    work.checkout("main")
    work.commit("main", {"y": b"y"})
    work.merge("side")
    opened = work.open()
    versions = pointer_versions(opened.commits("HEAD"), opened)["x.csv"]
    assert [version.commit.subject for version in versions] == ["base", "side"]


def test_pointers_of_commits_left_out_are_no_versions(work: Work) -> None:
    """What the template's last commit already tracked is not a version of the student's."""
    template = work.commit("template", {"t.csv.dvc": _text(A, "t.csv"), "link": b"x"})
    work.commit("mine", {"x.csv.dvc": _text(B)})
    opened = work.open()
    assert set(pointer_versions(opened.commits("HEAD", without=[template]), opened)) == {"x.csv"}
