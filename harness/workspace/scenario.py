"""Scenarios: what is done to a workspace, as a tree in which a child goes on from a copy of its parent."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.errors import CheckFailed, MalformedEvidence, Pending

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace


@dataclass(frozen=True)
class Transcript:
    """What a scenario did. `failure` is the submission's: its own, or that of the parent it builds on."""

    name: str
    title: str
    steps: tuple[Completed, ...]
    facts: object
    failure: CheckFailed | Pending | None
    seconds: float


def _succeeded(transcript: Transcript) -> bool:
    return transcript.failure is None


@dataclass(frozen=True)
class Scenario:
    """One thing done to a workspace. `play` returns the facts it found, as plain data.

    `parent` names the scenario whose finished workspace this one starts from a copy of. `follows` names one
    with the same parent that is to end first: if what it did is `fit`, this one goes on in its workspace,
    which saves the copy.
    """

    name: str
    title: str
    play: Callable[[Workspace], object]
    parent: str | None = None
    follows: str | None = None
    fit: Callable[[Transcript], bool] = _succeeded


@dataclass(frozen=True)
class ScenarioEvent:
    """A scenario has started or finished; `seconds` is 0 at the start."""

    kind: Literal["started", "finished"]
    name: str
    title: str
    seconds: float = 0.0
    failed: bool = False


def play(scenario: Scenario, workspace: Workspace, begin: float) -> Transcript:
    """Play a scenario; what the submission did wrong ends in the transcript, all else is raised."""
    facts: object = None
    failure: CheckFailed | Pending | None = None
    earlier = len(workspace.steps)
    try:
        facts = scenario.play(workspace)
    except (CheckFailed, Pending) as error:
        failure = error
    except MalformedEvidence as error:
        failure = CheckFailed(f"{error.path} that can be read", error.reason)
    seconds = time.monotonic() - begin
    return Transcript(
        scenario.name, scenario.title, tuple(workspace.steps[earlier:]), facts, failure, seconds
    )
