"""Flags that cost nothing: each has a sentence, none reveals a secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.workspaces import NewWorkspace
from harness.errors import CheckFailed
from harness.evidence.pipeline import Output, Pipeline
from harness.labs.dvc_versioning.advice import advice, wanting_network
from harness.labs.dvc_versioning.alone import Alone
from harness.labs.dvc_versioning.dataset import lab_data, template_files
from harness.labs.dvc_versioning.results import Results
from harness.labs.dvc_versioning.versions import Placed
from harness.workspace.command import Completed
from harness.workspace.scenario import Scenario
from harness.workspace.scenario_tree import ScenarioTree
from harness.workspace.workspace import Workspace
from tests.labs.dvc_versioning.conftest import (
    FIT,
    PLAIN,
    SPLIT,
    ResultsOf,
    Work,
    base_of,
    md5_of,
    pipeline_with,
    pointer_to,
    ran,
)

DATA = "data/raw/data.csv"
SECRET = "0123456789abcdef" * 3


def advised(work: Work, results_of: ResultsOf, pipeline: Pipeline = PLAIN, **found: object) -> dict[str, str]:
    """The flags of a submission with their sentences."""
    case = work.case(pipeline)
    return dict(advice(case, work.dataset(case), results_of(found)))


def test_a_good_submission_gets_no_advice(work: Work, results_of: ResultsOf) -> None:
    """Its data is a tracked version, its stages read what they declare."""
    work.commit({f"{DATA}.dvc": pointer_to(lab_data()), "fit.py": b"pass\n"})
    case = work.case(PLAIN)
    (version,) = work.dataset(case).versions
    base = replace(base_of(), placed=version.files)
    alone = {"fit": Alone("fit", ran(), (), frozenset(), deterministic=True)}
    assert advised(work, results_of, reproduce=base, alone=alone) == {}


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("keys.env", f"WANDB_API_KEY={SECRET}", 1),
        ("config.yaml", f"aws_secret_access_key: {SECRET}", 1),
        ("scripts/push.py", f"\nx = 1\npassword = '{SECRET}'\nx = 2\n", 3),
        ("notes.txt", "AKIAABCDEFGHIJKLMNOP", 1),
        ("id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----", 1),
        (".dvc/config", f"['remote \"s\"']\n    url = s3://b\n    secret_access_key = {SECRET}\n", 3),
    ],
)
def test_a_secret_is_named_and_not_shown(
    work: Work, results_of: ResultsOf, path: str, text: str, line: int
) -> None:
    """The file and the line, never the value."""
    work.commit({path: text.encode()})
    found = advised(work, results_of)
    assert found["credentials"].startswith(f"{path}, line {line}, ")
    assert SECRET[:8] not in str(found)
    assert "AKIAABC" not in str(found)


def test_a_secret_is_seen_beside_a_torn_config(work: Work, results_of: ResultsOf) -> None:
    """What cannot be read hides nothing."""
    work.commit({".dvc/config": b"[remote", "keys.env": f"WANDB_API_KEY={SECRET}".encode()})
    text = "keys.env, line 1, looks like a secret: revoke it and take it out of Git"
    assert advised(work, results_of)["credentials"] == text


@pytest.mark.parametrize(
    "text", [b"password: ask the TA\n", b"\0password=0123456789abcdef", b"api_key = None"]
)
def test_what_is_no_secret_is_not_named(work: Work, results_of: ResultsOf, text: bytes) -> None:
    """Words about a password, binary files."""
    work.commit({"notes.txt": text})
    assert "credentials" not in advised(work, results_of)


@pytest.mark.parametrize(
    "path", ["venv/pyvenv.cfg", "env/lib/site-packages/a.py", ".dvc/cache/files/md5/00/1", "lab/.dvc/tmp/x"]
)
def test_an_environment_in_git_is_flagged(work: Work, results_of: ResultsOf, path: str) -> None:
    """Or a cache; one file of it is named."""
    work.commit({path: b"x"})
    assert path in advised(work, results_of)["environment-committed"]


@pytest.mark.parametrize("path", ["fit.py", "params.yaml", "dvc.lock"])
def test_crlf_is_flagged(work: Work, results_of: ResultsOf, path: str) -> None:
    """In code, or in the data by its hash."""
    work.commit({path: b"{}\r\n", "notes.txt": b"mine\r\n"})
    text = advised(work, results_of)["crlf"]
    assert text == f"{path} has CRLF line ends: hashes differ from those of a machine that writes LF"
    work.commit({path: b"{}\n", f"{DATA}.dvc": pointer_to(lab_data().replace(b"\n", b"\r\n"))})
    assert "dataset" in advised(work, results_of)["crlf"]


@pytest.mark.parametrize("path", ["scripts/train.py", "lab/scripts/train.py"])
def test_a_stub_is_the_template_whatever_its_line_ends(work: Work, results_of: ResultsOf, path: str) -> None:
    """The lab's starting script beside a lock says that the edits were never committed."""
    stub = template_files()["scripts/train.py"].replace(b"\n", b"\r\n")
    work.commit({path: stub, "README.md": b"mine"})
    assert advised(work, results_of)["template-untouched"].startswith(f"{path} at HEAD")
    work.commit({path: stub + b"fit()\n"})
    assert "template-untouched" not in advised(work, results_of)


def test_what_dvc_yaml_declares_is_advised_on(work: Work, results_of: ResultsOf) -> None:
    """A params file under deps, a path of one machine, a frozen stage; a pointer with the executable bit."""
    pipeline = pipeline_with(
        replace(SPLIT, deps=(*SPLIT.deps, "params.yaml"), frozen=True),
        replace(FIT, outs=(Output("/home/me/m.pkl"), Output("../m.pkl"))),
    )
    work.commit({"a.dvc": pointer_to(b"1", "a", isexec=True)})
    found = advised(work, results_of, pipeline)
    assert found["params-file-as-dependency"].startswith("split lists params.yaml under deps")
    assert "/home/me/m.pkl, ../m.pkl" in found["absolute-path"]
    assert found["frozen"].startswith("split is frozen")
    assert "a.dvc" in found["isexec"]


def test_every_params_file_counts_as_one(work: Work, results_of: ResultsOf) -> None:
    """Whether a stage names it under params, or the lab does."""
    work.commit({"a": b""})
    bare = pipeline_with(*(replace(stage, params={}) for stage in PLAIN.stages))
    lone = pipeline_with(replace(SPLIT, params={}, deps=("params.yaml",)), pipeline=bare)
    assert "params-file-as-dependency" in advised(work, results_of, lone)
    other = pipeline_with(replace(SPLIT, params={"p.toml": ()}, deps=("p.toml",)), pipeline=bare)
    assert "p.toml" in advised(work, results_of, other)["params-file-as-dependency"]


def test_the_run_that_wants_the_network_is_flagged(work: Work, new_workspace: NewWorkspace) -> None:
    """As advice beside its failure; other scenarios' words are not looked at."""
    work.commit({"a": b""})
    case, words = work.case(PLAIN), "echo Network is unreachable >&2; exit 1"

    def play(ws: Workspace) -> None:
        ws.run("sh", "-c", words, check=True)

    for name, flags in (("reproduce", {"extra-network"}), ("alone", set())):
        scenario = Scenario(name, name, play)
        with ScenarioTree([scenario], work.root / name, lambda _: new_workspace()) as tree:
            tree.start()
            found = dict(advice(case, work.dataset(case), Results(tree, frozenset({name}))))
        assert found.keys() == flags


def test_a_head_that_does_not_run_is_flagged(work: Work, results_of: ResultsOf) -> None:
    """With the commit that does."""
    work.commit({"a": b""})
    base = replace(base_of(), head_failure=CheckFailed("it runs", "no module named x"))
    text = advised(work, results_of, reproduce=base)["stale-head"]
    assert "no module named x" in text
    assert "ccccccc" in text


def test_data_that_is_no_tracked_version_is_flagged(
    work: Work, results_of: ResultsOf, tmp_path: Path
) -> None:
    """The pipeline ran on 569 rows while the pointer says another."""
    work.commit({f"{DATA}.dvc": pointer_to(lab_data())})
    item = Placed(DATA, "0" * 32, tmp_path, "by the lock")
    found = advised(work, results_of, reproduce=replace(base_of(), placed=(item,)))
    assert "by the lock" in found["wrong-data-version"]
    stand_in = replace(item, stands_in=True)
    work.commit({f"{DATA}.dvc": None})
    again = advised(work, results_of, reproduce=replace(base_of(), placed=(stand_in,)), x=1)
    assert "wrong-data-version" in again


def test_another_tracked_file_is_a_tracked_version(work: Work, results_of: ResultsOf, tmp_path: Path) -> None:
    """Raw data beside the dataset has a pointer of its own; what stands in for it is flagged."""
    extra = {"data/extra.csv.dvc": pointer_to(b"1,2", "extra.csv")}
    work.commit({f"{DATA}.dvc": pointer_to(lab_data()), **extra})
    item = Placed("data/extra.csv", md5_of(b"1,2"), tmp_path, "by its pointer")
    found = advised(work, results_of, reproduce=replace(base_of(), placed=(item,)))
    assert "wrong-data-version" not in found
    base = replace(base_of(), placed=(replace(item, stands_in=True),))
    assert "data/extra.csv" in advised(work, results_of, reproduce=base, x=1)["wrong-data-version"]


def test_stages_that_read_more_or_differ_each_time_are_flagged(work: Work, results_of: ResultsOf) -> None:
    """What ran with only its declared files in place, and what ran twice."""
    work.commit({"a": b""})
    alone = {"fit": Alone("fit", ran(exit_code=1), ("raw.csv",), None, deterministic=False)}
    found = advised(work, results_of, reproduce=base_of(), alone=alone)
    assert found["undeclared-dependency"] == "fit reads raw.csv without declaring it under deps"
    assert found["nondeterministic"].endswith("fix every random_state, and write no times")


@pytest.mark.parametrize(
    ("exit_code", "words", "who"),
    [
        (1, "urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>", "fit"),
        (1, "OSError: [Errno 101] Network is unreachable", "fit"),
        (0, "Network is unreachable, going on without", None),
        (1, "KeyError: 'network'", None),
    ],
)
def test_a_stage_that_needs_the_network_is_named(exit_code: int, words: str, who: str | None) -> None:
    """Only the last words of a command that failed tell of a network that is not there."""
    step = Completed(
        ("dvc", "repro"), ".", exit_code, "", f"Running\n{words}\n", 0.1, stages=("split", "clean", "fit")
    )
    assert wanting_network([step]) == who


def test_a_command_without_stages_is_named_itself() -> None:
    """Where no stage was started, the command as typed stands for it."""
    step = Completed(("dvc", "pull"), ".", 1, "", "Could not resolve host: x", 0.1)
    assert wanting_network([step]) == "`dvc pull`"
