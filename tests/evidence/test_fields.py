"""Values of exact types out of DVC's files, and paths from the repository's root."""

from __future__ import annotations

import pytest

from harness.errors import MalformedEvidence
from harness.evidence.fields import Fields, leaves_repository, resolve
from harness.evidence.safe_yaml import Json

MD5 = "5afc23b9622f8f9ffa60824f4e97d0d5"


@pytest.mark.parametrize(
    ("base", "path", "resolved", "outside"),
    [
        (".", "a.csv", "a.csv", False),
        ("", "./a/../b.csv", "b.csv", False),
        ("data/raw", "../x.csv", "data/x.csv", False),
        ("data", "raw\\x.csv", "data/raw/x.csv", False),
        ("data", "../../x.csv", "../x.csv", True),
        (".", "..", "..", True),
        (".", "..x/y", "..x/y", False),
        ("data", "/etc/passwd", "/etc/passwd", True),
        ("data", "C:\\tmp\\x.csv", "C:/tmp/x.csv", True),
        ("data", "s3://bucket/x.csv", "s3://bucket/x.csv", True),
        ("../out", "x.csv", "../out/x.csv", True),
    ],
)
def test_paths_start_at_the_repository(base: str, path: str, resolved: str, *, outside: bool) -> None:
    """A path is normalised from its folder, and one that leaves the repository is known for it."""
    assert resolve(base, path) == resolved
    assert leaves_repository(resolved) is outside


def test_values_have_exact_types() -> None:
    """Each reader gives its type, or the default where nothing is written."""
    fields = Fields("f", {"t": "x", "n": 3, "b": True, "md5": MD5, "l": [{"t": "y"}], "m": {"t": "z"}})
    assert (fields.text("t"), fields.count("n"), fields.flag("b", default=False)) == ("x", 3, True)
    assert fields.md5() == MD5
    assert [item.text("t") for item in fields.each("l")] == ["y"]
    assert fields.section("m").text("t") == "z"
    empty = Fields("f", {})
    assert (empty.text("t"), empty.count("n"), empty.flag("b", default=True), empty.md5()) == (
        None,
        None,
        True,
        None,
    )
    assert empty.each("l") == ()
    assert empty.section("m").values == {}


@pytest.mark.parametrize(
    ("read", "value"),
    [
        ("text", 3),
        ("count", True),
        ("count", -1),
        ("count", "3"),
        ("count", 1.0),
        ("each", {"a": 1}),
        ("each", ["a"]),
        ("section", ["a"]),
    ],
)
def test_other_types_are_refused(read: str, value: object) -> None:
    """A value of another type is malformed, with the field's name in the reason."""
    with pytest.raises(MalformedEvidence, match="`k`"):
        getattr(Fields("f", {"k": value}), read)("k")  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("read", "value", "told"),
    [
        ("count", "x", "`k` must be a whole number of 0 or more, not 'x'"),
        ("count", "x" * 40, f"`k` must be a whole number of 0 or more, not '{'x' * 40}'"),
        ("count", "x" * 41, f"`k` must be a whole number of 0 or more, not '{'x' * 40}…'"),
        ("count", 0.5, "`k` must be a whole number of 0 or more, not a number"),
        ("text", {}, "`k` must be text, not a mapping"),
        ("text", True, "`k` must be text, not true or false"),
        ("each", 3, "`k` must be a list, not a number"),
        ("each", ["x"], "each of `k` must be a mapping, not 'x'"),
        ("section", [], "`k` must be a mapping, not a list"),
    ],
)
def test_a_wrong_value_is_told_in_a_few_words(read: str, value: Json, told: str) -> None:
    """The file, the field, what it must be, what it is, and of a text the beginning."""
    with pytest.raises(MalformedEvidence) as caught:
        getattr(Fields("f", {"k": value}), read)("k")
    assert str(caught.value) == f"f: {told}"


@pytest.mark.parametrize("value", ["", "x" * 500, MD5.upper(), MD5[:-1], f"{MD5}.dirs", 12, [MD5]])
def test_an_md5_is_32_hexadecimal_digits(value: object) -> None:
    """What is no MD5 is refused, and shown in a few characters."""
    with pytest.raises(MalformedEvidence, match="32 hexadecimal digits") as caught:
        Fields("f", {"md5": value}).md5()  # type: ignore[dict-item]
    assert len(str(caught.value)) < 150


def test_flags_are_true_or_false() -> None:
    """A word is no truth value."""
    with pytest.raises(MalformedEvidence, match=r"^f: `b` must be true or false, not 'yes'$"):
        Fields("f", {"b": "yes"}).flag("b", default=False)
    with pytest.raises(MalformedEvidence, match=r"^f: `b` must be true or false, not nothing$"):
        Fields("f", {"b": None}).flag("b", default=False)
