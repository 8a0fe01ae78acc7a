"""The student's commits told from the template's, and what the commits hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.evidence.history import History, is_experiment
from tests.evidence.conftest import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.evidence.repository import Commit, GitRepository
    from tests.evidence.conftest import Lab, Work

DATA = TEMPLATE["data.csv"]


def _history(work: Work, template_commits: Iterable[str] = ()) -> History:
    return History(work.open(), work.repo.head.commit.hexsha, TEMPLATE, frozenset(template_commits))


def _subjects(commits: Iterable[Commit]) -> list[str]:
    return [commit.subject for commit in commits]


def _is_data(path: str, _blob: str) -> bool:
    return path.endswith("data.csv")


def _is_pointer(path: str, _blob: str) -> bool:
    return path.endswith("data.csv.dvc")


def test_the_templates_own_commits_are_not_the_students(work: Work) -> None:
    """Commits that only bring template files, in any number of steps, are the template's."""
    work.commit("part", {"README.md": TEMPLATE["README.md"]})
    work.commit("whole", dict(TEMPLATE))
    work.commit("nothing", {})
    work.commit("mine", {"dvc.yaml": b"stages: {}\n"})
    history = _history(work)
    assert _subjects(history.student_commits) == ["mine"]
    assert len(history.template_commits) == 3


@pytest.mark.parametrize(
    "files",
    [
        {name: data.replace(b"\n", b"\r\n") for name, data in TEMPLATE.items()},
        {f"lab 1/{name}": data for name, data in TEMPLATE.items()},
    ],
    ids=["crlf", "subfolder"],
)
def test_line_ends_and_a_subfolder_do_not_make_it_the_students(
    work: Work, files: dict[str, bytes | None]
) -> None:
    """The template is the template with CRLF line ends, and below a folder."""
    work.commit("template", files)
    work.commit("mine", {"x": b"x"})
    assert _subjects(_history(work).student_commits) == ["mine"]


@pytest.mark.parametrize(
    "files",
    [{"README.md": b"my own\n"}, {"new": b"x"}, {"data.csv": None}, {"data.csv": DATA + b"5,6\n"}],
    ids=["changed", "added", "removed", "grown"],
)
def test_the_first_change_is_the_students(work: Work, files: dict[str, bytes | None]) -> None:
    """Whatever leaves the template is the student's, a removal too, and so is all that follows."""
    work.commit("template", dict(TEMPLATE))
    work.commit("mine", files)
    work.commit("restored", dict(TEMPLATE))
    assert _subjects(_history(work).student_commits) == ["mine", "restored"]


def test_a_link_is_not_a_template_file(work: Work) -> None:
    """A symbolic link in a template file's place is the student's."""
    (work.path / "data.csv").symlink_to("README.md")
    work.repo.index.add(["data.csv"])
    work.commit("mine", {"README.md": TEMPLATE["README.md"]})
    assert _subjects(_history(work).student_commits) == ["mine"]


def test_older_template_versions_can_be_named(work: Work) -> None:
    """Named commits are the template's with all that they build on, whatever they hold."""
    work.commit("v0", {"README.md": b"old\n", "solution.txt": b"oops\n"})
    old = work.commit("v1", {"solution.txt": None})
    work.commit("v2", dict(TEMPLATE))
    work.commit("mine", {"x": b"x"})
    assert _subjects(_history(work, [old]).student_commits) == ["mine"]
    assert _subjects(_history(work, ["f" * 40]).student_commits) == ["v0", "v1", "v2", "mine"]


def test_branches_and_merges_are_followed(work: Work) -> None:
    """A merged side is the student's, one that is not merged only on branches and tags."""
    work.commit("template", dict(TEMPLATE))
    work.branch("merged")
    work.commit("side", {"a": b"a"})
    work.branch("loose", "main")
    loose = work.commit("loose", {"b": b"b"})
    work.repo.create_tag("kept", loose)
    work.checkout("main")
    work.repo.git.branch("-q", "-D", "loose")
    work.commit("main", {"c": b"c"})
    work.merge("merged")
    history = _history(work)
    assert sorted(_subjects(history.student_commits)) == ["main", "merge merged", "side"]
    assert sorted(_subjects(history.all_student_commits)) == ["loose", "main", "merge merged", "side"]
    assert history.all_student_commits[-1].subject in {"merge merged", "loose"}


def test_a_merge_of_template_versions_is_the_templates(work: Work) -> None:
    """A merge is the template's only when all that it merges is."""
    work.commit("one", {"README.md": TEMPLATE["README.md"]})
    work.branch("side")
    work.commit("two", {"data.csv": DATA})
    work.checkout("main")
    work.commit("three", {"params.yaml": TEMPLATE["params.yaml"]})
    work.merge("side")
    assert _history(work).student_commits == ()


def test_experiments_count_only_where_the_head_has_them(work: Work) -> None:
    """An experiment's commit is none of the student's on a branch, and one of them on the head."""
    work.commit("template", dict(TEMPLATE))
    work.branch("exp")
    work.commit("dvc: commit experiment 12ab", {"data.csv": DATA + b"9,9\n"})
    work.checkout("main")
    work.commit("mine", {"x": b"x"})
    assert _subjects(_history(work).all_student_commits) == ["mine"]
    work.merge("exp")
    assert len(_history(work).student_commits) == 3


def test_added_and_removed_paths(work: Work) -> None:
    """A commit's additions and removals are those against its first parent."""
    work.commit("template", dict(TEMPLATE))
    work.commit("mine", {"data.csv": None, "x": b"x", "README.md": b"new\n"})
    history = _history(work)
    (mine,) = history.student_commits
    assert history.added(mine) == ("x",)
    assert history.removed(mine) == ("data.csv",)


def test_commits_with_a_path(work: Work) -> None:
    """A path is in the commits from its addition to its removal."""
    work.commit("template", dict(TEMPLATE))
    for subject, files in (("add", {"x": b"1"}), ("keep", {"y": b"1"}), ("drop", {"x": None})):
        work.commit(subject, dict[str, bytes | None](files))
    history = _history(work)
    assert _subjects(history.commits_with("x")) == ["add", "keep"]
    assert _subjects(history.commits_with("data.csv")) == ["add", "keep", "drop"]


def test_data_is_followed_through_a_merge(work: Work) -> None:
    """A merge holds what its result holds: data removed on one side is gone."""
    work.commit("template", dict(TEMPLATE))
    work.branch("side")
    work.commit("removed", {"data.csv": None, "data.csv.dvc": b"outs: []\n"})
    work.checkout("main")
    work.commit("main", {"y": b"y"})
    work.merge("side")
    history = _history(work)
    assert _subjects(history.data_in_git(_is_data)) == ["main"]
    replaced = history.replaced(_is_data, _is_pointer)
    assert replaced is not None
    assert (replaced.commit.subject, replaced.later) == ("removed", ())


@pytest.mark.parametrize(
    ("steps", "where", "later"),
    [
        ([{"data.csv": None, "data.csv.dvc": b""}, {"data.csv.dvc": None}], "step 0", []),
        ([{"data.csv": None}, {"data.csv.dvc": b""}], "step 1", []),
        ([{"data.csv.dvc": b""}, {"data.csv": None}], "step 1", []),
        ([{"data.csv": None, "data.csv.dvc": b""}, {"copy/data.csv": DATA}], "step 0", ["step 1"]),
        ([{"x": b""}], None, []),
        ([{"data.csv": None}], None, []),
        ([{"data.csv.dvc": b""}], None, []),
    ],
    ids=["at once", "data first", "pointer first", "came back", "never", "no pointer", "still there"],
)
def test_where_a_pointer_replaces_the_data(
    work: Work, steps: list[dict[str, bytes | None]], where: str | None, later: list[str]
) -> None:
    """The first commit with a pointer and without data counts, in whatever order the two came."""
    work.commit("template", dict(TEMPLATE))
    for number, files in enumerate(steps):
        work.commit(f"step {number}", files)
    replaced = _history(work).replaced(_is_data, _is_pointer)
    assert (replaced.commit.subject if replaced else None) == where
    assert (_subjects(replaced.later) if replaced else []) == later


def test_data_on_a_later_branch_or_tag_is_found(work: Work) -> None:
    """Data that comes back on another branch is seen; a branch from before is not later."""
    work.commit("template", dict(TEMPLATE))
    work.branch("older")
    work.commit("older", {"z": b"z"})
    work.checkout("main")
    work.commit("replaced", {"data.csv": None, "data.csv.dvc": b""})
    work.branch("other")
    work.commit("again", {"data.csv": DATA})
    work.checkout("main")
    replaced = _history(work).replaced(_is_data, _is_pointer)
    assert replaced is not None
    assert _subjects(replaced.later) == ["again"]


def test_ancestors_and_descendants(work: Work) -> None:
    """Both leave the commit itself out, and follow every parent."""
    first = work.commit("one", {"a": b"1"})
    work.branch("side")
    side = work.commit("side", {"b": b"1"})
    work.checkout("main")
    main = work.commit("main", {"c": b"1"})
    merge = work.merge("side")
    history = _history(work)
    assert history.ancestors(merge) == {first, side, main}
    assert history.ancestors(first) == frozenset()
    assert history.ancestors("0" * 40) == frozenset()
    assert history.descendants(side) == {merge}
    assert history.descendants(merge) == frozenset()


def test_a_real_history(opened: GitRepository, lab: Lab) -> None:
    """In a lab worked through with DVC the student's commits, and the data's replacement, are found."""
    history = History(opened, lab.commits["head"], TEMPLATE)
    assert _subjects(history.student_commits) == ["track the data", "add a row", "pipeline"]
    assert history.all_student_commits == history.student_commits
    assert any(is_experiment(commit) for commit in history.commits)
    replaced = history.replaced(_is_data, _is_pointer)
    assert replaced is not None
    assert (replaced.commit.sha, replaced.later) == (lab.commits["tracked"], ())
