"""A rule-based machine: random edits of a random pipeline, and at each `dvc repro` the oracle against DVC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from harness.evidence.forecast import Foresight, Outcome, State, within
from harness.evidence.lock import parse_lock
from harness.evidence.oracle import declared, really
from harness.evidence.pipeline import Stage
from harness.workspace.files import remove_inside, remove_tree
from harness.workspace.workspace import Workspace

from .random_labs import (
    LEAVES,
    MORE_SOURCES,
    SOURCES,
    TEXTS,
    VALUES,
    Lab,
    change_between,
    dvc_yaml,
    labs,
    params,
    state_of,
)

NUMBERS = st.integers(0, 999)


@dataclass
class Tally:
    """How much was compared in all runs of a machine, to be read at the end."""

    pipelines: int = 0
    edits: int = 0
    repros: int = 0
    deeds: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("skipped", "restored", "accepted", "ran"), 0)
    )
    single_changes: int = 0
    dvc_was_wrong: int = 0


class OracleMachine(RuleBasedStateMachine):
    """One workspace, its random pipeline, what the oracle knows of it, and the edits done so far."""

    def __init__(self, start: Callable[[], Workspace], tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.workspace = start()
        self.files: dict[str, str] = {}
        self.undoable: list[tuple[str, str | None]] = []
        self.values: dict[str, dict[str, str]] = {}
        self.clean: State | None = None
        self.agreed = False

    @initialize(lab=labs(), run_cache=st.booleans())
    def begin(self, lab: Lab, *, run_cache: bool) -> None:
        """A new pipeline, run once."""
        self.tally.pipelines += 1
        self.lab = lab
        self.original = {stage.address: stage for stage in lab.stages}
        self.foresight = Foresight(lab.make)
        for path, text in lab.sources().items():
            self.put(path, text)
        self.declare(lab.stages)
        self.repro(run_cache=run_cache)

    def teardown(self) -> None:
        """One last comparison, and the workspace is gone."""
        if self.agreed:
            self.repro(run_cache=True)
        self.workspace.leave()
        remove_tree(self.workspace.root)

    @rule(n=NUMBERS, value=st.sampled_from(VALUES))
    def change_parameter(self, n: int, value: str) -> None:
        """One key of one params file gets another value."""
        file, key = LEAVES[n % len(LEAVES)]
        self.values[file] = {**self.values.get(file, {}), key: value}
        self.edit(file, params(file, self.values[file]))

    @rule(path=st.sampled_from(MORE_SOURCES), text=st.sampled_from(TEXTS))
    def change_data(self, path: str, text: str) -> None:
        """A file of the raw data gets another text, or appears."""
        self.edit(path, text)

    @rule()
    def remove_data(self) -> None:
        """The additional file of the raw folder is gone."""
        self.edit("raw/z", None)

    @rule(n=NUMBERS, word=st.sampled_from(("", "# a comment\n", "# another\n")))
    def change_code(self, n: int, word: str) -> None:
        """A script gets a comment, another, or none."""
        address = self.stage(n).address
        self.edit(f"{address}.sh", self.lab.script(address) + word)

    @rule(path=st.sampled_from(SOURCES))
    def touch(self, path: str) -> None:
        """A file is written again as it is."""
        self.edit(path, self.files[path])

    @precondition(lambda self: self.undoable)
    @rule(steps=st.integers(1, 3))
    def undo(self, steps: int) -> None:
        """The last edits are undone."""
        for _ in range(min(steps, len(self.undoable))):
            path, before = self.undoable.pop()
            self.put(path, before)
        self.tally.edits += 1

    @rule(n=NUMBERS, whole=st.booleans())
    def delete_output(self, n: int, *, whole: bool) -> None:
        """An output, or one file of it, is gone from the work tree; the cache has what it had."""
        stage = self.stage(n)
        if not stage.frozen:
            piece = self.lab.pieces[stage.address][n % len(self.lab.pieces[stage.address])].path
            self.drop(_out_of(stage, piece) if whole else piece)

    @rule(n=NUMBERS)
    def lose_output(self, n: int) -> None:
        """An output is gone from the work tree and from the cache."""
        stage = self.stage(n)
        if not stage.frozen:
            path = stage.out_paths[n % len(stage.outs)]
            self.lose(stage, path)
            self.drop(path)
            self.clean = None

    @rule(n=NUMBERS, text=st.sampled_from(TEXTS))
    def tamper_with_output(self, n: int, text: str) -> None:
        """An output is written over by hand."""
        stage = self.stage(n)
        self.put(self.lab.pieces[stage.address][n % len(self.lab.pieces[stage.address])].path, text)
        self.tally.edits += 1
        self.clean = None

    @rule(n=NUMBERS)
    def freeze_or_unfreeze(self, n: int) -> None:
        """A stage whose outputs are there is frozen, or is no longer."""
        stage = self.stage(n)
        if all(self.state.at(path) for path in stage.out_paths):
            self.restate(replace(stage, frozen=not stage.frozen))

    @rule(n=NUMBERS)
    def change_command(self, n: int) -> None:
        """The command of a stage is written otherwise."""
        stage = self.stage(n)
        other = f"sh ./{stage.address}.sh"
        self.restate(
            replace(stage, cmd=self.original[stage.address].cmd if stage.cmd == (other,) else (other,))
        )

    @rule(n=NUMBERS)
    def declare_less_or_again(self, n: int) -> None:
        """A stage no longer declares one of its deps or its parameters, or declares all of them again."""
        stage, before = self.stage(n), self.original[self.stage(n).address]
        if stage.deps != before.deps or stage.params != before.params:
            self.restate(replace(stage, deps=before.deps, params=before.params))
        elif stage.params and n % 2:
            self.restate(replace(stage, params={}))
        elif stage.deps:
            self.restate(
                replace(
                    stage, deps=tuple(dep for dep in stage.deps if dep != stage.deps[n % len(stage.deps)])
                )
            )

    @rule()
    def repro_as_it_is_typed(self) -> None:
        """The same with DVC's defaults, so that it comes as often as the edits."""
        self.repro(run_cache=True)

    @rule(run_cache=st.booleans())
    def repro(self, *, run_cache: bool) -> None:
        """DVC runs, restores and skips exactly what the oracle said, and leaves what it said."""
        self.thaw()
        before, clean, self.agreed = self.state, self.clean, False
        outcome = self.foresight.repro(self.lab.pipeline, before, run_cache=run_cache)
        done = self.workspace.run("dvc", "repro", *(() if run_cache else ("--no-run-cache",)))
        assert done.ok, done.describe()
        assert done.stages == outcome.ran, (
            f"DVC ran {done.stages}\n{done.stdout}\n{self.told(outcome, before)}"
        )
        self.files = dict(outcome.state.files)
        for piece in (piece for pieces in self.lab.pieces.values() for piece in pieces):
            data = self.workspace.read(piece.path)
            found = None if data is None else data.decode()
            assert found == self.files.get(piece.path), f"{piece.path}\n{self.told(outcome, before)}"
        self.count(outcome)
        wrong = self.wrong()
        if clean is not None:
            self.hold_single_change(clean, before, outcome, wrong)
        self.clean, self.agreed = None if wrong else self.state, True

    def thaw(self) -> None:
        """No stage stays frozen that DVC would refuse to take as it is, since it lacks a dependency."""
        for stage in self.lab.pipeline.stages:
            changed = stage.frozen and self.foresight.why(stage, self.state) is not None
            if changed and not all(self.state.at(path) for path in stage.deps):
                self.restate(replace(stage, frozen=False))

    def hold_single_change(self, clean: State, now: State, outcome: Outcome, wrong: frozenset[str]) -> None:
        """The answers for one change: DVC does no more than `declared`, and `really` is what is right."""
        self.tally.single_changes += 1
        change = change_between(clean, now)
        pipeline, reads = self.lab.pipeline, self.lab.reads
        touched = {address for address, deed in outcome.deeds.items() if deed != "skipped"}
        by_graph, by_data = declared(pipeline, change), really(pipeline, reads, change)
        assert touched <= by_graph, f"{change}: declared says {sorted(by_graph)}, DVC took {sorted(touched)}"
        fresh = {
            a for a in touched if all(self.state.at(p.path) != clean.at(p.path) for p in self.lab.pieces[a])
        }
        if fresh == touched:
            assert touched == by_graph, (
                f"{change}: declared says {sorted(by_graph)}, DVC took {sorted(touched)}"
            )
        right = self.lab.from_scratch(now)
        other = {s.address for s in pipeline.stages if any(right.at(p) != clean.at(p) for p in s.out_paths)}
        assert other <= by_data, f"{change}: really says {sorted(by_data)}, right is {sorted(other)}"
        assert (by_data - by_graph) & other <= wrong

    def wrong(self) -> frozenset[str]:
        """The stages whose outputs are not what every script run from scratch would make."""
        right = self.lab.from_scratch(self.state)
        paths = [(stage.address, path) for stage in self.lab.stages for path in stage.out_paths]
        return frozenset(address for address, path in paths if right.at(path) != self.state.at(path))

    def count(self, outcome: Outcome) -> None:
        """Add one comparison to the tally."""
        self.tally.repros += 1
        self.tally.dvc_was_wrong += bool(self.wrong())
        for deed in outcome.deeds.values():
            self.tally.deeds[deed] += 1

    def told(self, outcome: Outcome, before: State) -> str:
        """The oracle's prediction and its reasons as they stood before."""
        return f"predicted {dict(outcome.deeds)}\n{dvc_yaml(self.lab.stages)}\n{dict(before.files)}"

    @property
    def state(self) -> State:
        """What the oracle takes the workspace to hold."""
        return state_of(self.files)

    def stage(self, n: int) -> Stage:
        """The stage of a number."""
        return self.lab.stages[n % len(self.lab.stages)]

    def restate(self, stage: Stage) -> None:
        """Write another declaration of a stage into `dvc.yaml`."""
        self.declare(tuple(stage if stage.address == old.address else old for old in self.lab.stages))
        self.tally.edits += 1
        self.clean = None

    def declare(self, stages: tuple[Stage, ...]) -> None:
        """Write `dvc.yaml`."""
        self.lab = replace(self.lab, stages=stages)
        self.workspace.write("dvc.yaml", dvc_yaml(stages).encode())

    def edit(self, path: str, text: str | None) -> None:
        """Write a file, or remove it, so that it can be undone."""
        self.undoable.append((path, self.files.get(path)))
        self.put(path, text)
        self.tally.edits += 1

    def put(self, path: str, text: str | None) -> None:
        """Write a file, or remove it."""
        if text is None:
            self.workspace.remove(path)
            self.files.pop(path, None)
        else:
            self.workspace.write(path, text.encode())
            self.files[path] = text

    def drop(self, path: str) -> None:
        """Delete a file or folder of the work tree."""
        self.workspace.remove(path)
        self.files = {file: text for file, text in self.files.items() if not within(file, path)}
        self.tally.edits += 1

    def lose(self, stage: Stage, path: str) -> None:
        """Remove from the cache what `dvc.lock` records of an output."""
        record = parse_lock("dvc.lock", self.workspace.read("dvc.lock") or b"").stages[stage.name].out(path)
        assert record is not None
        assert record.md5 is not None
        remove_inside(self.workspace.cache, f"files/md5/{record.md5[:2]}/{record.md5[2:]}")
        self.foresight.lose(stage.address, path)


def _out_of(stage: Stage, piece: str) -> str:
    return next(path for path in stage.out_paths if within(piece, path))
