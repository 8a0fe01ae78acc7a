"""The installed labs, and what stands for a lab's contents."""

from __future__ import annotations

from pathlib import Path

from harness.labs import RUBRIC, installed, lab_digest


def test_a_lab_is_a_folder_with_a_rubric() -> None:
    """Every folder of this package that has a rubric is a lab by its own name, and nothing else is."""
    for name, folder in installed().items():
        assert folder.name == name
        assert (folder / RUBRIC).is_file()


def test_a_labs_digest_changes_with_any_of_its_files(tiny: Path) -> None:
    """Checks, fixtures and rubric count, by name and by content; compiled bytecode does not."""
    seen = {lab_digest(tiny)}
    (tiny / "__pycache__").mkdir()
    (tiny / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert lab_digest(tiny) in seen
    (tiny / "data.txt").write_text("one", encoding="utf-8")
    seen.add(lab_digest(tiny))
    (tiny / "data.txt").write_text("two", encoding="utf-8")
    seen.add(lab_digest(tiny))
    (tiny / "data.txt").rename(tiny / "other.txt")
    seen.add(lab_digest(tiny))
    assert len(seen) == 4
    assert all(digest.startswith("sha256:") for digest in seen)
