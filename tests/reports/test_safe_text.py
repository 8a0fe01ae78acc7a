"""Text out of a submission cannot steer a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reports.safe_text import SHUT_OUT, safe, safe_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\r\nthree", "two\nlines\nthree"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("bell\x07 back\x08", "bell\\x07 back\\x08"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("return\rover", "return\\rover"),
        ("half \udce9", "half \\udce9"),
        ("[bold]markup[/bold] über ☕", "[bold]markup[/bold] über ☕"),
    ],
)
def test_steering_characters_are_shown_not_obeyed(text: str, shown: str) -> None:
    """Escapes, cursor movement, reordering and broken characters are written out; all else stays."""
    assert safe(text) == shown


def test_long_text_is_cut_in_its_middle() -> None:
    """Beginning and end stay, and how much is missing is said."""
    cut = safe("a" * 500 + "b" * 500, limit=100)
    assert cut.startswith("aaa")
    assert cut.endswith("bbb")
    assert "920 more" in cut
    assert len(cut) < 120


def test_a_line_is_one_line() -> None:
    """White space of any kind becomes one space."""
    assert safe_line("a\n\n b\t c\u2028d") == "a b c d"


@given(st.text())
def test_nothing_that_steers_gets_through(text: str) -> None:
    """Whatever the text, only characters that are shown come out."""
    assert not {unicodedata.category(character) for character in safe_line(text)} & SHUT_OUT
