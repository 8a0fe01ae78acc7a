"""Which parameters and files a stage really reads, found by running it: not by reading its code."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from harness.evidence.params import covers, extremes, milder
from harness.evidence.params_edit import delete
from harness.labs.dvc_versioning.running import results, run_by_dvc, run_traced, stage_kept
from harness.labs.dvc_versioning.settings import Settings, edited

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from harness.evidence.params import Value
    from harness.evidence.pipeline import Pipeline, Stage
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace


@dataclass(frozen=True)
class Reading:
    """Which parameters a stage reads, by what their change and their absence did to its outputs.

    ``read`` and ``unread`` hold declared keys (as declared), ``undeclared`` keys that it reads all the same,
    ``inert`` leaf keys of the files it reads that changed nothing, declared or not.
    """

    stage: str
    read: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    undeclared: frozenset[str] = frozenset()
    inert: frozenset[str] = frozenset()
    tried: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Footing:
    """Parameters other than the student's, with which the stage works too, and what it made with them."""

    file: str
    data: bytes
    made: Mapping[str, str | None]


class Sensitivity:
    """Runs one stage again and again in a workspace, each time with other parameters."""

    def __init__(
        self, ws: Workspace, pipeline: Pipeline, stage: Stage, expected: Mapping[str, str | None]
    ) -> None:
        self.ws = ws
        self.stage = stage
        self.settings = Settings(ws, pipeline, stage)
        self.expected = {out.path: expected.get(out.path) for out in stage.outs}
        self.tried: dict[str, str] = {}
        self._footing: _Footing | None = None
        self._seen: frozenset[str] | None = frozenset()
        self._left_behind = False

    def reading(
        self, *, deterministic: bool, suspects: frozenset[str], clear: frozenset[str] | None = None
    ) -> Reading:
        """Find which keys the stage reads; ``suspects`` are leaf keys that must be tried each for itself.

        ``clear`` are the files that it read in a run by itself which showed that it needs no undeclared key.
        Where it read others here, or does not declare a suspect, that is shown again. Its outputs are in the
        end what they were; what it writes beside them is made again by a last run.
        """
        with stage_kept(self.ws, self.stage):
            found = self._reading(clear, suspects, deterministic=deterministic)
            if self._left_behind:
                self._run()
            return found

    def _reading(
        self, clear: frozenset[str] | None, suspects: frozenset[str], *, deterministic: bool
    ) -> Reading:
        read: set[str] = set()
        unread: set[str] = set()
        inert: set[str] = set()
        for file, keys in self.settings.given.items():
            leaves = self.settings.leaves(file)
            for key in keys or tuple(leaves):
                mine = [leaf for leaf in leaves if covers(key, leaf)]
                found = self._read_among(file, leaves, mine, suspects, deterministic=deterministic)
                (read if found else unread).add(key)
                inert |= {leaf for leaf in mine if leaf in self.tried and leaf not in found}
        same = clear is not None and self._seen is not None and self._seen <= clear
        settings = self.settings
        hidden = {leaf for file in settings.files() for leaf in settings.not_declared(file)} & suspects
        undeclared = frozenset() if same and not hidden else self._undeclared(deterministic=deterministic)
        inert |= self._inert_suspects(suspects - undeclared, deterministic=deterministic)
        if deterministic and not self.settings.templated:
            undeclared |= self._needed(hidden - undeclared - inert)
        return Reading(
            self.stage.address, frozenset(read), frozenset(unread), undeclared, frozenset(inert), self.tried
        )

    def _read_among(
        self,
        file: str,
        leaves: Mapping[str, Value],
        mine: list[str],
        suspects: frozenset[str],
        *,
        deterministic: bool,
    ) -> set[str]:
        found: set[str] = set()
        for leaf in mine:
            if (not found or leaf in suspects) and self._is_read(
                file, leaf, leaves[leaf], deterministic=deterministic
            ):
                found.add(leaf)
        return found

    def _is_read(self, file: str, leaf: str, value: Value, *, deterministic: bool) -> bool:
        far, shown = extremes(leaf, value)[0], False
        trials: list[tuple[str, tuple[Value, ...]]] = [(f"{leaf}={far}", (far,))]
        if not self.settings.templated:  # DVC itself refuses a template whose key is missing
            trials.append((f"{leaf} deleted", ()))
        for name, new in trials:
            if (effect := self._effect_of(file, partial(edited, file, leaf, new))) is not None:
                shown, self.tried[leaf] = True, f"{name}: {effect}"
            if self._shows(effect, deterministic=deterministic):
                return True
        return not (shown and deterministic)

    def _undeclared(self, *, deterministic: bool) -> frozenset[str]:
        """The undeclared keys that change something, unless the same comes of changing nothing."""
        found: set[str] = set()
        for file in self.settings.files():
            keys = set(self._narrowed(file, self.settings.not_declared(file), deterministic=deterministic))
            found |= keys if keys and self._same_again(file) else set()
        return frozenset(found)

    def _same_again(self, file: str) -> bool:
        """Whether the parameters as they are still give what they gave: a stage may count its runs."""
        data = self.ws.read(file) or b""
        return self._effect(file, data, data) == "unchanged"

    def _inert_suspects(self, suspects: frozenset[str], *, deterministic: bool) -> set[str]:
        """The undeclared suspects, if their absence changes nothing either: their values are hard-coded."""
        found: set[str] = set()
        for file in self.settings.files():
            keys = [leaf for leaf in self.settings.not_declared(file) if leaf in suspects]
            original = data = self.ws.read(file) or b""
            for key in keys:
                data = delete(file, data, key)
            if not keys or not deterministic or self.settings.templated:
                continue
            if self._effect(file, data, original) == "unchanged":
                found |= set(keys)
        return found

    def _needed(self, keys: Collection[str]) -> frozenset[str]:
        """Those undeclared keys whose nearer values show: far ones may be too small to be taken."""
        found: set[str] = set()
        for file in self.settings.files():
            among = {leaf: value for leaf, value in self.settings.not_declared(file).items() if leaf in keys}
            shown = {leaf for leaf, value in among.items() if self._milder(file, leaf, value) == "changed"}
            found |= shown if shown and self._same_again(file) else set()
        return frozenset(found)

    def _milder(self, file: str, leaf: str, value: Value) -> str:
        """What nearer values do: a change before nothing, and what the stage refuses last."""
        effect, original = "failed", self.ws.read(file) or b""
        for new in milder(value):
            data = edited(file, leaf, (new,), original)
            found = "failed" if data is None else self._effect(file, data, original)
            if found == "changed":
                return found
            effect = effect if found == "failed" else found
        return effect

    def _narrowed(self, file: str, leaves: Mapping[str, Value], *, deterministic: bool) -> list[str]:
        """The keys whose far values show; a failure does not where nearer values do nothing.

        A script may check all that it loads.
        """
        original = self.ws.read(file) or b""
        data, keys = self.settings.far(file, leaves)
        effect = self._effect(file, data, original) if keys else "unchanged"
        if effect == "failed" and len(keys) == 1:
            effect = self._milder(file, keys[0], leaves[keys[0]])
        if not self._shows(effect, deterministic=deterministic):
            return []
        if len(keys) == 1:
            return keys
        return [
            leaf for leaf in keys if self._narrowed(file, {leaf: leaves[leaf]}, deterministic=deterministic)
        ]

    @staticmethod
    def _shows(effect: str | None, *, deterministic: bool) -> bool:
        return effect == "failed" or (effect == "changed" and deterministic)

    def _effect_of(self, file: str, change: Callable[[bytes], bytes | None]) -> str | None:
        """What a change does, on top of the first change that did something: one tree grows faster than 200.

        What shows no effect there is tried on the parameters as they are. None where it cannot be written.
        """
        original = self.ws.read(file) or b""
        if self._footing is not None and self._footing.file == file and (new := change(self._footing.data)):
            effect = self._effect(file, new, original, self._footing.made)
            if effect != "unchanged":
                return effect
        data = change(original)
        return None if data is None else self._effect(file, data, original)

    def _effect(
        self, file: str, data: bytes, original: bytes, expected: Mapping[str, str | None] | None = None
    ) -> str:
        self.ws.write(file, data)
        done = self._run()
        made = results(self.ws, self.stage)
        self.ws.write(file, original)
        if not done.ok:
            return "failed"
        if made == (self.expected if expected is None else expected):
            return "unchanged"
        self._footing = self._footing or _Footing(file, data, made)
        return "changed"

    def _run(self) -> Completed:
        """Run the stage; where its command is a template, by DVC, which fills in the parameters."""
        if not self.settings.templated:
            done, read, written = run_traced(self.ws, self.stage)
            self._left_behind |= written is None or any(not self.stage.makes(path) for path in written)
            self._seen = None if read is None or self._seen is None else self._seen | read
            return done
        self._left_behind = True  # in dvc.lock at least
        return run_by_dvc(self.ws, self.stage)[0]
