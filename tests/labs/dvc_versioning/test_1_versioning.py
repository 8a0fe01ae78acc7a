"""The checks of the first deliverable: what is false fails, what was lost is left to the examiner."""

from __future__ import annotations

import pytest

from harness.errors import CheckFailed, Pending
from harness.labs.dvc_versioning import test_1_versioning as checks
from harness.labs.dvc_versioning.dataset import lab_data
from tests.labs.dvc_versioning.conftest import ResultsOf, Work, pointer_to, ruling_about

POINTER = "data/raw/data.csv.dvc"
JUNK = b"\x00\xff" * (len(lab_data()) // 2)


def judge_first_version(work: Work) -> None:
    """Judge the first version of a submission's dataset."""
    checks.test_the_first_version_is_the_labs_dataset(work.dataset(work.case()), ruling_about(4))


def judge_versions(work: Work) -> None:
    """Judge whether a submission's dataset grew."""
    checks.test_a_larger_version_follows(work.dataset(work.case()), ruling_about(4))


def test_bytes_that_are_no_table_are_not_lost(work: Work) -> None:
    """Handed-in garbage of the dataset's size is other data: it fails and is nobody's to be shown."""
    work.commit({POINTER: pointer_to(JUNK)})
    work.hand_in(JUNK)
    with pytest.raises(CheckFailed, match="data that is no table"):
        judge_first_version(work)


def test_the_size_must_be_that_of_the_hash(work: Work) -> None:
    """A pointer with the lab's md5 and another size was not written by DVC."""
    pointer = pointer_to(lab_data())
    work.commit({POINTER: pointer.replace(b"121385", b"121386")})
    with pytest.raises(CheckFailed, match="size 121385 beside md5"):
        judge_first_version(work)


def test_lost_bytes_are_pending(work: Work) -> None:
    """The same pointer without its bytes can be neither shown nor refuted."""
    work.commit({POINTER: pointer_to(JUNK)})
    with pytest.raises(Pending, match="were not handed in"):
        judge_first_version(work)


def test_a_later_version_that_is_no_table_is_no_growth(work: Work) -> None:
    """Its bytes are there and hold no rows; where they are lost, it may have grown."""
    work.commit({POINTER: pointer_to(lab_data())})
    work.commit({POINTER: pointer_to(JUNK)})
    with pytest.raises(Pending):
        judge_versions(work)
    work.hand_in(JUNK)
    with pytest.raises(CheckFailed, match="versions of 569 rows"):
        judge_versions(work)


def test_a_switch_between_lost_versions_is_pending(results_of: ResultsOf) -> None:
    """Without bytes and without a script that makes them no switch was played, which is no error of ours."""
    with pytest.raises(Pending, match="cannot be made again"):
        checks.test_switching_brings_back_each_version(results_of({}), ruling_about(5))


def test_a_switch_that_failed_fails(results_of: ResultsOf) -> None:
    """Where it was played, the submission's failure is the check's."""
    failure = CheckFailed("a script that makes a version", "exit code: 3")
    with pytest.raises(CheckFailed) as raised:
        checks.test_switching_brings_back_each_version(results_of({"switch": failure}), ruling_about(5))
    assert raised.value is failure
