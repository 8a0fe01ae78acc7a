"""D2.params: which of a role's parameters are declared, read, or hard-coded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.labs.dvc_versioning.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def faults(role: str, readings: Sequence[Reading], present: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with a role's parameters, in words; empty when nothing is.

    ``present`` has, for each role, the lab's own keys that are in the params files. A key counts as
    hard-coded only when both an extreme value and its absence left every output byte-identical.
    """
    unread = [f"{key} is declared but has no effect" for r in readings for key in sorted(r.unread)]
    undeclared = [
        f"{r.stage} reads {key} without declaring it" for r in readings for key in sorted(r.undeclared)
    ]
    everywhere_inert = set.intersection(*(set(r.inert) for r in readings)) if readings else set()
    named = {key for r in readings for key in r.unread}
    hard_coded = [
        f"{key} of params.yaml has no effect on {role}: its value is hard-coded"
        for key in present.get(role, ())
        if key in everywhere_inert and key not in named
    ]
    nothing = role == "train" and readings and not any(r.read or r.undeclared or r.unread for r in readings)
    return [*undeclared, *unread, *hard_coded, *(["train reads no parameter at all"] if nothing else [])]


def summary(readings: Sequence[Reading]) -> str:
    """What a role reads, for its evidence."""
    return f"reads {listed(sorted(key for r in readings for key in r.read)) or 'no parameter'}"
