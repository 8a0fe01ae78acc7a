"""D2.lock: whether a commit's lock agrees with its code, parameters and data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evidence.agreement import disagreements

if TYPE_CHECKING:
    from harness.evidence.agreement import Disagreement
    from harness.labs.dvc_versioning.case import Case


def agreement(case: Case, commit: str) -> tuple[Disagreement, ...]:
    """Where the lock of a commit disagrees with what is committed beside it; empty when it agrees."""
    pointers = {pointer.path: str(pointer.md5) for pointer in case.pointers(commit) if pointer.md5}
    return disagreements(
        case.pipeline(commit), case.locks(commit).values(), case.repository.tree(commit), pointers
    )


def find_agreeing_commit(case: Case) -> str | None:
    """The newest earlier student commit with a lock that agrees."""
    earlier = [c.sha for c in reversed(case.history.student_commits) if c.sha in case.described]
    usable = [sha for sha in earlier if sha != case.commit and case.locks(sha) and case.pipeline(sha).stages]
    return next((sha for sha in usable if not agreement(case, sha)), None)
