"""The bundled reference submission."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.labs import reference
from harness.labs.reference import NoReference, reference_submission


def test_an_installed_package_says_where_the_reference_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a checkout around it, the message says what to type."""
    monkeypatch.setattr(reference, "__file__", str(tmp_path / "harness" / "labs" / "reference.py"))
    with pytest.raises(NoReference, match="pytest harness --submission PATH"):
        reference_submission()


@pytest.mark.long
def test_the_checkout_builds_it() -> None:
    """The reference is a Git repository, and the same folder the next time."""
    folder = reference_submission()
    assert (folder / ".git").is_dir()
    assert reference_submission() == folder
