"""What a submission may use, as the lab's rubric says under ``[limits]``; what is left out is as by default.

::

    [limits]
    submission_minutes = 30   # all commands of a submission together
    command_seconds = 600     # one command
    cpu_seconds = 600         # processor time of one process
    memory_mb = 2048          # all processes of a command together
    processes = 512           # at the same time; threads count
    file_mb = 1024            # one file, beside what was handed in
    disk_mb = 4096            # the whole workspace, beside what was handed in
    files = 100000            # in the whole workspace
    output_mb = 64            # what one command prints

A limit that is met fails the check that needed the command, in words that name it; the rest is graded. When
the submission's time is up, every check that still needs a command fails so.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.workspace.box.allowance import MB, Allowance
from harness.workspace.budget import MINUTE, Budget
from harness.workspace.command import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.grading.rubric import Rubric

SUBMISSION_MINUTES = 30.0
IN_MEMORY = 256 * MB
PLACES = (
    5  # where a workspace has the same data: work tree, cache (as DVC 2 and 3 name it), remote, on its way
)
ALLOWED = {"memory_mb": MB, "file_mb": MB, "disk_mb": MB, "processes": 1, "files": 1, "cpu_seconds": 1}
OTHERS = frozenset({"submission_minutes", "command_seconds", "output_mb"})


@dataclass(frozen=True)
class LabLimits:
    """The limits of one submission: of the box that its commands run in, of each command, and of all."""

    command: Limits = field(default_factory=Limits)

    @property
    def allowance(self) -> Allowance:
        """What each box may use."""
        return self.command.allowance or Allowance()

    @property
    def outgrown(self) -> bool:
        """Whether the workspaces needed more room than there is where they lie."""
        return self.command.outgrown is not None and self.command.outgrown.is_set()

    def in_memory(self) -> LabLimits:
        """The same where workspaces lie in memory, which has less room for each."""
        if self.allowance.disk <= IN_MEMORY:
            return self
        allowance = replace(self.allowance, disk=IN_MEMORY)
        return LabLimits(replace(self.command, allowance=allowance, outgrown=threading.Event()))

    def with_room_for(self, handed_in: int) -> LabLimits:
        """The same beside a submission's own data, of so many bytes: to have much of it is no fault."""
        own = self.allowance
        allowance = replace(own, disk=own.disk + PLACES * handed_in, file=own.file + handed_in)
        return LabLimits(replace(self.command, allowance=allowance))

    def fresh(self) -> Limits:
        """The limits for a workspace: stopped on its own, its time taken from all workspaces' together."""
        return self.command.apart()


def limits_of(rubric: Rubric) -> LabLimits:
    """The limits for one submission of a lab, its time not yet begun.

    Raises:
        HarnessError: ``[limits]`` names a limit that there is none of, or a value that is no number above 0.
    """
    given = _numbers(rubric)
    sizes = {
        key.removesuffix("_mb").removesuffix("_seconds"): int(value * ALLOWED[key])
        for key, value in given.items()
        if key in ALLOWED
    }
    usual = Limits()
    command = replace(
        usual,
        seconds=given.get("command_seconds", usual.seconds),
        printed=int(given.get("output_mb", usual.printed / MB) * MB),
        allowance=replace(Allowance(), **sizes),
        budget=Budget(given.get("submission_minutes", SUBMISSION_MINUTES) * MINUTE),
    )
    return LabLimits(command)


def _numbers(rubric: Rubric) -> Mapping[str, float]:
    table = rubric.extra.get("limits", {})
    if not isinstance(table, dict):
        raise HarnessError(f"[limits] of {rubric.lab} must be a table")
    if unknown := sorted(set(table) - set(ALLOWED) - OTHERS):
        known = ", ".join(sorted({*ALLOWED, *OTHERS}))
        raise HarnessError(f"[limits] of {rubric.lab} has the unknown key {unknown[0]}; known are {known}")
    for key, value in table.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value <= 0:
            raise HarnessError(f"[limits] of {rubric.lab}: {key} is {value!r}, not a number above 0")
    return {key: float(value) for key, value in table.items()}
