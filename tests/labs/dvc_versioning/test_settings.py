"""What a stage is told, and what it may be told instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.workspaces import write_tree
from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning.settings import Settings
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.small_stage import FILES, STAGE

TEMPLATE = b"stages:\n  fit:\n    cmd: echo ${fit.trees} > ${out}.txt\n    outs: ['${out}.txt']\n"


def test_what_is_not_declared_can_be_made_unlike(fitted: Workspace) -> None:
    """In all params files at once, where it can be written; what is declared stays, and so do the files."""
    write_tree(fitted.repo, {"p.json": '{"x": 0.2, "names": []}', "q.py": "NAMES = {}\n"})
    pipeline = Pipeline((STAGE,), params_files=("p.json", "q.py"))
    found = Settings(fitted, pipeline, STAGE).unlike()
    spared = FILES["params.yaml"].replace("spare: 7", "spare: 1").replace("x: 1", "x: 3")
    assert found == {"params.yaml": spared.encode(), "p.json": b'{"x": 0.5, "names": 7}'}
    assert fitted.read("params.yaml") == FILES["params.yaml"].encode()


def test_nothing_is_made_unlike_in_templates_and_in_files_that_cannot_be_read(fitted: Workspace) -> None:
    """DVC fills the one in by itself; the other has no keys."""
    fitted.write("dvc.yaml", TEMPLATE)
    assert Settings(fitted, Pipeline((STAGE,)), STAGE).unlike() == {}
    fitted.remove("dvc.yaml")
    fitted.write("p.json", b"{")
    assert Settings(fitted, Pipeline((STAGE,), params_files=("p.json",)), STAGE).unlike() == {}


@pytest.mark.parametrize("templated", [True, False])
def test_what_is_filled_into_paths_does_not_reach_the_script(fitted: Workspace, *, templated: bool) -> None:
    """Only where DVC fills in the command, too, may a key that it fills in be one of the script's."""
    if templated:
        fitted.write("dvc.yaml", TEMPLATE)
    stage = replace(STAGE, filled={"params.yaml": ("out",)})
    keys = ("fit.trees", "fit.depth")
    assert Settings(fitted, Pipeline((stage,)), stage).given == {
        "params.yaml": (*keys, "out") if templated else keys
    }
