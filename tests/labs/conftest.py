"""Labs and submissions made on the spot, and sessions that grade the one by the other."""

from __future__ import annotations

import functools
import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import git
import pytest
from rich.console import Console

from harness.labs.inner import run_checks
from harness.labs.session import Finished, Options, Session
from harness.reports.progress import Progress

# Labs that lie here as test data are no tests.
collect_ignore = ["tiny"]

TINY = Path(__file__).with_name("tiny")
HELLO = {"greeting.txt": "hello\nyou\n", "count.sh": "grep -c '' greeting.txt > count.txt\n"}
HEAD = """
lab = "{name}"
title = "A lab made on the spot"
max_score = {points}
detect = {{ any = [{detect}] }}
deliverables = [{{ id = "A", title = "All" }}]
"""
CHECK = """
[[checks]]
id = "{id}"
deliverable = "A"
title = "{id} holds"
points = 2
needs = [{needs}]
"""
IMPORTS = """
from __future__ import annotations
import pytest
from harness.errors import CheckFailed, HarnessError, Pending
from harness.grading.check import check
"""

Submitted = Callable[..., Path]
NewLab = Callable[..., Path]
Graded = Callable[..., Finished]


@pytest.fixture
def submitted(tmp_path: Path) -> Submitted:
    """Makes a folder with a Git repository in which some files are committed."""

    def submit(files: Mapping[str, str], name: str = "work") -> Path:
        folder = tmp_path / name
        repository = git.Repo.init(folder, initial_branch="main")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        repository.git.add("--all")
        who = {"GIT_AUTHOR_DATE": "2026-01-05T10:00:00Z", "GIT_COMMITTER_DATE": "2026-01-05T10:00:00Z"}
        with repository.git.custom_environment(**who):
            repository.git.commit("--quiet", "--message", submit.__name__)
        repository.close()
        return folder

    return submit


@pytest.fixture
def hello(submitted: Submitted) -> Path:
    """A submission that earns all points of the tiny lab."""
    return submitted(HELLO)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the tiny lab, to be changed at will."""
    return Path(shutil.copytree(TINY, tmp_path / "tiny", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture
def new_lab(tmp_path: Path) -> NewLab:
    """Makes a lab of checks worth 2 points each from their needs and the source of their tests."""

    def make(needs: Mapping[str, tuple[str, ...]], source: str, name: str = "spot", detect: str = "") -> Path:
        folder = tmp_path / "labs" / name
        folder.mkdir(parents=True)
        text = HEAD.format(name=name, points=2 * len(needs), detect=f'"{detect}"' if detect else "")
        for id_, needed in needs.items():
            text += CHECK.format(id=id_, needs=", ".join(f'"{need}"' for need in needed))
        (folder / "rubric.toml").write_text(text, encoding="utf-8")
        (folder / "test_spot.py").write_text(IMPORTS + source, encoding="utf-8")
        return folder

    return make


@pytest.fixture
def graded(tmp_path: Path, hello: Path) -> Iterator[Graded]:
    """Grades the hello submission, or another, by a lab; whatever happens, the temp dir stays as it was."""
    console = Console(file=io.StringIO(), width=100)
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def run(
        lab: Path | str | None, *arguments: str, submission: Path | str = hello, **more: object
    ) -> Finished:
        options = Options(submission=str(submission), lab=str(lab) if lab else None)
        changed = replace(options, **more)  # type: ignore[arg-type]
        with Progress(console) as progress:
            return Session(changed, functools.partial(run_checks, arguments=arguments), progress).grade()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(temporary))
        yield run
    assert list(temporary.iterdir()) == []
