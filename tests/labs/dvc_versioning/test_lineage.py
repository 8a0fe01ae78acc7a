"""Which tracked path is the dataset, and its versions under each name that it had in turn."""

from __future__ import annotations

import pytest

from harness.evidence.pointers import Pointer
from harness.labs.dvc_versioning.dataset import known_forms
from harness.labs.dvc_versioning.lineage import LEAST_LIKE, names_in_turn, unlikeliness, versions_in_turn
from tests.labs.dvc_versioning.conftest import Work, pointer_to

DATA, MOVED = "data/raw/data.csv", "data/wine.csv"
KNOWN = next(iter(known_forms()))


def pointer(path: str, md5: str | None = "0" * 32) -> Pointer:
    """A pointer to the data at a path."""
    return Pointer(f"{path}.dvc", path, md5)


@pytest.mark.parametrize(
    ("path", "md5", "rank"),
    [
        (DATA, None, 0),
        (f"lab/{DATA}", None, 0),
        ("wine.txt", KNOWN, 1),
        ("wine", f"{KNOWN}.dir", 1),
        ("data", None, 2),
        ("data/raw", None, 2),
        ("lab/data", None, 2),
        ("lab/data/raw", None, 2),
        ("a/b/data", None, 2),
        ("a/b/data/raw", None, 2),
        ("wine.tsv", None, 3),
        ("models/forest.pkl", "0" * 32, LEAST_LIKE),
        ("raw", None, LEAST_LIKE),
        ("a/b/raw", None, LEAST_LIKE),
    ],
)
def test_the_dataset_is_told_by_name_hash_and_ending(path: str, md5: str | None, rank: int) -> None:
    """The handout's own path first, then its bytes, then its folder, then any table."""
    assert unlikeliness(path, [pointer(path, md5)]) == rank


def test_one_known_version_is_enough() -> None:
    """A file that once was the lab's data is the dataset, whatever became of it."""
    assert unlikeliness("wine", [pointer("wine"), pointer("wine", KNOWN)]) == 1
    assert unlikeliness("wine", []) == LEAST_LIKE


def test_a_moved_dataset_has_two_names(work: Work) -> None:
    """Its new pointer came in the commit in which the former one went; others came beside it."""
    one = work.commit({f"{DATA}.dvc": pointer_to(b"1")})
    beside = work.commit({"more.csv.dvc": pointer_to(b"2", "more.csv")})
    two = work.commit({f"{DATA}.dvc": None, f"{MOVED}.dvc": pointer_to(b"1", "wine.csv")})
    three = work.commit({f"{MOVED}.dvc": None, "last.csv.dvc": pointer_to(b"3", "last.csv")})
    history = {
        DATA: [(one, pointer(DATA))],
        "more.csv": [(beside, pointer("more.csv"))],
        MOVED: [(two, pointer(MOVED))],
        "last.csv": [(three, pointer("last.csv"))],
    }
    git = work.case().repository
    assert names_in_turn(history, DATA, ["more.csv", MOVED, "last.csv"], git) == (DATA, MOVED, "last.csv")
    assert names_in_turn(history, DATA, ["last.csv"], git) == (DATA,)


def test_versions_come_in_the_order_of_the_commits(work: Work) -> None:
    """Under whatever name; to move the file is no new version of it, to take an earlier one again is."""
    shas = [work.commit({"a": str(number).encode()}) for number in range(5)]
    commits = work.case().history.student_commits
    history = {
        MOVED: [(shas[2], pointer(MOVED, "b")), (shas[3], pointer(MOVED, "a"))],
        DATA: [(shas[0], pointer(DATA, "a")), (shas[1], pointer(DATA, "b")), (shas[4], pointer(DATA, "a"))],
    }
    found = versions_in_turn(history, [MOVED, DATA], commits)
    assert found == (*history[DATA][:2], history[MOVED][1])
    assert versions_in_turn(history, [MOVED], commits) == tuple(history[MOVED])
    assert versions_in_turn({DATA: history[DATA][:1] * 2}, [DATA], commits) == (history[DATA][0],)
    assert versions_in_turn({}, [], commits) == ()
