"""The facts from which the oral questions are made."""

from __future__ import annotations

from dataclasses import replace

from harness.errors import CheckFailed
from harness.evidence.pipeline import Pipeline
from harness.grading.rubric_file import load_rubric
from harness.labs.dvc_versioning.dataset import PACKAGE, lab_data
from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
from harness.labs.dvc_versioning.oral import facts
from tests.labs.dvc_versioning.conftest import (
    FIT,
    PLAIN,
    ResultsOf,
    Work,
    base_of,
    larger,
    md5_of,
    pipeline_with,
    pointer_to,
    rerun,
)
from tests.labs.dvc_versioning.test_handed_in_experiments import experiment, ran_with

POINTER = "data/raw/data.csv.dvc"
FILE_DEP = pipeline_with(replace(FIT, deps=(*FIT.deps, "params.yaml")))


def told(work: Work, results_of: ResultsOf, pipeline: Pipeline, **found: object) -> dict[str, str]:
    """The facts of a submission."""
    case = work.case(pipeline)
    return facts(case, work.dataset(case), HandedInExperiments(case), results_of(found))


def test_a_submission_without_anything_has_no_facts(work: Work, results_of: ResultsOf) -> None:
    """What it lacks is left out, and nothing is raised."""
    work.commit({"README.md": b"mine"})
    assert told(work, results_of, Pipeline()) == {}


def test_two_versions_are_a_fact(work: Work, results_of: ResultsOf) -> None:
    """Their commits and hashes; one version is none."""
    first = work.commit({POINTER: pointer_to(lab_data())})
    assert told(work, results_of, Pipeline()) == {}
    last = work.commit({POINTER: pointer_to(larger())})
    found = told(work, results_of, Pipeline())
    assert (found["pointer"], found["first_commit"], found["last_commit"]) == (POINTER, first[:7], last[:7])
    assert (found["first_md5"], found["last_md5"]) == (md5_of(lab_data()), md5_of(larger()))


def test_a_file_under_deps_is_a_fact(work: Work, results_of: ResultsOf) -> None:
    """It decides what re-runs; where no stage lists one there is nothing to ask."""
    work.commit({"dvc.yaml": b"1"})
    found = told(work, results_of, FILE_DEP)
    assert found == {"file_dependent_stages": "fit", "params_file": "params.yaml"}
    assert told(work, results_of, PLAIN) == {}


def test_what_ran_and_stayed_is_a_fact(work: Work, results_of: ResultsOf) -> None:
    """The change of a parameter, and what it did here."""
    work.commit({"dvc.yaml": b"1"})
    found = told(work, results_of, PLAIN, reproduce=base_of(), train=rerun(PLAIN, "fit", "score"))
    assert found == {
        "train_key": "fit.trees",
        "train_old": "100",
        "train_new": "2",
        "ran": "fit, score",
        "stayed": "split",
    }
    nothing = told(work, results_of, PLAIN, reproduce=base_of(), train=rerun(PLAIN, param=None), x=1)
    assert nothing == {}


def test_experiments_are_a_fact(work: Work, results_of: ResultsOf) -> None:
    """Names and scores of those that were handed in."""
    work.commit(ran_with(100))
    for trees in (10, 20):
        experiment(work, f"exp-{trees}", ran_with(trees, trees / 100))
    found = told(work, results_of, PLAIN)
    assert found == {"experiment_names": "exp-10, exp-20", "experiment_scores": "0.1000, 0.2000"}


def test_every_question_is_made_from_known_facts(work: Work, results_of: ResultsOf) -> None:
    """No placeholder of the rubric's questions is without a fact that can fill it."""
    work.commit({**ran_with(100), POINTER: pointer_to(lab_data())})
    work.commit({POINTER: pointer_to(larger())})
    experiment(work, "exp-10", ran_with(10))
    again = {"reproduce": base_of(), "train": rerun(PLAIN, "fit", "score")}
    known = told(work, results_of, FILE_DEP, **again)
    rubric = load_rubric(PACKAGE / "labs" / "dvc_versioning" / "rubric.toml")
    for item in rubric.oral:
        for question in item.questions:
            assert question.filled(known) is not None, question.ask


def test_a_rerun_that_ran_everything_or_nothing_is_told_in_words(work: Work, results_of: ResultsOf) -> None:
    """A question never has a gap where the list is empty."""
    work.commit({"dvc.yaml": b"1"})
    everything = rerun(PLAIN, "split", "fit", "score")
    found = told(work, results_of, PLAIN, reproduce=base_of(), train=everything)
    assert (found["ran"], found["stayed"]) == ("split, fit, score", "none")
    found = told(work, results_of, PLAIN, reproduce=base_of(), train=rerun(PLAIN), x=1)
    assert (found["ran"], found["stayed"]) == ("nothing", "split, fit, score")


def test_a_run_that_failed_is_no_fact(work: Work, results_of: ResultsOf) -> None:
    """Nothing is asked about a change that could not be tried."""
    work.commit({"dvc.yaml": b"1"})
    failure = CheckFailed("a pipeline that runs", "it does not")
    assert told(work, results_of, PLAIN, reproduce=failure, train=failure) == {}


def test_an_experiment_without_f1_is_left_out(work: Work, results_of: ResultsOf) -> None:
    """Names and scores are lists of the same length."""
    work.commit(ran_with(100))
    experiment(work, "exp-10", ran_with(10, 0.1))
    experiment(work, "exp-20", {**ran_with(20), "scores.json": b'{"accuracy": 0.2}'})
    found = told(work, results_of, PLAIN)
    assert found == {"experiment_names": "exp-10", "experiment_scores": "0.1000"}
