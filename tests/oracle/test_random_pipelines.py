"""The oracle against DVC itself: random pipelines, random edits, and no disagreement.

A disagreement that Hypothesis finds is either a bug of the oracle or a behaviour of DVC that belongs into
`test_known_behaviour.py`. `pytest tests/oracle -m long -s` shows how much was compared.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from harness.workspace.workspace import Workspace

from .machine import OracleMachine, Tally

QUICK = settings(
    max_examples=10,
    stateful_step_count=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # a failure is told as it is: each smaller one costs seconds
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=40, stateful_step_count=30, derandomize=False)
RUNS = range(5)


def compared(start: Callable[[], Workspace], profile: settings) -> Tally:
    """Run the machine; what it compared is shown by `-s`."""
    tally = Tally()

    class Machine(OracleMachine):
        def __init__(self) -> None:
            super().__init__(start, tally)

    run_state_machine_as_test(Machine, settings=profile)
    print(tally)  # noqa: T201  figures to read
    return tally


def test_dvc_does_what_the_oracle_says(new_dvc_workspace: Callable[[], Workspace]) -> None:
    """DVC runs, restores and skips exactly the stages that the oracle names, in its order."""
    tally = compared(new_dvc_workspace, QUICK)
    assert tally.repros > 25
    assert tally.single_changes > 5
    assert all(tally.deeds[deed] for deed in ("ran", "restored", "skipped"))


@pytest.mark.long
@pytest.mark.parametrize("run", RUNS)
def test_dvc_does_what_the_oracle_says_at_length(
    run: int, new_dvc_workspace: Callable[[], Workspace]
) -> None:
    """The same with longer sequences, other ones each time."""
    tally = compared(new_dvc_workspace, LONG)
    assert tally.edits + tally.repros >= 400, f"run {run} compared too little"
    assert tally.dvc_was_wrong, "no declaration was so wrong that DVC left something stale"
