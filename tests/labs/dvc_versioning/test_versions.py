"""The dataset's versions: found in the history, recovered where they can be, compared row by row."""

from __future__ import annotations

import json

import pytest

from fixtures.workspaces import NewWorkspace
from harness.evidence.listing import read_listing
from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning.copies import blob_name
from harness.labs.dvc_versioning.dataset import lab_data
from harness.labs.dvc_versioning.versions import Dataset
from tests.labs.dvc_versioning.conftest import (
    Work,
    larger,
    md5_of,
    pointer_to,
)

POINTER = "data/raw/data.csv.dvc"
DATA = "data/raw/data.csv"
CRLF = lab_data().replace(b"\n", b"\r\n")


def opened(work: Work, *augmented: bytes, pipeline: Pipeline | None = None) -> Dataset:
    """The dataset of a submission."""
    return work.dataset(work.case(pipeline), augmented)


def listing(**files: bytes) -> bytes:
    """DVC's listing of a folder of files."""
    entries = [{"md5": md5_of(data), "relpath": f"{name}.csv"} for name, data in sorted(files.items())]
    return json.dumps(entries, sort_keys=True).encode()


@pytest.mark.parametrize(
    ("data", "form"),
    [(lab_data(), "LF"), (CRLF, "CRLF"), (lab_data().rstrip(b"\n"), "LF, no final newline")],
)
def test_the_labs_data_is_known_by_its_hash_alone(work: Work, data: bytes, form: str) -> None:
    """Nothing was handed in, and the version has its rows."""
    work.commit({POINTER: pointer_to(data)})
    (version,) = opened(work).versions
    assert version.form == form
    assert version.table is not None
    assert version.table.row_count == 569
    assert version.how.startswith("the lab's own dataset")


def test_versions_come_in_the_order_of_the_history(work: Work) -> None:
    """A later version that holds the former's rows and more shows that the data grew."""
    first = work.commit({POINTER: pointer_to(lab_data())})
    work.commit({"README.md": b"hello"})
    second = work.commit({POINTER: pointer_to(larger())})
    work.hand_in(larger())
    dataset = opened(work)
    assert [version.commit for version in dataset.versions] == [first, second]
    assert dataset.grew(dataset.versions)
    assert not dataset.grew(dataset.versions[:1])
    newest = dataset.newest()
    assert newest is not None
    assert newest.commit == second


def test_a_smaller_version_is_no_growth(work: Work) -> None:
    """Going back to the first data adds nothing."""
    work.commit({POINTER: pointer_to(larger())})
    work.commit({POINTER: pointer_to(lab_data())})
    work.hand_in(larger())
    dataset = opened(work)
    assert len(dataset.versions) == 2
    assert not dataset.grew(dataset.versions)


def test_as_many_rows_of_others_are_no_growth(work: Work) -> None:
    """More rows that do not contain the former's are other data."""
    other = larger().replace(b"17.99,", b"18.00,")
    work.commit({POINTER: pointer_to(lab_data())})
    work.commit({POINTER: pointer_to(other)})
    work.hand_in(other)
    dataset = opened(work)
    assert other != larger()
    assert not dataset.grew(dataset.versions)


def test_a_lost_version_is_made_by_the_students_own_script(work: Work) -> None:
    """What the script makes of the lab's data is matched against the pointer, in all forms of text."""
    work.commit({POINTER: pointer_to(larger().replace(b"\n", b"\r\n"))})
    (version,) = opened(work, larger()).versions
    assert version.how.startswith("augmented 1 times")
    assert version.table is not None
    assert version.table.row_count == 571


def test_a_lost_version_stays_unknown(work: Work) -> None:
    """Nothing is invented where nothing fits."""
    work.commit({POINTER: pointer_to(b"lost")})
    dataset = opened(work, larger())
    (version,) = dataset.versions
    assert (version.files, version.table, version.form, version.how) == ((), None, None, "")
    assert dataset.newest() is None


def test_a_pointer_of_the_template_is_not_the_students(work: Work) -> None:
    """Without a pointer nothing was tracked."""
    work.commit({"README.md": b"mine"})
    dataset = opened(work)
    assert dataset.versions == ()
    assert dataset.replacement() is None


def test_a_tracked_folder_is_seen_through(work: Work) -> None:
    """DVC's listing names the files, the largest table is the dataset."""
    work.commit({"data/raw.dvc": pointer_to(b"", "raw", md5=f"{md5_of(listing(data=larger()))}.dir")})
    work.hand_in(listing(data=larger()), suffix=".dir")
    work.hand_in(larger())
    dataset = opened(work)
    (version,) = dataset.versions
    assert [item.path for item in version.files] == [DATA]
    assert version.listing is not None
    assert version.table is not None
    assert version.table.row_count == 571


def test_a_lost_folder_with_the_labs_data_is_guessed(work: Work) -> None:
    """A folder that holds nothing but the dataset is known by its hash."""
    work.commit({"data/raw.dvc": pointer_to(b"", "raw", md5=f"{md5_of(listing(data=CRLF))}.dir")})
    (version,) = opened(work).versions
    assert [(item.path, item.md5) for item in version.files] == [(DATA, md5_of(CRLF))]
    assert version.form == "CRLF"


@pytest.mark.parametrize("data", [b"{", b'{"a": 1}', b'[1, {"md5": "x"}]'])
def test_a_broken_listing_names_no_files(work: Work, data: bytes) -> None:
    """What is handed in as a folder's listing may be anything."""
    md5 = work.hand_in(data, suffix=".dir")
    work.commit({"data/raw.dvc": pointer_to(b"", "raw", md5=md5)})
    found = opened(work).recovery.find(md5)
    assert found is not None
    assert not read_listing(found.path)


@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 40, b'a,b\n"1,2\n'])
def test_data_that_is_no_table_is_no_table(work: Work, data: bytes) -> None:
    """A student may track anything by the dataset's name."""
    work.commit({POINTER: pointer_to(data)})
    work.hand_in(data)
    (version,) = opened(work).versions
    assert version.table is None or version.table.row_count < 2


def test_the_handouts_path_is_the_dataset(work: Work) -> None:
    """Among several tracked files, the path first, then the lab's hash, then any table."""
    model, table = pointer_to(b"m", "m.pkl"), pointer_to(b"1,2", "a.csv")
    work.commit({"m.pkl.dvc": model, "a.csv.dvc": table})
    assert opened(work).path == "a.csv"
    work.commit({"lab.txt.dvc": pointer_to(lab_data(), "lab.txt")})
    assert opened(work).path == "lab.txt"
    work.commit({f"lab/{POINTER}": pointer_to(b"1,2")})
    assert opened(work).path == f"lab/{DATA}"


def test_a_model_alone_is_no_dataset(work: Work) -> None:
    """Tracking the model does not track the data."""
    work.commit({"models/m.pkl.dvc": pointer_to(b"m", "m.pkl")})
    dataset = opened(work)
    assert not dataset.looks_tracked
    assert dataset.versions == ()


def test_the_data_leaves_git_when_its_pointer_comes(work: Work) -> None:
    """The commit that has the pointer and no data is named, and nothing after it has the data."""
    work.commit({DATA: lab_data(), "mine.txt": b"x"})
    moved = work.commit({DATA: None, POINTER: pointer_to(lab_data())})
    work.commit({POINTER: None})
    dataset = opened(work)
    assert dataset.replacement() == moved
    assert dataset.in_git_after(moved) is None


def test_data_beside_its_pointer_never_left(work: Work) -> None:
    """`dvc add` without `git rm --cached` changes nothing for Git."""
    work.commit({DATA: lab_data(), POINTER: pointer_to(lab_data())})
    dataset = opened(work)
    assert dataset.replacement() is None
    assert len(dataset.versions) == 1


@pytest.mark.parametrize("path", [DATA, "backup/old.csv"])
def test_data_that_came_back_is_found(work: Work, path: str) -> None:
    """By its path, or by its bytes under another name."""
    moved = work.commit({POINTER: pointer_to(lab_data())})
    again = work.commit({path: lab_data()})
    work.commit({path: None})
    assert opened(work).in_git_after(moved) == (again, path)


def test_a_blob_is_named_as_git_names_it(new_workspace: NewWorkspace) -> None:
    """Empty, text with either line end, bytes, the lab's data: `git hash-object` says the same."""
    every = [b"", b"a\n", b"a\r\n", b"a", b"\x00\xff" * 40, lab_data()]
    workspace = new_workspace()
    for number, data in enumerate(every):
        workspace.write(f"{number}", data)
    names = [str(number) for number in range(len(every))]
    hashed = workspace.run("git", "hash-object", *names, check=True).stdout.split()
    assert [blob_name(data) for data in every] == hashed


def test_a_dataset_that_moved_goes_on_under_its_new_name(work: Work) -> None:
    """The pointer that takes another's place names a later version; one that comes beside it does not."""
    other = "data/raw/cancer.csv.dvc"
    moved = pointer_to(lab_data(), "cancer.csv")
    first = work.commit({POINTER: pointer_to(lab_data())})
    work.commit({"data/raw/sample.csv.dvc": pointer_to(b"a,b\n1,2\n", "sample.csv")})
    work.commit({POINTER: None, other: moved})
    last = work.commit({other: pointer_to(larger(), "cancer.csv")})
    work.hand_in(larger())
    dataset = opened(work)
    assert dataset.names == (DATA, "data/raw/cancer.csv")
    assert [version.commit for version in dataset.versions] == [first, last]
    assert dataset.grew(dataset.versions)
    assert dataset.replacement() == first
