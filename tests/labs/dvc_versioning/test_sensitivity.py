"""What a stage really reads, found by running it: keys of params files, and files that it never declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.workspaces import NewWorkspace, write_tree
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.labs.dvc_versioning.running import results, run_stage
from harness.labs.dvc_versioning.sensitivity import Reading, Sensitivity
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.small_stage import FILES, FIT, STAGE

TEMPLATE = b"""stages:
  fit:
    foreach: ${kinds}
    do:
      cmd: echo ${fit.trees} > ${item}.txt
      params: [fit.trees]
      outs: ["${item}.txt"]
"""


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


@pytest.mark.parametrize("value", ["[a, b]", "[]", "{}"])
def test_a_list_that_the_code_has_too_is_read(fitted: Workspace, value: str) -> None:
    """Its absence changes nothing, since the code has the same by default; a number in its place does."""
    write_tree(fitted.repo, {"params.yaml": f"fit:\n  trees: 5\n  depth: 3\n  drop: {value}\n"})
    reading_it = FIT.replace('p.get("depth", 3)', f'list(p.get("drop", {value}))')
    fitted.write("fit.py", f"a, b = 'ab'\n{reading_it}".encode())
    stage = replace(STAGE, params={"params.yaml": ("fit.trees", "fit.drop")})
    found = reading(fitted, stage)
    assert found.read == {"fit.trees", "fit.drop"}
    assert found.unread == found.undeclared == frozenset()
    assert reading(fitted, replace(STAGE, params={"params.yaml": ("fit.trees",)})).undeclared == {"fit.drop"}


def test_what_cannot_be_changed_has_the_benefit_of_the_doubt(fitted: Workspace) -> None:
    """An empty dictionary in Python has no place of its own for another value."""
    fitted.write("params.py", b"extra = {}\n")
    found = reading(fitted, replace(STAGE, params={**STAGE.params, "params.py": ("extra",)}))
    assert "extra" in found.read
    assert found.tried.keys() == {"fit.trees", "fit.depth"}
    assert reading(fitted).undeclared == frozenset()


@pytest.mark.parametrize(
    ("spare", "checked"),
    [("7", "spare > 1"), ("gini", "spare in ('gini', 'entropy')"), ("[1, 2]", "len(spare)")],
)
def test_what_is_only_checked_is_not_undeclared(fitted: Workspace, spare: str, checked: str) -> None:
    """A script that refuses the far value and does the same with a nearer one does not depend on the key."""
    fitted.write("params.yaml", FILES["params.yaml"].replace("spare: 7", f"spare: {spare}").encode())
    checking = FIT + f"spare = p['spare']\nassert {checked}\n"
    fitted.write("fit.py", checking.encode())
    assert reading(fitted).undeclared == frozenset()
    fitted.write("fit.py", checking.replace('p.get("depth", 3)', 'p["spare"]').encode())
    assert reading(fitted).undeclared == frozenset({"fit.spare"})


@pytest.mark.parametrize(("large", "found"), [("p['spare']", {"fit.spare"}), ("7", set())])
def test_a_suspect_that_is_taken_when_it_is_large_is_undeclared(
    fitted: Workspace, large: str, found: set[str]
) -> None:
    """The far value is too small to be taken; a nearer one is tried, since the stage needs the key."""
    taken = f"({large} if p['spare'] > 3 else 7)"
    fitted.write("fit.py", FIT.replace('p.get("depth", 3)', taken).encode())
    assert reading(fitted, suspects=frozenset({"fit.spare"})).undeclared == found


@pytest.mark.parametrize("deps", [(), ("params.yaml",)])
def test_a_key_is_found_where_no_stage_declares_any(fitted: Workspace, deps: tuple[str, ...]) -> None:
    """params.yaml beside dvc.yaml is looked into all the same, be it under `deps` or nowhere."""
    stage = replace(STAGE, params={}, deps=(*STAGE.deps, *deps))
    run_stage(fitted, stage)
    trial = Sensitivity(fitted, Pipeline((stage,)), stage, results(fitted, stage))
    found = trial.reading(deterministic=True, suspects=frozenset())
    assert found.undeclared == frozenset({"fit.trees", "fit.depth"})


def test_a_templated_parameter_is_read(fitted: Workspace) -> None:
    """DVC puts the number into the command, which shows when DVC runs it; a list makes the stage."""
    declared = {"params.yaml": ("fit.trees",)}
    stage = replace(STAGE, name="fit@forest", cmd=("echo 5 > forest.txt",), deps=(), params=declared)
    fitted.run("dvc", "init", "-q", check=True)
    params = FILES["params.yaml"].encode() + b"kinds: [forest]\n"
    write_tree(fitted.repo, {"dvc.yaml": TEMPLATE.decode(), "params.yaml": params.decode()})
    found = reading(fitted, stage)
    assert (found.read, found.unread) == (frozenset({"fit.trees"}), frozenset())
    assert found.undeclared == frozenset()
    assert fitted.read("params.yaml") == params


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


def test_a_stage_that_changes_by_itself_reads_nothing_undeclared(fitted: Workspace) -> None:
    """It made the same twice, and makes other things later: that is no effect of a parameter."""
    fitted.write("fit.py", FIT.replace("+ str", "+ __import__('uuid').uuid4().hex + str").encode())
    assert reading(fitted, replace(STAGE, params={"params.yaml": ("fit.trees",)})).undeclared == frozenset()


def test_trials_leave_the_parameters_as_they_were(fitted: Workspace) -> None:
    """Each trial starts from the student's own file."""
    reading(fitted)
    assert fitted.read("params.yaml") == FILES["params.yaml"].encode()


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


@pytest.mark.parametrize("clear", [None, frozenset({"fit.py"}), frozenset(FILES)])
def test_what_a_run_alone_has_shown_is_not_tried_again(
    fitted: Workspace, clear: frozenset[str] | None
) -> None:
    """Unless the stage reads other files here than it did there."""
    run_stage(fitted, STAGE)
    trial = Sensitivity(fitted, Pipeline((STAGE,)), STAGE, results(fitted, STAGE))
    before = len(fitted.steps)
    found = trial.reading(deterministic=True, suspects=frozenset(), clear=clear)
    assert (found.read, found.undeclared) == (frozenset({"fit.trees", "fit.depth"}), frozenset())
    assert len(fitted.steps) - before == (2 if clear and "params.yaml" in clear else 3)


def test_a_suspect_that_is_not_declared_is_tried_again(fitted: Workspace) -> None:
    """A run alone shows nothing of what a stage reads where it finds more than it declares."""
    stage = replace(STAGE, params={"params.yaml": ("fit.trees",)})
    run_stage(fitted, stage)
    trial = Sensitivity(fitted, Pipeline((stage,)), stage, results(fitted, stage))
    suspects = frozenset({"fit.depth"})
    found = trial.reading(deterministic=True, suspects=suspects, clear=frozenset(FILES))
    assert found.undeclared == suspects


def test_outputs_are_what_they_were_after_the_trials(fitted: Workspace) -> None:
    """The next stage's trials start from what this one made of the student's own parameters."""
    write_tree(fitted.repo, {"log.txt": "one\n"})
    logged = replace(
        STAGE,
        cmd=("python fit.py && echo more >> log.txt",),
        outs=(*STAGE.outs, Output("log.txt")),
        persist=("log.txt",),
    )
    reading(fitted, logged)
    assert fitted.read("forest.txt") == b"a\na\na\na\na\n3"
    assert fitted.read("log.txt") == b"one\nmore\n"


def test_what_lies_beside_the_outputs_is_made_again(fitted: Workspace) -> None:
    """A copy that no stage declares is that of the student's own parameters in the end, not of a trial."""
    reading(fitted, replace(STAGE, cmd=("python fit.py && cp forest.txt last.txt",)))
    assert fitted.read("last.txt") == fitted.read("forest.txt") == b"a\na\na\na\na\n3"
    before = len(fitted.steps)
    reading(fitted)
    assert len(fitted.steps) - before == 4
