"""The locks of what was handed in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import MalformedEvidence
from harness.evidence.pipeline import Output, Pipeline
from tests.labs.dvc_versioning.conftest import (
    FIT,
    PLAIN,
    Work,
    lock_file,
    locked,
    md5_of,
    pipeline_with,
)


def test_locks_are_read_in_their_stages_folders(work: Work) -> None:
    """Paths in a lock are relative to the stage's working directory."""
    inside = replace(FIT, file="lab/dvc.yaml", wdir="lab/src", address="lab/dvc.yaml:fit")
    data = lock_file({"fit": {"outs": [{"path": "../m.pkl", "md5": "0" * 32}]}})
    sha = work.commit({"lab/dvc.lock": data}, Pipeline((inside,)))
    case = work.case()
    entry = case.locked(sha, inside)
    assert entry is not None
    assert [out.path for out in entry.outs] == ["lab/m.pkl"]
    assert case.locked(sha, replace(inside, name="other")) is None
    assert case.locked(sha, FIT) is None


def test_a_broken_lock_is_left_out_and_refused_where_it_counts(work: Work) -> None:
    """A merge conflict in dvc.lock costs the check of the lock, and no other."""
    sha = work.commit({"dvc.lock": b"<<<<<<< HEAD\n"}, PLAIN)
    case = work.case()
    assert case.locks(sha) == {}
    with pytest.raises(MalformedEvidence):
        case.refuse_unreadable_locks()


@pytest.mark.parametrize("file", ["dvc.lock", "lab/dvc.lock"])
def test_a_broken_lock_is_refused_by_its_path(work: Work, file: str) -> None:
    """At the graded commit, in any folder, whether or not a stage belongs to it; one of the past is past."""
    work.commit({file: b"<<<<<<< HEAD\n"}, PLAIN)
    with pytest.raises(MalformedEvidence) as malformed:
        work.case().refuse_unreadable_locks()
    assert malformed.value.path == file
    work.commit({file: lock_file({"fit": locked(FIT)})}, PLAIN)
    work.case().refuse_unreadable_locks()


def test_recorded_outputs_are_those_of_stages_that_are_still_there(work: Work) -> None:
    """DVC leaves the entry of a renamed or removed stage in the lock; it records nothing of this pipeline."""
    gone = {"old_fit": locked(FIT, "long ago"), "plot": {"outs": [{"path": "plot.csv", "md5": "0" * 32}]}}
    entries = {stage.name: locked(stage) for stage in PLAIN.stages}
    sha = work.commit({"dvc.lock": lock_file({**entries, **gone})}, PLAIN)
    outs = work.case().locked_outs(sha)
    assert list(outs) == ["train.csv", "test.csv", "forest.pkl", "scores.json"]
    assert outs["forest.pkl"].md5 == md5_of(b"forest.pkl")


def test_recorded_outputs_lie_in_the_repository(work: Work) -> None:
    """What a stage makes elsewhere, and a stage without an entry, record nothing."""
    outside = pipeline_with(replace(FIT, outs=(Output("../m.pkl"),)))
    lock = lock_file({"fit": {"outs": [{"path": "../m.pkl", "md5": "0" * 32}]}})
    for commit in (work.commit({"dvc.lock": lock}, outside), work.commit({"dvc.lock": None}, PLAIN)):
        assert work.case().locked_outs(commit) == {}


def test_recorded_outputs_come_from_all_locks(work: Work) -> None:
    """Each stage is looked up in the lock beside its dvc.yaml; of equal names each has its own."""
    inside = replace(FIT, file="lab/dvc.yaml", wdir="lab", address="lab/dvc.yaml:fit")
    lab = lock_file({"fit": {"outs": [{"path": "m.pkl", "md5": "0" * 32}]}})
    top = lock_file({"fit": locked(FIT)})
    sha = work.commit({"lab/dvc.lock": lab, "dvc.lock": top}, Pipeline((FIT, inside)))
    assert sorted(work.case().locked_outs(sha)) == ["forest.pkl", "lab/m.pkl"]
