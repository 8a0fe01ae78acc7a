"""Names and values as people write them."""

from __future__ import annotations

import pytest

from harness.evidence.prose_names import Names, is_value, number_of, plain, unique, value_of

NAMES = Names(frozenset({"fit.max_size", "fit.seed", "split.seed", "fit.x"}), frozenset({"F1-score"}))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("fit.max_size", "fit.max_size"),
        ("max_size", "fit.max_size"),
        (" **Max Size** ", "fit.max_size"),
        ("`max-size`", "fit.max_size"),
        ("seed", None),
        ("split.seed", "split.seed"),
        ("x", None),
        ("fit.x", "fit.x"),
        ("", None),
        ("size", None),
    ],
)
def test_parameters_are_known_by_key_or_last_part(text: str, key: str | None) -> None:
    """A short name counts where it is unique and longer than a letter."""
    assert NAMES.parameter(text) == key


def test_metrics_are_known_by_name() -> None:
    """A metric's spelling may differ in case and separators."""
    assert NAMES.metric("f1 score") == "F1-score"
    assert NAMES.metric("f2") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        ("**94.5%**", 0.945),
        ("94 %", 0.94),
        ("True", True),
        ("None", None),
        ("sqrt", "sqrt"),
        ("1.2.3", "1.2.3"),
        ("", ""),
        ("9" * 40, "9" * 40),
    ],
)
def test_values_are_read_by_their_look(text: str, value: object) -> None:
    """Numbers, percentages, constants and other words are told apart, with exact types."""
    read = value_of(text)
    assert read == pytest.approx(value) if isinstance(value, float) else read == value
    assert type(read) is type(value)
    assert is_value(text) is not isinstance(value, str)


def test_pairs_are_found_at_whole_words() -> None:
    """The pattern finds a name only where a word begins, and a number only where it ends."""
    assert [
        match.groups() for match in NAMES.pairs.finditer("max_size=5 f1-score: 0.5 xmax_size=1 max size = 2b")
    ] == [
        ("max_size", "5"),
        ("f1-score", "0.5"),
    ]
    assert Names(frozenset(), frozenset()).pairs.search("a=1") is None


def test_small_helpers() -> None:
    """Plain names, numbers and uniqueness."""
    assert plain("**Max - Size**") == "max_size"
    assert number_of("x") is None
    assert unique(["a", None, None, "b"])
    assert not unique(["a", "a"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("max_size = 5", ("max_size", "5")),
        ("the max-size: 5, and", ("max-size", "5")),
        ("**Max Size**: `5`", ("Max Size", "5")),
        ("maxsize = 5", None),
        ("max.size = 5", None),
        ("f1 score = 91%", ("f1 score", "91%")),
    ],
)
def test_pairs_are_found_however_names_are_spelled(text: str, found: tuple[str, str] | None) -> None:
    """A blank, a dash and an underline are one; anything else is another name."""
    names = Names(frozenset({"fit.max_size"}), frozenset({"f1_score"}))
    match = names.pairs.search(text)
    assert (None if match is None else tuple(match.group(1, 2))) == found
