"""One grading session: open the submission, choose the lab, run its checks, write the grade."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

from harness.errors import HarnessError, Unreadable
from harness.grading.grade_file import write_grade
from harness.grading.gradebook import Gradebook, ungraded
from harness.grading.result import CheckResult, Flag, Grade, Outcome, SubmissionInfo
from harness.grading.score import ending_of
from harness.labs.choice import Lab, NoSuchLab, detected_lab, named_lab
from harness.labs.heading import heading_of, unopened
from harness.labs.limits import limits_of
from harness.labs.reference import NoReference, reference_submission
from harness.submission import Submission, open_submission
from harness.workspace.box.isolation import NotIsolated, isolation
from harness.workspace.places import memory_to_spare, temporary_folder
from harness.workspace.warm.launcher import chosen_launcher

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.labs.limits import LabLimits
    from harness.workspace.launcher import Launcher

Ending = Literal["well", "lost", "unreadable", "usage", "failed", "interrupted"]

DEFAULT_SEED = 1
LARGE = 64 << 20
WAITING = 4  # workspaces from which others will be copied
REFUSALS: Mapping[Ending, tuple[str, Outcome]] = {
    "unreadable": ("unreadable", "unreadable"),
    "usage": ("usage", "error"),
    "failed": ("harness-error", "error"),
    "interrupted": ("interrupted", "error"),
}


@dataclass(frozen=True)
class Options:
    """What a person asked for; without a submission the reference is graded, without a lab it is detected.

    ``thorough`` is how many random edits a lab that can do so tries beside the grade.
    """

    submission: str | None = None
    lab: str | None = None
    grade_json: Path | None = None
    seed: int = DEFAULT_SEED
    strict: bool = False
    jobs: int | None = None
    require_isolation: bool = False
    cold: bool = False
    thorough: int = 0

    @property
    def workers(self) -> int:
        """How many scenarios run side by side: as many as asked for, or else as there are cores."""
        return self.jobs or os.cpu_count() or 1


class Watcher(Protocol):
    """Sees a session's progress, partly from other threads."""

    def note(self, text: str) -> None:
        """Something that is worth a line."""

    def expects(self, checks: int) -> None:
        """So many checks will be judged."""

    def started(self, name: str, title: str) -> None:
        """A scenario began."""

    def finished(self, name: str, title: str, seconds: float, *, failed: bool) -> None:
        """A scenario ended."""

    def checked(self, result: CheckResult) -> None:
        """A check was judged."""


@dataclass(frozen=True)
class Prepared:
    """Everything that is known before the first check starts; ``root`` is the session's own temp dir.

    ``ending`` is closed when the checks are over, however they ended: pytest drops what is left to be torn
    down where somebody interrupts it meanwhile.
    """

    options: Options
    root: Path
    submission: Submission
    lab: Lab
    gradebook: Gradebook
    watcher: Watcher
    launcher: Launcher
    limits: LabLimits
    ending: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)


class RunChecks(Protocol):
    """Runs the checks of a prepared session into its gradebook."""

    def __call__(self, prepared: Prepared) -> Ending | None:
        """Return None when every check had its turn."""


@dataclass(frozen=True)
class Finished:
    """How a session ended, what is left to say about it, and its grade.

    Without a gradebook no check had its turn.
    """

    ending: Ending
    message: str | None
    grade: Grade
    gradebook: Gradebook | None = None


@dataclass(frozen=True)
class Session:
    """Grades one submission, and leaves nothing behind but the grade file.

    The file is there from the start, as the grade of a session that did not finish, and is replaced at the
    end, whatever the end is. A worker that grades many submissions brings a `launcher` of its own, which
    stays warm; else the session warms one up.
    """

    options: Options
    run_checks: RunChecks
    watcher: Watcher
    launcher: Launcher | None = None

    def grade(self) -> Finished:
        """Return how the session ended; HarnessError only when the grade file cannot be written."""
        self._write(self._refused("failed", "the session did not finish").grade)
        started = time.monotonic()
        finished = self._guarded()
        seconds = round(time.monotonic() - started, 3)
        finished = replace(finished, grade=replace(finished.grade, seconds=seconds))
        self._write(finished.grade)
        return finished

    def _guarded(self) -> Finished:
        try:
            with _interruptible(), temporary_folder() as root, self._chosen_launcher() as launcher:
                return self._run(root, launcher)
        except Unreadable as error:
            return self._refused("unreadable", str(error))
        except (NoSuchLab, NoReference, NotIsolated) as error:
            return self._refused("usage", str(error))
        except HarnessError as error:
            return self._refused("failed", str(error))
        except KeyboardInterrupt:
            return self._refused("interrupted", "it was interrupted")
        except Exception as error:  # noqa: BLE001  # a bug of ours still leaves a grade file that says so
            self.watcher.note(traceback.format_exc())
            return self._refused("failed", f"{type(error).__name__}: {error}")

    def _chosen_launcher(self) -> contextlib.AbstractContextManager[Launcher]:
        """What starts the commands; its templates warm up while the submission is opened."""
        if self.options.require_isolation:
            isolation().require()
        if self.launcher is not None:
            return contextlib.nullcontext(self.launcher)
        return chosen_launcher(cold=self.options.cold)

    def _run(self, root: Path, launcher: Launcher) -> Finished:
        named = named_lab(self.options.lab) if self.options.lab else None
        submission = open_submission(self._spec(), root)
        lab = named or detected_lab(submission.repository, submission.commit)
        self._announce(submission, lab)
        limits = limits_of(lab.rubric)
        if submission.size <= LARGE and memory_to_spare() >= self._memory_for(limits):
            limits = limits.in_memory()
            with temporary_folder(in_memory=True) as work:
                finished = self._grade(self._prepare(submission, lab, work, launcher, limits))
            if not limits.outgrown or finished.ending == "interrupted":
                return finished
            self.watcher.note("It needs more room than there is for it in memory: once more, on disk.")
        with temporary_folder() as work:
            limits = limits_of(lab.rubric).with_room_for(submission.objects.size)
            return self._grade(self._prepare(submission, lab, work, launcher, limits))

    def _memory_for(self, limits: LabLimits) -> int:
        """The bytes of memory that workspaces may take up, twice over; without boxes nobody stops them."""
        each = limits.in_memory().allowance.disk if isolation().bubblewrap else limits.allowance.disk
        return 2 * each * (self.options.workers + WAITING)

    def _grade(self, prepared: Prepared) -> Finished:
        with prepared.ending:
            prepared.ending.callback(prepared.launcher.leave, prepared.root)
            prepared.watcher.expects(len(prepared.lab.rubric.checks))
            ending = self.run_checks(prepared)
        grade = prepared.gradebook.grade()
        return Finished(
            ending or ending_of(grade, strict=self.options.strict), None, grade, prepared.gradebook
        )

    def _announce(self, submission: Submission, lab: Lab) -> None:
        what = f"{submission.name} ({submission.kind}) at {submission.commit[:9]}"
        self.watcher.note(f"Grading {what}: {lab.rubric.title}, seed {self.options.seed}")

    def _prepare(
        self, submission: Submission, lab: Lab, work: Path, launcher: Launcher, limits: LabLimits
    ) -> Prepared:
        info = SubmissionInfo(submission.name, submission.kind, submission.commit, submission.digest)
        gradebook = Gradebook(lab.rubric, heading_of(info, self.options.seed, lab))
        return Prepared(self.options, work, submission, lab, gradebook, self.watcher, launcher, limits)

    def _spec(self) -> str:
        if self.options.submission is not None:
            return self.options.submission
        self.watcher.note("No submission is named: this grades the bundled reference submission.")
        return str(reference_submission())

    def _refused(self, ending: Ending, why: str) -> Finished:
        heading = heading_of(unopened(self.options.submission), self.options.seed, None, self.options.lab)
        flag, outcome = REFUSALS[ending]
        return Finished(ending, why, ungraded(heading, outcome, Flag(flag, why)))

    def _write(self, grade: Grade) -> None:
        if self.options.grade_json is not None:
            write_grade(grade, self.options.grade_json)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Treat a polite request to end (SIGTERM) like Ctrl-C, so that it cleans up too; main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
