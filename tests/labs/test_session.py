"""A session from a submission to its grade file."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import git
import pytest
from rich.console import Console

from harness.errors import HarnessError
from harness.grading.grade_file import read_grade
from harness.labs.session import Ending, Finished, Options, Prepared, Session
from harness.reports.progress import Progress
from harness.workspace.places import IN_MEMORY, memory_to_spare

Submitted = Callable[..., Path]
Graded = Callable[..., Finished]


def statuses(finished: Finished) -> dict[str, str]:
    """The status of each check."""
    return {result.id: result.status for result in finished.grade.checks}


def test_a_good_submission_earns_everything(graded: Graded, tiny: Path, hello: Path) -> None:
    """The tiny lab goes through opening, a scenario, checks and oral questions to a full grade."""
    finished = graded(tiny)
    grade = finished.grade
    assert (finished.ending, grade.outcome, grade.score, grade.max_score) == ("well", "graded", 6, 6)
    assert grade.lab == "tiny"
    assert grade.submission.name == "work"
    assert grade.submission.commit == git.Repo(hello).head.commit.hexsha
    assert grade.environment["seed"] == "1"
    assert [question.ask for question in grade.manual[0].questions] == [
        "Why does it greet?",
        "Why are there 2 lines?",
    ]
    assert finished.gradebook is not None
    assert [timing.name for timing in finished.gradebook.timings] == ["count"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"greeting.txt": "good day\n"}, {"G.polite": "failed"}),
        ({"greeting.txt": "see you later\n"}, {"G.polite": "pending"}),
        ({"greeting.txt": "\n"}, {"G.file": "failed", "G.polite": "blocked", "C.runs": "blocked"}),
        ({"count.sh": "echo 7 > count.txt\n"}, {"C.runs": "partial"}),
        ({"count.sh": "exit 3\n"}, {"C.runs": "failed"}),
    ],
)
def test_each_fault_costs_its_own_check(
    graded: Graded, tiny: Path, submitted: Submitted, files: Mapping[str, str], expected: Mapping[str, str]
) -> None:
    """The other checks pass, unless they need the one that was lost."""
    good = {"greeting.txt": "hello\n", "count.sh": "grep -c '' greeting.txt > count.txt\n"}
    finished = graded(tiny, submission=submitted(good | dict(files), "faulty"))
    assert statuses(finished) == {"G.file": "passed", "G.polite": "passed", "C.runs": "passed"} | dict(
        expected
    )
    assert finished.ending == ("well" if set(expected.values()) == {"pending"} else "lost")


def test_the_same_submission_gets_the_same_grade_twice(graded: Graded, tiny: Path) -> None:
    """Check by check, all but the seconds are equal."""
    first, second = (graded(tiny).grade for _ in range(2))

    def timeless(checks: object) -> list[object]:
        return [replace(result, seconds=0) for result in checks]  # type: ignore[attr-defined]

    assert timeless(first.checks) == timeless(second.checks)
    assert replace(first, checks=(), seconds=0) == replace(second, checks=(), seconds=0)


def test_pending_points_are_a_loss_under_strict(graded: Graded, tiny: Path, submitted: Submitted) -> None:
    """The grade is the same, only the ending differs."""
    work = submitted({"greeting.txt": "later\n", "count.sh": "echo 1 > count.txt\n"}, "later")
    assert graded(tiny, submission=work).ending == "well"
    assert graded(tiny, submission=work, strict=True).ending == "lost"


def test_the_submission_is_left_as_it_was(graded: Graded, tiny: Path, hello: Path) -> None:
    """No file in it is changed, added or touched."""

    def everything() -> dict[str, tuple[int, int]]:
        return {str(p): (p.lstat().st_mtime_ns, p.lstat().st_size) for p in hello.rglob("*")}

    before = everything()
    graded(tiny)
    assert everything() == before


@pytest.mark.parametrize(
    ("submission", "words"),
    [
        ("missing", "no such file"),
        ("empty", "looked for"),
        ("picture.png", ""),
    ],
)
def test_what_cannot_be_opened_is_unreadable(
    graded: Graded, tiny: Path, tmp_path: Path, submission: str, words: str
) -> None:
    """The grade file says so in one sentence, and no check is in it."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    path = tmp_path / "grade.json"
    finished = graded(tiny, submission=tmp_path / submission, grade_json=path)
    assert finished.ending == "unreadable"
    assert words in str(finished.message)
    data = json.loads(path.read_text(encoding="utf-8"))
    assert (data["outcome"], data["submission"]["commit"], data["checks"]) == ("unreadable", None, [])
    assert data["flags"] == [{"id": "unreadable", "text": finished.message}]


def test_an_unknown_lab_is_a_matter_of_usage(graded: Graded, tmp_path: Path) -> None:
    """The message lists the labs, and the grade file is there too."""
    finished = graded("nonsense", grade_json=tmp_path / "grade.json")
    assert finished.ending == "usage"
    assert "there is no lab 'nonsense'" in str(finished.message)
    assert read_grade(tmp_path / "grade.json").outcome == "error"


def test_a_broken_rubric_is_our_failure(graded: Graded, tiny: Path, tmp_path: Path) -> None:
    """A lab that cannot be read is nobody's loss."""
    (tiny / "rubric.toml").write_text("lab =", encoding="utf-8")
    finished = graded(tiny, grade_json=tmp_path / "grade.json")
    assert finished.ending == "failed"
    assert "is not a rubric" in str(finished.message)
    assert read_grade(tmp_path / "grade.json").outcome == "error"


def session(hello: Path, tiny: Path, run: Callable[[Prepared], Ending | None], **options: object) -> Session:
    """A session whose checks are run by some function."""
    made = Options(submission=str(hello), lab=str(tiny))
    return Session(replace(made, **options), run, Progress(Console(quiet=True)))  # type: ignore[arg-type]


def test_the_grade_file_is_there_before_the_first_check(hello: Path, tiny: Path, tmp_path: Path) -> None:
    """A session that is killed leaves a grade that says so, in place of an older one."""
    path = tmp_path / "grade.json"
    seen = []

    def look(_: Prepared) -> None:
        seen.append(read_grade(path))

    session(hello, tiny, look, grade_json=path).grade()
    assert (seen[0].outcome, seen[0].flags[0].text) == ("error", "the session did not finish")


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (ZeroDivisionError("division by zero"), "failed"),
        (HarnessError("the disk is full"), "failed"),
    ],
)
def test_whatever_goes_wrong_there_is_a_grade_file(
    hello: Path, tiny: Path, tmp_path: Path, error: BaseException, ending: Ending
) -> None:
    """Ctrl-C, a bug of ours and a full disk end in a grade with outcome error; the temp dir is gone."""
    roots = []

    def fail(prepared: Prepared) -> None:
        roots.append(prepared.root)
        raise error

    finished = session(hello, tiny, fail, grade_json=tmp_path / "grade.json").grade()
    grade = read_grade(tmp_path / "grade.json")
    assert (finished.ending, grade.outcome) == (ending, "error")
    assert grade.flags[0].text == finished.message
    assert not roots[0].exists()


def test_a_request_to_end_cleans_up(hello: Path, tiny: Path) -> None:
    """SIGTERM is treated like Ctrl-C, and afterwards means what it did before."""
    before = signal.getsignal(signal.SIGTERM)

    def ask(_: Prepared) -> None:
        signal.raise_signal(signal.SIGTERM)

    assert session(hello, tiny, ask).grade().ending == "interrupted"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_session_may_run_in_a_thread(hello: Path, tiny: Path) -> None:
    """Where signals cannot be caught, everything else is the same."""
    endings: list[Ending] = []
    thread = threading.Thread(
        target=lambda: endings.append(session(hello, tiny, lambda _: "interrupted").grade().ending)
    )
    thread.start()
    thread.join()
    assert endings == ["interrupted"]


def test_a_grade_file_that_cannot_be_written_is_told_before_anything_runs(
    hello: Path, tiny: Path, tmp_path: Path
) -> None:
    """The place is tried at the start, not after minutes of work."""

    def never(_: Prepared) -> None:
        raise AssertionError

    with pytest.raises(HarnessError, match="could not be written"):
        session(hello, tiny, never, grade_json=tmp_path).grade()


def test_what_the_checks_leave_behind_is_ended_when_they_are_interrupted(hello: Path, tiny: Path) -> None:
    """Whoever interrupts pytest while it tears down keeps it from doing so: the session does what is left."""
    seen: list[bool] = []

    def interrupted(prepared: Prepared) -> None:
        prepared.ending.callback(lambda: seen.append(prepared.root.is_dir()))
        raise KeyboardInterrupt

    assert session(hello, tiny, interrupted).grade().ending == "interrupted"
    assert seen == [True]


@pytest.mark.skipif(not memory_to_spare(), reason="this machine has no file system in memory")
@pytest.mark.parametrize(("spare", "where"), [(1 << 50, "memory"), (1 << 20, "disk")])
def test_workspaces_lie_in_memory_if_it_has_room_for_them(
    hello: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch, spare: int, where: str
) -> None:
    """What the machine has to spare decides, and what each workspace may take up there."""
    monkeypatch.setattr("harness.labs.session.memory_to_spare", lambda: spare)
    seen = []

    def look(prepared: Prepared) -> None:
        seen.append("memory" if prepared.root.is_relative_to(IN_MEMORY) else "disk")

    session(hello, tiny, look).grade()
    assert seen == [where]


def test_as_many_workers_as_cores() -> None:
    """--jobs counts, otherwise the machine."""
    assert Options(jobs=3).workers == 3
    assert Options().workers >= 1
