"""The student's own augmentation script: found by its name, run on the lab's data."""

from __future__ import annotations

import pytest

from fixtures.workspaces import NewWorkspace
from harness.labs.dvc_versioning.augmenting import augmentation_script, augmented_versions, project_of
from harness.labs.dvc_versioning.dataset import lab_data
from tests.labs.dvc_versioning.conftest import Work

GROW = b"""with open("data/raw/data.csv", "a") as file:
    file.write("1,2\\n")
"""


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ((), None),
        (("scripts/train.py", "notes/augment.md"), None),
        (("src/my_augmentation.py",), "src/my_augmentation.py"),
        (("augment.py", "lab/scripts/augment_data.py"), "lab/scripts/augment_data.py"),
    ],
)
def test_the_script_is_known_by_its_name(work: Work, paths: tuple[str, ...], found: str | None) -> None:
    """The handout's name first, in whatever folder."""
    work.commit({"README.md": b"mine", **dict.fromkeys(paths, b"pass\n")})
    assert augmentation_script(work.case()) == found


@pytest.mark.parametrize(
    ("script", "folder"),
    [("augment.py", "."), ("scripts/a.py", "."), ("lab/scripts/a.py", "lab"), ("a/b/c/d.py", "a/b")],
)
def test_it_is_run_where_the_handout_says(script: str, folder: str) -> None:
    """From the folder that holds `scripts/`."""
    assert project_of(script) == folder


def test_it_runs_three_times_on_the_labs_data(work: Work, new_workspace: NewWorkspace) -> None:
    """Each run adds to what the one before it left."""
    work.commit({"scripts/augment_data.py": GROW})
    workspace = new_workspace()
    workspace.write("scripts/augment_data.py", GROW)
    found = list(augmented_versions(work.case(), workspace))
    assert [data for data, _ in found] == [lab_data() + b"1,2\n" * times for times in (1, 2, 3)]
    assert found[1][1] == "the lab's data augmented 2 times by scripts/augment_data.py"


def test_a_project_in_a_subfolder_has_its_data_there(work: Work, new_workspace: NewWorkspace) -> None:
    """Paths are relative to the project, not to the repository."""
    work.commit({"lab/scripts/augment_data.py": GROW})
    workspace = new_workspace()
    workspace.write("lab/scripts/augment_data.py", GROW)
    assert next(augmented_versions(work.case(), workspace))[0] == lab_data() + b"1,2\n"


@pytest.mark.parametrize("script", [b"raise SystemExit(3)\n", b"import os; os.remove('data/raw/data.csv')\n"])
def test_a_script_that_fails_makes_nothing(work: Work, new_workspace: NewWorkspace, script: bytes) -> None:
    """A failure ends the versions, and no more."""
    work.commit({"scripts/augment_data.py": script})
    workspace = new_workspace()
    workspace.write("scripts/augment_data.py", script)
    assert list(augmented_versions(work.case(), workspace)) == []


def test_without_a_script_nothing_runs(work: Work, new_workspace: NewWorkspace) -> None:
    """A submission may have lost it."""
    work.commit({"README.md": b"mine"})
    workspace = new_workspace()
    assert list(augmented_versions(work.case(), workspace)) == []
    assert workspace.steps == []
