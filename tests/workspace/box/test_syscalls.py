"""The filter of kernel calls."""

from __future__ import annotations

import sys

import pytest

from harness.workspace.box.entering import Entry
from harness.workspace.box.syscalls import filter_program


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such filters")
def test_the_filter_is_a_program_for_the_kernel() -> None:
    """It is a whole number of rows, and the same each time."""
    program = filter_program()
    if program is None:
        pytest.skip("libseccomp or pyseccomp is not installed")
    assert len(program) % 8 == 0
    assert filter_program() is program


def test_an_entry_survives_its_way_to_another_process() -> None:
    """What a process needs to enter a box goes through JSON unchanged."""
    for entry in (Entry(7, 1_000_000_001, ((4, 0), (7, 1024)), b"\x00\xff" * 8), Entry(8, None, (), None)):
        assert Entry.from_json(entry.to_json()) == entry
