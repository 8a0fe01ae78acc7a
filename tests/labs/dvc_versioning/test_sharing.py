"""Switching between versions of the data, and pushing to an empty remote, with real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.workspaces import commit_all, write_tree
from harness.errors import CheckFailed
from harness.labs.dvc_versioning.dataset import lab_data
from harness.labs.dvc_versioning.sharing import push, switch, switch_fresh
from harness.submission.contents import md5_of
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.small_lab import DATA, FILES, FIRST, SECOND, SmallLab, opened

GROW = f"with open('{DATA}', 'a') as file:\n    file.write(open('{DATA}').readlines()[-1])\n"


def test_each_version_comes_back(small_lab: SmallLab, tmp_path: Path) -> None:
    """The first, the last and the first again, with their own bytes and rows."""
    first, last = small_lab.dataset.versions
    visits = switch(small_lab.start(tmp_path / "a"), first, last, ".")
    assert [visit.found for visit in visits] == [md5_of(data.encode()) for data in (FIRST, SECOND, FIRST)]
    assert all(visit.found == visit.expected for visit in visits)
    assert [visit.rows for visit in visits] == [8, 9, 8]
    assert visits[0].completed.line == f"dvc checkout {DATA}.dvc"


def test_a_pointer_to_other_bytes_does_not_come_back(student_work: Workspace, tmp_path: Path) -> None:
    """What `dvc checkout` leaves is what was found, not what was promised."""
    source = student_work.copy(tmp_path / "source")
    for wrong, right in ((FIRST, SECOND), (SECOND, FIRST)):
        md5 = md5_of(wrong.encode())
        stored = source.cache / "files" / "md5" / md5[:2] / md5[2:]
        stored.chmod(0o644)
        stored.write_text(right, encoding="utf-8")
    lab = opened(source, tmp_path / "store")
    assert [version.files for version in lab.dataset.versions] == [(), ()]
    lab.close()


@pytest.mark.long
def test_fresh_data_serves_where_the_versions_are_lost(student_work: Workspace, tmp_path: Path) -> None:
    """Made by the student's own script, tracked and switched in the student's own repository."""
    source = student_work.copy(tmp_path / "source")
    write_tree(source.repo, {"scripts/augment_data.py": GROW})
    commit_all(source, "augment")
    lab = opened(source, tmp_path / "store")
    visits = switch_fresh(lab.start(tmp_path / "a"), "scripts/augment_data.py", lab.dataset)
    assert [visit.rows for visit in visits] == [569, 570, 569]
    assert all(visit.found == visit.expected for visit in visits)
    assert visits[0].found == md5_of(lab_data())
    lab.close()


def test_a_script_that_fails_is_the_submissions_fault(student_work: Workspace, tmp_path: Path) -> None:
    """There is no second version to switch to."""
    source = student_work.copy(tmp_path / "source")
    write_tree(source.repo, {"scripts/augment_data.py": "raise SystemExit(3)\n"})
    commit_all(source, "augment")
    lab = opened(source, tmp_path / "store")
    with pytest.raises(CheckFailed, match="exit code: 3"):
        switch_fresh(lab.start(tmp_path / "a"), "scripts/augment_data.py", lab.dataset)
    lab.close()


@pytest.mark.long
def test_what_is_pushed_is_pulled(small_lab: SmallLab, tmp_path: Path) -> None:
    """All tracked files by one clone with an empty cache, one of them by another."""
    pushed = push(small_lab.start(tmp_path / "a"), small_lab.objects, small_lab.case.commit)
    assert sorted(pushed.wanted) == [DATA, "forest.pkl", "test.csv", "train.csv"]
    assert pushed.push.ok
    assert pushed.pulled == pushed.wanted
    assert pushed.stored >= set(pushed.wanted.values())
    assert pushed.single_target == DATA
    assert pushed.pulled_alone[DATA] == pushed.wanted[DATA]
    assert pushed.pulled_alone["forest.pkl"] is None


@pytest.mark.long
def test_an_earlier_commit_is_pushed_where_head_was_not_handed_in(
    small_lab: SmallLab, tmp_path: Path
) -> None:
    """The clone has that commit's files."""
    earlier = small_lab.dataset.versions[0].commit
    pushed = push(small_lab.start(tmp_path / "a"), small_lab.objects, earlier)
    assert pushed.wanted == {DATA: md5_of(FIRST.encode())} == pushed.pulled
    assert pushed.commit == earlier


@pytest.mark.long
def test_a_renamed_stages_old_files_are_not_waited_for(student_work: Workspace, tmp_path: Path) -> None:
    """The lock still has the old stage's entry, and `dvc pull` does not bring what it made."""
    source = student_work.copy(tmp_path / "source")
    renamed = {name: text.replace("forest.pkl", "model.pkl") for name, text in FILES.items()}
    pipeline = renamed["dvc.yaml"].replace("  fit:\n", "  training:\n")
    write_tree(source.repo, {**renamed, "dvc.yaml": pipeline, ".gitignore": "/*.csv\n/*.pkl\n"})
    source.run("dvc", "repro", "-q", check=True)
    commit_all(source, "rename")
    assert b"forest.pkl" in (source.read("dvc.lock") or b"")
    lab = opened(source, tmp_path / "store")
    pushed = push(lab.start(tmp_path / "a"), lab.objects, lab.case.commit)
    assert sorted(pushed.wanted) == [DATA, "model.pkl", "test.csv", "train.csv"]
    assert pushed.pulled == pushed.wanted
    lab.close()
