"""Running a stage as DVC would."""

from __future__ import annotations

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
