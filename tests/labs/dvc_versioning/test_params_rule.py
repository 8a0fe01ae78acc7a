"""What a role's readings say of its parameters: declared, read, or hard-coded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from harness.evidence.pipeline import Stage
from harness.labs.dvc_versioning import params_rule
from harness.labs.dvc_versioning.params_rule import groups, summary
from harness.labs.dvc_versioning.sensitivity import Reading
from tests.labs.dvc_versioning.conftest import base_of

PRESENT = {"train": ("train.n_estimators", "train.max_depth")}
READ = Reading("fit", read=frozenset({"train.n_estimators", "train.max_depth"}))


def keys(*names: str) -> frozenset[str]:
    """Some keys."""
    return frozenset(names)


def faults(role: str, readings: Sequence[Reading], present: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with the stages of these readings."""
    return params_rule.faults(role, *of_stages(readings), present)


def of_stages(readings: Sequence[Reading]) -> tuple[list[Stage], dict[str, Reading]]:
    """Readings by the stages that they are of."""
    return [Stage(one.stage, one.stage) for one in readings], {one.stage: one for one in readings}


def test_the_roles_have_the_handouts_names() -> None:
    """A student reads of preprocess, train and evaluate, whatever the stages are called."""
    assert groups(base_of().roles) == (
        ("preprocess", ("split",)),
        ("train", ("fit",)),
        ("evaluate", ("score",)),
    )


def test_what_is_declared_and_read_has_no_fault() -> None:
    """The usual case."""
    assert faults("train", [READ], PRESENT) == []


@pytest.mark.parametrize("role", ["preprocess", "evaluate"])
def test_a_role_that_reads_nothing_passes(role: str) -> None:
    """An evaluation needs no parameter."""
    assert faults(role, [Reading("score")], PRESENT) == []


def test_a_training_that_reads_nothing_is_a_fault() -> None:
    """A key that it reads without declaring it, or declares without reading it, is told instead."""
    assert faults("train", [Reading("fit")], {}) == ["train reads no parameter at all"]
    assert faults("train", [Reading("fit", undeclared=keys("a"))], {}) == ["fit reads a without declaring it"]


def test_a_declared_key_without_effect_is_a_fault() -> None:
    """Its value may be anything: the script has another."""
    assert faults("train", [Reading("fit", unread=keys("b"))], {}) == ["b is declared but has no effect"]
    found = faults("train", [Reading("fit", read=keys("a"), unread=keys("b"))], {})
    assert found == ["b is declared but has no effect"]


def test_a_key_read_without_declaration_is_a_fault() -> None:
    """DVC would not see its change."""
    found = faults("evaluate", [Reading("score", undeclared=keys("eval.limit"))], {})
    assert found == ["score reads eval.limit without declaring it"]


def test_a_key_of_the_lab_without_effect_is_hard_coded() -> None:
    """A declared section may hide a key that is never read: the lab's own are tried one by one."""
    reading = Reading("fit", read=keys("train"), inert=keys("train.n_estimators"))
    assert faults("train", [reading], PRESENT) == [
        "train.n_estimators of the params file has no effect on train: its value is hard-coded"
    ]


def test_a_key_of_the_student_without_effect_is_not() -> None:
    """A section may hold what the stage does not need."""
    assert faults("train", [Reading("fit", read=keys("train"), inert=keys("train.comment"))], PRESENT) == []


def test_a_key_that_one_of_two_stages_reads_is_not_hard_coded() -> None:
    """Where two stages train, the key must only have an effect on one."""
    idle = Reading("tune", read=keys("train"), inert=keys("train.max_depth"))
    assert faults("train", [idle, READ], PRESENT) == []
    assert faults("train", [idle, replace(idle, stage="fit")], PRESENT) != []


def test_a_fault_is_told_once() -> None:
    """A key that is declared and hard-coded is one fault."""
    reading = Reading("fit", read=keys("a"), unread=keys("train.max_depth"), inert=keys("train.max_depth"))
    assert faults("train", [reading], PRESENT) == ["train.max_depth is declared but has no effect"]


def test_training_without_any_parameter_is_a_fault() -> None:
    """Its hyperparameters must come from somewhere: they are typed into the script."""
    assert faults("train", [Reading("fit")], {}) == ["train reads no parameter at all"]


@pytest.mark.parametrize(
    ("role", "params", "silent"),
    [
        ("train", {}, True),
        ("preprocess", {"params.yaml": ("a",)}, True),
        ("preprocess", {}, False),
        ("evaluate", {}, False),
    ],
)
def test_a_stage_that_does_not_run_shows_nothing(
    role: str,
    params: dict[str, tuple[str, ...]],
    silent: bool,  # noqa: FBT001
) -> None:
    """What it declares cannot be shown to be read; where it declares nothing, nothing is missing."""
    found = params_rule.faults(role, [Stage("x", "x", params=params)], {}, {})
    assert (found == ["x does not run, so that nothing shows what it reads"]) is silent


def test_a_summary_names_what_is_read() -> None:
    """The keys of all stages of the role, sorted; a role without any says so."""
    readings = [Reading("b", read=keys("z")), Reading("a", read=keys("y"))]
    assert summary(*of_stages(readings)) == "reads y, z"
    assert summary(*of_stages([Reading("b")])) == summary([], {}) == "reads no parameter"


def test_a_stage_that_does_not_run_is_told_beside_one_that_does() -> None:
    """What the other stage of the role reads is judged all the same."""
    stages = [Stage("tune", "tune"), Stage("fit", "fit")]
    assert params_rule.faults("train", stages, {"fit": READ}, PRESENT) == [
        "tune does not run, so that nothing shows what it reads"
    ]
    reading = replace(READ, undeclared=keys("train.seed"))
    assert len(params_rule.faults("train", stages, {"fit": reading}, PRESENT)) == 2


def test_a_training_that_does_not_run_is_one_fault() -> None:
    """It is not said as well that it reads nothing, or that its values are hard-coded."""
    stage = Stage("fit", "fit", params={"params.yaml": ("train",)})
    assert len(params_rule.faults("train", [stage], {"other": READ}, PRESENT)) == 1
    assert summary([stage], {"other": READ}) == "reads no parameter"
