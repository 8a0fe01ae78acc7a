"""The reference submission is the lab done step by step."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from fixtures.submissions import history
from fixtures.submissions.reference import reference as built

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.submissions.conftest import Made

LAB_DATA = "5afc23b9622f8f9ffa60824f4e97d0d5"


@pytest.fixture(scope="module")
def reference(made: Callable[[str], Made]) -> Made:
    """The reference submission."""
    return made("reference")


def _cached(reference: Made, md5: str) -> bytes:
    return (reference.folder / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]).read_bytes()


def _rows(data: bytes) -> int:
    return len(pd.read_csv(io.BytesIO(data)))


def test_has_a_commit_for_each_step(reference: Made) -> None:
    """The branch holds the handout's steps in order, and only the first is the staff's."""
    assert reference.subjects() == [
        history.RERUN,
        history.BUILT,
        history.HANDED_OVER,
        history.MODELLED,
        history.AUGMENTED,
        history.TRACKED,
        history.REMOTE,
        history.INITIALISED,
        history.START,
    ]
    authors = reference.git("log", "--reverse", "--format=%an").splitlines()
    assert authors == ["Course staff", *["Robin Example"] * 8]


def test_work_tree_is_clean(reference: Made) -> None:
    """Nothing is left uncommitted."""
    assert reference.git("status", "--porcelain") == ""


def test_tracks_two_versions_of_the_data(reference: Made) -> None:
    """The first pointer is the lab's dataset, the second has ten rows more, and the cache holds both."""
    first = reference.pointer(revision=reference.commit(history.TRACKED))["md5"]
    second = reference.pointer(revision=reference.commit(history.AUGMENTED))["md5"]
    assert first == LAB_DATA
    assert [_rows(_cached(reference, md5)) for md5 in (first, second)] == [569, 579]


def test_keeps_the_pointer_and_gives_the_model_to_the_pipeline(reference: Made) -> None:
    """At HEAD the data has its pointer, the model has not, and neither file is in Git."""
    files = reference.files()
    assert "data/raw/data.csv.dvc" in files
    assert files.isdisjoint({"data/raw/data.csv", "models/classifier.pkl", "models/classifier.pkl.dvc"})
    assert "models/classifier.pkl.dvc" in reference.files(reference.commit(history.MODELLED))


def test_lock_belongs_to_the_data_and_the_split(reference: Made) -> None:
    """The lock read the tracked data, and the split that it records has 463 and 116 rows."""
    assert reference.locked("data/raw/data.csv") == reference.pointer()["md5"]
    halves = [reference.locked(f"data/processed/{half}.csv") for half in ("train", "test")]
    assert [_rows(_cached(reference, md5)) for md5 in halves] == [463, 116]


def test_second_run_changed_the_model_only(reference: Made) -> None:
    """Between the two locks the split is the same, and the model is another one."""
    built = reference.commit(history.BUILT)
    assert reference.locked("data/processed/train.csv") == reference.locked("data/processed/train.csv", built)
    assert reference.locked("models/classifier.pkl") != reference.locked("models/classifier.pkl", built)


def test_remote_is_committed(reference: Made) -> None:
    """The default remote is in the committed configuration."""
    assert "remote = storage" in reference.text(".dvc/config")


def test_experiments_differ(reference: Made) -> None:
    """Three experiments hang on the last commit, and no two agree in parameters or metrics."""
    experiments = reference.experiments()
    assert set(experiments) == set(history.EXPERIMENTS)
    params = {json.dumps(reference.data("params.yaml", sha)) for sha in experiments.values()}
    metrics = {json.dumps(reference.data(history.SCORES, sha)) for sha in experiments.values()}
    assert len(params) == len(metrics) == 3
    head = reference.git("rev-parse", "HEAD")
    assert {reference.git("rev-parse", f"{sha}^") for sha in experiments.values()} == {head}


@pytest.mark.long
def test_same_steps_give_the_same_history(tmp_path: Path, reference: Made) -> None:
    """Built again elsewhere, the branch ends in the same commit: hashes, metrics and dates included."""
    again = built(tmp_path)
    head = (again / ".git" / "refs" / "heads" / "main").read_text(encoding="utf-8").strip()
    assert head == reference.git("rev-parse", "HEAD")
