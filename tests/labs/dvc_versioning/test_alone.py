"""A stage run by itself: what it lacks, and whether it gives the same again without undeclared parameters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.workspaces import write_tree
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.labs.dvc_versioning.alone import Alone, declares_file, run_alone, run_as_before
from harness.labs.dvc_versioning.reruns import judge
from harness.labs.dvc_versioning.running import results, run_stage
from harness.labs.dvc_versioning.sensitivity import Sensitivity
from harness.labs.dvc_versioning.settings import Settings
from harness.workspace.sealing import Seal
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import rerun
from tests.labs.dvc_versioning.small_stage import FILES, FIT, STAGE

SCORE = Stage(
    "score",
    "score",
    cmd=("cat forest.txt test.txt > s.txt",),
    deps=("test.txt",),
    outs=(Output("s.txt"),),
)


def alone(workspace: Workspace, *stages: Stage) -> dict[str, Alone]:
    """Each stage run by itself, after all have run in order."""
    for stage in stages:
        run_stage(workspace, stage)
    pipeline = Pipeline(stages)
    found: dict[str, Alone] = {}
    for stage in stages:
        made = results(workspace, stage)
        unlike = Settings(workspace, pipeline, stage).unlike()
        found[stage.address] = run_alone(workspace, stage, made, unlike)
    return found


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


def test_a_run_alone_leaves_the_workspace_as_it_was(fitted: Workspace) -> None:
    """Though the stage gives other bytes each time: what reads them is run on those of the first run."""
    fitted.write("fit.py", FIT.replace("+ str", "+ __import__('uuid').uuid4().hex + str").encode())
    fitted.write("test.txt", b"c\n")
    declared = replace(SCORE, deps=("test.txt", "forest.txt"))
    found = alone(fitted, STAGE, declared)
    assert not found["fit"].deterministic
    assert (found["score"].deterministic, found["score"].missing) == (True, ())
    assert (fitted.read("s.txt") or b"") == (fitted.read("forest.txt") or b"-") + b"c\n"


def test_a_stage_that_meets_a_limit_with_other_values_is_run_as_it_is(fitted: Workspace) -> None:
    """That shows nothing: only with the student's own values it must stay within its limits."""
    fitted.write(
        "fit.py",
        f"{FIT}if yaml.safe_load(open('params.yaml'))['other']['x'] != 1: print('x' * 999)\n".encode(),
    )
    fitted.limits = replace(fitted.limits, printed=100)
    found = alone(fitted, STAGE)["fit"]
    assert (found.clear, found.whole, found.deterministic, found.missing) == (False, True, True, ())
    assert fitted.read("fit.py") is not None


def test_a_stage_in_a_folder_runs_there(fitted: Workspace) -> None:
    """`wdir` is where its command runs."""
    write_tree(fitted.repo, {"sub/in.txt": "x"})
    inside = Stage(
        "c", "c", wdir="sub", cmd=("cp in.txt out.txt",), deps=("sub/in.txt",), outs=(Output("sub/out.txt"),)
    )
    found = alone(fitted, inside)["c"]
    assert found.with_declared_only.ok
    assert found.reads == frozenset({"sub/in.txt"})


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


def test_one_run_shows_all_where_nothing_else_is_read(fitted: Workspace) -> None:
    """Alone, with every key that the stage does not declare far from what it was: the same outputs."""
    found = alone(fitted, STAGE)["fit"]
    assert (found.clear, found.deterministic, found.whole, found.missing) == (True, True, True, ())
    assert len(fitted.steps) == 2
    assert fitted.read("params.yaml") == FILES["params.yaml"].encode()


@pytest.mark.parametrize("keys", [("fit.trees",), ()])
def test_a_stage_that_reads_an_undeclared_key_is_not_clear(fitted: Workspace, keys: tuple[str, ...]) -> None:
    """With the keys as they are it runs alone as ever; where it declares no key, it lacks the file."""
    found = alone(fitted, replace(STAGE, params={"params.yaml": keys} if keys else {}))["fit"]
    assert (found.clear, found.deterministic) == (False, True)
    assert (found.whole, found.missing) == ((True, ()) if keys else (False, ("params.yaml",)))


def test_a_stage_that_refuses_other_values_is_run_as_it_is(fitted: Workspace) -> None:
    """A check of the whole file fails with values far from the student's: nothing is shown by that."""
    fitted.write(
        "fit.py", f"{FIT}assert yaml.safe_load(open('params.yaml'))['other'] == {{'x': 1}}\n".encode()
    )
    found = alone(fitted, STAGE)["fit"]
    assert (found.clear, found.whole, found.deterministic, found.missing) == (False, True, True, ())
    assert found.with_declared_only.ok


@pytest.mark.parametrize("line", ["open('params.yaml').close()", "open('params.yaml', 'r+').read()"])
def test_a_params_file_that_is_opened_must_be_declared(fitted: Workspace, line: str) -> None:
    """Though nothing in it matters: without the file the stage does not run."""
    fitted.write("look.py", f"{line}\nopen('seen.txt', 'w').write('same')\n".encode())
    look = Stage("look", "look", cmd=("python look.py",), deps=("look.py",), outs=(Output("seen.txt"),))
    found = alone(fitted, STAGE, look)["look"]
    assert (found.clear, found.whole, found.deterministic) == (False, False, True)
    assert found.missing == ("params.yaml",)


def test_a_params_file_that_is_a_dependency_is_looked_into(fitted: Workspace) -> None:
    """It is there when the stage runs alone, and its keys are declared by nobody."""
    stage = replace(STAGE, params={}, deps=(*STAGE.deps, "params.yaml"))
    found = alone(fitted, stage)["fit"]
    assert (found.clear, found.whole, found.missing) == (False, True, ())


def test_a_key_used_only_where_the_whole_repository_is_there_is_found(fitted: Workspace) -> None:
    """By itself the script falls back on values of its own, and never looks for the parameters."""
    fitted.write(
        "fit.py",
        b"import os, yaml\n"
        b"here = os.path.exists('test.txt')\n"
        b"fit = yaml.safe_load(open('params.yaml'))['fit']\n"
        b"more = yaml.safe_load(open('more.yaml'))['x'] if here else 4\n"
        b"open('forest.txt', 'w').write(str((fit['trees'], fit['depth'], more)))\n",
    )
    fitted.write("more.yaml", b"x: 4\n")
    found = alone(fitted, STAGE)["fit"]
    assert found.clear
    pipeline = Pipeline((STAGE,), params_files=("more.yaml",))
    trial = Sensitivity(fitted, pipeline, STAGE, results(fitted, STAGE))
    assert trial.reading(deterministic=True, suspects=frozenset(), clear=found.reads).undeclared == {"x"}


SEEING = """import os
seen = [name for name in ("test.txt", ".git", os.path.expanduser("~/word")) if os.path.exists(name)]
open(os.path.expanduser("~/word"), "w").close()
open("forest.txt", "w").write(open("train.txt").read() + " ".join(seen) + open("params.yaml").read())
"""


@pytest.mark.parametrize(
    ("whole", "seen"), [(True, ".gitfit:\n  trees: 5\n  depth: 3\n  spare: 8\n"), (False, "test.txt .git")]
)
def test_a_stage_runs_as_it_did_before(
    whole: bool,  # noqa: FBT001 (a case)
    seen: str,
    fitted: Workspace,
) -> None:
    """With what it declares as it was then, or with everything; what it makes stays, and no word of it."""
    fitted.write("fit.py", SEEING.encode())
    ran = fitted.run("python", "fit.py", check=True)
    unlike = {"params.yaml": FILES["params.yaml"].replace("7", "8").encode()} if whole else {}
    found = Alone("fit", ran, (), None, deterministic=True, whole=whole, unlike=unlike)
    fitted.write("train.txt", b"other ")
    for _ in range(2):
        done, reads = run_as_before(fitted, STAGE, found)
        assert done.ok
        assert reads is not None
        assert "train.txt" in reads
        assert (fitted.read("forest.txt") or b"").decode().startswith(f"other {seen}")
    assert fitted.read("params.yaml") == FILES["params.yaml"].encode()
    assert fitted.read("test.txt") == b"b\n"


@pytest.mark.parametrize("seen", [".git/note", ".dvc/tmp/note", "../cache/note"])
def test_training_that_needs_no_word_of_earlier_runs_is_sealed(fitted: Workspace, seen: str) -> None:
    """What makes the same under a seal is known to; what looks for such a word is looked at as ever."""
    fitted.write(
        "fit.py", f"import os\nprint(file=open('forest.txt', 'w'), *[os.path.exists('{seen}')])\n".encode()
    )
    for there in (False, True):
        if there:
            (fitted.repo / seen).parent.mkdir(parents=True, exist_ok=True)
            (fitted.repo / seen).touch()
        run_stage(fitted, STAGE)
        found = run_alone(fitted, STAGE, results(fitted, STAGE), {}, Seal("0" * 40))
        assert (found.seal is None, found.makes_the_same) == (there, True)
        assert (fitted.repo / seen).exists() is there
        assert found.clear is False
