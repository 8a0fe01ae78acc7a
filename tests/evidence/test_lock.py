"""dvc.lock in both schemas, and one that DVC itself wrote."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.lock import LockedFile, lock_files, parse_lock, read_lock

if TYPE_CHECKING:
    from harness.evidence.repository import GitRepository
    from tests.evidence.conftest import Lab, Work

A, B = "a" * 32, "b" * 32
STAGE = f"""fit:
  cmd: python fit.py
  deps:
  - path: in.csv
    md5: {A}
    size: 3
  params:
    params.yaml:
      fit.size: 2
      fit.rest: {{a: 1}}
  outs:
  - path: ../model
    md5: {B}.dir
    nfiles: 2
    isexec: true
"""
OLD = STAGE.encode()
NEW = ("schema: '2.0'\nstages:\n" + "".join(f"  {line}\n" for line in STAGE.splitlines())).encode()


@pytest.mark.parametrize(("text", "schema"), [(OLD, "1.0"), (NEW, "2.0"), (NEW.replace(b"'", b""), "2.0")])
def test_both_schemas_are_read(text: bytes, schema: str) -> None:
    """DVC 1.x has the stages at the top, later ones below a key; paths start at the repository's root."""
    lock = parse_lock("sub/dvc.lock", text)
    stage = lock.stages["fit"]
    assert (lock.file, lock.schema, stage.name, stage.cmd) == (
        "sub/dvc.lock",
        schema,
        "fit",
        ("python fit.py",),
    )
    assert stage.deps == (LockedFile("sub/in.csv", A, size=3, legacy=True),)
    assert stage.outs == (LockedFile("model", f"{B}.dir", nfiles=2, isexec=True, legacy=True),)
    assert stage.outs[0].is_dir
    assert stage.params == {"sub/params.yaml": {"fit.size": 2, "fit.rest": {"a": 1}}}


def test_working_directories_move_paths() -> None:
    """A stage's paths start at the working directory that its dvc.yaml names."""
    stage = parse_lock("dvc.lock", NEW, {"fit": "a/b"}).stages["fit"]
    assert stage.dep("a/b/in.csv") is not None
    assert stage.out("a/model") is not None
    assert stage.out("model") is None
    assert list(stage.params) == ["a/b/params.yaml"]


def test_current_hashes_are_told_from_old_ones() -> None:
    """DVC 3 marks its hashes; several commands stay several; outputs are found by path."""
    text = (
        f"schema: '2.0'\nstages:\n  s:\n    cmd: [a, b]\n    outs:\n    - {{path: x, hash: md5, md5: {A}}}\n"
    )
    lock = parse_lock("dvc.lock", text.encode())
    assert lock.stages["s"].cmd == ("a", "b")
    assert lock.outs == {"x": LockedFile("x", A)}


@pytest.mark.parametrize("path", ["../x.csv", "/home/me/x.csv", "s3://bucket/x.csv", "C:\\data\\x.csv"])
def test_outside_paths_are_marked(path: str) -> None:
    """A path outside the repository is evidence, not an error."""
    lock = parse_lock("dvc.lock", f"s:\n  cmd: x\n  deps:\n  - path: {path}\n".encode())
    assert lock.stages["s"].deps[0].outside


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[]", "a lock file must be a mapping, not a list"),
        (b"schema: '3.0'\n", "`schema` must be '2.0', or absent as in DVC 1.x"),
        (b"schema: [2]\n", "`schema` must be '2.0', or absent as in DVC 1.x"),
        (b"schema: '2.0'\nstages: []\n", "`stages` must be a mapping, not a list"),
        (b"s: x\n", "the stage 's' must be a mapping, not 'x'"),
        (b"s:\n  cmd: 3\n", "`cmd` must be text or a list of texts"),
        (b"s:\n  cmd: x\n  deps: {}\n", "`deps` must be a list, not a mapping"),
        (b"s:\n  cmd: x\n  deps: [a]\n", "each of `deps` must be a mapping, not 'a'"),
        (b"s:\n  cmd: x\n  outs:\n  - md5: x\n", "a dependency or an output has no `path`"),
        (
            b"s:\n  cmd: x\n  outs:\n  - {path: x, md5: 12}\n",
            "`md5` must be 32 hexadecimal digits (and `.dir`), not a number",
        ),
        (b"s:\n  cmd: x\n  params: 3\n", "`params` must be a mapping, not a number"),
        (b"s:\n  cmd: x\n  params: {p.yaml: [1]}\n", "`p.yaml` must be a mapping, not a list"),
        (b"<<<<<<< HEAD\n", "a lock file must be a mapping, not '<<<<<<< HEAD'"),
    ],
)
def test_malformed_locks_say_why(text: bytes, reason: str) -> None:
    """Each wrong part of a lock is named, with its file."""
    with pytest.raises(MalformedEvidence) as caught:
        parse_lock("sub/dvc.lock", text)
    assert str(caught.value) == f"sub/dvc.lock: {reason}"


@given(st.text("schema2.0:stages cmd'\n -[]{}&*"), st.sampled_from(["{}", "schema: '2.0'\nstages: {}"]))
def test_any_text_is_a_lock_or_malformed(text: str, around: str) -> None:
    """No text makes the parser raise anything but MalformedEvidence."""
    with contextlib.suppress(MalformedEvidence):
        parse_lock("dvc.lock", around.format(text).encode())


def test_an_empty_lock_has_no_stages() -> None:
    """An empty file is a lock of nothing."""
    assert parse_lock("dvc.lock", b"").stages == {}


def test_dvcs_own_lock_is_read(opened: GitRepository, lab: Lab) -> None:
    """The lock that DVC wrote names the command, the data's hash and the parameter that was used."""
    tree = opened.tree(lab.commits["head"])
    (lock,) = (read_lock(tree, path) for path in lock_files(tree))
    stage = lock.stages["score"]
    data = hashlib.md5(b"a,b\n1,2\n3,4\n5,6\n", usedforsecurity=False).hexdigest()
    assert stage.cmd == ("sh score.sh",)
    assert stage.dep("data.csv") == LockedFile("data.csv", data, size=16)
    assert stage.params == {"params.yaml": {"fit.size": 1}}
    assert lock.outs["out/scores.json"].md5 == tree.md5("out/scores.json")


def test_every_lock_of_a_tree_is_found(work: Work) -> None:
    """Locks in subfolders are found, and read by the working directories; a missing one is malformed."""
    tree = work.open().tree(work.commit("one", {"dvc.lock": OLD, "sub/dvc.lock": OLD, "xdvc.lock": b"-"}))
    assert lock_files(tree) == ("dvc.lock", "sub/dvc.lock")
    below = read_lock(tree, "sub/dvc.lock", {"fit": "sub/w"})
    assert below.stages["fit"].dep("sub/w/in.csv") is not None
    with pytest.raises(MalformedEvidence, match=r"^other/dvc\.lock: not a regular file of readable size$"):
        read_lock(tree, "other/dvc.lock")
