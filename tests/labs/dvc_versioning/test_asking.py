"""Asking models, and what is known by then."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fixtures.workspaces import NewWorkspace, commit_all, write_tree
from harness.evidence.repository import GitRepository
from harness.labs.dvc_versioning.asking import Answers, code_files, predict_elsewhere, question
from harness.workspace.prediction import Prediction, Way
from harness.workspace.workspace import Workspace

RIGHT = Prediction((Way("the model", (0, 1)),), None, "Model")
WRONG = Prediction((), "loading it and predicting took more than 120 seconds")
CODE = ["limit.py", "src/save.py"]
LIMIT = "import pathlib\nclass Limit:\n    def predict(self, rows):\n        return [FOUND] * len(rows)\n"
SAVE = "import pickle\nfrom limit import Limit\npickle.dump(Limit(), open('model.pkl', 'wb'))\n"


@pytest.fixture
def trained(new_workspace: NewWorkspace) -> Workspace:
    """A workspace with a model that tells the files it finds, the code of its class, and data."""
    workspace = new_workspace()
    found = "','.join(sorted(str(path) for path in pathlib.Path().rglob('*.*') if path.suffix != '.pyc'))"
    write_tree(
        workspace.repo, {"limit.py": LIMIT.replace("FOUND", found), "src/save.py": SAVE, "test.csv": "a\n1\n"}
    )
    commit_all(workspace, trained.__name__)
    workspace.run("env", "PYTHONPATH=.", "python", "src/save.py", check=True)
    return workspace


def test_a_question_is_asked_once() -> None:
    """Whoever asks it again gets the same answer; another question is asked."""
    answers, asked = Answers(), []

    def ask() -> Prediction:
        asked.append(1)
        return RIGHT

    assert [answers.to(one, ask) for one in ("a", "a", "b", None, None)] == [RIGHT] * 5
    assert len(asked) == 4


def test_an_answer_that_failed_is_not_kept() -> None:
    """Time may have been short; an exception is told to whoever asked, and the next one asks anew."""
    answers = Answers()
    told: list[Prediction | KeyError] = [KeyError("ours"), WRONG, RIGHT]

    def ask() -> Prediction:
        found = told.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    with pytest.raises(KeyError):
        answers.to("a", ask)
    assert [answers.to("a", ask), answers.to("a", ask)] == [WRONG, RIGHT]


def test_who_comes_second_waits() -> None:
    """Two threads with one question ask it once."""
    answers, begun, go = Answers(), threading.Event(), threading.Event()

    def ask() -> Prediction:
        begun.set()
        assert go.wait(20)
        return RIGHT

    def refuse() -> Prediction:
        raise AssertionError("asked again")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(answers.to, "a", ask)
        assert begun.wait(20)
        second = pool.submit(answers.to, "a", refuse)
        go.set()
        assert first.result() == second.result() == RIGHT


@pytest.mark.parametrize("change", ["model.pkl", "limit.py", "scaler.pkl", "rows", "less code", "other name"])
def test_whatever_an_answer_depends_on_makes_another_question(trained: Workspace, change: str) -> None:
    """The model, what lies beside it, the code and the rows, byte for byte and by name."""
    files, rows = ["model.pkl", "scaler.pkl"], b"a\n1\n"
    for name in ("scaler.pkl", "other.pkl"):
        trained.write(name, b"x")
    before = question(trained, files, CODE, rows)
    assert before == question(trained, files, CODE, rows)
    if (trained.repo / change).is_file():
        trained.write(change, b"changed")
    files[1] = "other.pkl" if change == "other name" else files[1]
    code = CODE[1:] if change == "less code" else CODE
    assert question(trained, files, code, b"a\n2\n" if change == "rows" else rows) != before


def test_parts_do_not_run_into_each_other(trained: Workspace) -> None:
    """The end of one file is not the beginning of the next, nor is code a model."""
    trained.write("a.pkl", b"12")
    trained.write("b.pkl", b"3")
    one = question(trained, ["a.pkl", "b.pkl"], [], b"")
    trained.write("a.pkl", b"1")
    trained.write("b.pkl", b"23")
    other = question(trained, ["a.pkl", "b.pkl"], [], b"")
    asked = {one, other, question(trained, ["a.pkl"], ["b.pkl"], b""), question(trained, [], [], b"a")}
    assert len(asked) == 4


def test_what_cannot_be_read_makes_no_question(trained: Workspace) -> None:
    """A folder, a link, a file that is gone or too large: such a model is asked each time."""
    (trained.repo / "link.pkl").symlink_to("model.pkl")
    for name in ("src", "link.pkl", "gone.pkl"):
        assert question(trained, ["model.pkl", name], CODE, b"") is None
    with (trained.repo / "model.pkl").open("ab") as file:
        file.truncate(65 << 20)
    assert question(trained, ["model.pkl"], CODE, b"") is None


def test_code_is_what_git_lists(trained: Workspace) -> None:
    """Python files from which a model's own class may come; what is not committed is not among them."""
    trained.write("loose.py", b"")
    assert code_files(trained) == CODE


def test_code_is_known_without_a_command(trained: Workspace, tmp_path: Path) -> None:
    """Of a workspace as it was checked out the submission's repository tells it; not of one that was used."""
    trained.run("git", "clone", "-q", "--bare", ".", "../tmp/bare", check=True)
    bare = (trained.tmp / "bare").rename(tmp_path / "bare")
    repository, commit = GitRepository(bare), trained.run("git", "rev-parse", "HEAD").stdout.strip()
    try:
        fresh = Workspace.create(tmp_path / "w", repository=bare, commit=commit, branch="main")
        fresh.write("loose.py", b"")
        fresh.git("rm", "-q", "--cached", "limit.py")
        assert (code_files(fresh, repository), code_files(fresh)) == (CODE, CODE[1:])
        fresh.run("git", "add", "loose.py", check=True)
        assert code_files(fresh, repository) == ["loose.py", *CODE[1:]]
    finally:
        repository.close()


def test_the_model_finds_the_code_and_no_data(trained: Workspace) -> None:
    """Also where the code was found out before; nothing of it is left."""
    trained.write("loose.py", b"")
    for code in (None, CODE):
        (way,) = predict_elsewhere(trained, ("model.pkl",), b"a\n1\n", code=code).ways
        assert way.labels == ("limit.py,model.pkl,src/save.py",)
    assert not (trained.root / "predicting").exists()
