"""Commits, trees, tags and refs as no Git would write them: history that can be read, or a refusal."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import git
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evidence.experiments import Reading, from_commits, from_refs
from harness.evidence.history import History
from harness.evidence.pointers import pointer_versions, pointers_in
from harness.evidence.repository import GitRepository
from harness.submission.gitdir import Head, is_ref_name
from harness.submission.opening import open_submission
from harness.submission.revision import choose_revision

from .bounded import verdict
from .inputs import documents
from .targets import LOCK, PARAMS, POINTER
from .test_parsers import QUICK, SETTINGS

FILES = {"dvc.lock": LOCK, "params.yaml": PARAMS, "x.dvc": POINTER, "dvc.yaml": b"stages: {}\n"}
ENV = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def run_git(folder: Path, *words: str, given: bytes = b"") -> bytes:
    """What a Git command prints that was given some input."""
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        argv = ["git", *words]
        return bytes(git.Git(folder).execute(argv, istream=file, env=ENV, stdout_as_string=False))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository whose main branch has one commit, and another that builds on it."""
    folder = tmp_path_factory.mktemp("objects") / "bare.git"
    folder.mkdir()
    run_git(folder, "init", "-q", "--bare", "-b", "main")
    tree = run_git(
        folder, "mktree", given=b"".join(_entry(folder, name, data) for name, data in FILES.items())
    )
    first = _store(folder, "commit", _commit(tree.strip()))
    second = _store(folder, "commit", _commit(tree.strip(), first))
    for ref, sha in {
        "heads/main": second,
        "heads/other": first,
        f"exps/{'ab'}/{'c' * 38}/loud": second,
    }.items():
        run_git(folder, "update-ref", f"refs/{ref}", sha.decode())
    return folder


def _entry(folder: Path, name: str, data: bytes) -> bytes:
    return b"100644 blob %s\t%s\n" % (_store(folder, "blob", data), name.encode())


def _store(folder: Path, kind: str, data: bytes) -> bytes:
    return run_git(folder, "hash-object", "-t", kind, "-w", "--stdin", "--literally", given=data).strip()


def _commit(tree: bytes, *parents: bytes, author: bytes = b"A <a@b> 1700000000 +0100") -> bytes:
    lines = [b"tree " + tree, *(b"parent " + parent for parent in parents)]
    return b"\n".join([*lines, b"author " + author, b"committer " + author, b"", b"message\n"])


def read_all(folder: Path) -> object:
    """Open a Git directory as a submission, and read what the lab reads of its history."""
    with tempfile.TemporaryDirectory() as place:
        submission = open_submission(str(folder), Path(place, "into"))
        repository = GitRepository(submission.repository)
        try:
            history = History(repository, submission.commit, {"params.yaml": PARAMS})
            versions = pointer_versions(history.commits, repository)
            pointers = pointers_in(repository.tree(submission.commit))
            experiments = (*from_refs(repository, Reading()), *from_commits(history, Reading()))
            return history.student_commits, versions, pointers, experiments
        finally:
            repository.close()


def with_object(bare: Path, kind: str, data: bytes) -> object:
    """Read everything of a repository that has a forged object at the end of its branch."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(bare, Path(place, "bare.git")))
        sha = _store(folder, kind, data)
        if kind == "tree":
            sha = _store(folder, "commit", _commit(sha))
        (folder / "refs" / "heads" / "main").write_bytes(sha + b"\n")
        (folder / "refs" / "tags" / "t").write_bytes(sha + b"\n")
        return read_all(folder)


def seeds(bare: Path, kind: str) -> Sequence[bytes]:
    """Objects of a kind that the repository really has."""
    head = run_git(bare, "rev-parse", "main").strip().decode()
    name = f"{head}^{{tree}}" if kind == "tree" else head
    return [run_git(bare, "cat-file", kind, name)]


WHO = b"A <a@b> 1 +0000"


def _forged(author: bytes = WHO, committer: bytes = WHO, message: bytes = b"x\n", more: bytes = b"") -> bytes:
    """A commit object with %s in the place of its tree."""
    return b"tree %s\n" + more + b"author " + author + b"\ncommitter " + committer + b"\n\n" + message


HOSTILE_COMMITS = {
    "no author": b"tree %s\n\nx\n",
    "no date": _forged(b"A <a@b>", b"A <a@b>"),
    "huge date": _forged(b"A <a@b> 99999999999999999999 +0000", b"A <a@b> 99999999999999999999 +0000"),
    "negative date": _forged(b"A <a@b> -1 +9999", b"A <a@b> -1 +9999"),
    "separators": _forged(b"A\x1fB\x01 <a@b> 1 +0000", b"\x1f <\x1f> 1 +0000", b"\n\x1f\x1f\x01deadbeef\n"),
    "NUL in the message": _forged(message=b"x\0\x01y\n"),
    "not UTF-8": _forged(b"\xff\xfe <a@b> 1 +0000", WHO + b"\nencoding utf-7", b"\xff\xed\xa0\x80\n"),
    "escapes": _forged(b"\x1b[2J<script> <a@b> 1 +0000", b"=1+1 <a@b> 1 +0000", b"\x1b]0;x\x07\n"),
    "long message": _forged(message=b"x" * (8 << 20)),
    "many headers": _forged(more=b"author A <a@b> 1 +0000\n" * 20_000),
    "parent of itself": _forged(more=b"parent %s\n"),
    "no tree": b"author A <a@b> 1 +0000\n\nx %s",
}
HOSTILE_TREES = {
    "dot git": b"40000 .git\0" + b"a" * 20,
    "dot dot": b"100644 ..\0" + b"a" * 20,
    "slash": b"100644 a/b\0" + b"a" * 20,
    "case": b"100644 A\0" + b"a" * 20 + b"100644 a\0" + b"a" * 20,
    "twice": (b"100644 dvc.lock\0" + b"a" * 20) * 2,
    "odd mode": b"777777 a\0" + b"a" * 20,
    "link to outside": b"120000 params.yaml\0" + b"a" * 20,
    "submodule": b"160000 x.dvc\0" + b"a" * 20,
    "no name": b"100644 \0" + b"a" * 20,
    "cut": b"100644 a\0aaa",
    "newline": b"100644 a\nb\tc\0" + b"a" * 20,
    "not UTF-8": b"100644 \xff\xfe.dvc\0" + b"a" * 20,
    "300 bytes": b"100644 " + b"a" * 300 + b"\0" + b"a" * 20,
}


@pytest.mark.parametrize("name", HOSTILE_COMMITS)
def test_a_hostile_commit_harms_nobody(bare: Path, name: str) -> None:
    """Commits with missing, huge or forged fields are read, or the submission is refused."""
    tree = run_git(bare, "rev-parse", "main^{tree}").strip()
    data = HOSTILE_COMMITS[name]
    verdict(lambda forged: with_object(bare, "commit", forged), data.replace(b"%s", tree))


@pytest.mark.parametrize("name", HOSTILE_TREES)
def test_a_hostile_tree_harms_nobody(bare: Path, name: str) -> None:
    """Trees with names that lead out, come twice or are no names are read, or the submission is refused."""
    verdict(lambda forged: with_object(bare, "tree", forged), HOSTILE_TREES[name])


@pytest.mark.long
@pytest.mark.parametrize("kind", ["commit", "tree"])
@settings(SETTINGS, max_examples=150)
@given(st.data())
def test_an_object_is_read_or_refused(bare: Path, kind: str, data: st.DataObject) -> None:
    """Whatever an object holds, history is read, or the submission is refused with the reason."""
    forged = data.draw(documents(seeds(bare, kind)))
    verdict(lambda given_: with_object(bare, kind, given_), forged)


@settings(SETTINGS, max_examples=QUICK * 5, derandomize=True)
@given(documents([b"refs/heads/main", b"refs/exps/ab/" + b"c" * 38 + b"/loud-seal", b"HEAD"]))
def test_a_ref_that_is_taken_is_one_that_git_takes(data: bytes) -> None:
    """A name is taken for a ref only if Git takes it, and choosing among odd ones chooses or refuses."""
    name = data.decode("utf-8", "surrogateescape")
    taken = is_ref_name(name)
    if taken and "\0" not in name:
        run_git(Path("/"), "check-ref-format", name)
    refs = {name: "a" * 40} if taken else {}
    verdict(lambda _: choose_revision(refs, Head(name, None), name.partition("/")[2] or None), data)
