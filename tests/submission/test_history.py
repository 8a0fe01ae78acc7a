"""Blobs of plausible size, anywhere in history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.submission.history import blobs_of_size


@pytest.fixture
def repository(template: Path) -> Path:
    """The template's Git directory."""
    return template / ".git"


def test_sizes_are_plausible_from_half_to_twice_and_four_kilobytes(
    alice: Path, commit: Callable[..., str], tmp_path: Path
) -> None:
    """Blobs outside of the range of every wanted size are not read."""
    sizes = (49_999, 50_000, 204_096, 204_097)
    commit(alice, {f"f{size}": bytes(size) for size in sizes}, "sizes")
    found = {
        blob.path: len(blob.data) for blob in blobs_of_size(alice / ".git", [100_000], tmp_path / "home")
    }
    assert found == {"f50000": 50_000, "f204096": 204_096}


def test_nothing_wanted_is_nothing_read(repository: Path, tmp_path: Path) -> None:
    """Without a size there is no blob."""
    assert list(blobs_of_size(repository, [], tmp_path / "home")) == []


def test_every_ref_counts(
    alice: Path, commit: Callable[..., str], git_in: Callable[..., str], tmp_path: Path
) -> None:
    """A version that lives only in an experiment's ref is history too."""
    lonely = commit(alice, {"only-here.txt": b"x" * 20_000}, "experiment")
    git_in(alice, "update-ref", "refs/exps/ab/" + "d" * 38 + "/name", lonely)
    git_in(alice, "reset", "--quiet", "--hard", "HEAD~1")
    found = [
        blob
        for blob in blobs_of_size(alice / ".git", [20_000], tmp_path / "home")
        if len(blob.data) == 20_000
    ]
    assert [(blob.path, blob.commit) for blob in found] == [("only-here.txt", lonely)]


def test_odd_names_and_bytes(alice: Path, commit: Callable[..., str], tmp_path: Path) -> None:
    """Content with line breaks and zero bytes comes out whole; the path is shown printable."""
    data = b"\n\0\n" * 5_000
    commit(alice, {"tëst\x1b.bin": data}, "odd")
    found = [blob for blob in blobs_of_size(alice / ".git", [15_000], tmp_path / "home") if blob.data == data]
    assert [blob.path for blob in found] == ["tëst\\x1b.bin"]
