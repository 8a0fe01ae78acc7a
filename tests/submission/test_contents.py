"""md5s as DVC takes them, and the forms of a text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dvc_data.hashfile.hash import file_md5 as md5_by_dvc
from dvc_data.hashfile.istextfile import istextblock
from dvc_objects.fs.local import localfs
from hypothesis import given
from hypothesis import strategies as st

from harness.submission.contents import (
    FORMS,
    file_md5,
    file_md5_before_dvc3,
    is_text,
    md5_of,
    open_regular,
    written_as,
)

SAMPLES = {
    "empty": b"",
    "LF": b"a\nb\n",
    "CRLF": b"a\r\nb\r\n",
    "binary": b"\0\r\n",
    "mostly other": "日本語\r\n".encode() * 9,
    "line end across pieces": b"x" * ((1 << 20) - 1) + b"\r\ny",
    "binary piece after text": b"x\r\n" * 400_000 + b"\0" * (1 << 20) + b"\r\n",
}


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES)
def test_md5_is_that_of_dvc(tmp_path: Path, data: bytes) -> None:
    """Both md5s are those that dvc-data computes from the same file."""
    path = tmp_path / "data"
    path.write_bytes(data)
    assert file_md5(path) == md5_of(data) == md5_by_dvc(str(path), localfs)
    assert file_md5_before_dvc3(path) == md5_by_dvc(str(path), localfs, name="md5-dos2unix")


@given(st.binary(max_size=600))
def test_text_is_what_dvc_takes_for_text(data: bytes) -> None:
    """The guess whether data is text agrees with dvc-data's for any bytes."""
    assert is_text(data) == istextblock(data[:512])


@given(
    st.lists(st.sampled_from([b"a", b",", b"\n", b"\r\n"])).map(lambda parts: b"".join(parts) + b"end\r\n")
)
def test_forms_lead_to_each_other(data: bytes) -> None:
    """Each form of a text can be written again from any other."""
    clean = written_as(data, FORMS[0])
    for form in FORMS:
        assert written_as(written_as(clean, form), FORMS[0]) == clean


@pytest.mark.parametrize("kind", ["missing", "folder", "link", "pipe"])
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    """Nothing is followed and nothing waited for."""
    path = tmp_path / "it"
    (tmp_path / "real").write_bytes(b"1")
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(tmp_path / "real")
    elif kind == "pipe":
        os.mkfifo(path)
    assert open_regular(path) is None
    assert file_md5(path) is None
    assert file_md5_before_dvc3(path) is None
