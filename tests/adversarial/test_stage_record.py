"""Commands that meddle with the record of the stages that they started."""

from __future__ import annotations

import pytest

from fixtures.workspaces import write_tree
from harness.workspace.workspace import Workspace

PIPE = "/workspace/bin/stages"
TAKING_BACK = {
    "remove": "rm -f {pipe}",
    "empty": ": > {pipe}",
    "replace": "mv {pipe} {pipe}2; touch {pipe}",
    "read": "timeout 1 cat {pipe}; timeout 1 dd if={pipe} iflag=nonblock",
    "permit": "chmod 777 {pipe}; timeout 1 cat {pipe}",
    "both-ways": "exec 9<>{pipe}; timeout 1 cat <&9",
    "own-handles": "sleep 9 > {pipe} & timeout 1 cat /proc/$!/fd/1",
    "variable": "unset DVC_STAGE SHELL",
    "kill-shell": "kill -9 $PPID",
}
PIPELINE = """\
stages:
  first:
    cmd: {trick} || true; echo 1 > a
    outs: [a]
  second:
    cmd: {trick} || true; cat a > b
    deps: [a]
    outs: [b]
"""


@pytest.mark.parametrize("name", TAKING_BACK)
def test_what_was_started_cannot_be_taken_back(boxed: Workspace, name: str) -> None:
    """Whatever the stages do to the record, the first of them is in it."""
    trick = TAKING_BACK[name].format(pipe=PIPE).replace(": > ", "true > ")
    write_tree(boxed.repo, {"dvc.yaml": PIPELINE.format(trick=f"({trick})")})
    boxed.run("dvc", "init", "-q", check=True)
    done = boxed.run("dvc", "repro", timeout=30)
    assert done.stages[:1] == ("first",)
    assert not done.ok or done.stages == ("first", "second")


@pytest.mark.parametrize("flood", ["yes x", "cat /dev/zero"])
def test_a_flood_harms_its_own_command_alone(boxed: Workspace, flood: str) -> None:
    """A record that nobody could read is cut, and the next command's is its own."""
    boxed.run("sh", "-c", f"timeout 2 {flood} > {PIPE}", timeout=20)
    assert boxed.run("sh", "-c", f"printf 'x:y\\n../../z:y\\n' > {PIPE}").stages == ("x:y", "../../z:y")
    assert boxed.run("true").stages == ()
