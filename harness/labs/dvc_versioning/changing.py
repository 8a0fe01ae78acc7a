"""The plays in which one thing is changed and `dvc repro` run again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import CheckFailed
from harness.evidence.params_edit import edit
from harness.labs.dvc_versioning import draws
from harness.labs.dvc_versioning.recompute import Scored, score
from harness.labs.dvc_versioning.reproduction import Snapshot, repro, snapshot
from harness.labs.dvc_versioning.versions import main_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.labs.dvc_versioning.course import Course
    from harness.labs.dvc_versioning.draws import Change
    from harness.workspace.command import Completed
    from harness.workspace.scenario import Transcript
    from harness.workspace.workspace import Workspace

LEFT_OUT = 3  # a change of fewer rows may leave every score as it was


@dataclass(frozen=True)
class Rerun:
    """What one `dvc repro` after one change did; ``path`` is the file that was edited, if one was."""

    change: str
    completed: Completed
    before: Snapshot
    after: Snapshot
    param: Change | None = None
    scored: Scored | None = None
    role: str = ""
    path: str | None = None


class Changing:
    """The plays that start from the reproduced pipeline, or from what an earlier one of them has left."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._left: dict[Path, Snapshot] = {}
        self._trained_before: dict[Path, tuple[str, bytes]] = {}

    def again(self, ws: Workspace) -> Rerun:
        """Run `dvc repro` a second time with nothing changed."""
        return self._after(ws, "nothing", snapshot(ws, self.course.base.pipeline))

    def change_train(self, ws: Workspace) -> Rerun:
        """Change one training parameter, the most telling that the pipeline accepts, and run `dvc repro`."""
        stages = self.course.base.roles.train
        changes = draws.train_changes(self.course.params_of(ws, stages), self.course.seed)
        files = {change.param.file: ws.read(change.param.file) or b"" for change in changes}
        found = self._first_that_runs(ws, changes, "train", stages)
        if found.param is not None:
            file = found.param.param.file
            self._trained_before[ws.root] = (file, files[file])
        return found

    def change_split(self, ws: Workspace) -> Rerun:
        """Change one parameter of the preprocessing, or the raw data if it has none, and run `dvc repro`.

        Where that fails with the training that an earlier change has left, it is tried with the first one.
        """
        found = self._split(ws)
        if not found.completed.ok and ws.root in self._trained_before:
            ws.write(*self._trained_before.pop(ws.root))
            self._after(ws, "the first training", found.before)
            found = self._split(ws, "--no-run-cache")  # where the failed run has left its split
        return found

    def edit_evaluate(self, ws: Workspace) -> Rerun:
        """Append a comment to the script of the evaluation and run `dvc repro`."""
        base = self.course.base
        path = self.course.case.script_of(base.pipeline, base.roles.evaluate, base.commit)
        if path is None:
            raise CheckFailed(
                "a script that evaluate runs", "none of the files in its command is in the repository"
            )
        word = draws.generator(self.course.seed, "edit").randrange(10**6)
        comment = b"\n\n" if path.endswith(".ipynb") else f"\n# {word}\n".encode()
        ws.write(path, (ws.read(path) or b"").rstrip(b"\r\n") + comment)
        return replace(self._after(ws, f"an edit of {path}", self._before(ws)), path=path)

    def delete_model(self, ws: Workspace) -> Rerun:
        """Delete the model and run `dvc repro`, which must bring back the same bytes."""
        model = self.course.base.roles.model
        if model is None:
            raise CheckFailed("a model that the pipeline makes", "none")
        ws.remove(model)
        return self._after(ws, f"the deletion of {model}", self._before(ws))

    def _split(self, ws: Workspace, *options: str) -> Rerun:
        stages = self.course.base.roles.prepare
        changes = draws.split_changes(self.course.params_of(ws, stages), self.course.seed)
        if not changes:
            return self._change_raw_data(ws, *options)
        return self._first_that_runs(ws, changes, "prepare", stages, *options)

    def _first_that_runs(
        self, ws: Workspace, changes: Sequence[Change], role: str, stages: Sequence[str], *options: str
    ) -> Rerun:
        last, before = None, self._before(ws)
        for change in changes[:3]:
            original = ws.read(change.param.file) or b""
            ws.write(change.param.file, edit(change.param.file, original, change.param.key, change.new))
            last = replace(self._after(ws, str(change), before, *options), param=change, role=role)
            if last.completed.ok:
                return replace(last, scored=self._score(ws))
            ws.write(change.param.file, original)
        if last is None:
            raise CheckFailed(
                f"a numeric parameter that {' and '.join(stages) or role} declares",
                "no stage declares one of its own",
                f"List the parameters of the {role} stage under its `params` in dvc.yaml.",
            )
        return last

    def _change_raw_data(self, ws: Workspace, *options: str) -> Rerun:
        table = main_table(self.course.base.placed)
        lines = (ws.read(table.path, limit=1 << 30) or b"").splitlines(keepends=True) if table else []
        if table is None or len(lines) <= 1:
            raise CheckFailed(
                "a parameter of the preprocessing or raw data whose change shows",
                "neither: no parameter is declared, and no raw data was placed",
                "List the parameters of the preprocessing stage under its `params` in dvc.yaml.",
            )
        path = table.path
        kept = [row for number, row in enumerate(lines[1:]) if number % LEFT_OUT]
        ws.place(path, self.course.dataset.keep(b"".join([lines[0], *kept])))
        rerun = self._after(ws, f"leaving every third row out of {path}", self._before(ws), *options)
        return replace(rerun, path=path, scored=self._score(ws))

    def _score(self, ws: Workspace) -> Scored:
        return score(ws, self.course.case, self.course.base.pipeline, self.course.base.roles)

    def _before(self, ws: Workspace) -> Snapshot:
        """The state that the workspace is in: what the last play has left there, or the reproduction."""
        return self._left.get(ws.root, self.course.base.state)

    def _after(self, ws: Workspace, change: str, before: Snapshot, *options: str) -> Rerun:
        done = repro(ws, self.course.base.command, *options)
        self._left[ws.root] = after = snapshot(ws, self.course.base.pipeline)
        return Rerun(change, done, before, after)


def changed_nothing(first: Transcript) -> bool:
    """Whether a re-run left the pipeline as it was before, so that another change can start there."""
    rerun = first.facts
    return isinstance(rerun, Rerun) and rerun.completed.ok and rerun.after == rerun.before


def succeeded(first: Transcript) -> bool:
    """Whether a re-run succeeded, so that another change can start from what it has left."""
    return isinstance(first.facts, Rerun) and first.facts.completed.ok
