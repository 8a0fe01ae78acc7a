"""The four edges that data makes in a pipeline of prepare, train and evaluate: which hold, and what lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.roles import Roles, flows_into

if TYPE_CHECKING:
    from collections.abc import Collection

    from harness.evidence.pipeline import Pipeline


@dataclass(frozen=True)
class Flow:
    """One edge: the data that flows along it, each in a sentence, or in words what lacks."""

    name: str
    found: tuple[str, ...]
    lacking: str

    @property
    def holds(self) -> bool:
        """True when declared data flows along the edge."""
        return bool(self.found)

    @property
    def reason(self) -> str:
        """What makes the edge, or why there is none."""
        return "; ".join(self.found) or self.lacking


def find_flows(pipeline: Pipeline, roles: Roles) -> tuple[Flow, Flow, Flow, Flow]:
    """The edges raw data to prepare, prepare to train, train to evaluate, prepare to evaluate, in this order.

    An edge holds when declared data flows along it: the model for the third, held-out data for the fourth.
    """
    return (
        _raw_flow(pipeline, roles),
        _train_flow(pipeline, roles),
        _model_flow(pipeline, roles),
        _held_out_flow(pipeline, roles),
    )


def _raw_flow(pipeline: Pipeline, roles: Roles) -> Flow:
    found = [
        f"{stage} reads {path}"
        for stage in roles.prepare
        for path in roles.raw
        if pipeline.stage(stage).reads(path)
    ]
    lacking = f"the raw data is no dep of {_declared(pipeline, roles.prepare)}"
    if not roles.prepare:
        lacking = "no stage makes data for training or evaluation out of the raw data"
    return Flow("raw data -> prepare", tuple(found), lacking)


def _train_flow(pipeline: Pipeline, roles: Roles) -> Flow:
    found = _between(pipeline, roles.prepare, roles.train)
    lacking = f"no prepared data is a dep of {_declared(pipeline, roles.train)}"
    if not roles.train:
        lacking = f"no stage makes a model; the stages are {_names(pipeline.addresses)}"
    return Flow("prepare -> train", tuple(found), lacking)


def _model_flow(pipeline: Pipeline, roles: Roles) -> Flow:
    found = _between(pipeline, set(roles.train) - set(roles.evaluate), roles.evaluate, only=roles.models)
    lacking = f"the model {roles.model or ''} is no dep of {_declared(pipeline, roles.evaluate)}"
    if not roles.evaluate:
        lacking = f"no stage makes the metrics; the stages are {_names(pipeline.addresses)}"
    elif set(roles.train) & set(roles.evaluate):
        lacking = f"{_names(roles.evaluate)} trains and evaluates in one stage"
    return Flow("train -> evaluate", tuple(found), lacking)


def _held_out_flow(pipeline: Pipeline, roles: Roles) -> Flow:
    found = _between(pipeline, (*roles.prepare, *roles.train), roles.evaluate, only=roles.held_out)
    lacking = f"no held-out data is a dep of {_declared(pipeline, roles.evaluate)}"
    if not roles.evaluate:
        lacking = f"no stage makes the metrics; the stages are {_names(pipeline.addresses)}"
    return Flow("prepare -> evaluate", tuple(found), lacking)


def _between(
    pipeline: Pipeline, makers: Collection[str], readers: Collection[str], only: Collection[str] | None = None
) -> list[str]:
    found = [
        f"{reader} reads {path} from {maker}"
        for reader in readers
        for maker, path in flows_into(pipeline, reader)
        if maker in makers and (only is None or path in only)
    ]
    return list(dict.fromkeys(found))


def _declared(pipeline: Pipeline, stages: Collection[str]) -> str:
    """The stages with the deps that they do declare."""
    return "; ".join(f"{stage} (its deps: {_names(pipeline.stage(stage).deps)})" for stage in stages)


def _names(items: Collection[str]) -> str:
    return ", ".join(items) or "none"
