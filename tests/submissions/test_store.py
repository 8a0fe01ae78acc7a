"""Builds are kept under a digest, made whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.submissions.store import digest, obtain

if TYPE_CHECKING:
    from pathlib import Path


def _write(made: Path) -> None:
    made.mkdir()
    (made / "file").write_text("made", encoding="utf-8")


def test_digest_follows_the_contents(tmp_path: Path) -> None:
    """Another byte in a source file gives another digest; caches do not count."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.py").write_text("1", encoding="utf-8")
    first = digest([source])
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "a.pyc").write_text("2", encoding="utf-8")
    assert digest([source]) == first
    (source / "a.py").write_text("3", encoding="utf-8")
    assert digest([source]) != first


def test_digest_follows_the_names(tmp_path: Path) -> None:
    """A file that is renamed gives another digest."""
    (tmp_path / "a").write_text("1", encoding="utf-8")
    before = digest([tmp_path])
    (tmp_path / "a").rename(tmp_path / "b")
    assert digest([tmp_path]) != before


def test_digest_passes_over_verdicts(tmp_path: Path) -> None:
    """In a builder, another verdict gives the same digest; another command, or other code, does not."""
    source = tmp_path / "builder.py"

    def digest_of(verdict: str, command: str) -> str:
        source.write_text(f"@variant('x', expect={verdict})\ndef make(): {command}\n", encoding="utf-8")
        return digest([source], builders=tmp_path)

    assert digest_of("{}", "run(1)") == digest_of("{'D1.init': 1}", "run(1)")
    assert digest_of("{}", "run(1)") != digest_of("{}", "run(2)")
    assert digest([source], builders=tmp_path / "elsewhere") != digest([source], builders=tmp_path)


def test_is_made_once(tmp_path: Path) -> None:
    """What is there already is not made again."""
    target = obtain(tmp_path / "deep" / "target", _write)
    (target / "file").write_text("kept", encoding="utf-8")
    assert (obtain(target, _write) / "file").read_text(encoding="utf-8") == "kept"


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    """A build that breaks leaves neither the target nor a half-made copy."""

    def broken(made: Path) -> None:
        _write(made)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        obtain(tmp_path / "target", broken)
    assert not list(tmp_path.iterdir())


def test_first_of_two_makers_wins(tmp_path: Path) -> None:
    """A maker that finds the target finished by another one uses it."""
    target = tmp_path / "target"

    def slow(made: Path) -> None:
        _write(made)
        (made / "file").write_text("second", encoding="utf-8")
        _write(target)

    assert (obtain(target, slow) / "file").read_text(encoding="utf-8") == "made"
    assert list(tmp_path.iterdir()) == [target]
