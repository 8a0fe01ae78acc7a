"""The right submissions differ from the reference as they say, and are complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.submissions import history

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

DATA = "data/raw/data.csv"
SCORES = "metrics/scores.json"


def _numbers(lab: Made, path: str = SCORES) -> list[float]:
    return sorted(lab.data(path).values())


def test_pointer_removed(made: Callable[[str], Made]) -> None:
    """The pointer is in the history and not at the end; the lock has the data's hash; the file is ignored."""
    lab = made("pointer_removed")
    assert f"{DATA}.dvc" not in lab.files()
    assert lab.locked(DATA) == lab.pointer(revision=lab.commit(history.AUGMENTED))["md5"]
    assert lab.text("data/raw/.gitignore") == "/data.csv"
    assert len(lab.experiments()) == 3


def test_pointer_removed_not_ignored(made: Callable[[str], Made]) -> None:
    """The file is not ignored, and yet in no commit of the student's branch."""
    lab = made("pointer_removed_not_ignored")
    assert "data/raw/" in lab.git("status", "--porcelain")
    touched = lab.git("log", "--format=%s", "main", "--", DATA).splitlines()
    assert touched == [history.TRACKED, history.START]


def test_crlf_windows(made: Callable[[str], Made]) -> None:
    """Git has LF, the pointers and the lock have the hashes of CRLF."""
    lab = made("crlf_windows")
    assert "\r" not in lab.text("scripts/train.py")
    assert b"\r\n" in (lab.folder / "scripts" / "train.py").read_bytes()
    reference = made("reference")
    sizes = [one.pointer(revision=one.commit(history.TRACKED))["size"] for one in (lab, reference)]
    assert sizes[0] == sizes[1] + 570
    assert lab.locked("scripts/preprocess.py") != reference.locked("scripts/preprocess.py")


def test_pipeline_in_subfolder(made: Callable[[str], Made]) -> None:
    """Everything is one folder down, DVC at the root, and the numbers are the reference's."""
    lab = made("pipeline_in_subfolder")
    assert {".dvc/config", "labs/versioning/dvc.yaml", "labs/versioning/dvc.lock"} <= lab.files()
    assert _numbers(lab, f"labs/versioning/{SCORES}") == _numbers(made("reference"))


def test_other_names(made: Callable[[str], Made]) -> None:
    """No name of stage, file or key is the reference's, and the numbers are."""
    lab = made("other_names")
    assert set(lab.data("dvc.yaml")["stages"]) == {"split_rows", "grow_forest", "judge"}
    assert _numbers(lab, "results/quality.json") == _numbers(made("reference"))
    assert "backup-disk" in lab.text(".dvc/config")


def test_split_stage(made: Callable[[str], Made]) -> None:
    """There are four stages, and whole sections are declared."""
    stages = made("split_stage").data("dvc.yaml")["stages"]
    assert len(stages) == 4
    assert (stages["preprocess"]["params"], stages["train"]["params"]) == (["preprocess"], ["train"])


def test_templated(made: Callable[[str], Made]) -> None:
    """The lock has the stages as DVC resolved them, with the reference's numbers."""
    lab = made("templated")
    assert set(lab.data("dvc.lock")["stages"]) == {"preprocess", "train@forest", "evaluate@test"}
    assert _numbers(lab) == _numbers(made("reference"))


def test_two_files(made: Callable[[str], Made]) -> None:
    """Each dvc.yaml has its lock."""
    assert {"dvc.lock", "prepare/dvc.lock", "prepare/dvc.yaml"} <= made("two_files").files()


def test_other_estimator(made: Callable[[str], Made]) -> None:
    """Boosting gives other numbers, and three experiments."""
    lab = made("other_estimator")
    assert "GradientBoosting" in lab.text("scripts/train.py")
    assert _numbers(lab) != _numbers(made("reference"))
    assert len(lab.experiments()) == 3


def test_macro_average(made: Callable[[str], Made]) -> None:
    """The accuracy is the reference's, the averages are not."""
    ours, reference = made("macro_average").data(SCORES), made("reference").data(SCORES)
    assert ours["accuracy"] == reference["accuracy"]
    assert ours["f1"] != reference["f1"]


def test_directory_tracked(made: Callable[[str], Made]) -> None:
    """The pointer is a folder's, in two versions."""
    lab = made("directory_tracked")
    commits = lab.git("log", "--format=%H", "--", "data/raw.dvc").splitlines()
    versions = [lab.pointer("data/raw.dvc", commit)["md5"] for commit in commits]
    assert len(set(versions)) == 2
    assert all(md5.endswith(".dir") for md5 in versions)


def test_experiments_on_branches(made: Callable[[str], Made]) -> None:
    """No refs/exps, but three branches with metrics that differ."""
    lab = made("experiments_on_branches")
    assert not lab.experiments()
    branches = lab.git("branch", "--list", "experiment-*", "--format=%(refname:short)").splitlines()
    assert len({lab.text(SCORES, branch) for branch in branches}) == 3


def test_cloud_remote(made: Callable[[str], Made]) -> None:
    """The default remote is a bucket."""
    assert "s3://course-bucket/robin" in made("cloud_remote").text(".dvc/config")
