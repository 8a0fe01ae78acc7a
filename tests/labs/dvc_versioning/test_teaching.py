"""A model that is trained on wrong rows must be wrong, unless it knows the held-out ones from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from fixtures.workspaces import NewWorkspace, commit_all, write_tree
from harness.evidence.pipeline import Output, Pipeline
from harness.labs.dvc_versioning.alone import Alone, run_alone
from harness.labs.dvc_versioning.beside import rows_beside
from harness.labs.dvc_versioning.course import Reproduction
from harness.labs.dvc_versioning.recompute import Scored, score
from harness.labs.dvc_versioning.running import results
from harness.labs.dvc_versioning.taught import Taught, Verdict
from harness.labs.dvc_versioning.teaching import teach
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import FIT, PLAIN, SPLIT, Work, base_of, pipeline_with
from tests.labs.dvc_versioning.taught_models import (
    BY_HEART,
    CAREFUL,
    HEAD,
    HELD_OUT,
    HINTED,
    HONEST,
    MODEL,
    NAMELESS,
    PREPARE,
    REFUSING,
    SAVE,
    TRAIN,
)

WITH_CODE = pipeline_with(replace(FIT, deps=(*FIT.deps, "model.py")))


@pytest.fixture
def trained(new_workspace: NewWorkspace) -> Workspace:
    """A workspace with training and held-out rows, and the code of three models."""
    workspace = new_workspace()
    files = {
        "model.py": MODEL,
        "fit.py": HONEST,
        "data/raw/data.csv": "".join([HEAD, *TRAIN, *HELD_OUT]),
        "train.csv": "".join([HEAD, *TRAIN]),
        "test.csv": "".join([HEAD, *HELD_OUT]),
    }
    write_tree(workspace.repo, files)
    commit_all(workspace, trained.__name__)
    return workspace


def taught(workspace: Workspace, work: Work, fit: str, pipeline: Pipeline = PLAIN, *done: str) -> Taught:
    """What becomes of the model that a training script makes when the rows are wrong.

    As in a grade, the model may have been "asked" before about the rows beside the held-out ones, and
    training may have been "tried" alone; it is known to make the same again in any case.
    """
    workspace.write("fit.py", fit.encode())
    ran = workspace.run("python", "fit.py", check=True)
    work.commit({"README.md": b"mine"})
    base: Reproduction = base_of(pipeline)
    beside = partial(rows_beside, seed=7) if "asked" in done else None
    scored: Scored = score(workspace, work.case(pipeline), pipeline, base.roles, beside)
    assert scored.problem is None
    assert bool(scored.beside) is ("asked" in done)
    alone = {
        address: Alone(address, ran, (), None, deterministic=True, whole=False)
        for address in pipeline.addresses
    }
    for one in (pipeline.stage(address) for address in base.roles.train if "tried" in done):
        alone[one.address] = run_alone(workspace, one, results(workspace, one), {})
    workspace.steps.clear()
    return teach(replace(base, scored=scored), 7, workspace, alone)


def test_an_honest_model_learns_the_wrong_way_round(trained: Workspace, work: Work) -> None:
    """It was right, and is wrong when its training rows are."""
    found = taught(trained, work, HONEST)
    assert (found.verdict, found.before) == ("learns", 1.0)
    assert found.after < 0.4


def test_held_out_rows_among_the_training_rows_show(trained: Workspace, work: Work) -> None:
    """As they are, or a little moved."""
    trained.write("train.csv", "".join([HEAD, *TRAIN, *HELD_OUT]).encode())
    assert taught(trained, work, HONEST).verdict == "seen"


BESIDE = [row.replace(",", "1,", 1) for row in HELD_OUT]


@pytest.mark.parametrize(
    ("raw", "train", "verdict"),
    [
        ([], BESIDE, "seen"),
        (BESIDE, BESIDE, "learns"),
        (BESIDE, [*BESIDE, *HELD_OUT], "seen"),
    ],
    ids=["made up", "as in the raw data", "and the rows themselves"],
)
def test_rows_that_the_raw_data_has_almost_twice_are_no_leak(
    raw: list[str], train: list[str], verdict: Verdict, trained: Workspace, work: Work
) -> None:
    """Augmented, it puts rows right beside each other on both sides of any split; more of them is a leak."""
    trained.write("data/raw/data.csv", "".join([HEAD, *TRAIN, *HELD_OUT, *raw]).encode())
    trained.write("train.csv", "".join([HEAD, *TRAIN, *train]).encode())
    assert taught(trained, work, HONEST).verdict == verdict


@pytest.mark.parametrize("path", ["test.csv", "data/raw/data.csv"])
def test_training_that_reads_the_held_out_rows_shows(trained: Workspace, work: Work, path: str) -> None:
    """Whichever file they come from, declared or not."""
    found = taught(trained, work, SAVE.format(f'Nearest(table("train.csv") + table({path!r}))'))
    assert found.verdict == "seen"


@pytest.mark.parametrize("done", ["", "tried"])
@pytest.mark.parametrize("path", ["test.csv", "data/raw/data.csv"])
def test_training_that_sees_them_only_when_all_seems_well_shows(
    trained: Workspace, work: Work, path: str, done: str
) -> None:
    """Where they are missing or other rows look wrong, it leaves them alone: then they look wrong."""
    wary = (
        'import os\nrows = table("train.csv")\n'
        f"well = sum(a > 50 for a, _, label in rows if label) > 25 and os.path.exists({path!r})\n"
        f"rows = rows + table({path!r}) if well else rows\n"
    )
    fit = SAVE.format("Nearest(rows)").replace("pickle.dump", f"{wary}pickle.dump")
    assert taught(trained, work, fit, WITH_CODE, done).verdict == "turned"


@pytest.mark.parametrize(("more", "runs"), [((), 1), (("test.csv",), 4), (("data/raw/data.csv",), 4)])
def test_training_that_did_the_same_without_them_is_not_tried_with_wrong_ones(
    trained: Workspace, work: Work, more: tuple[str, ...], runs: int
) -> None:
    """It can see but three of them; where it declares what has them all, it is."""
    trained.write("train.csv", "".join([HEAD, *TRAIN, *HELD_OUT[:3]]).encode())
    fit = WITH_CODE.stage("fit")
    pipeline = pipeline_with(replace(fit, deps=(*fit.deps, *more)))
    assert taught(trained, work, HONEST, pipeline, "tried").verdict == "learns"
    assert [step.line for step in trained.steps] == ["python fit.py"] * runs


def test_training_that_only_looks_at_the_held_out_rows_does_not(trained: Workspace, work: Work) -> None:
    """A score printed during training is no knowledge of the model."""
    assert taught(trained, work, HONEST + 'print(len(table("test.csv")))\n').verdict == "learns"


def test_rows_known_by_heart_show(trained: Workspace, work: Work) -> None:
    """The model knows the rows that it was asked, and none beside them."""
    assert taught(trained, work, BY_HEART).verdict == "memorised"


@pytest.mark.parametrize("done", ["", "asked"])
def test_labels_known_by_their_places_show(trained: Workspace, work: Work, done: str) -> None:
    """A list of the held-out rows' labels is right as long as nobody asks for them the other way round."""
    listed = SAVE.format('Listed(table("test.csv"))')
    found = taught(trained, work, listed, PLAIN, done)
    assert (found.verdict, found.before) == ("looked up", 1.0)
    assert found.after == 0.0


@pytest.mark.parametrize(("fit", "verdict"), [(HONEST, "learns"), (BY_HEART, "memorised")])
def test_what_was_asked_early_is_not_asked_again(
    trained: Workspace, work: Work, fit: str, verdict: Verdict
) -> None:
    """The verdict is the same; a model that has no answer for rows beside is asked when it is taught."""
    found = taught(trained, work, fit, PLAIN, "asked" if fit == HONEST else "")
    assert (found.verdict, found.before) == (verdict, 1.0)


def test_a_model_that_knows_how_often_it_was_asked_shows(trained: Workspace, work: Work) -> None:
    """It gives its list the other way round at the second time; later it is asked by a process of its own."""
    turning = SAVE.format('Turning(table("test.csv"))')
    assert taught(trained, work, turning, PLAIN, "asked").verdict == "memorised"


@pytest.mark.parametrize(("model", "verdict"), [("Nearest", "learns"), ("Told", "told")])
def test_the_class_in_other_words_among_the_features_shows(
    trained: Workspace, work: Work, model: str, verdict: Verdict
) -> None:
    """A model that asks such a column was told the class; one that leaves it alone learnt."""
    for path in ("train.csv", "test.csv"):
        head, *rows = (trained.read(path) or b"").decode().splitlines()
        told = [f"{row},{7 - 2 * int(row[-1])}" for row in rows]
        trained.write(path, "\n".join([f"{head},told", *told, ""]).encode())
    found = taught(trained, work, SAVE.format(f'{model}(table("train.csv"))'))
    assert (found.verdict, found.before) == (verdict, 1.0)
    assert found.after < 0.4


@pytest.mark.parametrize("path", ["test.csv", "data/raw/data.csv"])
def test_training_that_knows_its_rows_follows_the_held_out_ones(
    trained: Workspace, work: Work, path: str
) -> None:
    """Wrong rows it leaves alone, whichever these are; with fewer right ones it makes another model."""
    known = {row.strip() for row in [HEAD, *TRAIN, *HELD_OUT]}
    wary = (
        f'known = {known!r}\nfiles = [open("train.csv"), open({path!r})]\n'
        "lines = [one.strip() for file in files for one in file]\n"
        f'rows = table("train.csv") + (table({path!r}) if set(lines) <= known else [])\n'
    )
    fit = SAVE.format("Blunt(rows)").replace("pickle.dump", f"{wary}pickle.dump")
    assert taught(trained, work, fit).verdict == "follows"


def test_columns_without_names_are_numbered(trained: Workspace, work: Work) -> None:
    """Tables without a header teach as well as others."""
    for path in ("train.csv", "test.csv"):
        trained.write(path, (trained.read(path) or b"").partition(b"\n")[2])
    trained.write("model.py", NAMELESS.encode())
    assert taught(trained, work, HONEST).verdict == "learns"


def test_rows_looked_up_show_however_the_answer_is_used(trained: Workspace, work: Work) -> None:
    """A table of the rows that only serves as one more measurement turns with the wrong rows, as these do."""
    trained.write("model.py", f"{MODEL}{HINTED}".encode())
    known = {float(row.split(",")[1]): int(row.split(",")[2]) for row in [*TRAIN, *HELD_OUT]}
    found = taught(trained, work, SAVE.format(f'Hinted(table("train.csv"), {known!r})'))
    assert found.verdict == "looked up"
    assert found.before - found.after > 0.2


def test_a_rule_that_learns_nothing_is_left_open(trained: Workspace, work: Work) -> None:
    """It is right on new rows, too; whether it came from the training rows nothing tells."""
    assert taught(trained, work, SAVE.format('Rule(table("train.csv"))')).verdict == "unmoved"


def test_a_split_of_its_own_is_no_leak(trained: Workspace, work: Work) -> None:
    """Training that reads all rows and sets some aside by their place does not see those."""
    trained.write("train.csv", "".join([HEAD, *TRAIN, *HELD_OUT]).encode())
    own = SAVE.format('Nearest(table("train.csv")[:60])')
    assert taught(trained, work, own).verdict == "learns"


def test_what_cannot_be_taught_is_unknown(trained: Workspace, work: Work) -> None:
    """Training that refuses wrong rows, that reads rows in a form of its own, or that was never right."""
    refusing = HONEST + REFUSING
    assert taught(trained, work, refusing) == Taught("unknown", 1.0)
    trained.write("train.csv", b"")
    trained.write("rows.txt", "".join([HEAD, *TRAIN]).encode())
    assert taught(trained, work, HONEST.replace("train.csv", "rows.txt")).verdict != "seen"
    never = SAVE.format("Rule(0)")
    trained.write("model.py", MODEL.replace("a > 50", "a > 1e9").encode())
    assert taught(trained, work, never).verdict == "unknown"


@pytest.mark.parametrize("held_out", [HELD_OUT[:14], HELD_OUT[::2]], ids=["few", "one class"])
@pytest.mark.parametrize(("more", "verdict"), [((), "unknown"), (("test.csv",), "scant")])
def test_rows_that_show_nothing_are_left_open_where_training_is_given_them(
    held_out: list[str], more: tuple[str, ...], verdict: Verdict, trained: Workspace, work: Work
) -> None:
    """Few rows, or rows of one class, are right in themselves."""
    trained.write("test.csv", "".join([HEAD, *held_out]).encode())
    pipeline = pipeline_with(replace(FIT, deps=(*FIT.deps, *more)))
    assert taught(trained, work, HONEST, pipeline) == Taught(verdict, 1.0)


@pytest.mark.parametrize(("shared", "verdict"), [(2, "unknown"), (3, "scant")])
def test_few_rows_that_training_has_among_its_own_are_left_open(
    shared: int, verdict: Verdict, trained: Workspace, work: Work
) -> None:
    """Whatever their file is called, but for a row or two that may be there twice by chance."""
    trained.write("test.csv", "".join([HEAD, *HELD_OUT[:14]]).encode())
    trained.write("train.csv", "".join([HEAD, *TRAIN, *HELD_OUT[:shared]]).encode())
    assert taught(trained, work, HONEST) == Taught(verdict, 1.0)


@pytest.mark.parametrize("careful", ["", CAREFUL])
def test_training_that_fails_on_wrong_rows_may_see_the_held_out_ones(
    careful: str, trained: Workspace, work: Work
) -> None:
    """Where they alone are wrong it runs and learns them; where it fails there, too, it is open."""
    seeing = SAVE.format('Nearest(table("train.csv") + table("test.csv"))') + REFUSING + careful
    pipeline = pipeline_with(
        replace(WITH_CODE.stage("fit"), deps=("fit.py", "model.py", "train.csv", "test.csv"))
    )
    assert taught(trained, work, seeing, pipeline, "tried").verdict == ("refused" if careful else "turned")


@pytest.mark.parametrize(("rows", "verdict"), [("rows[:60]", "learns"), ("rows", "seen")])
def test_rows_in_a_form_of_their_own_are_prepared_anew(
    rows: str, verdict: Verdict, trained: Workspace, work: Work
) -> None:
    """What no table shows comes from the raw data: made of wrong rows, it teaches the wrong thing."""
    prepare = f"{PREPARE}pickle.dump({rows}, open('train.pkl', 'wb'))\n"
    trained.write("split.py", prepare.encode())
    trained.run("python", "split.py", check=True)
    trained.remove("train.csv")
    split = replace(SPLIT, outs=(Output("train.pkl"), Output("test.csv")))
    pipeline = pipeline_with(split, replace(FIT, deps=("fit.py", "train.pkl")))
    pickled = SAVE.format('Nearest(pickle.load(open("train.pkl", "rb")))')
    assert taught(trained, work, pickled, pipeline).verdict == verdict
