"""Running one of the harness's own scripts inside a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.workspace.probe import ask, broken

if TYPE_CHECKING:
    from harness.workspace.workspace import Workspace


def test_a_script_that_writes_nothing_has_no_answer(git_repo: Workspace) -> None:
    """Without an answer file the answer is None, and the command tells why."""
    answer, done = ask(git_repo, "no_such_probe.py")
    assert answer is None
    assert not done.ok
    with pytest.raises(HarnessError, match=r"the weather could not be found out\n.*no_such_probe"):
        raise broken(done, "the weather")


def test_no_module_of_the_repository_is_imported(git_repo: Workspace) -> None:
    """A module in the repository that is named like a library does not take its place."""
    (git_repo.repo / "json.py").write_text("raise SystemExit('shadowed')\n", encoding="utf-8")
    answer, done = ask(git_repo, "pipeline_probe.py", "")
    assert done.ok, done.describe()
    assert isinstance(answer, dict)
