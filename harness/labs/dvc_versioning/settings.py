"""What a stage is told: the params files that it may read, and other values for what is in them."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.params import addressable, declares, extremes, load_params
from harness.evidence.params_edit import delete, edit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.params import Value
    from harness.evidence.pipeline import Pipeline, Stage
    from harness.workspace.workspace import Workspace


class Settings:
    """The parameters that are there for one stage in a workspace, as they are now."""

    def __init__(self, ws: Workspace, pipeline: Pipeline, stage: Stage) -> None:
        self.ws = ws
        self.pipeline = pipeline
        self.stage = stage

    def unlike(self) -> dict[str, bytes]:
        """Each params file with all that the stage does not declare far from what it is.

        A file in which nothing is changed is left out; there are none for a template, which DVC fills in.
        """
        if self.templated:
            return {}
        try:
            changed = {file: self.far(file, self.not_declared(file)) for file in self.files()}
        except MalformedEvidence:
            return {}
        return {file: data for file, (data, keys) in changed.items() if keys}

    @cached_property
    def templated(self) -> bool:
        """Whether DVC fills parameters into the stage's command (`${…}`)."""
        try:
            stages = load_params(self.stage.file, self.ws.read(self.stage.file) or b"").get("stages")
        except MalformedEvidence:
            return False
        entry = stages.get(self.stage.name.partition("@")[0]) if isinstance(stages, dict) else None
        body = entry.get("do", entry) if isinstance(entry, dict) else None
        return isinstance(body, dict) and "${" in str(body.get("cmd"))

    @property
    def given(self) -> Mapping[str, tuple[str, ...]]:
        """The keys that may reach the script: where DVC fills none into its command, it fills in paths."""
        return self.stage.takes if self.templated else self.stage.params

    def declares(self, file: str, leaf: str) -> bool:
        """Whether a change of this key makes DVC run the stage."""
        return file in self.stage.takes and declares(self.stage.takes[file], leaf)

    def not_declared(self, file: str) -> dict[str, Value]:
        """The other keys of a file, with their values."""
        return {leaf: value for leaf, value in self.leaves(file).items() if not self.declares(file, leaf)}

    def leaves(self, file: str) -> dict[str, Value]:
        """The keys of a file that DVC can name, with their values; raises MalformedEvidence."""
        return addressable(load_params(file, self.ws.read(file) or b""))

    def files(self) -> tuple[str, ...]:
        """The params files of the pipeline, and the one beside the stage's dvc.yaml, where they are there."""
        beside = {posixpath.join(posixpath.dirname(self.stage.file), "params.yaml")}
        declared = {file for stage in self.pipeline.stages for file in stage.takes}
        every = declared | beside | set(self.pipeline.params_files)
        return tuple(sorted(file for file in every if self.ws.read(file) is not None))

    def far(self, file: str, leaves: Mapping[str, Value]) -> tuple[bytes, list[str]]:
        """A params file with keys of it far from what they are, and those for which that can be written.

        Where DVC fills in a template, lists and sections stay what they are: it may make stages of them.
        """
        data = self.ws.read(file) or b""
        changed: list[str] = []
        for leaf, value in leaves.items():
            made = self.templated and isinstance(value, list | dict)
            far = None if made else edited(file, leaf, extremes(leaf, value)[:1], data)
            if far is not None:
                data, changed = far, [*changed, leaf]
        return data, changed


def edited(file: str, leaf: str, new: tuple[Value, ...], data: bytes) -> bytes | None:
    """Parameters with another value for one of them, or without it; None where the file cannot be so."""
    with suppress(MalformedEvidence):
        return edit(file, data, leaf, *new) if new else delete(file, data, leaf)
    return None
