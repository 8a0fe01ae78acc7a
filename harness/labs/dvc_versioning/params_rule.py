"""D2.params: which of a role's parameters are declared, read, or hard-coded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.labs.dvc_versioning.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.evidence.pipeline import Stage
    from harness.evidence.roles import Roles
    from harness.labs.dvc_versioning.sensitivity import Reading

STANDARD = {
    "preprocess": ("preprocess.test_split", "preprocess.random_state"),
    "train": ("train.n_estimators", "train.max_depth", "train.random_state"),
    "evaluate": (),
}


def groups(roles: Roles) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The three roles by the handout's names, each with the stages that play it."""
    return (("preprocess", roles.prepare), ("train", roles.train), ("evaluate", roles.evaluate))


def faults(
    role: str, stages: Sequence[Stage], readings: Mapping[str, Reading], present: Mapping[str, Sequence[str]]
) -> list[str]:
    """What is wrong with the parameters of a role's stages, in words; empty when nothing is.

    ``present`` has, for each role, the lab's own keys that are in the params files. A key counts as
    hard-coded only when both an extreme value and its absence left every output byte-identical. A stage that
    does not run has no reading: what it declares cannot be shown to be read.
    """
    known = [readings[stage.address] for stage in stages if stage.address in readings]
    silent = [stage for stage in stages if stage.address not in readings and (stage.takes or role == "train")]
    unread = [f"{key} is declared but has no effect" for one in known for key in sorted(one.unread)]
    undeclared = [
        f"{one.stage} reads {key} without declaring it" for one in known for key in sorted(one.undeclared)
    ]
    idle = [f"{stage.address} does not run, so that nothing shows what it reads" for stage in silent]
    return [*idle, *undeclared, *unread, *_hard_coded(role, known, present), *_nothing_read(role, known)]


def _hard_coded(role: str, known: Sequence[Reading], present: Mapping[str, Sequence[str]]) -> list[str]:
    inert = set.intersection(*(set(one.inert) for one in known)) if known else set()
    named = {key for one in known for key in one.unread}
    return [
        f"{key} of the params file has no effect on {role}: its value is hard-coded"
        for key in present.get(role, ())
        if key in inert and key not in named
    ]


def _nothing_read(role: str, known: Sequence[Reading]) -> list[str]:
    reads = any(one.read or one.undeclared or one.unread for one in known)
    return ["train reads no parameter at all"] if role == "train" and known and not reads else []


def summary(stages: Sequence[Stage], readings: Mapping[str, Reading]) -> str:
    """What a role's stages read, for its evidence."""
    keys = sorted(
        key for stage in stages if stage.address in readings for key in readings[stage.address].read
    )
    return f"reads {listed(keys) or 'no parameter'}"
