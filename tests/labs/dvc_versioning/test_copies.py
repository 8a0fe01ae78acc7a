"""The dataset is recognised among Git's files whatever its path, and in another order of rows or columns."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from harness.labs.dvc_versioning.copies import Copies, blob_name, unpacked
from harness.labs.dvc_versioning.dataset import lab_data
from tests.labs.dvc_versioning.conftest import Work, larger

LINES = lab_data().decode().splitlines(keepends=True)
TURNED = "".join([LINES[0], *reversed(LINES[1:])]).encode()
COLUMNS = "".join(",".join(reversed(line.strip().split(","))) + "\n" for line in LINES).encode()


def found(work: Work, path: str, data: bytes, *versions: bytes) -> bool:
    """Whether a committed file is recognised as the dataset."""
    work.commit({path: data})
    case = work.case()
    known = [work.root / f"version-{number}" for number, _ in enumerate(versions)]
    for place, version in zip(known, versions, strict=True):
        place.write_bytes(version)
    return Copies(case.repository, known).has(path, blob_name(data))


@pytest.mark.parametrize("data", [lab_data(), TURNED, COLUMNS, TURNED + LINES[5].encode()])
def test_a_copy_is_found(work: Work, data: bytes) -> None:
    """Rows and columns may come in another order, and more rows with them."""
    assert found(work, "elsewhere/copy.csv", data)


def test_any_version_is_found_by_its_bytes(work: Work) -> None:
    """Whatever the file is called."""
    assert found(work, "notes.txt", larger(), larger())
    assert not found(work, "other.txt", larger() + b"\n")


def zipped(name: str, data: bytes, way: int = zipfile.ZIP_DEFLATED, times: int = 1) -> bytes:
    """An archive of a file, or of several that are alike."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", way) as archive:
        for number in range(times):
            archive.writestr(f"{number or ''}{name}", data)
    return target.getvalue()


@pytest.mark.parametrize("data", [lab_data(), TURNED, larger()])
def test_a_packed_copy_is_found(work: Work, data: bytes) -> None:
    """A backup that somebody zipped is the data all the same; other archives, and broken ones, are not."""
    assert found(work, "backup.csv.gz", gzip.compress(data))
    assert found(work, "backup.ZIP", zipped("old/data.csv", data))
    assert not found(work, "backup.csv.gz", gzip.compress("".join(LINES[:400]).encode()))
    assert not found(work, "backup.zip", zipped("data.csv", data)[:-30])
    assert not found(work, "backup.csv.gz", data[1:])


@pytest.mark.parametrize(
    "data", ["".join(LINES[:400]).encode(), lab_data().replace(b"17.99,", b"18.99,"), b"\xff\0" * 50_000, b""]
)
def test_other_tables_are_not(work: Work, data: bytes) -> None:
    """A part of the rows, other values, and what is no table are not the data."""
    assert not found(work, "data/processed/train.csv", data)


def test_an_archive_is_read_up_to_a_size() -> None:
    """Files that are small each and large together are not all read: neither time nor memory has no end."""
    bomb = zipped("a.csv", bytes(1000), times=50)
    assert [len(data) for _, data in unpacked("a.zip", bomb, 10_500)] == [1000] * 10
    assert [len(data) for _, data in unpacked("a.gz", gzip.compress(bytes(10**6)), 700)] == [700]


@pytest.mark.parametrize("damage", [0, 30])
def test_an_archive_packed_in_a_rare_way_is_not_read(damage: int) -> None:
    """Its dictionary may want gigabytes, and its decoder fails in ways of its own."""
    archive = bytearray(zipped("a.csv", b"1,2\n" * 100, zipfile.ZIP_LZMA))
    archive[damage] ^= 1 if damage else 0
    assert list(unpacked("a.zip", bytes(archive), 10_000)) == []
