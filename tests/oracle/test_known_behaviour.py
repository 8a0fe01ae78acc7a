"""Behaviours of DVC that surprise: where its people speak of each, and the oracle's answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from harness.evidence.forecast import Foresight, State
from harness.evidence.oracle import Change, Reads, declared, really
from harness.evidence.params import load_params
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.workspace.workspace import Workspace

from .random_labs import dvc_yaml

P = "params.yaml"
DATA, CODE = "in.txt", "a.sh"
A = Stage("a", "a", cmd=("sh a.sh",), deps=(DATA, CODE), outs=(Output("a.out"),))
B = Stage("b", "b", cmd=("md5sum < a.out > b.out",), deps=("a.out",), outs=(Output("b.out"),))
FILES = {DATA: "one\n", P: "n: 1\nm: 1\n", CODE: "cat in.txt > a.out\n"}


@dataclass
class Bench:
    """A workspace with a small pipeline, and the oracle's view of it."""

    workspace: Workspace
    foresight: Foresight
    files: dict[str, str]

    def put(self, **files: str) -> None:
        """Write files; `_` in a name stands for a dot."""
        for name, text in files.items():
            path = name.replace("_", ".")
            self.workspace.write(path, text.encode())
            self.files[path] = text

    def repro(self, *stages: Stage, run_cache: bool = True) -> tuple[str, ...]:
        """Let DVC run the stages, hold it to the oracle's answer, and return what ran."""
        self.workspace.write("dvc.yaml", dvc_yaml(stages).encode())
        outcome = self.foresight.repro(Pipeline(stages), self.state, run_cache=run_cache)
        done = self.workspace.run("dvc", "repro", *(() if run_cache else ("--no-run-cache",)), check=True)
        assert done.stages == outcome.ran
        self.files = {path: self.read(path) for path in outcome.state.files}
        assert self.files == dict(outcome.state.files)
        return done.stages

    def read(self, path: str) -> str:
        """A file of the workspace."""
        return (self.workspace.read(path) or b"").decode()

    @property
    def state(self) -> State:
        """What the workspace holds."""
        return State(dict(self.files), {P: load_params(P, self.files[P].encode())})


def made(stage: Stage, state: State) -> Mapping[str, str]:
    """What the two stages write."""
    if stage.name == "a":
        return {"a.out": state.files[DATA]}
    if stage.name == "b":
        return {"b.out": f"{hashlib.md5(state.files['a.out'].encode()).hexdigest()}  -\n"}  # noqa: S324  as md5sum does
    return {}


@pytest.fixture
def bench(new_dvc_workspace: Callable[[], Workspace]) -> Iterator[Bench]:
    """Two stages that ran once."""
    bench = Bench(new_dvc_workspace(), Foresight(made), {})
    for path, text in FILES.items():
        bench.put(**{path.replace(".", "_"): text})
    assert bench.repro(A, B) == ("a", "b")
    yield bench
    bench.workspace.leave()


def test_a_stage_that_makes_the_same_bytes_ends_the_re_run(bench: Bench) -> None:
    """After a comment in the code only its own stage runs (treeverse/dvc#3004)."""
    bench.put(a_sh="# why\ncat in.txt > a.out\n")
    assert bench.repro(A, B) == ("a",)


def test_a_parameter_that_is_no_longer_declared(bench: Bench) -> None:
    """Removing a parameter from dvc.yaml re-runs nothing, adding it does (treeverse/dvc#9913)."""
    declaring = replace(A, params={P: ("n",)})
    assert bench.repro(declaring, B) == ("a",)
    assert bench.repro(A, B) == ()
    assert bench.repro(declaring, B) == ()
    assert bench.repro(replace(A, params={P: ("n", "m")}), B) == ("a",)


def test_numbers_that_python_takes_for_equal(bench: Bench) -> None:
    """A parameter that goes from 1 to 1.0 or true is the same to DVC, whatever the script makes of it."""
    declaring = replace(A, params={P: ("n",)})
    bench.repro(declaring, B)
    for text in ("n: 1.0\nm: 1\n", "n: true\nm: 1\n"):
        bench.put(params_yaml=text)
        assert bench.repro(declaring, B) == ()
    bench.put(params_yaml="n: 2\nm: 1\n")
    assert bench.repro(declaring, B) == ("a",)


def test_a_stage_without_deps_and_outputs_runs_each_time(bench: Bench) -> None:
    """It cannot be seen to have changed (treeverse/dvc#1634, #1650)."""
    log = Stage("log", "log", cmd=("true",))
    assert bench.repro(A, B, log) == ("log",)
    assert bench.repro(A, B, log) == ("log",)


def test_a_stage_without_deps_but_with_an_output_does_not(bench: Bench) -> None:
    """It runs when its output is gone, each time anew: it is not in the run cache (treeverse/dvc#10589)."""
    alone = replace(A, deps=())
    assert bench.repro(A, B) == ()
    assert bench.repro(alone, B) == ()
    bench.workspace.remove("a.out")
    del bench.files["a.out"]
    assert bench.repro(alone, B) == ("a",)


def test_always_changed_is_never_restored(bench: Bench) -> None:
    """A stage with always_changed runs though the run cache knows the run (treeverse/dvc#4551)."""
    always = replace(A, always_changed=True)
    assert bench.repro(always, B) == ("a",)
    assert bench.repro(always, B) == ("a",)


def test_an_edit_undone_is_restored_from_the_run_cache(bench: Bench) -> None:
    """What ran before with the same inputs does not run again, but for `--no-run-cache`."""
    for run_cache, ran in ((True, ()), (False, ("a", "b"))):
        bench.put(in_txt=f"two {run_cache}\n")
        assert bench.repro(A, B) == ("a", "b")
        bench.put(in_txt="one\n")
        assert bench.repro(A, B, run_cache=run_cache) == ran


def test_a_deleted_output_comes_back_without_a_run(bench: Bench) -> None:
    """Even with `--no-run-cache` the lock names what to check out, unless the cache has lost it."""
    bench.workspace.remove("a.out")
    del bench.files["a.out"]
    assert bench.repro(A, B, run_cache=False) == ()
    assert bench.read("a.out") == "one\n"


def test_a_frozen_stage_takes_its_output_as_it_is(bench: Bench) -> None:
    """A frozen stage never runs; an output that was changed by hand becomes what is recorded."""
    bench.put(a_out="by hand\n")
    assert bench.repro(replace(A, frozen=True), B) == ("b",)
    assert bench.repro(A, B) == ()
    assert bench.read("a.out") == "by hand\n"


def test_a_frozen_stage_without_its_output_stops_everything(bench: Bench) -> None:
    """DVC refuses; the oracle is not asked about it."""
    bench.workspace.remove("a.out")
    bench.workspace.write("dvc.yaml", dvc_yaml((replace(A, frozen=True), B)).encode())
    done = bench.workspace.run("dvc", "repro")
    assert not done.ok
    assert "missing data 'source'" in done.stderr


def test_a_frozen_stage_is_not_taken_as_it_is_without_its_dependencies(bench: Bench) -> None:
    """DVC records them too, whatever their state, and so refuses; the oracle is not asked about it."""
    bench.put(b_out="by hand\n")
    bench.workspace.remove("a.out")
    bench.workspace.write("dvc.yaml", dvc_yaml((A, replace(B, frozen=True))).encode())
    done = bench.workspace.run("dvc", "repro", "b")
    assert not done.ok
    assert "dependency 'a.out' does not exist" in done.stderr


def test_what_dvc_does_and_what_is_right_differ(bench: Bench) -> None:
    """With a dependency undeclared DVC skips what is stale, with a params file as dep it runs for nothing."""
    reads = Reads({"a": frozenset({DATA, CODE}), "b": frozenset({"a.out"})})
    narrow, wide = replace(A, deps=(CODE,)), replace(A, deps=(DATA, CODE, P))
    assert bench.repro(narrow, B) == ()
    bench.put(in_txt="two\n")
    assert bench.repro(narrow, B) == ()
    assert bench.read("a.out") == "one\n", "stale"
    change = Change.of_file(DATA)
    assert declared(Pipeline((narrow, B)), change) == frozenset()
    assert really(Pipeline((narrow, B)), reads, change) == {"a", "b"}
    assert bench.repro(wide, B) == ("a", "b")
    bench.put(params_yaml="n: 2\nm: 1\n")
    assert bench.repro(wide, B) == ("a",)
    change = Change.of_param(P, "n")
    assert "a" in declared(Pipeline((wide, B)), change)
    assert really(Pipeline((wide, B)), reads, change) == frozenset()
