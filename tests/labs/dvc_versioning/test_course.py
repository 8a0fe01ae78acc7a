"""The plays of the scenarios on a small lab: what runs from nothing, and after each change."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.workspaces import commit_all, write_tree
from harness.errors import CheckFailed
from harness.evidence.prose import Described
from harness.labs.dvc_versioning.alone import run_as_before
from harness.labs.dvc_versioning.course import Course
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.small_lab import DATA, FILES, SECOND, SmallLab, changed, opened

FORGOTTEN = FILES["fit.sh"].replace("train.csv", "forgotten.csv")


def test_everything_runs_from_nothing(small_lab: SmallLab, reproduced: Workspace) -> None:
    """With the raw data placed by its pointer, and every output made."""
    base = small_lab.course.base
    assert base.completed.argv == ("dvc", "repro", "-f", "--no-run-cache")
    assert base.completed.stages == ("split", "fit", "score")
    assert [(item.path, item.stands_in) for item in base.placed] == [(DATA, False)]
    assert reproduced.read(DATA) == SECOND.encode()
    assert (base.commit, base.head_failure) == (small_lab.case.commit, None)
    assert base.roles.model == "forest.pkl"


def test_what_was_reproduced_is_scored(small_lab: SmallLab, reproduced: Workspace, tmp_path: Path) -> None:
    """For those who ask, and for what builds on it."""
    scored = small_lab.course.score_base(reproduced.copy(tmp_path / "copy"))
    assert scored.reported is not None
    assert scored.reported.values == {"accuracy": 0.1, "f1": 0.1}
    assert small_lab.course.base.scored is scored


def test_nothing_can_build_on_what_did_not_run(small_lab: SmallLab) -> None:
    """A play that needs the first one fails as that did."""
    with pytest.raises(CheckFailed, match="none ran"):
        _ = Course(small_lab.case, small_lab.dataset, 1, small_lab.start).base


LEAVING_WORD = """\
for place in .git .dvc/tmp "$HOME" "$TMPDIR"; do
  mkdir -p $place
  echo $1 >> $place/word
done
"""


@pytest.mark.long
def test_training_cannot_know_that_it_ran_before(student_work: Workspace, tmp_path: Path) -> None:
    """Of what the reproduction has left there are the outputs alone; the stages before it have run again."""
    said = {"fit.sh": "trained", "split.sh": "divided"}
    files = {name: FILES[name] + LEAVING_WORD.replace("$1", word) for name, word in said.items()}
    lab = changed(student_work, tmp_path, files)
    workspace = lab.start(tmp_path / "a")
    base = lab.course.reproduce(workspace)
    left = [workspace.repo / ".git", workspace.repo / ".dvc/tmp", workspace.home]
    assert [(place / "word").read_text() for place in left] == ["divided\ntrained\n"] * 3
    with lab.course.before_training(workspace) as new:
        there = [new.repo / ".git", new.repo / ".dvc/tmp", new.home, new.tmp]
        assert [(place / "word").read_text() for place in there] == ["divided\n"] * 4
        made = {path: md5 for path, md5 in base.state.outs.items() if path != "scores.json"}
        assert {path: new.md5(path) for path in made} == made
        done, reads = run_as_before(new, base.pipeline.stage("fit"), None)
        assert (done.ok, reads is not None and "train.csv" in reads) == (True, True)
        assert new.read("scores.json") is None
    assert not new.root.exists()
    assert workspace.steps[-1].argv == ("dvc", "repro", "-f", "-s", "--no-run-cache", "fit")
    lab.close()


def test_a_told_experiment_is_run(small_lab: SmallLab, reproduced: Workspace, tmp_path: Path) -> None:
    """Its parameters are set; one that the pipeline does not know is left out."""
    told = Described({"fit.n_estimators": 7, "other": 1}, "README.md", "table")
    state = small_lab.course.run_told(reproduced.copy(tmp_path / "copy"), told)
    assert state.metrics["scores.json"] == b'{"accuracy": 0.7, "f1": 0.7}\n'


@pytest.mark.long
def test_an_earlier_commit_runs_where_head_does_not(student_work: Workspace, tmp_path: Path) -> None:
    """The failure of HEAD is kept beside what the earlier commit gives."""
    lab = changed(student_work, tmp_path, {"fit.sh": FORGOTTEN})
    base = lab.course.reproduce(lab.start(tmp_path / "a"))
    assert base.head_failure is not None
    assert "forgotten.csv" in base.head_failure.found
    assert (base.commit == lab.case.commit, base.completed.ok) == (False, True)
    lab.close()


@pytest.mark.long
def test_a_failed_commit_leaves_nothing_behind(student_work: Workspace, tmp_path: Path) -> None:
    """What HEAD made before it failed is gone when the earlier commit runs."""
    lab = changed(student_work, tmp_path, {"fit.sh": f"echo x > left-over.txt\n{FORGOTTEN}"})
    workspace = lab.start(tmp_path / "a")
    lab.course.reproduce(workspace)
    assert workspace.read("left-over.txt") is None
    lab.close()


@pytest.mark.parametrize(
    ("files", "expected", "found"),
    [
        (
            {"dvc.yaml": FILES["dvc.yaml"].replace("cmd: sh score.sh", "frozen: true\n    cmd: sh score.sh")},
            "every stage runs",
            "score did not run",
        ),
        ({"dvc.yaml": "stages: 3\n"}, "a dvc.yaml that DVC can run", "dvc.yaml"),
        ({"fit.sh": "true\n"}, "succeeds in a fresh clone", "forest.pkl"),
    ],
    ids=["frozen", "no pipeline", "missing output"],
)
def test_a_commit_in_which_not_all_runs_fails(
    student_work: Workspace, tmp_path: Path, files: dict[str, str], expected: str, found: str
) -> None:
    """A frozen stage, a file that DVC refuses, an output that nobody made."""
    lab = changed(student_work, tmp_path, files)
    with pytest.raises(CheckFailed) as failure:
        lab.course.reproduce_at(lab.start(tmp_path / "a"), lab.case.commit)
    assert expected in failure.value.expected
    assert found in failure.value.found
    lab.close()


@pytest.mark.long
def test_a_deleted_script_is_not_brought_back(student_work: Workspace, tmp_path: Path) -> None:
    """Its bytes are in the history and its md5 in the lock, and a fresh clone has no such file."""
    source = student_work.copy(tmp_path / "source")
    source.run("git", "rm", "-q", "fit.sh", check=True)
    commit_all(source, "oops")
    lab = opened(source, tmp_path / "store")
    workspace = lab.start(tmp_path / "a")
    with pytest.raises(CheckFailed, match=r"fit\.sh"):
        lab.course.reproduce_at(workspace, lab.case.commit)
    assert workspace.read("fit.sh") is None
    lab.close()


@pytest.mark.long
def test_where_nothing_runs_the_stages_that_do_are_read(student_work: Workspace, tmp_path: Path) -> None:
    """A split before a broken training reads its parameter; what follows on half a model is not asked."""
    source = student_work.copy(tmp_path / "source")
    write_tree(source.repo, {"fit.sh": "echo a forest of 7 and 2 > forest.pkl\ncat forgotten.csv\n"})
    source.run("git", "commit", "-q", "-a", "--amend", "-m", "never ran", check=True)
    lab = opened(source, tmp_path / "store")
    with pytest.raises(CheckFailed, match=r"forgotten\.csv"):
        lab.course.reproduce(lab.start(tmp_path / "a"))
    found = lab.course.readings_at_head
    assert list(found) == ["split"]
    assert (found["split"].read, found["split"].undeclared) == (frozenset({"split.rows"}), frozenset())
    lab.close()


def test_where_the_pipeline_runs_nothing_is_read_beforehand(
    small_lab: SmallLab, reproduced: Workspace
) -> None:
    """Its stages are read by scenarios of their own."""
    assert reproduced.repo.is_dir()
    assert small_lab.course.readings_at_head == {}
