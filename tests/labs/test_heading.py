"""What a grade says about itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.grading.result import Kind
from harness.labs.choice import named_lab
from harness.labs.heading import NOTHING, heading_of, unopened, version


def test_versions_isolation_and_seed_are_in_the_environment(tiny: Path) -> None:
    """A grade can be made again from what it says."""
    lab = named_lab(str(tiny))
    heading = heading_of(unopened(None), 7, lab)
    assert (heading.lab, heading.lab_digest) == ("tiny", lab.digest)
    assert set(heading.environment) == {"python", "dvc", "isolation", "seed"}
    assert heading.environment["seed"] == "7"


def test_without_a_lab_the_name_asked_for_stands() -> None:
    """A lab that could not be found has the empty digest."""
    heading = heading_of(unopened("x"), 1, None, "nonsense")
    assert (heading.lab, heading.lab_digest) == ("nonsense", NOTHING)
    assert heading_of(unopened("x"), 1, None).lab == "unknown"


@pytest.mark.parametrize(
    ("spec", "name", "kind"),
    [
        ("a/b/work", "work", "folder"),
        ("work/", "work", "folder"),
        ("work.git", "work.git", "git"),
        ("https://host.example/group/work", "work", "git"),
        ("Work.ZIP", "Work.ZIP", "zip"),
        ("work.tar.gz", "work.tar.gz", "tar"),
        ("work.tgz", "work.tgz", "tar"),
        ("work.bundle", "work.bundle", "bundle"),
        ("/", "/", "folder"),
    ],
)
def test_what_was_not_opened_is_told_by_its_name(spec: str, name: str, kind: Kind) -> None:
    """The kind is guessed from the name alone, and there is no commit."""
    info = unopened(spec)
    assert (info.name, info.kind, info.commit) == (name, kind, None)


def test_a_file_that_was_not_opened_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    """The same broken archive has the same digest."""
    (tmp_path / "work.zip").write_bytes(b"no zip")
    assert unopened(str(tmp_path / "work.zip")).digest == "sha256:" + hashlib.sha256(b"no zip").hexdigest()
    assert unopened(str(tmp_path / "missing.zip")).digest == NOTHING


def test_what_is_not_installed_has_no_version() -> None:
    """A checkout that runs without being installed says so."""
    assert version("no-such-distribution") == "unknown"
    assert version("pytest")[0].isdigit()
