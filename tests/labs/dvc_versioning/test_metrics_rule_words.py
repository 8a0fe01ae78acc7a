"""What the student and the examiner read about scores: expected, found and the way out, word for word."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness.errors import CheckFailed, Pending
from harness.grading.ruling import Ruling
from harness.labs.dvc_versioning.metrics_rule import (
    HINT,
    compare_committed,
    compare_with_recomputation,
    judge_run,
    never_made,
    refuse_fabricated,
    same_model,
)
from harness.labs.dvc_versioning.recompute import Scored
from harness.workspace.prediction import Way
from tests.labs.dvc_versioning.conftest import (
    PLAIN,
    RIGHT,
    TREES,
    ResultsOf,
    Work,
    base_of,
    md5_of,
    ruling_about,
    scored,
    state,
)
from tests.labs.dvc_versioning.test_metrics_rule import (
    TRUTH,
    fabricated_numbers,
    handed_in,
    rerun_with,
    right_for,
    wrong_in,
)

GONE = Scored(scored().reported, problem="forest.pkl is a short text", no_model=True)


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        (scored(None), "accuracy, precision, recall and f1 in the metrics file", "all missing"),
        (scored({**RIGHT, "f1": "x"}), "four numbers in the metrics file", "f1: 'x' is a text, not a number"),
        (GONE, "a model whose predictions give the scores", "forest.pkl is a short text"),
        (
            scored({**RIGHT, "accuracy": 0.5, "f1": 0.1234567}),
            "the scores of the model on the held-out data, after a change",
            "accuracy 0.5 instead of 0.75, f1 0.123457 instead of 0.666667",
        ),
    ],
)
def test_a_wrong_run_says_what_was_expected(found: Scored, expected: str, told: str) -> None:
    """A run that fails says what should stand there, what does, and how to compute it."""
    with pytest.raises(CheckFailed) as failure:
        judge_run("after a change", found)
    assert (failure.value.expected, failure.value.found, failure.value.hint) == (expected, told, HINT)


@pytest.mark.parametrize(
    ("found", "told", "hint"),
    [
        (
            replace(GONE, no_model=False, problem="no module named torch"),
            "the scores could not be computed: no module named torch",
            "Show the examiner how the model predicts; a pickled scikit-learn model is understood.",
        ),
        (
            Scored(scored().reported, problem="no label column 'target' in test.csv", no_rows=True),
            "the scores could not be computed: no label column 'target' in test.csv",
            "Show the examiner the rows that are scored; a CSV or NumPy file of their own is understood.",
        ),
        (
            replace(scored({**RIGHT, "f1": 0.1}), doubt="evaluate has parameters"),
            "the scores are not the model's own, which may be right: evaluate has parameters",
            "Show the examiner how evaluate comes to its scores.",
        ),
    ],
)
def test_an_open_run_says_what_to_show(found: Scored, told: str, hint: str) -> None:
    """What the harness cannot compute is the examiner's to see."""
    with pytest.raises(Pending) as pending:
        judge_run("x", found)
    assert (pending.value.found, pending.value.hint) == (told, hint)


def test_right_scores_need_no_certainty() -> None:
    """An evaluation that may do more than ask the model is right where its scores are the model's."""
    assert judge_run("x", replace(scored(), doubt="evaluate has parameters")).average == "binary:1"


def facts_of(ruling: Ruling) -> list[tuple[str, str]]:
    """The facts of a ruling, as kind and text."""
    return [(fact.kind, fact.text) for fact in ruling.settle(None, 0).evidence]


def test_each_run_is_told_with_its_right_scores(results_of: ResultsOf) -> None:
    """Four numbers to six digits, and the average that they are right under."""
    ruling = ruling_about(5)
    guesses = wrong_in(3)
    facts = {
        "reproduce": replace(base_of(), scored=scored()),
        "train": rerun_with(scored(right_for(guesses), TRUTH, guesses)),
    }
    compare_with_recomputation(results_of(facts), ruling)
    assert facts_of(ruling) == [
        ("value", "as handed in: accuracy 0.75, precision 0.5, recall 1, f1 0.666667 (binary:1)"),
        (
            "value",
            f"after {TREES}: accuracy 0.975, precision 0.952381, recall 1, f1 0.97561 (binary:1)",
        ),
    ]


def test_runs_that_are_all_the_same_show_nothing(results_of: ResultsOf) -> None:
    """Constant numbers would be right too: the examiner sees another run."""
    with pytest.raises(Pending) as pending:
        compare_with_recomputation(
            results_of({"reproduce": replace(base_of(), scored=scored())}), ruling_about(5)
        )
    assert pending.value.found == (
        "the right scores are the same in all 1 runs, so constant numbers would be right as well"
    )
    assert pending.value.hint == "Show the examiner a run with other parameters whose scores differ."


@pytest.mark.parametrize(
    ("found", "flags"),
    [
        (GONE, [("fabricated", "scores are reported though forest.pkl is a short text")]),
        (replace(GONE, no_model=False), []),
        (replace(GONE, reported=None), []),
        (replace(scored({}), no_model=True), []),
    ],
)
def test_scores_without_a_model_are_fabricated(
    results_of: ResultsOf, found: Scored, flags: list[tuple[str, str]]
) -> None:
    """Numbers that stand beside no model at all were invented; no numbers were not."""
    ruling = ruling_about(5)
    with pytest.raises((CheckFailed, Pending)):
        compare_with_recomputation(results_of({"reproduce": replace(base_of(), scored=found)}), ruling)
    assert [(flag.id, flag.text) for flag in ruling.flags] == flags


def test_a_fabrication_names_the_file_and_the_proof(work: Work, results_of: ResultsOf) -> None:
    """The flag and the failure say which numbers, and what shows that they cannot be."""
    ruling = ruling_about(5)
    case = handed_in(work, {**RIGHT, "accuracy": 0.99})
    with pytest.raises(CheckFailed) as failure:
        refuse_fabricated(case, results_of({"locked": scored(None)}), ruling)
    why = "the model and data of dvc.lock give accuracy 0.75, precision 0.5, recall 1, f1 0.666667"
    assert [(flag.id, flag.text) for flag in ruling.flags] == [("fabricated", f"scores.json: {why}")]
    assert failure.value.expected == "scores.json as computed from the model and the data"
    assert failure.value.found == f"accuracy 0.99, precision 0.5, recall 1, f1 0.666667: {why}"
    assert failure.value.hint == HINT


def test_three_classes_are_not_refuted_by_counting(work: Work, results_of: ResultsOf) -> None:
    """That no matrix of two classes gives the scores says nothing where there are three."""
    case = fabricated_numbers(work)
    labels = (2, *TRUTH[1:])
    base = replace(base_of(commit=case.commit), scored=scored(None, labels, TRUTH))
    base = replace(base, state=state(PLAIN, fit="other"))
    refuse_fabricated(case, results_of({"reproduce": base}), ruling_about(5))


def test_the_committed_scores_are_told_beside_the_run(work: Work, results_of: ResultsOf) -> None:
    """More than two test rows apart is open, with the numbers and what to show."""
    case = fabricated_numbers(work)
    base = replace(base_of(commit=case.commit), scored=scored(None, TRUTH, wrong_in(1)))
    with pytest.raises(Pending) as pending:
        compare_committed(case, results_of({"reproduce": base}), ruling_about(5))
    assert pending.value.found == (
        "scores.json says accuracy 0.99, precision 0.1, recall 0.1, f1 0.9, "
        "the run here gives otherwise by more than 2 test rows"
    )
    assert pending.value.hint == "Show the examiner the run on your machine, and its library versions."


def test_the_way_of_predicting_is_told(work: Work, results_of: ResultsOf) -> None:
    """Where another way than the model's own gives the scores of every run, it stands beside them."""
    ways = [(Way("scaled", wrong_in(row)),) for row in (3, 4)]
    first, second = (
        replace(scored(right_for(wrong_in(row)), TRUTH, TRUTH), ways=way)
        for row, way in zip((3, 4), ways, strict=True)
    )
    case = fabricated_numbers(work)
    base = replace(base_of(commit=case.commit), scored=first)
    ruling = ruling_about(5)
    with pytest.raises(Pending):
        compare_with_recomputation(results_of({"reproduce": base, "train": rerun_with(second)}), ruling)
    assert facts_of(ruling)[0] == ("value", "predictions: scaled")
    assert [text.split(":")[0] for _, text in facts_of(ruling)[1:]] == ["as handed in", f"after {TREES}"]


def test_committed_scores_near_the_run_are_told(work: Work, results_of: ResultsOf) -> None:
    """With the test rows that library versions may have changed; without four committed scores nothing is."""
    case = fabricated_numbers(work)
    data = json.dumps(right_for(wrong_in(0))).encode()
    lock = json.loads(case.head.read("dvc.lock") or b"")
    lock["stages"]["score"]["outs"][0]["md5"] = md5_of(data)
    work.commit({"scores.json": data, "dvc.lock": json.dumps(lock).encode()})
    case = work.case(PLAIN)
    base = replace(base_of(commit=case.commit), scored=scored(None, TRUTH, wrong_in(0, 1)))
    ruling = ruling_about(5)
    compare_committed(case, results_of({"reproduce": base}), ruling)
    assert facts_of(ruling) == [("value", "scores.json as committed: 1 test rows apart from the run here")]
    elsewhere = replace(base, commit="e" * 40, scored=scored(None, TRUTH, wrong_in(*range(20))))
    compare_committed(case, results_of({"reproduce": elsewhere}), ruling)
    work.commit({"scores.json": b"{}"})
    bare = work.case(PLAIN)
    nothing = replace(base, commit=bare.commit)
    compare_committed(bare, results_of({"reproduce": nothing}), ruling)
    assert len(facts_of(ruling)) == 1


def test_a_model_of_another_commit_is_not_the_same(work: Work) -> None:
    """Its bytes say nothing of the graded commit's libraries."""
    case = fabricated_numbers(work)
    base = base_of(commit=case.commit)
    assert same_model(case, base)
    assert not same_model(case, replace(base, commit="e" * 40))
    assert never_made(case, base) is None
