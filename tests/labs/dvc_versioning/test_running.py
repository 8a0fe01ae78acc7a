"""Running a stage as DVC would."""

from __future__ import annotations

import json

import pytest

from fixtures.workspaces import write_tree
from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning.running import run_stage
from harness.workspace.pipelines import describe_pipelines
from harness.workspace.workspace import Workspace

STAGE = """stages:
  tell:
    cmd: (echo "$DVC_STAGE"; cd "$DVC_ROOT" && pwd) > told.txt
    outs: [told.txt]
"""


@pytest.mark.parametrize("folder", ["", "sub/"])
def test_a_stage_is_told_what_dvc_tells_it(dvc_repo: Workspace, folder: str) -> None:
    """Its name and the folder of its DVC repository, wherever its own file lies."""
    write_tree(dvc_repo.repo, {f"{folder}dvc.yaml": STAGE})
    dvc_repo.run("dvc", "repro", "-q", f"{folder}dvc.yaml", check=True)
    by_dvc = dvc_repo.read(f"{folder}told.txt")
    stages = Pipeline.from_description(describe_pipelines(dvc_repo, [""])[""]).stages
    stage = next(one for one in stages if one.name == "tell")
    assert run_stage(dvc_repo, stage)[0].ok
    assert dvc_repo.read(f"{folder}told.txt") == by_dvc
    assert by_dvc is not None
    assert by_dvc.startswith(b"sub/dvc.yaml:tell\n" if folder else b"tell\n")


@pytest.mark.parametrize(
    ("cmd", "told"),
    [
        ("x=1\necho a$x >> told.txt\n", b"a\n"),
        (["x=1\necho a$x >> told.txt\n", "echo b$x >> told.txt"], b"a1\nb\n"),
        (["if true; then\n  echo a > told.txt\nfi\n"], b"a\n"),
        (["cat > told.txt <<'END'\nit's\nEND\n"], b"it's\n"),
        (["set -e\nfalse\necho a > told.txt\n", "echo b > told.txt"], None),
    ],
    ids=["lines", "list", "block", "here-document", "set -e"],
)
def test_each_command_has_a_shell_as_dvc_gives_it_one(
    dvc_repo: Workspace, cmd: str | list[str], told: bytes | None
) -> None:
    """Each line of a text, each member of a list; after one that fails there is no other."""
    stages = {"tell": {"cmd": cmd, "outs": ["told.txt"]}}
    write_tree(dvc_repo.repo, {"dvc.yaml": json.dumps({"stages": stages})})
    done = dvc_repo.run("dvc", "repro", "-q", "dvc.yaml")
    assert (done.ok, dvc_repo.read("told.txt")) == (told is not None, told)
    stage = Pipeline.from_description(describe_pipelines(dvc_repo, [""])[""]).stage("tell")
    done = run_stage(dvc_repo, stage)[0]
    assert (done.ok, dvc_repo.read("told.txt")) == (told is not None, told)
