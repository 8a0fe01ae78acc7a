"""What was handed in, read once: configuration, pipelines, roles, raw data and scripts."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from harness.errors import MalformedEvidence
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.labs.dvc_versioning.case import Case
from harness.labs.dvc_versioning.dataset import template_files
from harness.labs.dvc_versioning.params_rule import STANDARD
from harness.submission import Submission
from harness.workspace.pipelines import describe_pipelines
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import (
    FIT,
    PLAIN,
    SCORE,
    SPLIT,
    Work,
    lock_file,
    md5_of,
    pipeline_with,
    pointer_to,
)
from tests.labs.dvc_versioning.describing import description

CODE = {"split.py": b"1", "fit.py": b"2", "score.py": b"3", "params.yaml": b"fit: {trees: 1}\n"}
CONFIG = b"[core]\n    remote = box\n['remote \"box\"']\n    url = /tmp/box\n"


def test_the_folder_with_dvc_is_found(work: Work) -> None:
    """A lab may lie in a subfolder; without DVC it is the top."""
    work.commit({"README.md": b"mine"})
    assert work.case().dvc_root == "."
    assert work.case().config is None
    work.commit({"lab/.dvc/config": CONFIG})
    case = work.case()
    assert (case.dvc_root, case.inside_dvc_root(".dvcignore")) == ("lab", "lab/.dvcignore")
    assert case.config is not None
    assert case.config.default_remote == "box"


def test_the_local_configuration_is_not_the_committed_one(work: Work) -> None:
    """`config.local` is for one machine, even where somebody commits it."""
    work.commit({".dvc/config": b"", ".dvc/config.local": CONFIG})
    config = work.case().config
    assert config is not None
    assert config.default_remote is None


def test_a_broken_configuration_is_told(work: Work) -> None:
    """Merge conflicts are no configuration."""
    work.commit({".dvc/config": b"<<<<<<< HEAD\n[core\n"})
    with pytest.raises(MalformedEvidence):
        _ = work.case().config


def test_each_commit_has_its_own_pipeline(work: Work) -> None:
    """DVC is asked once about all that matters, and again about others."""
    first = work.commit({"dvc.yaml": b"1"}, Pipeline(PLAIN.stages[:1]))
    work.commit({"dvc.yaml": b"2"}, PLAIN)
    case = work.case()
    assert case.pipeline(first).addresses == ("split",)
    assert case.pipeline(case.commit).addresses == ("split", "fit", "score")
    assert case.described == (case.commit, first)


def test_the_graded_commit_is_asked_about_first(work: Work) -> None:
    """Whoever waits for it does not wait for the others, of which DVC is asked all at once."""
    others = [work.commit({"dvc.yaml": str(number).encode()}, PLAIN) for number in range(2)]
    work.commit({"dvc.yaml": b"2"}, PLAIN)
    asked: list[Sequence[str]] = []

    def describe(wanted: Sequence[str]) -> Mapping[str, object]:
        asked.append(wanted)
        return dict.fromkeys(wanted, description(PLAIN))

    case = Case(work_submission(work), describe)
    for sha in (case.commit, *others, case.commit):
        assert case.pipeline(sha).stages
    graded, rest = asked
    assert graded == [case.commit]
    assert set(others) <= set(rest) == set(case.described) - {case.commit}


def test_what_locks_record_is_known_without_dvc(work: Work) -> None:
    """The hashes of all readable locks of a commit; one that cannot be read hides no other."""
    work.commit({"dvc.lock": lock_file({"split": {"cmd": "true"}}), "sub/dvc.lock": b"<<<<"})

    def refuse(_: Sequence[str]) -> Mapping[str, object]:
        raise AssertionError("DVC was asked")

    case = Case(work_submission(work), refuse)
    assert [stage.name for stage in case.recorded(case.commit)] == ["split"]


def test_experiments_are_described_too(work: Work) -> None:
    """Their pipelines may differ from that of the branch."""
    base = work.commit({"dvc.yaml": b"1"}, PLAIN)
    tip = work.commit({"dvc.yaml": b"2"}, PLAIN)
    work.repo.git.update_ref(f"refs/exps/{base[:2]}/{base[2:]}/exp-a", tip)
    work.repo.head.reset(base, index=True, working_tree=True)
    assert tip in work.case().described


def test_dvc_is_asked_by_one_scenario_at_a_time(work: Work) -> None:
    """Scenarios side by side that need other commits wait for each other: one workspace answers all."""
    commits = [work.commit({"dvc.yaml": str(number).encode()}, PLAIN) for number in range(4)]
    turn = threading.Lock()

    def describe(wanted: Sequence[str]) -> Mapping[str, object]:
        assert turn.acquire(blocking=False)
        threading.Event().wait(0.05)
        turn.release()
        return dict.fromkeys(wanted, description(PLAIN))

    case = Case(work_submission(work), describe)
    case.__dict__["described"] = (case.commit,)
    with ThreadPoolExecutor(len(commits)) as threads:
        assert all(pipeline.stages for pipeline in threads.map(case.pipeline, commits))


def test_dvc_describes_real_commits(dvc_repo: Workspace, work: Work) -> None:
    """With DVC's own description the roles of a small pipeline come out."""
    submission = replace(work_submission(work), repository=dvc_repo.repo / ".git")
    head = dvc_repo.run("git", "rev-parse", "HEAD").stdout.strip()
    case = Case(replace(submission, commit=head), lambda commits: describe_pipelines(dvc_repo, commits))
    work.cases.append(case)
    assert case.pipeline(head).addresses == ("shout", "count")
    assert case.roles(head).evaluate == ("count",)
    assert case.metric_files(head) == ("lines.json",)
    assert case.script_of(case.pipeline(head), ("shout",), head) is None


def work_submission(work: Work) -> Submission:
    """The submission of some work."""
    work.commit({"README.md": b"mine"})
    return work.case().submission


def test_the_metrics_file_is_declared_or_the_handouts(work: Work) -> None:
    """Without any declaration it is looked for where the handout puts it."""
    sha = work.commit({"lab/.dvc/config": b""}, Pipeline())
    assert work.case().metric_files(sha) == ("lab/metrics/scores.json",)
    assert work.case(PLAIN).metric_files(work.commit({"a": b""}, PLAIN)) == ("scores.json",)


def test_metrics_in_the_cache_are_told_from_those_in_git(work: Work) -> None:
    """`cache: false` is what keeps them in Git."""
    cached = pipeline_with(replace(SCORE, outs=(Output("scores.json", kind="metric"),)))
    first, second = work.commit({"dvc.yaml": b"1"}, PLAIN), work.commit({"dvc.yaml": b"2"}, cached)
    case = work.case()
    assert case.cached_metrics(first) == ()
    assert case.cached_metrics(second) == ("scores.json",)


def test_raw_data_is_what_git_does_not_hold(work: Work) -> None:
    """Scripts and parameters are in Git, outputs are made: what is left is the raw data."""
    sha = work.commit({**CODE, "data/raw/data.csv.dvc": pointer_to(b"1,2")}, PLAIN)
    assert work.case().raw_sources(sha) == ("data/raw/data.csv",)


def test_raw_data_in_git_need_not_be_placed(work: Work) -> None:
    """As a file, or as a folder with files."""
    folder = pipeline_with(replace(SPLIT, deps=("split.py", "data/raw")))
    sha = work.commit({**CODE, "data/raw/data.csv": b"1,2\n"}, PLAIN)
    assert work.case().raw_sources(sha) == ()
    assert work.case(folder).raw_sources(work.commit({"a": b""}, folder)) == ()
    pointer = work.commit({"data/raw/data.csv": None, "data/raw/.gitignore": b"/data.csv"}, folder)
    assert work.case(folder).raw_sources(pointer) == ("data/raw",)


def test_a_script_that_git_lacks_is_not_raw_data(work: Work) -> None:
    """A script that was never committed, or is gone, is missing in every fresh clone."""
    work.commit({**CODE, "data/raw/data.csv.dvc": pointer_to(b"1,2")}, PLAIN)
    lock = lock_file({"fit": {"deps": [{"path": "fit.py", "md5": md5_of(CODE["fit.py"])}]}})
    head = work.commit({"fit.py": None, "dvc.lock": lock}, PLAIN)
    assert work.case().raw_sources(head) == ("data/raw/data.csv",)


def test_roles_follow_the_data(work: Work) -> None:
    """Raw data is known by its pointer, and named once."""
    sha = work.commit({**CODE, "data/raw/data.csv.dvc": pointer_to(b"1,2")}, PLAIN)
    roles = work.case().roles(sha)
    assert (roles.raw, roles.prepare) == (("data/raw/data.csv",), ("split",))
    assert (roles.train, roles.evaluate) == (("fit",), ("score",))
    assert (roles.model, roles.held_out) == ("forest.pkl", ("test.csv",))


def test_raw_data_may_be_made_by_a_stage(work: Work) -> None:
    """The lab's data is what preprocessing reads, also where a stage of its own fetches it."""
    data = "data/raw/data.csv"
    fetch = replace(SPLIT, address="fetch", name="fetch", deps=("fetch.py",), outs=(Output(data),))
    fetched = Pipeline((fetch, *PLAIN.stages))
    sha = work.commit({**CODE, "fetch.py": b""}, fetched)
    roles = work.case(fetched).roles(sha)
    assert (roles.raw, roles.prepare) == ((data,), ("fetch", "split"))


def test_head_runs_first_then_earlier_student_commits(work: Work) -> None:
    """Commits of the template, and those without a pipeline, are not run."""
    template = {path: data for path, data in template_files().items() if path.endswith(".py")}
    work.commit(template, PLAIN)
    work.commit({"data.csv.dvc": pointer_to(b"1")}, Pipeline())
    good = work.commit({"fit.py": b"1"}, PLAIN)
    head = work.commit({"fit.py": b"2"}, PLAIN)
    assert work.case().commits_to_run() == (head, good)


@pytest.mark.parametrize(
    ("command", "script"),
    [
        ("python scripts/score.py", "scripts/score.py"),
        ("python -m scripts.score --fast", "scripts/score.py"),
        ("cd . && python 'scripts/score.py'; true", "scripts/score.py"),
        ("make score", None),
        ("cat README.md", None),
    ],
)
def test_a_script_is_told_by_the_command(work: Work, command: str, script: str | None) -> None:
    """The first committed code file among its words."""
    sha = work.commit({"scripts/score.py": b"1", "README.md": b"mine"})
    pipeline = Pipeline((Stage("score", "score", cmd=(command,)),))
    assert work.case().script_of(pipeline, ("score",), sha) == script


@pytest.mark.parametrize(
    ("deps", "script"),
    [
        (("run.py", "scripts/score.py"), "scripts/score.py"),
        (("run.py",), "run.py"),
        (("scripts/score.py",), "scripts/score.py"),
        ((), "run.py"),
    ],
)
def test_a_script_is_its_stages_own(work: Work, deps: tuple[str, ...], script: str) -> None:
    """What runs all stages is not the script of one, unless there is no other."""
    sha = work.commit({"scripts/score.py": b"1", "run.py": b"1"})
    other = Stage("fit", "fit", cmd=("python run.py fit",), deps=("run.py",))
    pipeline = Pipeline((other, Stage("score", "score", cmd=("python run.py score",), deps=deps)))
    assert work.case().script_of(pipeline, ("score",), sha) == script


def test_a_script_is_seen_from_its_stages_folder(work: Work) -> None:
    """`wdir` is where its command runs."""
    sha = work.commit({"lab/score.py": b"1"})
    pipeline = Pipeline((Stage("score", "score", wdir="lab", cmd=("python score.py",)),))
    assert work.case().script_of(pipeline, ("score",), sha) == posixpath.join("lab", "score.py")


def test_the_labs_own_keys_are_those_that_are_there(work: Work) -> None:
    """Of all params files of the pipeline, and params.yaml even where no stage declares it."""
    sha = work.commit({"params.yaml": b"train: {n_estimators: 1}\npreprocess: {test_split: 0.2}\n"})
    assert work.case(Pipeline()).standard_keys(sha, STANDARD) == {
        "preprocess": ("preprocess.test_split",),
        "train": ("train.n_estimators",),
        "evaluate": (),
    }


def test_stages_know_their_lock() -> None:
    """Beside their dvc.yaml."""
    assert Case.lock_of(replace(FIT, file="a/dvc.yaml")) == "a/dvc.lock"


def test_commits_of_words_are_no_tries(work: Work) -> None:
    """Notes in a README change nothing that runs: the commit behind them is tried all the same."""
    good = work.commit({"fit.py": b"good", "dvc.yaml": b"1"}, PLAIN)
    work.commit({"fit.py": b"broken"}, PLAIN)
    for number in range(5):
        work.commit({"README.md": b"note %d" % number, "docs/notes.rst": b"%d" % number}, PLAIN)
    case = work.case(PLAIN)
    assert case.commits_to_run() == (case.commit, good)


def test_a_state_is_tried_once(work: Work) -> None:
    """A commit and its reversion leave what was there before."""
    good = work.commit({"fit.py": b"1", "dvc.yaml": b"1"}, PLAIN)
    other = work.commit({"fit.py": b"2"}, PLAIN)
    head = work.commit({"fit.py": b"1"}, PLAIN)
    assert good not in work.case().commits_to_run()
    assert work.case().commits_to_run() == (head, other)


def test_tries_end_after_a_few_commits(work: Work) -> None:
    """A pipeline that never ran is not run as often as it was committed."""
    commits = [work.commit({"dvc.yaml": b"%d" % number}, PLAIN) for number in range(8)]
    assert work.case().commits_to_run() == tuple(commits[:-6:-1])
