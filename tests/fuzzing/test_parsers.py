"""Every parser of a handed-in file, fed with what no student would write: a value or a refusal, in bounds."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .bounded import verdict
from .inputs import documents
from .targets import TARGETS, Target

QUICK, LONG = 40, 4000
EVERY = pytest.mark.parametrize("target", TARGETS, ids=lambda target: cast("Target", target).name)
SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@EVERY
@settings(SETTINGS, max_examples=QUICK, derandomize=True)
@given(st.data())
def test_a_value_or_a_refusal(target: Target, data: st.DataObject) -> None:
    """Whatever the bytes, a parser returns a value or refuses in the documented way, in time and memory."""
    verdict(target.parse, data.draw(documents(target.seeds)))


@pytest.mark.long
@EVERY
@settings(SETTINGS, max_examples=LONG, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
@given(st.data())
def test_a_value_or_a_refusal_after_long_search(target: Target, data: st.DataObject) -> None:
    """The same, searched for a hundred times longer."""
    verdict(target.parse, data.draw(documents(target.seeds)))


@EVERY
def test_real_files_are_read(target: Target) -> None:
    """The files that the search starts from are no refusals: what is done to them reaches deep."""
    for seed in target.seeds:
        assert not isinstance(verdict(target.parse, seed), Exception)
