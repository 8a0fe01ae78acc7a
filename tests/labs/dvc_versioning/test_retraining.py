"""Training once more on the rows as they are, where it should make the model that was scored."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, repeat

import pytest

from fixtures.workspaces import NewWorkspace, commit_all, write_tree
from harness.evidence.pipeline import Output, Stage
from harness.labs.dvc_versioning.alone import Alone
from harness.labs.dvc_versioning.retraining import Retraining
from harness.workspace.sealing import Seal
from harness.workspace.workspace import Workspace

STAGE = Stage("fit", "fit", cmd=("python fit.py",), deps=("fit.py", "rows.csv"), outs=(Output("model.txt"),))
PIPELINE = b"stages:\n  fit: {cmd: python fit.py, deps: [fit.py, rows.csv], outs: [model.txt]}\n"
ROWS = b"a,b\n1.5,0\n2.5,1\n"
SEAL = Seal("0" * 40)
BEFORE = (1,) * 5 + (0,) * 5
SAY = "open('model.txt', 'w').write('1' * 5 + ('0' * 5 if {genuine} else '1' * {told}))\n"


@pytest.fixture
def used(new_workspace: NewWorkspace) -> Workspace:
    """A workspace with a commit, in which a command has left word, and a table."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"rows.csv": ROWS.decode(), "old.csv": "1"})
    commit_all(workspace, "first")
    (workspace.repo / ".git" / "note").touch()
    return workspace


def training(workspace: Workspace, genuine: str, told: int = 5, seal: Seal | None = None) -> Retraining:
    """Training whose model is the one that was scored where `genuine` is true, and else some rows off."""
    script = "import os, subprocess\n" + SAY.format(genuine=genuine, told=told)
    workspace.write("fit.py", script.encode())
    done = workspace.run("python", "fit.py")
    workspace.steps.clear()
    alone = Alone("fit", done, (), None, deterministic=True, whole=False, seal=seal)
    return Retraining(workspace, [STAGE], {"fit": alone}, lambda: answers(workspace))


def answers(workspace: Workspace) -> tuple[int, ...]:
    """What the model says."""
    return tuple(map(int, (workspace.read("model.txt") or b"").decode()))


@pytest.mark.parametrize(
    ("genuine", "watchful"),
    [
        ("True", False),
        ("os.path.exists('old.csv')", False),
        ("subprocess.check_output(['git', 'rev-parse', 'HEAD'])", False),
        ("os.path.exists('.git/note')", True),
        ("subprocess.check_output(['git', 'show', 'HEAD:old.csv'])", True),
        ("open('rows.csv').read().startswith('a')", True),
        ("[1][not open('rows.csv').read().startswith('a')]", False),
        ("[1][not open('rows.csv').read().startswith('a')] and os.path.exists('.git/note')", True),
        ("1 / 0", False),
    ],
)
def test_training_that_looks_at_more_than_its_rows_is_watchful(
    used: Workspace,
    genuine: str,
    watchful: bool,  # noqa: FBT001 (a case)
) -> None:
    """At notes, the history or bytes; not at other files or the commit's name, nor where it never runs."""
    assert training(used, genuine).is_watchful({"rows.csv": ROWS}, SEAL, BEFORE) is watchful


@pytest.mark.parametrize(
    ("genuine", "told", "watchful"),
    [
        ("open('rows.csv').read().startswith('a')", 2, False),
        ("open('rows.csv').read().startswith('a')", 3, True),
        ("os.path.exists('.git/note')", 0, False),
        ("os.path.exists('.git/note')", 1, True),
    ],
)
def test_a_few_rows_are_told_otherwise_of_other_bytes(
    used: Workspace,
    genuine: str,
    told: int,
    watchful: bool,  # noqa: FBT001 (a case)
) -> None:
    """As by a seed drawn from them; of its own bytes a model that is always the same tells no row so."""
    assert training(used, genuine, told).is_watchful({"rows.csv": ROWS}, SEAL, BEFORE) is watchful


def test_what_is_known_is_not_tried(used: Workspace) -> None:
    """Training that made its model under a seal."""
    trained = training(used, "os.path.exists('.git/note')", seal=SEAL)
    assert not trained.is_watchful({"rows.csv": ROWS}, SEAL, BEFORE)
    assert used.steps == []


@pytest.mark.parametrize(
    ("again", "sealed", "watchful"),
    [
        (BEFORE, ((1,) * 10, (1,) * 10), True),
        (BEFORE, ((1,) * 10, BEFORE), False),
        ((1,) * 10, ((1,) * 10, (1,) * 10), False),
        (BEFORE, (BEFORE, BEFORE), False),
        (None, ((1,) * 10, (1,) * 10), False),
        (BEFORE, (None, (1,) * 10), True),
    ],
)
def test_models_that_differ_each_time_are_compared_by_what_they_say_twice(
    used: Workspace,
    again: tuple[int, ...] | None,
    sealed: tuple[tuple[int, ...] | None, ...],
    watchful: bool,  # noqa: FBT001 (a case)
) -> None:
    """Plainly and under the seal; where it says nothing plainly, nothing is known."""
    trained = training(used, "True")
    used.run("dvc", "init", "-q", check=True)
    used.write("dvc.yaml", PIPELINE)
    unlike = replace(trained.alone["fit"], deterministic=False)
    told = chain((again, *sealed), repeat(BEFORE))
    unsteady = replace(trained, alone={"fit": unlike}, answers=lambda: next(told))
    assert unsteady.is_watchful({"rows.csv": ROWS}, SEAL, BEFORE) is watchful


def test_training_on_other_files_has_other_answers(used: Workspace) -> None:
    """None where it fails on them."""
    trained = training(used, "0 < len(open('rows.csv').read()) < 9 or 1 / len(open('rows.csv').read())")
    assert trained.on({"rows.csv": b"1"}) == BEFORE
    assert trained.on({"rows.csv": b""}) is None
