"""Pipelines in the words in which DVC is asked to describe them."""

from __future__ import annotations

from harness.evidence.pipeline import Pipeline, Stage


def description(pipeline: Pipeline) -> dict[str, object]:
    """A pipeline as DVC is asked to describe it."""
    return {
        "error": pipeline.error,
        "stages": [_described(stage) for stage in pipeline.stages],
        "metrics": list(pipeline.metrics),
        "plots": list(pipeline.plots),
        "params_files": list(pipeline.params_files),
    }


def _described(stage: Stage) -> dict[str, object]:
    return {
        "address": stage.address,
        "name": stage.name,
        "file": stage.file,
        "wdir": stage.wdir,
        "root": stage.root,
        "cmd": list(stage.cmd),
        "listed": stage.listed,
        "frozen": stage.frozen,
        "deps": list(stage.deps),
        "params": {file: list(keys) for file, keys in stage.params.items()},
        "outs": [{"path": out.path, "cached": out.cached, "kind": out.kind} for out in stage.outs],
    }
