"""Which experiments count: distinct parameter sets with metrics, in refs, on branches, in commits."""

from __future__ import annotations

import json

import pytest

from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning.handed_in_experiments import Counted, HandedInExperiments
from tests.labs.dvc_versioning.conftest import FIT, SCORE, SPLIT, Work, lock_file, locked, md5_of

PIPELINE = Pipeline((SPLIT, FIT, SCORE))


def ran_with(trees: int, accuracy: float = 0.9, depth: int = 3) -> dict[str, bytes | None]:
    """The files of a run: parameters, lock and metrics that belong together."""
    scores = json.dumps({"accuracy": accuracy, "f1": accuracy, "trees": trees}).encode()
    fit = {**locked(FIT, str(trees)), "params": {"params.yaml": {"fit.trees": trees, "fit.depth": depth}}}
    score = {"cmd": "python score.py", "outs": [{"path": "scores.json", "md5": md5_of(scores)}]}
    return {
        "dvc.yaml": b"stages: {}\n",
        "params.yaml": f"fit: {{trees: {trees}, depth: {depth}}}\n".encode(),
        "scores.json": scores,
        "dvc.lock": lock_file({"fit": fit, "score": score}),
    }


def experiment(work: Work, name: str, files: dict[str, bytes | None]) -> str:
    """Commit an experiment as DVC does: under refs/exps, the branch stays where it was."""
    base = work.repo.head.commit.hexsha
    tip = work.commit(files)
    work.repo.git.update_ref(f"refs/exps/{base[:2]}/{base[2:]}/{name}", tip)
    work.repo.head.reset(base, index=True, working_tree=True)
    return tip


def counted(work: Work) -> tuple[Counted, ...]:
    """The experiments that count."""
    return HandedInExperiments(work.case(PIPELINE)).counted


def sets_of(work: Work) -> list[object]:
    """The trees of each experiment that counts."""
    return [one.params["fit.trees"] for one in counted(work)]


def test_experiments_in_refs_count(work: Work) -> None:
    """With their parameters, scores and the model of their lock."""
    work.commit(ran_with(100))
    tips = [experiment(work, f"exp-{trees}", ran_with(trees, trees / 100)) for trees in (10, 20, 30)]
    found = counted(work)
    assert [(one.name, one.commit) for one in found] == list(
        zip(["exp-10", "exp-20", "exp-30"], tips, strict=True)
    )
    assert found[0].params == {"fit.trees": 10, "fit.depth": 3}
    assert found[0].scores == {"accuracy": 0.1, "f1": 0.1}
    assert found[0].outs["forest.pkl"] == md5_of(b"forest.pkl10")
    assert found[0].told == "depth=3, trees=10 → accuracy 0.1000, f1 0.1000"


def test_equal_parameter_sets_count_once(work: Work) -> None:
    """Three names for one experiment are one experiment."""
    work.commit(ran_with(100))
    for name in ("a", "b", "c"):
        experiment(work, name, ran_with(10, 0.5))
    found = HandedInExperiments(work.case(PIPELINE))
    assert len(found.counted) == 1
    assert found.repeats == 2


def test_equal_scores_of_other_parameters_count(work: Work) -> None:
    """With few test rows other trees may score the same."""
    work.commit(ran_with(100))
    for trees in (10, 20, 30):
        experiment(work, f"exp-{trees}", ran_with(trees, 0.9))
    assert sorted(map(str, sets_of(work))) == ["10", "20", "30"]


def test_the_pipelines_own_two_runs_do_not_count(work: Work) -> None:
    """The first lock and the first re-run are deliverable 2; what comes after them counts."""
    for trees in (100, 50, 10, 20):
        work.commit(ran_with(trees))
    assert sets_of(work) == [10, 20]


def test_the_first_two_count_when_they_are_in_refs(work: Work) -> None:
    """An experiment that was run and then applied is one."""
    work.commit(ran_with(100))
    experiment(work, "again", ran_with(100))
    work.commit(ran_with(50))
    assert sets_of(work) == [100]


def test_experiments_on_branches_count(work: Work) -> None:
    """By `dvc exp branch`, or by a branch for each."""
    work.commit(ran_with(100))
    for trees in (10, 20, 30):
        work.repo.git.checkout("-q", "-b", f"try-{trees}", "main")
        work.commit(ran_with(trees))
    work.repo.git.checkout("-q", "main")
    assert sorted(map(str, sets_of(work))) == ["10", "20", "30"]
    assert {one.source for one in counted(work)} == {"branch"}


def test_the_newest_commit_of_a_set_counts(work: Work) -> None:
    """Numbers that were improved in a later commit are the ones that must come out."""
    work.commit(ran_with(100))
    work.commit(ran_with(50))
    work.commit(ran_with(10, 0.5))
    improved = work.commit(ran_with(10, 0.9))
    assert [(one.commit, one.scores["f1"]) for one in counted(work)] == [(improved, 0.9)]


def test_metrics_that_do_not_belong_to_the_lock_do_not_count(work: Work) -> None:
    """Numbers typed into a commit are no experiment."""
    work.commit(ran_with(100))
    work.commit(ran_with(50))
    work.commit({**ran_with(10), "scores.json": b'{"accuracy": 0.99}'})
    assert sets_of(work) == []


@pytest.mark.parametrize("scores", [None, b"{", b'{"loss": "low"}'])
def test_an_experiment_without_scores_does_not_count(work: Work, scores: bytes | None) -> None:
    """No file, no JSON, no number."""
    work.commit({"README.md": b"mine"})
    files = ran_with(10)
    experiment(
        work,
        "exp-a",
        {key: value for key, value in files.items() if key != "scores.json"}
        | ({} if scores is None else {"scores.json": scores}),
    )
    assert counted(work) == ()


def test_experiments_of_other_baselines_count(work: Work) -> None:
    """`dvc exp show` hides them once the branch has moved on, the refs are there."""
    work.commit(ran_with(100))
    experiment(work, "early", ran_with(10))
    work.commit({"notes.txt": b"later"})
    experiment(work, "late", ran_with(20))
    assert sorted(map(str, sets_of(work))) == ["10", "20"]


def test_what_only_a_text_tells_is_told(work: Work) -> None:
    """A table of experiments in the README, without those that were handed in."""
    table = b"# Work\n\n| trees | depth | accuracy |\n|---|---|---|\n| 10 | 3 | 0.90 |\n| 20 | 4 | 0.92 |\n"
    work.commit({**ran_with(100), "README.md": table})
    experiment(work, "exp-10", ran_with(10))
    (told,) = HandedInExperiments(work.case(PIPELINE)).told
    assert told.params == {"fit.trees": 20, "fit.depth": 4}
    assert told.where.startswith("README.md")


def test_scores_are_found_by_meaning_in_any_file() -> None:
    """What cannot be read has none, and the first file that has a score gives it."""
    files = {"a.json": b"{", "b.json": b'{"acc": 0.5}', "c.yaml": b"accuracy: 0.7\nf1_score: 0.6\n"}
    assert HandedInExperiments.scores_in(files) == {"accuracy": 0.5, "f1": 0.6}


def test_an_experiment_that_only_its_lock_tells_of_does_not_count(work: Work) -> None:
    """Another number in dvc.lock beside the same params.yaml is no run."""
    work.commit({"README.md": b"mine"})
    experiment(work, "exp-a", {**ran_with(10), "params.yaml": b"fit: {trees: 100, depth: 3}\n"})
    assert counted(work) == ()


def test_the_same_scores_are_found_whatever_the_order_of_the_files() -> None:
    """Those of the held-out rows, where another file has them of the training or of a validation."""
    files = {"m/cv.json": b'{"accuracy": 0.5}', "m/scores.json": b'{"accuracy": 0.7}'}
    for items in (files.items(), reversed(files.items())):
        assert HandedInExperiments.scores_in(dict(items)) == {"accuracy": 0.7}
