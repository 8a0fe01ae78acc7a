"""What the scenarios found, by name and of the promised kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.workspaces import NewWorkspace
from harness.errors import CheckFailed, HarnessError, Pending
from harness.labs.dvc_versioning.alone import Alone
from harness.labs.dvc_versioning.exploring import Applied, OwnExperiment, Runs, Shared
from harness.labs.dvc_versioning.results import Results
from harness.labs.dvc_versioning.sensitivity import Reading
from harness.labs.dvc_versioning.sharing import Pushed, Visit
from harness.labs.dvc_versioning.taught import Taught
from harness.labs.dvc_versioning.thorough import Thorough
from harness.workspace.scenario import Scenario
from harness.workspace.scenario_tree import ScenarioTree
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import (
    PLAIN,
    SCORE,
    TREES,
    ResultsOf,
    base_of,
    pipeline_with,
    ran,
    rerun,
    scored,
    state,
)

SCENARIOS = (
    *("reproduce", "train", "alone", "explore", "switch", "push", "apply", "share", "params"),
    "repeat-0",
)
FAILURE = CheckFailed("a pipeline that runs", "it does not")


def alone(*, deterministic: bool = True) -> dict[str, Alone]:
    """One stage run by itself."""
    return {"fit": Alone("fit", ran(), (), frozenset({"fit.py"}), deterministic)}


def test_facts_come_by_their_scenario(results_of: ResultsOf) -> None:
    """Each of the kind that its method promises."""
    base, again = base_of(), rerun(PLAIN, "fit")
    found = results_of({"reproduce": base, "train": again, "locked": scored(), "repeat-0": base})
    assert found.reproduction() is found.repeated(0) is base
    assert found.rerun("train") is again
    assert found.scored_of_lock() == scored()


@pytest.mark.parametrize(
    "ask",
    [
        Results.reproduction,
        Results.reads,
        Results.runs,
        Results.visits,
        Results.pushed,
        Results.applied,
        Results.shared,
        Results.readings,
        lambda results: results.rerun("train"),
        lambda results: results.repeated(0),
    ],
)
def test_a_failed_scenario_fails_who_asks(results_of: ResultsOf, ask: Callable[[Results], object]) -> None:
    """The submission's failure is the check's."""
    found = results_of(dict.fromkeys(SCENARIOS, FAILURE))
    with pytest.raises(CheckFailed) as failure:
        ask(found)
    assert failure.value is FAILURE


def test_the_reproduction_comes_with_its_scores(results_of: ResultsOf) -> None:
    """Which a scenario of their own computes; where that fails, there is none."""
    found = results_of({"reproduce": base_of(), "scored": scored()})
    assert found.reproduction() == found.reproduction_or_none() == replace(base_of(), scored=scored())
    failed = results_of({"reproduce": base_of(), "scored": FAILURE, "x": 1})
    assert failed.reproduction_or_none() is None
    with pytest.raises(CheckFailed):
        failed.reproduction()


def test_a_switch_that_nobody_could_play_is_pending(results_of: ResultsOf) -> None:
    """It is planned only where the versions are known or can be made."""
    with pytest.raises(Pending) as pending:
        results_of({}).visits()
    assert pending.value.found == "the data of the versions was not handed in and cannot be made again"
    hint = "Hand in the folder with .dvc/cache, or show the examiner the switch on your machine."
    assert pending.value.hint == hint


def test_the_facts_of_sharing_and_exploring(results_of: ResultsOf) -> None:
    """Each under its scenario's name, and refused under another's."""
    own = OwnExperiment((TREES,), ran(), "wild-run", "c" * 40, {})
    runs = Runs((own,), ("a", "a"), ("b", "b"))
    applied = Applied(None, own, ran(), state(PLAIN), {})
    shared = Shared(ran(), ran(), ran(), ran(), own, frozenset({"wild-run"}), state(PLAIN), {})
    pushed = Pushed("c", ran(), ran(), ran(), {}, frozenset(), {}, "data.csv", {})
    visits = (Visit("c", "0", "0", 3, ran()),)
    facts = {"explore": runs, "apply": applied, "share": shared, "push": pushed, "switch": visits}
    found = results_of(facts)
    assert (found.runs(), found.applied(), found.shared()) == (runs, applied, shared)
    assert (found.pushed(), found.visits()) == (pushed, visits)
    others = results_of({**dict.fromkeys(facts, "nothing"), "x": 1})
    for ask in (others.runs, others.applied, others.shared, others.pushed, others.visits):
        with pytest.raises(HarnessError, match="found str, not"):
            ask()


def test_what_became_of_a_model_that_was_taught_is_known_or_not(results_of: ResultsOf) -> None:
    """Where the lesson failed or was none, nothing is known."""
    assert results_of({}).taught() == Taught("unknown")
    assert results_of({"taught": FAILURE}).taught() == Taught("unknown")
    assert results_of({"taught": Taught("seen", 0.9, 0.8), "x": 1}).taught() == Taught("seen", 0.9, 0.8)


def test_the_commands_of_a_scenario_are_told_where_it_failed_too(
    new_workspace: NewWorkspace, tmp_path: Path
) -> None:
    """None for one that was not played."""

    def play(ws: Workspace) -> None:
        ws.run("sh", "-c", "exit 3")
        raise FAILURE

    with ScenarioTree([Scenario("train", "t", play)], tmp_path / "tree", lambda _: new_workspace()) as tree:
        tree.start()
        found = Results(tree, frozenset({"train"}))
        assert [step.exit_code for step in found.steps_of("train")] == [3]
        assert found.steps_of("split") == ()


def test_nothing_is_a_possible_answer(results_of: ResultsOf) -> None:
    """Who can do without is told None, be it failed or never planned."""
    found = results_of({"reproduce": FAILURE, "train": FAILURE, "alone": FAILURE, "told-0": FAILURE})
    assert found.reproduction_or_none() is None
    assert found.rerun_or_none("train") is None
    assert found.rerun_or_none("split") is None
    assert found.scored_of_lock() is None
    assert found.recomputed(0) is None
    assert found.recomputed(1) is None
    assert found.alone_or_none() == {}


def test_a_fact_of_another_kind_is_our_fault(results_of: ResultsOf) -> None:
    """A scenario that found something else is a mistake of the harness."""
    with pytest.raises(HarnessError, match="scenario 'reproduce' found str, not Reproduction"):
        results_of({"reproduce": "nothing"}).reproduction()


def test_what_the_stages_read(results_of: ResultsOf) -> None:
    """By address, from the stages' own runs."""
    assert results_of({"alone": alone()}).reads() == {"fit": frozenset({"fit.py"})}


@pytest.mark.parametrize(("whole", "seen"), [(True, None), (False, None), (False, frozenset({"test.csv"}))])
def test_an_evaluation_that_needs_more_than_it_declares_reads_the_model(
    results_of: ResultsOf, *, whole: bool, seen: frozenset[str] | None
) -> None:
    """Whatever of it was seen: it cannot do its work without what a model is in."""
    pipeline = pipeline_with(replace(SCORE, deps=("score.py", "test.csv")))
    base = replace(base_of(PLAIN), pipeline=pipeline)
    one = Alone("score", ran(), (), seen, deterministic=True, whole=whole)
    found = results_of({"alone": {"score": one}, "reproduce": base}).reads()
    others = frozenset({"score.py", "test.csv"}) if seen is None else seen
    assert found == {"score": seen if whole else others | {"forest.pkl"}}


def test_an_evaluation_that_did_not_run_alone_read_nothing(results_of: ResultsOf) -> None:
    """What did not run by itself is not among what stages read."""
    found = results_of({"alone": alone(), "reproduce": base_of()}).reads()
    assert found == {"fit": frozenset({"fit.py"})}


def test_a_pipeline_is_deterministic_until_shown_otherwise(results_of: ResultsOf) -> None:
    """One stage with two results is enough; where none ran, nothing is said against it."""
    assert results_of({}).deterministic()
    assert results_of({"alone": alone()}).deterministic()
    assert not results_of({"alone": alone(deterministic=False), "x": 1}).deterministic()


def test_readings_are_by_stage(results_of: ResultsOf) -> None:
    """As their scenario found them."""
    roles = {role: Reading(role) for role in ("prepare", "train", "evaluate")}
    assert results_of({"alone": alone(), "params": roles}).readings() is roles


def test_where_no_stage_ran_alone_nothing_is_known_of_parameters(results_of: ResultsOf) -> None:
    """Their scenario starts all the same, and finds nothing."""
    with pytest.raises(CheckFailed, match=FAILURE.found):
        results_of({"alone": FAILURE, "params": {}}).readings()


def test_a_told_experiment_has_a_state(results_of: ResultsOf) -> None:
    """What it gives here is shown beside what was told."""
    assert results_of({"told-0": state(PLAIN)}).recomputed(0) == state(PLAIN)


def test_random_edits_become_advice(results_of: ResultsOf) -> None:
    """What they found, why nothing could be told, or that nothing runs; no word where none were tried."""
    assert results_of({}).random_edits() == ()
    found = Thorough(3, 1)
    assert results_of({"thorough": found, "alone": alone()}).random_edits() == (("thorough", found.text),)
    told = results_of({"thorough": FAILURE, "alone": alone(), "x": 1}).random_edits()
    assert told == (("thorough", "no edit was tried: expected a pipeline that runs; found it does not"),)
    nothing = results_of({"thorough": FAILURE, "alone": FAILURE, "x": 1, "y": 1}).random_edits()
    assert nothing == (("thorough", "no edit was tried: the pipeline does not run yet"),)
