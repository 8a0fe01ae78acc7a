"""What a student's model predicts, found out inside the workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from fixtures.workspaces import write_tree
from harness.workspace.prediction import Prediction, predict

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
        return predict(git_repo, "model", FEATURES, imports=("src",))

    return ask


def test_a_class_of_the_repository_predicts(answering: Ask, git_repo: Workspace) -> None:
    """A model of a class defined beside the training script is loaded, and nothing of it is left."""
    assert answering("['M', 'B', 'M', 'B']") == Prediction(("M", "B", "M", "B"), None, "Model")
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
    assert prediction.labels is None
    assert error in (prediction.error or "")


def test_a_model_that_ends_the_process_gives_no_answer(git_repo: Workspace) -> None:
    """A model whose loading kills the process is told by the exit code."""
    write_tree(git_repo.repo, {"model": "cos\n_exit\n(I7\ntR."})
    error = "loading it or predicting ended the process with exit code 7: (no message)"
    assert predict(git_repo, "model", FEATURES) == Prediction(None, error)


def test_a_model_that_takes_too_long_gives_no_answer(git_repo: Workspace) -> None:
    """A model that does not come to an end is killed, and told so."""
    write_tree(git_repo.repo, {"model": "ctime\nsleep\n(I60\ntR."})
    prediction = predict(git_repo, "model", FEATURES, timeout=3)
    assert prediction == Prediction(None, "loading it and predicting took more than 3 seconds")
