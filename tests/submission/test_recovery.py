"""Finding lost bytes again by their md5."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import MalformedEvidence
from harness.submission.contents import md5_of
from harness.submission.objects import scan_objects
from harness.submission.recovery import Recovery

LF = b"a,b\n1,2\n3,4\n"
CRLF = LF.replace(b"\n", b"\r\n")
FORMS = {
    "written with LF": LF,
    "written with CRLF": CRLF,
    "written with LF, without the final newline": LF[:-1],
    "written with CRLF, without the final newline": CRLF[:-2],
}


@pytest.fixture
def recovery(tmp_path: Path) -> Recovery:
    """An empty store."""
    return Recovery(tmp_path / "recovered")


@pytest.mark.parametrize("added", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(("form", "wanted"), FORMS.items())
def test_any_form_is_found_from_any_other(recovery: Recovery, added: bytes, form: str, wanted: bytes) -> None:
    """A text known in one form is found in each, and how it was found tells the form."""
    recovery.add(added, "the lab's data")
    found = recovery.find(md5_of(wanted))
    assert found is not None
    assert found.path.read_bytes() == wanted
    assert found.size == len(wanted)
    assert found.how == ("the lab's data" if wanted == added else f"the lab's data, {form}")


def test_unknown_bytes_are_not_found(recovery: Recovery) -> None:
    """An md5 of nothing that was added has no answer, nor has one that is none."""
    recovery.add(LF, "x")
    assert recovery.find(md5_of(b"other")) is None
    assert recovery.find("../../etc/passwd") is None


def test_binary_data_is_known_as_it_is(recovery: Recovery) -> None:
    """Data with a NUL byte has no line ends to rewrite."""
    recovery.add(b"\0\n\n", "model")
    assert recovery.find(md5_of(b"\0\n\n"))
    assert recovery.find(md5_of(b"\0\r\n\r\n")) is None


def test_empty_data(recovery: Recovery) -> None:
    """Zero bytes are bytes."""
    recovery.add(b"", "empty")
    found = recovery.find(md5_of(b""))
    assert found is not None
    assert found.size == 0


def test_mixed_line_ends_are_known_as_they_are_and_in_each_form(recovery: Recovery) -> None:
    """A text with both line ends is found exactly, and written in one."""
    mixed = b"a\r\nb\n"
    recovery.add(mixed, "x")
    exact, clean = recovery.find(md5_of(mixed)), recovery.find(md5_of(b"a\nb\n"))
    assert exact is not None
    assert clean is not None
    assert (exact.path.read_bytes(), exact.how, clean.how) == (mixed, "x", "x, written with LF")


def test_exact_bytes_are_preferred_to_rewritten_ones(recovery: Recovery) -> None:
    """Bytes that were there are told as such, even when a form of others came first; sources stay."""
    for data, source in ((LF, "first"), (CRLF, "second"), (CRLF, "third")):
        recovery.add(data, source)
    found = recovery.find(md5_of(CRLF))
    assert found is not None
    assert found.how == "second"


def test_file_is_not_copied(recovery: Recovery, tmp_path: Path) -> None:
    """A file is known where it lies; a link, and what is not there, are passed over."""
    (tmp_path / "data").write_bytes(LF)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    recovery.add_file(tmp_path / "link", "link")
    recovery.add_file(tmp_path / "missing", "missing")
    assert recovery.find(md5_of(LF)) is None
    recovery.add_file(tmp_path / "data", "file")
    found = recovery.find(md5_of(LF))
    assert found is not None
    assert found.path == tmp_path / "data"


def test_file_that_went_away(recovery: Recovery, tmp_path: Path) -> None:
    """A file that vanished before it was rewritten is named."""
    (tmp_path / "data").write_bytes(LF)
    recovery.add_file(tmp_path / "data", "file")
    (tmp_path / "data").unlink()
    with pytest.raises(MalformedEvidence, match="no longer a regular file"):
        recovery.find(md5_of(CRLF))


def test_handed_in_objects(recovery: Recovery, alice: Path) -> None:
    """A wanted object that was handed in is found, and a wanted directory's files with it."""
    handed_in = scan_objects(alice)
    listing = next(name for name in handed_in.names() if name.endswith(".dir"))
    recovery.add_objects(handed_in, [listing, "0" * 32])
    found = {md5: recovery.find(md5) for md5 in (listing, md5_of(b"one\n"), md5_of(b"two\n"))}
    assert all(found.values())
    assert {recovered.md5 for recovered in found.values() if recovered} == set(found)
    assert "handed-in cache: object" in getattr(found[listing], "how", "")
    assert recovery.find(md5_of(b"x\r\n1\r\n2\r\n")) is None


def test_listing_that_is_none(recovery: Recovery, tmp_path: Path) -> None:
    """A directory object that is no JSON list is bytes, and names no files."""
    for number, data in enumerate([b"{", b"1", b'{"md5": "x"}', b'[1, {"md5": 2}, {}]']):
        md5 = md5_of(data)
        path = tmp_path / "in" / str(number) / md5[:2] / f"{md5[2:]}.dir"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        recovery.add_objects(scan_objects(tmp_path / "in"), [f"{md5}.dir"])
        assert recovery.find(f"{md5}.dir")


def test_directory_is_rebuilt_as_dvc_writes_it(recovery: Recovery, alice: Path) -> None:
    """From its files' md5s, the listing that a real dvc add made comes out byte for byte."""
    handed_in = scan_objects(alice)
    listing = next(name for name in handed_in.names() if name.endswith(".dir"))
    files = {"two.txt": md5_of(b"two\n"), "one.txt": md5_of(b"one\n")}
    assert recovery.directory(listing, {"one.txt": files["one.txt"]}) is None
    rebuilt, genuine = recovery.directory(listing, files), handed_in.find(listing)
    assert rebuilt is not None
    assert genuine is not None
    assert rebuilt.path.read_bytes() == genuine.read_bytes()
    assert (rebuilt.md5, rebuilt.how) == (listing, "directory listing rebuilt from 2 known files")


def test_history(recovery: Recovery, alice: Path, commit: Callable[..., str], tmp_path: Path) -> None:
    """A version that only an old commit has is found, with path and commit, in another line ending too."""
    old = commit(alice, {"table.csv": LF * 3, "big.bin": bytes(90_000)}, "old")
    commit(alice, {"table.csv": LF}, "new")
    clone = tmp_path / "clone.git"
    shutil.copytree(alice / ".git", clone)
    recovery.add_history(clone, [len(LF) * 3])
    found = recovery.find(md5_of(CRLF * 3))
    assert found is not None
    assert found.how == f"Git history: table.csv at {old[:7]}, written with CRLF"
    assert recovery.find(md5_of(bytes(90_000))) is None
