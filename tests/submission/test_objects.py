"""DVC objects inside what was handed in, in stores that a real DVC filled and in older layouts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.submission.contents import md5_of
from harness.submission.objects import scan_objects

BIG = b"x\r\n1\r\n2\r\n"
BIG_MD5 = md5_of(BIG)


def put(store: Path, md5: str, data: bytes) -> Path:
    """Put an object where DVC would: below the first two digits of its name."""
    path = store / md5[:2] / md5[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_cache_and_remote_of_dvc(alice: Path) -> None:
    """What dvc add and dvc push left is found, in the cache and in the remote."""
    found = scan_objects(alice)
    assert found.caches == (alice / ".dvc" / "cache",)
    assert found.remotes == (alice / "dvc-storage",)
    assert len([name for name in found.names() if name.endswith(".dir")]) == 1
    assert len(found.names()) == 4
    path = found.find(BIG_MD5)
    assert path is not None
    assert path.read_bytes() == BIG
    assert found.kind_of(BIG_MD5) == "cache"
    assert found.remote_has(BIG_MD5)


def test_listing_of_a_directory(alice: Path) -> None:
    """A directory's listing is an object like any other, its name ending in .dir."""
    found = scan_objects(alice)
    listing = next(name for name in found.names() if name.endswith(".dir"))
    path = found.find(listing)
    assert path is not None
    assert b'"relpath": "one.txt"' in path.read_bytes()
    assert found.find(listing.removesuffix(".dir")) is None


def test_cache_is_no_remote(alice: Path) -> None:
    """An object that lies in the cache alone was not pushed."""
    shutil.rmtree(alice / "dvc-storage")
    found = scan_objects(alice)
    assert found.find(BIG_MD5)
    assert not found.remote_has(BIG_MD5)


def test_wrong_content_is_not_handed_out(alice: Path) -> None:
    """An object whose bytes are not what its name says is named, and not found; a good copy elsewhere is."""
    for store in (".dvc/cache", "dvc-storage"):
        spoilt = alice / store / "files" / "md5" / BIG_MD5[:2] / BIG_MD5[2:]
        spoilt.chmod(0o644)
        spoilt.write_bytes(b"poison")
        assert bool(scan_objects(alice).find(BIG_MD5)) is (store == ".dvc/cache")
    assert BIG_MD5 in scan_objects(alice).names()


@pytest.mark.parametrize("store", ["storage", ".dvc/cache", ".dvc/C:\\tmp\\dvc-storage", "a/b/c"])
def test_layout_before_dvc_3(tmp_path: Path, store: str) -> None:
    """DVC 1 and 2 had no files/md5, and took the md5 of a text with LF line ends."""
    put(tmp_path / store, md5_of(BIG.replace(b"\r\n", b"\n")), BIG)
    found = scan_objects(tmp_path)
    path = found.find(md5_of(b"x\n1\n2\n"))
    assert path is not None
    assert path.read_bytes() == BIG
    assert found.caches + found.remotes == (tmp_path / store,)
    assert bool(found.caches) is (store == ".dvc/cache")


def test_layouts_of_both_in_one_cache(tmp_path: Path) -> None:
    """A cache that DVC 2 began and DVC 3 went on with is one cache."""
    put(tmp_path / ".dvc" / "cache", md5_of(b"1"), b"1")
    put(tmp_path / ".dvc" / "cache" / "files" / "md5", md5_of(b"2"), b"2")
    found = scan_objects(tmp_path)
    assert found.caches == (tmp_path / ".dvc" / "cache",)
    assert found.names() == {md5_of(b"1"), md5_of(b"2")}


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither a linked object, nor a linked folder, nor a linked store is looked into."""
    outside = tmp_path / "outside"
    real = put(outside / "files" / "md5", md5_of(b"secret"), b"secret")
    inside = tmp_path / "inside"
    (inside / "store" / real.parent.name).mkdir(parents=True)
    (inside / "store" / real.parent.name / real.name).symlink_to(real)
    (inside / "linked").symlink_to(outside)
    (inside / ".dvc").mkdir()
    (inside / ".dvc" / "cache").symlink_to(outside)
    found = scan_objects(inside)
    assert not found
    assert found.find(md5_of(b"secret")) is None


def test_object_replaced_by_a_link_after_the_scan(tmp_path: Path) -> None:
    """What was a file when it was scanned and is a link now is not handed out."""
    data = tmp_path / "data"
    data.write_bytes(b"1")
    path = put(tmp_path / "in" / "store", md5_of(b"1"), b"1")
    found = scan_objects(tmp_path / "in")
    path.unlink()
    path.symlink_to(data)
    assert found.find(md5_of(b"1")) is None


def test_git_objects_are_not_dvc_objects(template: Path) -> None:
    """Git's own store, and names that are nearly right, do not count."""
    assert not any(".git" in str(store) for store in scan_objects(template).remotes)


def test_nothing_handed_in(tmp_path: Path) -> None:
    """A folder without any store is false."""
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / ("c" * 29)).touch()
    found = scan_objects(tmp_path)
    assert not found
    assert (found.names(), found.inventory(), found.remote_has("0" * 32)) == (frozenset(), (), False)


def test_inventory_tells_stores_and_sizes(tmp_path: Path) -> None:
    """Each object file has its line, twice where it lies in two stores."""
    md5 = md5_of(b"123")
    put(tmp_path / ".dvc" / "cache" / "files" / "md5", md5, b"123")
    put(tmp_path / "storage" / "files" / "md5", md5, b"123")
    assert scan_objects(tmp_path).inventory() == (f"cache {md5} 3", f"remote {md5} 3")


def test_size_counts_each_file(tmp_path: Path) -> None:
    """The size is that of all object files, in whatever store."""
    md5 = md5_of(b"123")
    put(tmp_path / ".dvc" / "cache" / "files" / "md5", md5, b"123")
    put(tmp_path / "storage" / "files" / "md5", md5, b"123")
    assert scan_objects(tmp_path).size == 6
    assert scan_objects(tmp_path / "storage").size == 3
