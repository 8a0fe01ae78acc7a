"""What is put where a pipeline reads raw data: what was tracked, what the lock records, or a stand-in."""

from __future__ import annotations

import pytest

from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning.dataset import lab_data
from harness.labs.dvc_versioning.versions import Placed
from tests.labs.dvc_versioning.conftest import PLAIN, Work, larger, lock_file, md5_of, pointer_to
from tests.labs.dvc_versioning.test_versions import DATA, POINTER, listing, opened

LOST = "0" * 32


def placed(work: Work, path: str, pipeline: Pipeline | None = None) -> tuple[Placed, ...]:
    """What is put at a path that HEAD's pipeline reads."""
    dataset = opened(work, pipeline=pipeline)
    return dataset.behind(path, dataset.case.commit)


def lock_on(path: str, data: bytes) -> bytes:
    """A lock that records some bytes at a path that a stage reads."""
    return lock_file({"split": {"deps": [{"path": path, "md5": md5_of(data)}]}})


def test_raw_data_is_placed_by_its_pointer(work: Work) -> None:
    """The pointer at the commit, not the newest version."""
    first = work.commit({POINTER: pointer_to(lab_data())})
    work.commit({POINTER: pointer_to(larger())})
    work.hand_in(larger())
    dataset = opened(work)
    (item,) = dataset.behind(DATA, first)
    assert (item.path, item.md5, item.stands_in) == (DATA, md5_of(lab_data()), False)


def test_raw_data_without_a_pointer_is_placed_by_the_lock(work: Work) -> None:
    """The handout lets the pointer go once the pipeline manages the data."""
    work.commit({POINTER: pointer_to(larger())})
    lock = lock_file({"split": {"deps": [{"path": DATA, "md5": md5_of(lab_data())}]}})
    head = work.commit({POINTER: None, "dvc.lock": lock})
    work.hand_in(larger())
    (item,) = opened(work, pipeline=PLAIN).behind(DATA, head)
    assert (item.md5, item.stands_in) == (md5_of(lab_data()), False)


def test_lost_raw_data_has_a_stand_in(work: Work) -> None:
    """The newest tracked version, else the lab's data; either says that it stands in."""
    work.commit({POINTER: pointer_to(larger())})
    lost = work.commit({POINTER: pointer_to(b"lost")})
    (item,) = opened(work).behind(DATA, lost)
    assert (item.md5, item.stands_in) == (md5_of(lab_data()), True)
    work.hand_in(larger())
    (item,) = opened(work).behind(DATA, lost)
    assert (item.md5, item.stands_in) == (md5_of(larger()), True)
    assert "was not handed in" in item.how


def test_a_file_of_a_tracked_folder_is_placed_by_the_folders_pointer(work: Work) -> None:
    """A stage may depend on one file of what is tracked as a folder."""
    sha = work.commit({"data/raw.dvc": pointer_to(b"", "raw", md5=f"{md5_of(listing(data=lab_data()))}.dir")})
    (item,) = opened(work).behind(DATA, sha)
    assert (item.path, item.stands_in) == (DATA, False)


@pytest.mark.parametrize("path", ["extra.csv", "data/extra.tsv", f"lab/{DATA}"])
def test_a_table_that_nobody_tracks_has_a_stand_in(work: Work, path: str) -> None:
    """The pipeline is shown to run; that the data is no tracked version is said."""
    work.commit({"README.md": b"mine"})
    (item,) = placed(work, path)
    assert (item.path, item.md5, item.stands_in) == (path, md5_of(lab_data()), True)
    assert item.data.read_bytes() == lab_data()
    assert item.how == "no pointer and no lock names its hash: the lab's own data stands in"


@pytest.mark.parametrize("path", ["weights.bin", "fit.cfg", "data", "names.txt"])
def test_what_can_be_no_dataset_has_no_stand_in(work: Work, path: str) -> None:
    """The lab's rows are no configuration and no model: the stage fails as it does in a fresh clone."""
    work.commit({"old/table.csv.dvc": pointer_to(lab_data(), "table.csv")})
    assert placed(work, path) == ()


def test_a_file_that_left_git_is_not_brought_back(work: Work) -> None:
    """The lock has its md5 and the history its bytes, but a fresh clone lacks it."""
    work.commit({"fit.cfg": b"depth = 3\n" * 9})
    work.commit({"fit.cfg": None, "dvc.lock": lock_on("fit.cfg", b"depth = 3\n" * 9)}, PLAIN)
    assert placed(work, "fit.cfg", PLAIN) == ()


def test_a_file_that_never_was_in_git_is_placed_by_the_lock(work: Work) -> None:
    """What came from elsewhere and was handed in is put where the lock has it."""
    work.commit({"dvc.lock": lock_on("weights.bin", b"\x00" * 90)}, PLAIN)
    md5 = work.hand_in(b"\x00" * 90)
    (item,) = placed(work, "weights.bin", PLAIN)
    assert (item.path, item.md5, item.stands_in) == ("weights.bin", md5, False)


def test_what_was_lost_is_named_by_its_hash(work: Work) -> None:
    """The pointer's before the lock's."""
    work.commit({POINTER: pointer_to(b"", md5=LOST), "dvc.lock": lock_on(DATA, b"also lost")}, PLAIN)
    (item,) = placed(work, DATA, PLAIN)
    assert item.how == f"md5 {LOST} was not handed in: the lab's own data stands in"


def test_a_lost_pointer_is_followed_by_the_lock(work: Work) -> None:
    """The lock records what the pipeline really ran on."""
    work.commit({POINTER: pointer_to(b"", md5=LOST), "dvc.lock": lock_on(DATA, larger())}, PLAIN)
    work.hand_in(larger())
    (item,) = placed(work, DATA, PLAIN)
    assert (item.md5, item.stands_in) == (md5_of(larger()), False)


def test_a_folder_does_not_stand_in_for_a_file(work: Work) -> None:
    """Where the dataset was tracked as a folder, the lab's own data does."""
    md5 = work.hand_in(listing(data=larger()), suffix=".dir")
    work.hand_in(larger())
    work.commit({"data/raw.dvc": pointer_to(b"", "raw", md5=md5)})
    work.commit({"data/raw.dvc": pointer_to(b"", "raw", md5=f"{LOST}.dir")})
    (item,) = placed(work, DATA)
    assert (item.path, item.md5, item.stands_in) == (DATA, md5_of(lab_data()), True)
