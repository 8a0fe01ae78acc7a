"""What a stage really reads, found by running it: keys of params files, and files that it never declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.workspaces import NewWorkspace, write_tree
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.labs.dvc_versioning.reruns import judge
from harness.labs.dvc_versioning.sensitivity import (
    Alone,
    Reading,
    Sensitivity,
    declares_file,
    results,
    run_alone,
    run_stage,
)
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import rerun

FIT = """import yaml
p = yaml.safe_load(open("params.yaml"))["fit"]
open("forest.txt", "w").write(open("train.txt").read() * p["trees"] + str(p.get("depth", 3)))
"""
FILES = {
    "fit.py": FIT,
    "params.yaml": "fit:\n  trees: 5\n  depth: 3\n  spare: 7\nother:\n  x: 1\n",
    "train.txt": "a\n",
    "test.txt": "b\n",
}
STAGE = Stage(
    "fit",
    "fit",
    cmd=("python fit.py",),
    deps=("fit.py", "train.txt"),
    params={"params.yaml": ("fit.trees", "fit.depth")},
    outs=(Output("forest.txt"),),
)
TEMPLATE = b"""stages:
  fit:
    cmd: echo ${fit.trees} > forest.txt
    params: [fit.trees]
    outs: [forest.txt]
"""
SCORE = Stage(
    "score",
    "score",
    cmd=("cat forest.txt test.txt > s.txt",),
    deps=("test.txt",),
    outs=(Output("s.txt"),),
)


@pytest.fixture
def fitted(new_workspace: NewWorkspace) -> Workspace:
    """A workspace in which the stage has run."""
    workspace = new_workspace()
    write_tree(workspace.repo, FILES)
    return workspace


def reading(
    workspace: Workspace,
    stage: Stage = STAGE,
    suspects: frozenset[str] = frozenset(),
    *,
    deterministic: bool = True,
) -> Reading:
    """What the stage reads, found in the workspace, where it has run once."""
    done, _ = run_stage(workspace, stage)
    assert done.ok, done.describe()
    pipeline = Pipeline((stage,), params_files=("params.yaml",))
    trial = Sensitivity(workspace, pipeline, stage, results(workspace, stage))
    return trial.reading(deterministic=deterministic, suspects=suspects)


def test_declared_keys_that_change_the_output_are_read(fitted: Workspace) -> None:
    """One is needed, the other has a default of its own in the code, which is fine."""
    found = reading(fitted)
    assert (found.read, found.unread, found.undeclared) == (
        frozenset({"fit.trees", "fit.depth"}),
        frozenset(),
        frozenset(),
    )


def test_a_declared_key_without_effect_is_unread(fitted: Workspace) -> None:
    """Neither an extreme value nor its absence changed a byte."""
    found = reading(fitted, replace(STAGE, params={"params.yaml": ("fit.trees", "fit.depth", "fit.spare")}))
    assert found.unread == found.inert == frozenset({"fit.spare"})
    assert "deleted: unchanged" in found.tried["fit.spare"]


def test_a_key_that_is_only_needed_is_read(fitted: Workspace) -> None:
    """An equal result proves nothing: the stage fails without the key."""
    fitted.write(
        "fit.py",
        b'import yaml\np = yaml.safe_load(open("params.yaml"))["fit"]\n'
        b'p["trees"], p["depth"]\nopen("forest.txt", "w").write("same")\n',
    )
    assert reading(fitted).read == frozenset({"fit.trees", "fit.depth"})


def test_a_key_read_without_declaration_is_found(fitted: Workspace) -> None:
    """Of all the keys that nobody declared it is named by itself."""
    assert reading(fitted, replace(STAGE, params={"params.yaml": ("fit.trees",)})).undeclared == frozenset(
        {"fit.depth"}
    )


@pytest.mark.parametrize("deps", [(), ("params.yaml",)])
def test_a_key_is_found_where_no_stage_declares_any(fitted: Workspace, deps: tuple[str, ...]) -> None:
    """params.yaml beside dvc.yaml is looked into all the same, be it under `deps` or nowhere."""
    stage = replace(STAGE, params={}, deps=(*STAGE.deps, *deps))
    run_stage(fitted, stage)
    trial = Sensitivity(fitted, Pipeline((stage,)), stage, results(fitted, stage))
    found = trial.reading(deterministic=True, suspects=frozenset())
    assert found.undeclared == frozenset({"fit.trees", "fit.depth"})


def test_a_templated_parameter_is_read(fitted: Workspace) -> None:
    """DVC puts the number into the command: the change of the params file shows only when DVC runs it."""
    stage = replace(STAGE, cmd=("echo 5 > forest.txt",), deps=(), params={"params.yaml": ("fit.trees",)})
    fitted.run("dvc", "init", "-q", check=True)
    fitted.write("dvc.yaml", TEMPLATE)
    found = reading(fitted, stage)
    assert (found.read, found.unread) == (frozenset({"fit.trees"}), frozenset())
    assert found.undeclared == frozenset()
    assert fitted.read("params.yaml") == FILES["params.yaml"].encode()


def test_a_section_is_read_when_a_key_of_it_is(fitted: Workspace) -> None:
    """A key of the section that has no effect is inert, where it is one to be tried."""
    section = replace(STAGE, params={"params.yaml": ("fit",)})
    found = reading(fitted, section, frozenset({"fit.spare"}))
    assert (found.read, found.unread, found.undeclared) == (frozenset({"fit"}), frozenset(), frozenset())
    assert "fit.spare" in found.inert


def test_a_whole_file_declares_every_key(fitted: Workspace) -> None:
    """Nothing in it can be undeclared."""
    found = reading(fitted, replace(STAGE, params={"params.yaml": ()}))
    assert found.undeclared == frozenset()
    assert {"fit.trees", "fit.depth"} <= found.read


def test_hard_coded_values_are_inert(fitted: Workspace) -> None:
    """The script has values of its own beside the keys that it should read."""
    fitted.write("fit.py", b'open("forest.txt", "w").write("5 trees")\n')
    found = reading(fitted, replace(STAGE, params={}), frozenset({"fit.trees"}))
    assert found.read == found.undeclared == frozenset()
    assert "fit.trees" in found.inert


def test_a_stage_that_differs_each_time_has_the_benefit_of_the_doubt(fitted: Workspace) -> None:
    """Other bytes prove nothing then."""
    fitted.write("fit.py", FIT.replace("+ str", "+ __import__('uuid').uuid4().hex + str").encode())
    found = reading(fitted, replace(STAGE, params={"params.yaml": ("fit.spare",)}), deterministic=False)
    assert found.read == frozenset({"fit.spare"})
    assert found.unread == frozenset()


def test_trials_leave_the_parameters_as_they_were(fitted: Workspace) -> None:
    """Each trial starts from the student's own file."""
    reading(fitted)
    assert fitted.read("params.yaml") == FILES["params.yaml"].encode()


def alone(workspace: Workspace, *stages: Stage) -> dict[str, Alone]:
    """Each stage run by itself, after all have run in order."""
    for stage in stages:
        run_stage(workspace, stage)
    return {one.address: run_alone(workspace, one, results(workspace, one)) for one in stages}


def test_a_stage_that_declares_what_it_reads_runs_alone(fitted: Workspace) -> None:
    """With only its declared files in place the result is the same."""
    found = alone(fitted, STAGE)["fit"]
    assert found.with_declared_only.ok
    assert (found.missing, found.deterministic) == ((), True)
    assert found.reads == frozenset({"fit.py", "train.txt", "params.yaml"})


def test_an_undeclared_model_is_found_by_running(fitted: Workspace) -> None:
    """Its stage cannot run with what it declares, and the file that it lacks is named."""
    found = alone(fitted, STAGE, SCORE)["score"]
    assert not found.with_declared_only.ok
    assert found.missing == ("forest.txt",)
    assert found.deterministic


def test_what_is_read_and_what_is_declared_differ_in_what_must_run(fitted: Workspace) -> None:
    """By the declared graph score may stay, by the data that it was seen to read it must run."""
    reads = {address: one.reads for address, one in alone(fitted, STAGE, SCORE).items()}
    pipeline = Pipeline((STAGE, SCORE))
    about = rerun(pipeline, "fit")
    assert judge(about, pipeline, ("fit",), reads).idle == ("score",)
    assert judge(about, pipeline, ("fit",), {}).idle == ()


def test_a_stage_that_hides_a_missing_file_is_found_out(fitted: Workspace) -> None:
    """It ends well without the file, and with another result."""
    quiet = replace(SCORE, cmd=("cat test.txt > s.txt; cat forest.txt >> s.txt || true",))
    assert alone(fitted, STAGE, quiet)["score"].missing == ("forest.txt",)


def test_a_stage_that_differs_each_time_is_told_from_one_that_lacks_a_file(fitted: Workspace) -> None:
    """It has all that it needs, and gives other bytes at every run."""
    fitted.write("fit.py", FIT.replace("+ str", "+ __import__('uuid').uuid4().hex + str").encode())
    found = alone(fitted, STAGE)["fit"]
    assert (found.missing, found.deterministic) == ((), False)


def test_a_stage_in_a_folder_runs_there(fitted: Workspace) -> None:
    """`wdir` is where its command runs."""
    write_tree(fitted.repo, {"sub/in.txt": "x"})
    inside = Stage(
        "c", "c", wdir="sub", cmd=("cp in.txt out.txt",), deps=("sub/in.txt",), outs=(Output("sub/out.txt"),)
    )
    found = alone(fitted, inside)["c"]
    assert found.with_declared_only.ok
    assert found.reads == frozenset({"sub/in.txt"})


def test_several_commands_end_with_the_first_that_fails(fitted: Workspace) -> None:
    """As DVC runs them."""
    stage = Stage("c", "c", cmd=("false", "cp train.txt out.txt"), outs=(Output("out.txt"),))
    done, _ = run_stage(fitted, stage)
    assert not done.ok
    assert results(fitted, stage) == {"out.txt": None}


def test_outputs_are_removed_before_a_run_unless_they_persist(fitted: Workspace) -> None:
    """As DVC does."""
    write_tree(fitted.repo, {"gone.txt": "x", "kept.txt": "x"})
    stage = Stage(
        "c", "c", cmd=("true",), outs=(Output("gone.txt"), Output("kept.txt")), persist=("kept.txt",)
    )
    run_stage(fitted, stage)
    assert results(fitted, stage)["gone.txt"] is None
    assert results(fitted, stage)["kept.txt"] is not None


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        ("train.txt", True),
        ("params.yaml", True),
        ("forest.txt", True),
        ("data/a.csv", True),
        ("other.py", False),
    ],
)
def test_a_file_is_declared_in_many_ways(path: str, declared: bool) -> None:  # noqa: FBT001
    """As a dependency, in a folder that is one, as parameters, as the stage's own output."""
    assert declares_file(replace(STAGE, deps=(*STAGE.deps, "data/")), path) is declared


def test_a_key_is_found_although_the_first_change_hides_it(fitted: Workspace) -> None:
    """Where no tree grows, depth changes nothing; it does with the student's own parameters."""
    fitted.write(
        "fit.py",
        b"import yaml\n"
        b"fit = yaml.safe_load(open('params.yaml'))['fit']\n"
        b"kept = [n for n in range(fit['trees']) if n > 3]\n"
        b"made = [len(kept), *(fit.get('depth', 4) for _ in kept)]\n"
        b"open('forest.txt', 'w').write(str(made))\n",
    )
    fitted.write("params.yaml", b"fit:\n  trees: 9\n  depth: 4\n")
    found = reading(fitted)
    assert found.read == frozenset({"fit.trees", "fit.depth"})
    assert found.unread == found.inert == frozenset()


def test_each_line_of_a_command_has_a_shell_of_its_own(new_workspace: NewWorkspace) -> None:
    """As DVC runs it: a folder that one line enters and a variable it sets are not the next one's."""
    workspace = new_workspace()
    lines = ("mkdir sub; cd sub; word=left", "", "# why", "false; echo ${word:-none} > made.txt # a remark")
    stage = Stage("go", "go", cmd=lines, outs=(Output("made.txt"),))
    assert run_stage(workspace, stage)[0].ok
    assert workspace.read("made.txt") == b"none\n"
    workspace.remove("made.txt")
    assert run_stage(workspace, replace(stage, cmd=("\n".join(lines[1:]),)))[0].ok
    assert workspace.read("made.txt") == b"none\n"
    failing = replace(stage, cmd=("exit 7", "echo late > made.txt"))
    assert run_stage(workspace, failing)[0].exit_code == 7
    assert workspace.read("made.txt") is None
