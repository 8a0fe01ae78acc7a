"""The starting lab is the rubric's: its dataset byte for byte, its scripts complete or open."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import yaml
from sklearn.datasets import load_breast_cancer

from fixtures.submissions.area import TEMPLATE, Area

if TYPE_CHECKING:
    from pathlib import Path

DATA = "data/raw/data.csv"


@pytest.fixture
def area(tmp_path: Path) -> Area:
    """The starting lab on a student's machine."""
    shutil.copytree(TEMPLATE, tmp_path / "lab")
    return Area(tmp_path).prepare()


def test_dataset_is_the_rubrics() -> None:
    """The file has the md5 that the rubric names, 569 rows and 31 columns."""
    data = (TEMPLATE / DATA).read_bytes()
    assert hashlib.md5(data, usedforsecurity=False).hexdigest() == "5afc23b9622f8f9ffa60824f4e97d0d5"
    assert pd.read_csv(TEMPLATE / DATA).shape == (569, 31)


def test_dataset_is_the_librarys(tmp_path: Path) -> None:
    """Written again from scikit-learn's frame, the dataset comes out byte for byte."""
    load_breast_cancer(as_frame=True).frame.to_csv(tmp_path / "data.csv", index=False, lineterminator="\n")
    assert (tmp_path / "data.csv").read_bytes() == (TEMPLATE / DATA).read_bytes()


def test_augmentation_appends_ten_rows_a_time(area: Area) -> None:
    """Twice augmented, the dataset has 589 rows, and what was there before is unchanged."""
    before = (area.lab / DATA).read_bytes()
    assert "569 rows before, 579 rows after" in area.run("python", "scripts/augment_data.py").stdout
    once = (area.lab / DATA).read_bytes()
    assert "579 rows before, 589 rows after" in area.run("python", "scripts/augment_data.py").stdout
    twice = (area.lab / DATA).read_bytes()
    assert once.startswith(before)
    assert twice.startswith(once)
    assert pd.read_csv(area.lab / DATA).shape == (589, 31)


@pytest.mark.parametrize("ends", [(b"\n", b"\r\n"), (b"0\n", b"0\r\n")], ids=["CRLF", "mixed"])
def test_augmentation_takes_other_line_ends(area: Area, ends: tuple[bytes, bytes]) -> None:
    """With other line ends, and without the last one, the same rows are added."""
    path = area.lab / DATA
    original = path.read_bytes()
    area.run("python", "scripts/augment_data.py")
    expected = pd.read_csv(path)
    path.write_bytes(original.removesuffix(b"\n").replace(*ends))
    area.run("python", "scripts/augment_data.py")
    pd.testing.assert_frame_equal(pd.read_csv(path), expected)


def test_split_is_stratified_and_makes_its_folder(area: Area) -> None:
    """579 rows become 463 and 116, with the same share of each label."""
    area.run("python", "scripts/augment_data.py")
    area.run("python", "scripts/preprocess.py")
    train, test = (pd.read_csv(area.lab / f"data/processed/{half}.csv") for half in ("train", "test"))
    assert (len(train), len(test)) == (463, 116)
    assert abs(train["target"].mean() - test["target"].mean()) < 0.01


@pytest.mark.parametrize("script", ["train", "evaluate"])
def test_open_scripts_do_not_run(area: Area, script: str) -> None:
    """A stub fails until the student completes it, and says where its gaps are."""
    assert not area.run("python", f"scripts/{script}.py", check=False).ok
    assert area.read(f"scripts/{script}.py").count("TODO 1") == 1
    assert "TODO 2" in area.read(f"scripts/{script}.py")


def test_train_section_is_empty() -> None:
    """The parameters of the split are given, those of the training are the student's."""
    params = yaml.safe_load((TEMPLATE / "params.yaml").read_text(encoding="utf-8"))
    assert params == {"preprocess": {"test_split": 0.2, "random_state": 42}, "train": None}


def test_nothing_needed_is_ignored(area: Area) -> None:
    """Git takes every file of the starting lab."""
    area.git("init", "--quiet", "--initial-branch=main")
    area.git("add", "--all")
    given = {path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*") if path.is_file()}
    assert set(area.git("ls-files").splitlines()) == {path for path in given if "__pycache__" not in path}


def test_handout_tells_no_experiment() -> None:
    """The handout shows how to run experiments without naming values, so that it cannot pass for a result."""
    handout = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    assert "dvc exp run" in handout
    assert "n_estimators" not in handout
    assert "max_depth" not in handout
