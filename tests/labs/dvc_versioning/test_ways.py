"""In which way an evaluation comes to its predictions, told by the scores of several runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from harness.errors import CheckFailed
from harness.evidence.metrics import Scores
from harness.evidence.scoring import NAMES, right_values
from harness.labs.dvc_versioning.metrics_rule import compare_with_recomputation
from harness.labs.dvc_versioning.recompute import Scored
from harness.labs.dvc_versioning.ways import Choice, settled, taken
from harness.workspace.prediction import Way
from tests.labs.dvc_versioning.conftest import ResultsOf, base_of, ruling_about, scored
from tests.labs.dvc_versioning.test_metrics_rule import TRUTH, rerun_with, right_for, wrong_in

RNG = Random(1)  # noqa: S311 (no secret)
LABELS = tuple(RNG.randrange(2) for _ in range(80))
FIRST, SECOND = (
    tuple(round(min(max(RNG.gauss(0.3 + 0.4 * label, 0.2), 0.0), 1.0), 2) for label in LABELS)
    for _ in range(2)
)
PLAIN = "the model"


def cut(chances: tuple[float, ...], threshold: float, *, reached: bool = True) -> tuple[int, ...]:
    """The classes that chances come to."""
    return tuple(int(one >= threshold if reached else one > threshold) for one in chances)


def run(chances: tuple[float, ...], predicted: tuple[int, ...]) -> Scored:
    """A run whose evaluation predicted this, with a model of these chances and a constant beside it."""
    values = dict(zip(NAMES, right_values(LABELS, predicted)[0].values.values(), strict=True))
    ways = (
        Way(PLAIN, cut(chances, 0.5), (0, 1), chances),
        Way("scaled", tuple(1 - one for one in cut(chances, 0.5))),
    )
    return Scored(Scores(values, {}, {}), LABELS, ways[0].labels, ways=ways)


def test_the_models_own_predictions_come_first() -> None:
    """Where they give the scores of all runs, nothing else is looked for."""
    runs = [run(chances, cut(chances, 0.5)) for chances in (FIRST, SECOND)]
    assert settled(runs) == Choice(PLAIN)
    assert taken(runs[0], settled(runs)) == runs[0]


def test_a_scaler_in_between_is_seen() -> None:
    """Another way gives the scores of every run, and its predictions take the others' place."""
    turned = tuple(1 - one for one in cut(FIRST, 0.5))
    choice = settled([run(FIRST, turned), run(SECOND, tuple(1 - one for one in cut(SECOND, 0.5)))])
    assert choice == Choice("scaled")
    assert taken(run(FIRST, turned), choice).predictions == turned


@pytest.mark.parametrize("reached", [True, False])
def test_a_threshold_of_the_evaluations_own_is_a_way(reached: bool) -> None:  # noqa: FBT001 (the parameter)
    """Named by the parameter or the script, whose value each run has for itself."""
    runs = [
        replace(run(chances, cut(chances, limit, reached=reached)), limits={"0.2": 0.2, "score.limit": limit})
        for chances, limit in ((FIRST, 0.65), (SECOND, 0.7))
    ]
    choice = settled(runs)
    assert choice is not None
    assert (choice.name, choice.limit) == (PLAIN, "score.limit")
    assert str(choice) == "the model, with score.limit as the threshold"
    for one, chances, limit in zip(runs, (FIRST, SECOND), (0.65, 0.7), strict=True):
        assert taken(one, choice).predictions == cut(chances, limit, reached=reached)


@pytest.mark.parametrize("reached", [True, False])
def test_a_chance_that_equals_the_threshold_falls_on_its_side(reached: bool) -> None:  # noqa: FBT001 (the parameter)
    """On the one that the scores show."""
    limit = FIRST[0]
    one = replace(run(FIRST, cut(FIRST, limit, reached=reached)), limits={"it": limit})
    assert settled([one]) == Choice(PLAIN, "it", reached)
    assert taken(one, settled([one])).predictions == cut(FIRST, limit, reached=reached)


@pytest.mark.parametrize("reached", [True, False])
def test_a_threshold_may_be_one_for_the_first_class(reached: bool) -> None:  # noqa: FBT001 (the parameter)
    """Whoever reaches it is of that class, and 1 - 0.7 is 0.3 whatever a computer makes of it."""
    chances = (*FIRST[:-1], 0.7)
    first = cut(tuple(round(1 - one, 2) for one in chances), 0.3, reached=reached)
    one = replace(run(chances, tuple(1 - guess for guess in first)), limits={"0.3": 0.3})
    choice = settled([one])
    assert choice == Choice(PLAIN, "0.3", reached, first=True)
    assert str(choice) == "the model, with 0.3 as the threshold of the first class"
    assert taken(one, choice).predictions == tuple(1 - guess for guess in first)


def test_a_threshold_that_nothing_names_is_none() -> None:
    """Scores that were tuned run by run, or made up, are right in no way."""
    tuned = run(FIRST, cut(FIRST, 0.65)), run(SECOND, cut(SECOND, 0.2))
    assert settled(tuned) is None
    assert settled([replace(one, limits={"0.65": 0.65}) for one in tuned]) is None
    made_up = replace(run(FIRST, cut(FIRST, 0.5)), reported=Scores(dict.fromkeys(NAMES, 0.97), {}, {}))
    assert settled([made_up]) is None
    assert taken(made_up, None) == made_up


def test_nothing_is_settled_without_scores() -> None:
    """Runs without all four scores or without a model that predicts tell nothing."""
    whole = run(FIRST, cut(FIRST, 0.5))
    assert settled([]) is None
    assert settled([whole, replace(whole, reported=None)]) is None
    assert whole.reported is not None
    one_right = Scores({"accuracy": whole.reported.values["accuracy"]}, {}, {})
    assert settled([whole, replace(whole, reported=one_right)]) is None
    assert settled([whole, Scored(whole.reported, problem="no model")]) is None


def test_a_way_that_a_run_has_not_leaves_its_predictions() -> None:
    """Another model in the same place may tell no chances, or have no scaler."""
    bare = replace(run(FIRST, cut(FIRST, 0.5)), ways=(Way(PLAIN, cut(FIRST, 0.5)),))
    assert taken(bare, Choice("scaled")) == bare
    assert taken(replace(bare, limits={"0.2": 0.2}), Choice(PLAIN, "0.2")).predictions == bare.predictions
    assert taken(run(FIRST, cut(FIRST, 0.5)), Choice(PLAIN, "0.2")).predictions == cut(FIRST, 0.5)


def test_a_way_that_all_runs_share_settles_it(results_of: ResultsOf) -> None:
    """Their scores are those after a scaler; were they so in one run alone, they would be wrong."""

    def scaled(values: Mapping[str, object], guesses: tuple[int, ...]) -> Scored:
        plain = scored(values, TRUTH, wrong_in(5, 6))
        ways = (Way("the model", plain.predictions), Way("scaled", guesses))
        return replace(plain, ways=ways)

    first, second = (scaled(right_for(wrong_in(*rows)), wrong_in(*rows)) for rows in ((3,), (3, 8, 9)))
    made_up = scaled(right_for(wrong_in(3)), wrong_in(3, 8, 9))
    facts = {"reproduce": replace(base_of(), scored=first)}
    ruling = ruling_about(5)
    compare_with_recomputation(results_of({**facts, "train": rerun_with(second)}), ruling)
    assert "predictions: scaled" in [item.text for item in ruling.settle(None, 0).evidence]
    with pytest.raises(CheckFailed):
        compare_with_recomputation(results_of({**facts, "train": rerun_with(made_up)}), ruling_about(5))
