"""How a pipeline is run, and what is read of its state afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import CheckFailed
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.labs.dvc_versioning import reproduction
from harness.labs.dvc_versioning.reproduction import (
    Repro,
    last_lines,
    lock_of,
    metric_paths,
    missing_outputs,
    not_run,
    relative_to,
    repro,
    repro_command,
    snapshot,
)
from harness.workspace.pipelines import describe_pipelines
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import FIT, PLAIN, SPLIT, ran, state


@pytest.mark.parametrize(
    ("path", "folder", "relative"),
    [
        ("a/b.csv", ".", "a/b.csv"),
        ("a/b.csv", "a", "b.csv"),
        ("b.csv", "a/c", "../../b.csv"),
        ("a/b.csv", "a/c", "../b.csv"),
        ("a", "a", "."),
    ],
)
def test_a_path_as_seen_from_a_folder(path: str, folder: str, relative: str) -> None:
    """DVC wants paths from where it is run."""
    assert relative_to(path, folder) == relative


@pytest.mark.parametrize(
    ("folder", "file", "argument"),
    [
        (".", "params.yaml", "train.n=2"),
        ("lab", "lab/params.yaml", "train.n=2"),
        (".", "lab/params.yaml", "lab/params.yaml:train.n=2"),
        ("lab", "params.yaml", "../params.yaml:train.n=2"),
        (".", "config.toml", "config.toml:train.n=2"),
    ],
)
def test_an_override_names_its_file_unless_it_is_the_default(folder: str, file: str, argument: str) -> None:
    """`dvc exp run -S` looks into params.yaml of the folder it runs in."""
    assert Repro(folder, ()).override(file, "train.n", 2) == argument


def test_one_file_is_run_beside_it_and_several_from_the_root() -> None:
    """A whole pipeline in a subfolder, or in several files."""
    inside = tuple(replace(stage, file="lab/dvc.yaml") for stage in PLAIN.stages)
    assert repro_command(PLAIN, ".") == Repro(".", ())
    assert repro_command(Pipeline(inside), ".") == Repro("lab", ())
    assert repro_command(Pipeline((*inside[:1], *PLAIN.stages[1:])), "lab") == Repro("lab", ("-P",))


def test_metrics_are_outputs_and_entries() -> None:
    """A metrics file is declared by a stage or at the top level, and listed once."""
    assert metric_paths(replace(PLAIN, metrics=("live/m.json", "scores.json"))) == (
        "scores.json",
        "live/m.json",
    )


def test_metrics_of_training_rows_come_last() -> None:
    """In whatever order a stage lists its files, the first one is that of the test rows."""
    outs = tuple(
        Output(path, cached=False, kind="metric") for path in ("m/train.json", "m/test.json", "m/a.json")
    )
    pipeline = Pipeline((replace(PLAIN.stages[-1], outs=outs),))
    assert metric_paths(pipeline) == ("m/test.json", "m/a.json", "m/train.json")


@pytest.mark.parametrize(("file", "lock"), [("dvc.yaml", "dvc.lock"), ("a/dvc.yaml", "a/dvc.lock")])
def test_a_lock_lies_beside_its_file(file: str, lock: str) -> None:
    """One lock for each dvc.yaml."""
    assert lock_of(file) == lock


def test_what_did_not_run_is_named() -> None:
    """A stage without a command has nothing to run."""
    stages = (*PLAIN.stages, Stage("data", "data"))
    assert not_run(ran("split", "score"), stages) == ("fit",)


def test_a_frozen_stage_did_not_run() -> None:
    """DVC starts none, so that whoever tells of one is not believed."""
    stages = (SPLIT, replace(FIT, frozen=True))
    assert not_run(ran("split", "fit"), stages) == ("fit",)


def test_what_is_missing_is_named() -> None:
    """A declared output that no file is at."""
    assert missing_outputs(replace(state(PLAIN), outs={"a": None, "b": "x"})) == ("a",)


def test_the_last_lines_that_say_something() -> None:
    """Programs say what went wrong at the end."""
    assert last_lines("a\n\nb\n  \nc\n", 2) == "b\nc"


def test_a_state_is_read_from_files(dvc_repo: Workspace) -> None:
    """Locks, hashes of outputs and contents of metrics, after a run and after an output is gone."""
    pipeline = Pipeline.from_description(describe_pipelines(dvc_repo, ["HEAD"])["HEAD"])
    before = snapshot(dvc_repo, pipeline)
    assert list(before.locks) == ["dvc.lock"]
    assert before.outs == {path: dvc_repo.md5(path) for path in ("loud.txt", "lines.json")}
    assert before.metrics == {"lines.json": b'{"lines": 2 }\n'}
    dvc_repo.remove("loud.txt")
    assert missing_outputs(snapshot(dvc_repo, pipeline)) == ("loud.txt",)


def test_a_run_is_a_step_and_names_what_started(dvc_repo: Workspace) -> None:
    """Run as a person types it, with the options given."""
    done = repro(dvc_repo, Repro(".", ()), "-f")
    assert done.argv == ("dvc", "repro", "-f")
    assert done.stages == ("shout", "count")
    assert dvc_repo.steps[-1] is done


def test_a_run_past_the_limit_fails(dvc_repo: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless stage is stopped, and it is the submission's fault."""
    text = (dvc_repo.repo / "dvc.yaml").read_text(encoding="utf-8")
    dvc_repo.write("dvc.yaml", text.replace("cmd: echo", "cmd: sleep 60; echo").encode())
    monkeypatch.setattr(reproduction, "REPRO_SECONDS", 3.0)
    with pytest.raises(CheckFailed, match="still running after"):
        repro(dvc_repo, Repro(".", ()))


def test_a_stage_that_makes_a_folder_has_its_hash(dvc_repo: Workspace) -> None:
    """An output may be a folder, whose md5 is DVC's."""
    dvc_repo.write("made/a.txt", b"1")
    folder = Pipeline((replace(SPLIT, outs=(Output("made"),)), FIT))
    found = snapshot(dvc_repo, folder).outs
    assert str(found["made"]).endswith(".dir")
    assert found["forest.pkl"] is None
