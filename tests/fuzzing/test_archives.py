"""Archives, bundles and Git directories made by hand: a submission, or a reason why it is none."""

from __future__ import annotations

import gzip
import io
import shutil
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import git
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import Unreadable
from harness.submission.archives import Limits, unpack
from harness.submission.gitdir import read_git_directory
from harness.submission.opening import open_submission

from .bounded import verdict
from .inputs import documents
from .test_parsers import LONG, QUICK, SETTINGS

SMALL = Limits(entries=2000, total_bytes=64 << 20, ratio_floor=1 << 20)
PACKED_REFS = b"# pack-refs with: peeled fully-peeled sorted \n%s refs/heads/main\n^%s\n%s refs/tags/v1\n" % (
    (b"a" * 40,) * 3
)


def _zip(entries: Mapping[str, bytes], **fields: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.writestr(entry, content)
    return stream.getvalue()


def _tar(*entries: tuple[str, Mapping[str, object]], format_: Literal[1, 2] = 1) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:", format=format_) as archive:
        for name, fields in entries:
            entry = tarfile.TarInfo(name)
            for field, value in fields.items():
                setattr(entry, field, value)
            held = b"x" * 512 if entry.isreg() else b""
            stream.write(entry.tobuf(format_, errors="surrogateescape") + held)
            archive.offset = stream.tell()
    return stream.getvalue()


FILES = {"lab/.git/HEAD": b"ref: refs/heads/main\n", "lab/data.csv": b"a,b\n1,2\n" * 20, "lab/a/b/c": b""}
TARRED = _tar(*((name, {"size": len(content)}) for name, content in FILES.items()))
SMALL_ARCHIVES = {"zip": _zip(FILES), "tar": TARRED, "gztar": gzip.compress(TARRED, mtime=0)}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small repository with two commits, a tag, an experiment's ref and a DVC pointer."""
    folder = tmp_path_factory.mktemp("fuzzing") / "lab"
    folder.mkdir()
    run = git.Git(folder)
    run.execute(["git", "init", "-q", "-b", "main"])
    for number, text in enumerate(("a,b\n1,2\n", "a,b\n1,2\n3,4\n")):
        (folder / "data.csv").write_text(text, encoding="ascii")
        (folder / "x.dvc").write_text(f"outs:\n- md5: {number:032d}\n  path: x\n", encoding="ascii")
        run.execute(["git", "add", "-A"])
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        run.execute(["git", *who, "commit", "-q", "-m", f"number {number}"])
    run.execute(["git", "update-ref", f"refs/exps/ab/{'c' * 38}/loud", "main"])
    return folder


@pytest.fixture(scope="module")
def packed(lab: Path) -> Mapping[str, bytes]:
    """The repository in each form in which one file is handed in."""
    found: dict[str, bytes] = {}
    for ending in ("zip", "tar", "gztar"):
        file = shutil.make_archive(str(lab.parent / "packed"), ending, lab.parent, "lab")
        found[ending] = Path(file).read_bytes()
    git.Git(lab).execute(["git", "bundle", "create", "-q", str(lab.parent / "b.bundle"), "--all"])
    return found | {"bundle": (lab.parent / "b.bundle").read_bytes()}


def unpacked(kind: Literal["zip", "tar"]) -> Callable[[bytes], object]:
    """Unpack an archive, and see that nothing lies beside the folder that it was unpacked to."""

    def parse(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as place:
            archive = Path(place, "archive")
            archive.write_bytes(data)
            try:
                unpack(archive, kind, Path(place, "root"), SMALL)
            finally:
                assert {path.name for path in Path(place).iterdir()} <= {"archive", "root"}
            return [path for path in Path(place, "root").rglob("*") if path.is_symlink()] == []

    return parse


def opened(name: str) -> Callable[[bytes], object]:
    """Open the file as a submission would be opened."""

    def parse(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as place:
            Path(place, name).write_bytes(data)
            try:
                submission = open_submission(str(Path(place, name)), Path(place, "into"), SMALL)
                return submission.commit
            finally:
                assert {path.name for path in Path(place).iterdir()} <= {name, "into"}

    return parse


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar"])
@settings(SETTINGS, max_examples=QUICK, derandomize=True)
@given(st.data())
def test_an_archive_unpacks_or_is_refused(kind: str, data: st.DataObject) -> None:
    """A damaged or forged archive unpacks below its folder, without links, or is refused."""
    read = unpacked("zip" if kind == "zip" else "tar")
    assert verdict(read, data.draw(documents([SMALL_ARCHIVES[kind]]))) is not False


@pytest.mark.long
@pytest.mark.parametrize("kind", ["zip", "tar", "gztar"])
@settings(SETTINGS, max_examples=LONG)
@given(st.data())
def test_an_archive_unpacks_or_is_refused_after_long_search(kind: str, data: st.DataObject) -> None:
    """The same, searched for a hundred times longer."""
    read = unpacked("zip" if kind == "zip" else "tar")
    assert verdict(read, data.draw(documents([SMALL_ARCHIVES[kind]]))) is not False


@pytest.mark.long
@pytest.mark.parametrize("name", ["lab.zip", "lab.tar.gz", "lab.bundle"])
@settings(SETTINGS, max_examples=150)
@given(st.data())
def test_a_file_opens_or_is_refused(packed: Mapping[str, bytes], name: str, data: st.DataObject) -> None:
    """What is handed in as one file is a submission, or is refused with the reason."""
    kind = {"lab.zip": "zip", "lab.tar.gz": "gztar", "lab.bundle": "bundle"}[name]
    verdict(opened(name), data.draw(documents([packed[kind]])))


def git_directory(file: str) -> Callable[[bytes], object]:
    """Read a Git directory one of whose files is given."""

    def parse(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as place:
            for folder in ("objects/info", "refs/heads"):
                Path(place, folder).mkdir(parents=True)
            Path(place, "HEAD").write_bytes(b"ref: refs/heads/main\n")
            Path(place, "refs/heads/main").write_bytes(b"a" * 40)
            Path(place, file).write_bytes(data)
            return read_git_directory(Path(place))

    return parse


GIT_FILES = {
    "HEAD": (b"ref: refs/heads/main\n", b"a" * 40),
    "packed-refs": (PACKED_REFS,),
    "refs/heads/main": (b"a" * 40 + b"\n", b"ref: refs/heads/other\n"),
    "config": (b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha1\n",),
    "shallow": (b"a" * 40 + b"\n",),
    "objects/info/alternates": (b"\n", b"/etc\n"),
}


@pytest.mark.parametrize("file", GIT_FILES)
@settings(SETTINGS, max_examples=QUICK, derandomize=True)
@given(st.data())
def test_a_git_directory_is_read_or_refused(file: str, data: st.DataObject) -> None:
    """Whatever the files of a Git directory hold, it is read, or refused with the reason."""
    verdict(git_directory(file), data.draw(documents(GIT_FILES[file])))


def _overlapping() -> bytes:
    """Many names for one piece of packed data: small to send, large to unpack."""
    one = _zip({"a": b"\0" * 900_000})
    directory = one[one.index(b"PK\x01\x02") : one.index(b"PK\x05\x06")]
    data = one[: one.index(b"PK\x01\x02")]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 900, 900, len(directory) * 900, len(data), 0)
    return data + directory * 900 + end


def _claiming(size: int) -> bytes:
    """A zip whose directory claims another size than its data has."""
    made = bytearray(_zip({"a": b"x" * 100}))
    place = made.index(b"PK\x01\x02")
    made[place + 24 : place + 28] = struct.pack("<L", size)
    return bytes(made)


SPARSE = {"GNU.sparse.map": "0,1,99999999999999,1", "GNU.sparse.size": "9" * 15}
LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc"}
HOSTILE: Mapping[str, tuple[Literal["zip", "tar"], Callable[[], bytes]]] = {
    "zip bomb": ("zip", lambda: _zip({"a": b"\0" * (200 << 20)})),
    "overlapping": ("zip", _overlapping),
    "claims little": ("zip", lambda: _claiming(1)),
    "claims much": ("zip", lambda: _claiming(0xFFFFFFF0)),
    "zip slip": ("zip", lambda: _zip({"../outside": b"x"})),
    "zip slip, windows": ("zip", lambda: _zip({"..\\outside": b"x"}, create_system=0)),
    "absolute": ("zip", lambda: _zip({"/outside": b"x"})),
    "a drive": ("zip", lambda: _zip({"C:\\outside": b"x"}, create_system=0)),
    "zip of links": ("zip", lambda: _zip({"a": b"/etc", "a/passwd": b"x"}, external_attr=0o120777 << 16)),
    "deep": ("zip", lambda: _zip({"a/" * 5000 + "a": b"x"})),
    "long name": ("zip", lambda: _zip({"a" * 300: b"x"})),
    "many": ("zip", lambda: _zip({str(number): b"" for number in range(3000)})),
    "not UTF-8": ("tar", lambda: _tar(("\udcff\udcfe", {"size": 1}))),
    "control characters": ("tar", lambda: _tar(("\x1b[2Ja\nb", {"size": 1}))),
    "tar slip": ("tar", lambda: _tar(("a/../../outside", {"size": 1}))),
    "tar absolute": ("tar", lambda: _tar(("/outside", {"size": 1}))),
    "through a link": ("tar", lambda: _tar(("a", LINK), ("a/x", {"size": 1}))),
    "hard link out": ("tar", lambda: _tar(("a", {"type": tarfile.LNKTYPE, "linkname": "../../etc/passwd"}))),
    "hard link to itself": ("tar", lambda: _tar(("a", {"type": tarfile.LNKTYPE, "linkname": "a"}))),
    "device": ("tar", lambda: _tar(("a", {"type": tarfile.BLKTYPE, "devmajor": 254, "devminor": 0}))),
    "pipe": ("tar", lambda: _tar(("a", {"type": tarfile.FIFOTYPE}))),
    "file and folder": ("tar", lambda: _tar(("a", {"size": 1}), ("a/b", {"size": 1}))),
    "set user": ("tar", lambda: _tar(("a", {"size": 1, "mode": 0o4777}))),
    "claims a lot": ("tar", lambda: _tar(("a", {"size": 1 << 50}))),
    "long headers": ("tar", lambda: _tar(("a" * 60_000, {"size": 1}), format_=2)),
    "pax of millions": ("tar", lambda: _tar(("a", {"pax_headers": {"x": "y" * (20 << 20)}}), format_=2)),
    "pax path": ("tar", lambda: _tar(("a", {"pax_headers": {"path": "../../outside"}}), format_=2)),
    "pax size": ("tar", lambda: _tar(("a", {"pax_headers": {"size": "-1"}}), format_=2)),
    "pax sparse": ("tar", lambda: _tar(("a", {"size": 4, "pax_headers": SPARSE}), format_=2)),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_harms_nobody(name: str) -> None:
    """Bombs, slips, links, devices and lying headers unpack to plain files below it, or not at all."""
    kind, make = HOSTILE[name]
    assert verdict(unpacked(kind), make()) is not False


@pytest.mark.parametrize(
    "name", ["zip bomb", "overlapping", "zip slip", "tar slip", "absolute", "claims a lot", "many"]
)
def test_an_archive_beyond_the_limits_is_refused(name: str) -> None:
    """What would unpack to too much, or outside, is refused as a whole."""
    kind, make = HOSTILE[name]
    assert isinstance(verdict(unpacked(kind), make()), Unreadable)
