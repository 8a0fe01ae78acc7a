"""The values of the scenarios: drawn from the seed, others than the present ones, no two sets alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.params import Value
from harness.labs.dvc_versioning.draws import (
    Change,
    Param,
    by_usefulness,
    experiments,
    generator,
    milder_experiments,
    split_changes,
    train_changes,
)

TREES = Param("params.yaml", "train.n_estimators", 100)
DEPTH = Param("params.yaml", "train.max_depth", 10)
SEED = Param("params.yaml", "train.random_state", 42)
RATE = Param("params.yaml", "train.learning_rate", 0.1)
LEAVES = Param("params.yaml", "train.leaves", 7)
SHARE = Param("params.yaml", "preprocess.test_split", 0.2)
NAMES = st.sampled_from(["n_estimators", "max_depth", "seed", "rate", "leaf", "share"])
NUMBERS = st.one_of(st.integers(-5, 1000), st.floats(0.001, 1000))
PARAMS = st.lists(
    st.builds(Param, st.just("params.yaml"), NAMES, NUMBERS), max_size=6, unique_by=lambda one: one.key
)


def test_the_most_telling_parameters_come_first() -> None:
    """Trees and depth show in a model, a seed shows least."""
    assert by_usefulness([SEED, RATE, DEPTH, TREES]) == [TREES, DEPTH, RATE, SEED]
    assert by_usefulness([RATE, LEAVES]) == [LEAVES, RATE], "a count before a fraction"


def test_what_is_no_number_is_not_varied() -> None:
    """Text, truth values, lists and null have no value that surely means the same kind of thing."""
    values: tuple[Value, ...] = ("gini", True, [1], None)
    others = [Param("params.yaml", f"train.{value}", value) for value in values]
    assert by_usefulness(others) == []
    assert not train_changes(others, 1)
    assert not experiments(others, 1)


def test_a_split_is_changed_by_its_fraction_first() -> None:
    """A fraction changes every output, a seed of the split only their rows."""
    changes = split_changes([Param("params.yaml", "preprocess.random_state", 42), SHARE], 1)
    assert [change.param.last for change in changes[:2]] == ["test_split", "random_state"]
    assert [change.param for change in split_changes([LEAVES, SHARE], 1)[:2]] == [SHARE, LEAVES]


def test_milder_changes_come_last() -> None:
    """Each parameter is changed far first; then one is changed after the other to a value near its own."""
    far, below, above = train_changes([TREES], 1)
    assert _new(far) <= 3
    assert 80 <= _new(below) < 100 < _new(above) <= 120
    params = [change.param for change in train_changes([TREES, DEPTH, SEED], 1)]
    assert params == [TREES, DEPTH, SEED] * 3


def test_a_change_says_what_was_changed() -> None:
    """The words go into the evidence."""
    assert str(Change(TREES, 2)) == "train.n_estimators from 100 to 2"


def test_each_purpose_has_lots_of_its_own() -> None:
    """A draw for one purpose does not move those for another."""
    assert generator(1, "a").random() == generator(1, "a").random() != generator(1, "b").random()


@given(PARAMS, st.integers(0, 9))
def test_every_change_is_a_change(params: list[Param], seed: int) -> None:
    """A parameter is given another value of its own type."""
    for change in (*train_changes(params, seed), *split_changes(params, seed)):
        assert change.new != change.param.value
        assert type(change.new) is type(change.param.value)


@given(PARAMS, st.integers(0, 9))
def test_experiments_are_three_and_differ(params: list[Param], seed: int) -> None:
    """Each differs from the others and from the present values, and all vary the same parameters."""
    sets = experiments(params, seed)
    assert len(sets) == (3 if params else 0)
    assert len({tuple(change.new for change in one) for one in sets}) == len(sets)
    assert len({tuple(change.param for change in one) for one in sets}) <= 1
    for change in itertools.chain.from_iterable(sets):
        assert change.new != change.param.value


@given(PARAMS, st.integers(0, 9))
def test_a_seed_gives_the_same_values_again(params: list[Param], seed: int) -> None:
    """The order in which the parameters were found has no part in it."""
    again = params[::-1]
    assert experiments(params, seed) == experiments(again, seed)
    assert train_changes(params, seed) == train_changes(again, seed)
    assert split_changes(params, seed) == split_changes(again, seed)


ANY_NUMBER = st.one_of(st.integers(), st.floats())


@given(st.lists(st.builds(Param, st.just("params.yaml"), NAMES, ANY_NUMBER), max_size=6), st.integers(0, 9))
def test_milder_experiments_are_as_many_and_new(params: list[Param], seed: int) -> None:
    """Whatever numbers there are: each time three sets, no two alike, each value another of its own type."""
    drawn = experiments(params, seed)
    times = milder_experiments(params, seed)
    assert len(times) <= 3
    for sets in times:
        assert len({*sets}) == len(sets) == 3
        assert not {*sets} & {*drawn}
        for change in itertools.chain.from_iterable(sets):
            assert change.new != change.param.value
            assert type(change.new) is type(change.param.value)


def test_milder_values_are_near_the_present_ones() -> None:
    """First below, then above, then of another parameter alone; within a fifth where there is room."""
    below, above, least = milder_experiments([TREES, DEPTH, SEED], 1)
    assert all(80 <= _new(one) < 100 for one, _ in below)
    assert all(100 < _new(one) <= 120 for one, _ in above)
    assert {change.param for one in (*below, *above) for change in one} == {TREES, DEPTH}
    assert [change.param for one in least for change in one] == [SEED] * 3
    for sets in milder_experiments([RATE], 1):
        assert all(0.08 <= _new(one) <= 0.12 for (one,) in sets)


@pytest.mark.parametrize("value", range(6))
def test_milder_counts_are_counts(value: int) -> None:
    """At least one tree or level, and at least two of what is no first guess."""
    for param, least in ((replace(TREES, value=value), 1), (replace(LEAVES, value=value), 2)):
        drawn = [
            one for sets in milder_experiments([param], 1) for one in itertools.chain.from_iterable(sets)
        ]
        assert len(drawn) >= 3
        assert all(_new(change) >= least for change in drawn)


def _new(change: Change) -> float:
    assert isinstance(change.new, int | float)
    return change.new


def test_another_seed_gives_other_experiments() -> None:
    """Values tuned to one seed are of no use under another."""
    assert len({experiments([TREES, DEPTH], seed) for seed in range(20)}) > 1
    assert len({train_changes([RATE], seed) for seed in range(20)}) > 1
    assert len({split_changes([SHARE], seed) for seed in range(20)}) > 1


@pytest.mark.parametrize("changes", [train_changes, split_changes])
def test_each_parameter_has_lots_of_its_own(
    changes: Callable[[Sequence[Param], int], tuple[Change, ...]],
) -> None:
    """Two of the same kind and value are not always given the same new one."""
    pair = [Param("params.yaml", key, 0.2) for key in ("a", "b")]
    assert any(len({change.new for change in changes(pair, seed)[:2]}) == 2 for seed in range(20))


def test_an_experiment_changes_two_parameters_at_most() -> None:
    """One run for each of three is told apart by few changes, as in the lab's handout."""
    assert {len(one) for one in experiments([TREES, DEPTH, RATE, SEED], 1)} == {2}
    assert {len(one) for one in experiments([RATE], 1)} == {1}


def test_the_values_of_a_seed_stay() -> None:
    """What a student saw under a seed is what the examiner sees, with another version of the harness too."""
    sets = experiments([TREES, DEPTH], 1)
    assert [[change.new for change in one] for one in sets] == [[2, 3], [3, 1], [1, 2]]


@pytest.mark.parametrize("key", ["min_samples_split", "max_leaf_nodes", "cv"])
@pytest.mark.parametrize("value", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(5))
def test_a_count_that_is_no_first_guess_is_at_least_two(key: str, value: int, seed: int) -> None:
    """Scikit-learn refuses a split of one sample, or one fold: an experiment has no second try."""
    count = Param("params.yaml", f"train.{key}", value)
    drawn = [change for one in experiments([TREES, count], seed) for change in one if change.param == count]
    assert len(drawn) == 3
    for change in (*drawn, *train_changes([count], seed)):
        assert isinstance(change.new, int)
        assert change.new >= 2


def test_two_is_a_count() -> None:
    """The least that no estimator refuses is drawn as well."""
    drawn = [one.new for seed in range(20) for one in train_changes([LEAVES], seed)]
    assert 2 in drawn


@pytest.mark.parametrize("key", ["seed", "train.random_state", "split.Random_State"])
def test_seeds_are_told_by_their_names(key: str) -> None:
    """A seed is the last thing to vary."""
    assert Param("params.yaml", key, 1).is_seed
