"""What a student's model predicts, found out inside the workspace."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from fixtures.workspaces import write_tree
from harness.workspace.prediction import Prediction, Way, predict

if TYPE_CHECKING:
    from harness.workspace.workspace import Workspace

FEATURES = b"a,b\n0,0\n1,0\n0,1\n1,1\n"
SCRIPT = """\
import pickle
from custom import Model
pickle.dump(Model(ANSWER), open("../model", "wb"))
"""
CUSTOM = """\
class Model:
    def __init__(self, answer): self.answer = answer
    def predict(self, rows): return self.answer
"""

Ask = Callable[[str], Prediction]


@pytest.fixture
def answering(git_repo: Workspace) -> Ask:
    """Predicts with a model of the repository's own class, whose answer is the given expression."""

    def ask(answer: str) -> Prediction:
        write_tree(git_repo.repo, {"src/custom.py": CUSTOM, "src/save.py": SCRIPT.replace("ANSWER", answer)})
        git_repo.run("python", "save.py", cwd="src", check=True)
        return predict(git_repo, ("model",), FEATURES, imports=("src",))

    return ask


def test_a_class_of_the_repository_predicts(answering: Ask, git_repo: Workspace) -> None:
    """A model of a class defined beside the training script is loaded, and nothing of it is left."""
    assert answering("['M', 'B', 'M', 'B']") == Prediction(
        (Way("the model", ("M", "B", "M", "B")),), None, "Model"
    )
    assert not [path for path in git_repo.tmp.rglob("*") if path.is_file()]
    assert git_repo.steps[-1].line == "python save.py"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("[1, 2]", "it predicts 2 labels for 4 rows"),
        ("[[1, 2]] * 4", "it does not predict one number, string or truth value per row"),
        ("[object] * 4", "TypeError: Object of type type is not JSON serializable"),
    ],
)
def test_answers_of_another_shape_are_refused(answer: str, error: str, answering: Ask) -> None:
    """Only one plain label per row is believed."""
    prediction = answering(answer)
    assert prediction.ways == ()
    assert error in (prediction.error or "")


def test_a_model_that_ends_the_process_gives_no_answer(git_repo: Workspace) -> None:
    """A model whose loading kills the process is told by the exit code."""
    write_tree(git_repo.repo, {"model": "cos\n_exit\n(I7\ntR."})
    error = "loading it or predicting ended the process with exit code 7: (no message)"
    assert predict(git_repo, ("model",), FEATURES) == Prediction((), error)


def test_a_model_that_takes_too_long_gives_no_answer(git_repo: Workspace) -> None:
    """A model that does not come to an end is killed, and told so."""
    write_tree(git_repo.repo, {"model": "ctime\nsleep\n(I60\ntR."})
    prediction = predict(git_repo, ("model",), FEATURES, timeout=3)
    assert prediction == Prediction((), "loading it and predicting took more than 3 seconds")


def test_a_class_of_the_training_script_itself_predicts(git_repo: Workspace) -> None:
    """A pickle names the class of a script that ran as one `__main__`; nothing else of the script runs."""
    script = f"{CUSTOM}\nimport pickle\nANSWER = [0, 1, 1, 0]\nDATA = open('gone.csv').read()\n"
    script += "raise SystemExit('trained again')\n"
    save = script.replace("DATA = open('gone.csv').read()", "").partition("raise")[0]
    write_tree(git_repo.repo, {"src/fit.py": save + "pickle.dump(Model(ANSWER), open('model', 'wb'))\n"})
    git_repo.run("python", "src/fit.py", check=True)
    write_tree(git_repo.repo, {"src/fit.py": script, "src/torn.py": "def ("})
    found = predict(git_repo, ("model",), FEATURES, imports=("src",))
    assert found.error is None
    assert found.ways[0].labels == (0, 1, 1, 0)


def test_chances_of_two_classes_come_along(git_repo: Workspace) -> None:
    """Of a model that tells them, finite and one per row; of another the labels stand alone."""
    chances = "    classes_ = ['B', 'M']\n    def predict_proba(self, rows):\n        import numpy\n"
    for told, kept in (("0.25", (0.25,) * 4), ("numpy.nan", ())):
        row = f"        return numpy.array([[0, {told}]] * len(rows))\n"
        save = "import pickle\nfrom custom import Model\npickle.dump(Model(['B'] * 4), open('model', 'wb'))\n"
        write_tree(git_repo.repo, {"custom.py": CUSTOM + chances + row, "save.py": save})
        git_repo.run("python", "save.py", check=True)
        (way,) = predict(git_repo, ("model",), FEATURES).ways
        assert way == Way("the model", ("B",) * 4, ("B", "M") if kept else (), kept)


@pytest.mark.parametrize(
    ("then", "more"),
    [
        ("[len(rows)] * len(rows)", ((Way("the model", (2, 2)),),)),
        ("[0]", ((),)),
        ("1 / 0", ()),
        ("sys.exit(3)", ()),
        ("os._exit(3)", ()),
        ("os.kill(os.getpid(), 9)", ()),
        ("time.sleep(60)", ()),
    ],
)
def test_more_tables_leave_the_first_answer_alone(
    then: str, more: tuple[tuple[Way, ...], ...], git_repo: Workspace
) -> None:
    """Whatever a model does when it is asked for the second time, what it said before that stays."""
    custom = "import os, sys, time\nclass Model:\n    def predict(self, rows):\n"
    custom += f"        return [1] * 4 if len(rows) == 4 else {then}\n"
    save = "import pickle\nfrom custom import Model\npickle.dump(Model(), open('model', 'wb'))\n"
    write_tree(git_repo.repo, {"custom.py": custom, "save.py": save})
    git_repo.run("python", "save.py", check=True)
    found = predict(git_repo, ("model",), FEATURES, b"a,b\n0,0\n1,0\n", timeout=6)
    assert found == Prediction((Way("the model", (1, 1, 1, 1)),), None, "Model", more=more)
    assert not [path for path in git_repo.tmp.rglob("*") if path.is_file()]


def test_no_more_is_asked_of_a_model_that_says_nothing(git_repo: Workspace) -> None:
    """It has failed already, and each table may take its time."""
    write_tree(git_repo.repo, {"model": "cos\ngetcwd\n(tR."})
    found = predict(git_repo, ("model",), FEATURES, FEATURES)
    assert (found.ways, found.more, found.plain) == ((), (), True)


@pytest.mark.parametrize("claim", [[[], []], {"a": 1}, "more", None, [3]])
def test_claims_about_more_tables_are_checked(claim: object, git_repo: Workspace) -> None:
    """What runs beside the probe may write anything into its answer."""
    told = {"ways": [{"name": "w", "labels": [1] * 4}], "model": "Model", "error": None, "more": claim}
    custom = "import json, os, sys\nclass Model:\n    def __reduce__(self): return lie, ()\ndef lie():\n"
    custom += f"    open(sys.argv[1], 'w').write({json.dumps(told)!r})\n    os._exit(0)\n"
    save = "import pickle\nfrom custom import Model\npickle.dump(Model(), open('model', 'wb'))\n"
    write_tree(git_repo.repo, {"custom.py": custom, "save.py": save})
    git_repo.run("python", "save.py", check=True)
    found = predict(git_repo, ("model",), FEATURES, FEATURES)
    assert found == Prediction((Way("w", (1,) * 4),), None, "Model", more=((),) if claim == [3] else ())
