"""Asking a model of a workspace for predictions, once for each model and table in a grade."""

from __future__ import annotations

import hashlib
import posixpath
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.workspace.files import remove_tree
from harness.workspace.prediction import predict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.evidence.repository import GitRepository
    from harness.workspace.prediction import Prediction
    from harness.workspace.workspace import Workspace


class Answers:
    """What models said in one grade, to be known when the same question comes again.

    A question is a model, what lies beside it, the code and the rows, each byte for byte: nothing else is in
    the workspace that is made for it, but for the home as commands have left it, which nobody handed in. So
    an answer is what the second asking would give, unless the model throws dice. Such a model has no right
    scores, and no verdict rests on its two answers being different; one that is hostile cannot tell what its
    answer is used for, and is asked less often. An answer that failed is not kept: it may have been for want
    of time. May be asked from several threads: who comes second waits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Future[Prediction | None]] = {}

    def to(self, question: str | None, ask: Callable[[], Prediction]) -> Prediction:
        """The answer to a question, by asking it unless it is known; None is always one of its own."""
        if question is None:
            return ask()
        with self._lock:
            first = question not in self._known
            answer = self._known.setdefault(question, Future())
        if not first:
            return answer.result() or ask()
        found: Prediction | None = None
        try:
            found = ask()
        finally:
            answer.set_result(found if found is not None and found.ways else None)
        return found


def question(ws: Workspace, files: Sequence[str], code: Sequence[str], features: bytes) -> str | None:
    """What tells a question from all others; None where a file cannot be read or is a folder."""
    told = hashlib.sha256()
    for part in (*files, "", *code, ""):
        try:
            data = ws.read(part) if part else b""
        except MalformedEvidence:  # too large
            return None
        if data is None:
            return None
        for one in (part.encode("utf-8", "surrogateescape"), data):
            told.update(b"%d:" % len(one) + one)
    told.update(features)
    return told.hexdigest()


def predict_elsewhere(
    ws: Workspace, files: tuple[str, ...], *tables: bytes, code: Sequence[str] | None = None
) -> Prediction:
    """The model's predictions, made in a workspace that has these files and the code and no data.

    The code is that which Git lists, unless it is given.
    """
    scripts = code_files(ws) if code is None else code
    lone = ws.copy_only(ws.root / "predicting", (*files, *scripts))
    folders = tuple(dict.fromkeys(posixpath.dirname(path) or "." for path in scripts))
    try:
        return predict(lone, files, *tables, imports=folders)
    finally:
        lone.leave()
        remove_tree(lone.root)


def code_files(ws: Workspace, repository: GitRepository | None = None) -> list[str]:
    """The Python files of a workspace's repository, from which a model's own classes may come.

    Where no command has run in it, the submission's ``repository`` tells them without one.
    """
    if repository is not None and ws.at is not None:
        return sorted(path for path in repository.tree(ws.at).paths() if path.endswith(".py"))
    listed = ws.execute(("git", "ls-files", "-z", "--", "*.py")).stdout.split("\0")
    return [path for path in listed if path]
