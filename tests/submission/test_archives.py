"""Unpacking: hostile names, links, devices and bombs, made with the standard library's own writers."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import Unreadable
from harness.submission.archives import Limits, unpack

SMALL = Limits(entries=20, total_bytes=100_000, ratio=5, ratio_floor=50_000, depth=6)
Entry = tuple[str, bytes]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder to unpack into, with a neighbour that must stay as it is."""
    (tmp_path / "neighbour").write_text("mine")
    return tmp_path / "root"


def make_zip(path: Path, *entries: Entry, system: int = 3) -> Path:
    """Write a zip, names exactly as given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries:
            entry = zipfile.ZipInfo()
            entry.filename, entry.create_system, entry.compress_type = name, system, zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16 if system == 3 else 0
            packed.writestr(entry, data)
    return path


def make_tar(path: Path, *entries: tarfile.TarInfo | Entry, mode: str = "w:gz") -> Path:
    """Write a tar with files and any other entries."""
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                packed.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                packed.addfile(info, io.BytesIO(entry[1]))
    return path


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """Return a tar entry that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def files_in(root: Path) -> dict[str, bytes]:
    """Return every file's content, and fail on anything but files and folders."""
    assert not [
        path for path in root.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())
    ]
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_zip_and_tar_keep_names_and_bytes(root: Path, tmp_path: Path) -> None:
    """Files arrive with their bytes, readable by the owner alone."""
    entries = (("./a/b.txt", b"1"), ("ü n.csv", b"2"), ("empty", b""))
    unpack(make_zip(tmp_path / "x.zip", *entries), "zip", root, SMALL)
    unpack(make_tar(tmp_path / "x.tgz", *entries), "tar", tmp_path / "other", SMALL)
    assert files_in(root) == files_in(tmp_path / "other") == {"a/b.txt": b"1", "ü n.csv": b"2", "empty": b""}
    assert (root / "empty").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["../neighbour", "a/../../neighbour", "/tmp/neighbour", "C:\\x", "C:/x"])  # noqa: S108
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_outside_are_refused(root: Path, tmp_path: Path, name: str, kind: str) -> None:
    """A zip slip is refused whole, and the neighbour is as it was."""
    archive = (make_zip if kind == "zip" else make_tar)(tmp_path / "x", ("fine", b""), (name, b"theirs"))
    with pytest.raises(Unreadable, match="holds a name that leads outside of it"):
        unpack(archive, "zip" if kind == "zip" else "tar", root, SMALL)
    assert (tmp_path / "neighbour").read_text() == "mine"


def test_backslashes_of_a_zip_from_windows_are_separators(root: Path, tmp_path: Path) -> None:
    """A zip by old Windows tools unpacks into folders, and its way outside is seen too."""
    unpack(make_zip(tmp_path / "x.zip", (".git\\HEAD", b"1"), system=0), "zip", root, SMALL)
    assert files_in(root) == {".git/HEAD": b"1"}
    with pytest.raises(Unreadable, match="leads outside"):
        unpack(make_zip(tmp_path / "y.zip", ("..\\neighbour", b"1"), system=0), "zip", root, SMALL)


def test_backslash_in_a_zip_from_linux_is_part_of_the_name(root: Path, tmp_path: Path) -> None:
    """DVC on Linux makes a folder of such a name inside .dvc for a remote on drive C."""
    name = ".dvc/C:\\tmp\\dvc-storage/x"
    unpack(make_zip(tmp_path / "x.zip", (name, b"1")), "zip", root, SMALL)
    assert files_in(root) == {name: b"1"}


def test_links_and_devices_are_left_out(root: Path, tmp_path: Path) -> None:
    """No link, device or pipe is made, so no later name can go through one."""
    others = [
        special("out", tarfile.SYMTYPE, ".."),
        special("null", tarfile.CHRTYPE),
        special("disk", tarfile.BLKTYPE),
        special("pipe", tarfile.FIFOTYPE),
        special("hard", tarfile.LNKTYPE, "neighbour"),
    ]
    unpack(make_tar(tmp_path / "x.tgz", *others, ("out/neighbour", b"theirs")), "tar", root, SMALL)
    assert files_in(root) == {"out/neighbour": b"theirs"}
    assert (tmp_path / "neighbour").read_text() == "mine"


def test_link_in_a_zip_is_left_out(root: Path, tmp_path: Path) -> None:
    """A zip entry that says it is a symbolic link is not made either."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        entry = zipfile.ZipInfo("out")
        entry.create_system, entry.external_attr = 3, 0o120777 << 16
        packed.writestr(entry, "/etc")
    unpack(tmp_path / "x.zip", "zip", root, SMALL)
    assert files_in(root) == {}


def test_hard_link_inside_is_a_copy(root: Path, tmp_path: Path) -> None:
    """Where tar recorded a cached object as a link to the work tree's file, the object is there."""
    link = special(".dvc/cache/x", tarfile.LNKTYPE, "./data.csv")
    unpack(make_tar(tmp_path / "x.tgz", ("data.csv", b"1"), link), "tar", root, SMALL)
    assert files_in(root) == {"data.csv": b"1", ".dvc/cache/x": b"1"}


def test_hard_link_outside_is_refused(root: Path, tmp_path: Path) -> None:
    """A hard link that names a file outside gets no bytes of it."""
    link = special("stolen", tarfile.LNKTYPE, "../neighbour")
    with pytest.raises(Unreadable, match="leads outside"):
        unpack(make_tar(tmp_path / "x.tgz", link), "tar", root, SMALL)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_bomb_is_refused_before_it_fills_the_disk(root: Path, tmp_path: Path, kind: str) -> None:
    """Sizes count as they are unpacked, against the archive's own size too."""
    make = make_zip if kind == "zip" else make_tar
    archive = make(tmp_path / "bomb", *((f"{number}", bytes(30_000)) for number in range(3)))
    with pytest.raises(Unreadable, match="unpacks to more than 50,000 bytes"):
        unpack(archive, "zip" if kind == "zip" else "tar", root, SMALL)
    assert sum(map(len, files_in(root).values())) <= 50_000


def test_size_that_a_zip_conceals_counts(root: Path, tmp_path: Path) -> None:
    """A header that claims a small size does not get more bytes written than allowed."""
    archive = make_zip(tmp_path / "x.zip", ("zeros", bytes(400_000)))
    archive.write_bytes(
        archive.read_bytes().replace((400_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    )
    with pytest.raises(Unreadable):
        unpack(archive, "zip", root, SMALL)
    assert sum(map(len, files_in(root).values())) <= 50_000


def test_header_that_claims_any_size_is_not_believed(root: Path, tmp_path: Path) -> None:
    """An extended header of gigabytes is not read into memory."""
    header = special("x", tarfile.XHDTYPE)
    header.size = 3 << 30
    (tmp_path / "x.tgz").write_bytes(gzip.compress(header.tobuf() + bytes(100_000)))
    with pytest.raises(Unreadable, match="a header claims an impossible size"):
        unpack(tmp_path / "x.tgz", "tar", root, SMALL)


def test_skipped_entry_counts_too(root: Path, tmp_path: Path) -> None:
    """An entry that is never written cannot make the reader unpack for ever."""
    junk = tarfile.TarInfo("__MACOSX/zeros")
    junk.size = 1 << 40
    (tmp_path / "x.tgz").write_bytes(gzip.compress(junk.tobuf() + bytes(2_000_000)))
    with pytest.raises(Unreadable, match="unpacks to more than"):
        unpack(tmp_path / "x.tgz", "tar", root, SMALL)


def test_too_many_entries(root: Path, tmp_path: Path) -> None:
    """A million empty files are refused at the limit."""
    archive = make_zip(tmp_path / "x.zip", *((f"{number}", b"") for number in range(21)))
    with pytest.raises(Unreadable, match="more than 20 entries"):
        unpack(archive, "zip", root, SMALL)


@pytest.mark.parametrize(
    ("name", "saying"),
    [("d/" * 10_000 + "x", "more than 6 folders deep"), ("n" * 300, "too long for a file system")],
)
def test_names_that_no_disk_takes(root: Path, tmp_path: Path, name: str, saying: str) -> None:
    """Ten thousand folders deep, or a name of 300 bytes: a sentence, not a crash."""
    with pytest.raises(Unreadable, match=saying) as raised:
        unpack(make_tar(tmp_path / "x.tgz", (name, b"1")), "tar", root, SMALL)
    assert len(str(raised.value)) < 600


def test_name_that_is_not_utf8(root: Path, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 stay the bytes they are."""
    unpack(make_tar(tmp_path / "x.tgz", (os.fsdecode(b"caf\xe9"), b"1")), "tar", root, SMALL)
    assert [os.fsencode(path.name) for path in root.iterdir()] == [b"caf\xe9"]


def test_file_and_folder_of_one_name(root: Path, tmp_path: Path) -> None:
    """A contradiction is refused, in either order."""
    for number, entries in enumerate([(("a", b""), ("a/b", b"")), (("a/b", b""), ("a", b""))]):
        with pytest.raises(Unreadable, match="both a file and a folder"):
            unpack(make_zip(tmp_path / f"{number}", *entries), "zip", root / str(number), SMALL)


def test_later_entry_wins(root: Path, tmp_path: Path) -> None:
    """A name that comes twice, as after `tar -r`, has the later bytes."""
    unpack(make_tar(tmp_path / "x.tgz", ("a", b"old"), ("a", b"new")), "tar", root, SMALL)
    assert files_in(root) == {"a": b"new"}


def test_junk_is_left_out_but_not_of_git(root: Path, tmp_path: Path) -> None:
    """What a Mac or an environment adds is not unpacked; a branch may have any name."""
    entries = (("__MACOSX/lab/._x", b""), ("lab/.DS_Store", b""), ("v/site-packages/y.py", b""))
    branch = (".git/refs/heads/node_modules", b"1")
    unpack(make_zip(tmp_path / "x.zip", *entries, branch), "zip", root, SMALL)
    assert files_in(root) == {branch[0]: b"1"}


def test_encrypted_zip(root: Path, tmp_path: Path) -> None:
    """A zip with a password is refused by that name."""
    archive = make_zip(tmp_path / "x.zip", ("a", b"1"))
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(Unreadable, match="encrypted with a password"):
        unpack(archive, "zip", root, SMALL)


@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30), max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_ever_writes_outside(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the names, an archive unpacks below its folder or is refused."""
    here = tmp_path_factory.mktemp("any")
    with tarfile.open(here / "x.tar", "w") as packed:
        for name in names:
            packed.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
    with contextlib.suppress(Unreadable):
        unpack(here / "x.tar", "tar", here / "deep" / "root", SMALL)
    assert {path.name for path in here.iterdir()} == {"deep", "x.tar"}
    assert {path.name for path in (here / "deep").iterdir()} == {"root"}
