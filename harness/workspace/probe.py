"""Running one of the harness's own scripts inside a workspace, and reading its answer with distrust."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.workspace.files import read_inside, remove_inside

if TYPE_CHECKING:
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

PROBES = Path(__file__).with_name("probes")
# Nothing in the repository can pass for a library; sets come in the same order each time.
INTERPRETER = ("env", "PYTHONHASHSEED=0", sys.executable, "-P", "-s")
ANSWER_LIMIT = 64 << 20


def ask(
    workspace: Workspace, script: str, *args: str, timeout: float | None = None
) -> tuple[object, Completed]:
    """Run `probes/<script>` in the repository and return the JSON it wrote, with the command.

    The answer is None when none was written or it is no JSON. What ran beside the probe may have written it:
    it is a claim, whose types the caller checks.

    Raises:
        MalformedEvidence: the answer is larger than 64 MB.
    """
    answer = workspace.tmp / f"{Path(script).stem}.json"
    remove_inside(workspace.tmp, answer.name)
    done = workspace.execute((*INTERPRETER, str(PROBES / script), str(answer), *args), timeout=timeout)
    data = read_inside(workspace.tmp, answer.name, ANSWER_LIMIT)
    remove_inside(workspace.tmp, answer.name)
    try:
        return json.loads(data or b"null"), done
    except (ValueError, RecursionError):
        return None, done


def broken(done: Completed, what: str) -> HarnessError:
    """The error to raise when a probe of ours gave no usable answer."""
    return HarnessError(f"{what} could not be found out\n{done.describe()}")
