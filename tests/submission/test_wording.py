"""Untrusted names in sentences."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from harness.submission.wording import listed, shown


@given(st.text(max_size=500))
def test_anything_is_printable_and_short(text: str) -> None:
    """Whatever the name, the sentence stays one short line."""
    assert shown(text, 50).isprintable()
    assert len(shown(text, 50)) <= 50


def test_what_is_shown() -> None:
    """Ordinary names stay as they are; escapes, foreign bytes and passwords do not."""
    assert shown("größe und mehr") == "größe und mehr"
    assert shown("\x1b[31mred\n") == "\\x1b[31mred\\n"
    assert shown(os.fsdecode(b"caf\xe9")) == "caf\\udce9"
    assert shown("fatal: https://me:token@host/x") == "fatal: https://host/x"


def test_lists() -> None:
    """A long list is cut, an empty one says so."""
    assert listed([]) == "(none)"
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefghij")) == "a, b, c, d, e, f, g, h and 2 more"
