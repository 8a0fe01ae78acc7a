"""The lab's own dataset and starting files."""

from __future__ import annotations

import hashlib

import pytest

from harness.labs.dvc_versioning.dataset import (
    DATA_PATH,
    LAB_ROWS,
    LABEL,
    forms,
    known_forms,
    lab_data,
    plausible_size,
    template_files,
    template_folder,
)


def test_the_data_is_the_one_that_the_rubric_names() -> None:
    """569 rows under a header, with the label, by its md5."""
    digest = hashlib.md5(lab_data(), usedforsecurity=False).hexdigest()
    assert digest == "5afc23b9622f8f9ffa60824f4e97d0d5"
    header, *rows = lab_data().splitlines()
    assert len(rows) == LAB_ROWS
    assert LABEL in header.decode().split(",")


def test_four_forms_are_known() -> None:
    """LF and CRLF, with and without the last newline: each by its md5 and size."""
    assert sorted(name for name, _ in known_forms().values()) == [
        "CRLF",
        "CRLF, no final newline",
        "LF",
        "LF, no final newline",
    ]
    sizes = dict(known_forms().values())
    assert sizes["CRLF"] - sizes["LF"] == LAB_ROWS + 1
    assert sizes["CRLF"] - sizes["CRLF, no final newline"] == 2


@pytest.mark.parametrize("written", [b"a\nb\n", b"a\r\nb\r\n"])
def test_forms_are_those_of_the_text(written: bytes) -> None:
    """It does not matter in which form the text comes."""
    assert forms(written) == {
        "LF": b"a\nb\n",
        "CRLF": b"a\r\nb\r\n",
        "LF, no final newline": b"a\nb",
        "CRLF, no final newline": b"a\r\nb",
    }


def test_the_first_known_form_is_what_is_handed_out() -> None:
    """What stands in for lost data goes by that md5."""
    assert next(iter(known_forms())) == hashlib.md5(lab_data(), usedforsecurity=False).hexdigest()


def test_the_template_has_the_handouts_files() -> None:
    """Paths are those in a student's repository."""
    assert {DATA_PATH, "scripts/augment_data.py", "scripts/train.py", "params.yaml"} <= set(template_files())
    assert template_folder().name == "dvc_versioning"
    assert not [path for path in template_files() if "__pycache__" in path or "\\" in path]


@pytest.mark.parametrize(
    ("share", "plausible"), [(0.0, False), (0.4, False), (1.0, True), (1.02, True), (3.0, False)]
)
def test_a_plausible_size_is_near_the_labs(share: float, plausible: bool) -> None:  # noqa: FBT001
    """A pointer of a few bytes, or of a gigabyte, is no 569 rows."""
    assert plausible_size(int(len(lab_data()) * share)) is plausible
