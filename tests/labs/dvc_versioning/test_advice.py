"""Flags that cost nothing: each has a sentence, none reveals a secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import CheckFailed
from harness.evidence.pipeline import Output, Pipeline
from harness.labs.dvc_versioning.advice import advice, wanting_network
from harness.labs.dvc_versioning.dataset import lab_data, template_files
from harness.labs.dvc_versioning.sensitivity import Alone
from harness.labs.dvc_versioning.versions import Placed
from harness.workspace.command import Completed
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
    ("path", "text"),
    [
        ("keys.env", f"WANDB_API_KEY={SECRET}"),
        ("config.yaml", f"aws_secret_access_key: {SECRET}"),
        ("scripts/push.py", f"\npassword = '{SECRET}'"),
        ("notes.txt", "AKIAABCDEFGHIJKLMNOP"),
        ("id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        (".dvc/config", f"['remote \"s\"']\n    url = s3://b\n    secret_access_key = {SECRET}\n"),
    ],
)
def test_a_secret_is_named_and_not_shown(work: Work, results_of: ResultsOf, path: str, text: str) -> None:
    """The file and the line, never the value."""
    work.commit({path: text.encode()})
    found = advised(work, results_of)
    assert path in found["credentials"]
    assert "line" in found["credentials"]
    assert SECRET[:8] not in str(found)
    assert "AKIAABC" not in str(found)


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


def test_crlf_is_flagged(work: Work, results_of: ResultsOf) -> None:
    """In code, or in the data by its hash."""
    work.commit({"fit.py": b"a\r\n"})
    assert "fit.py" in advised(work, results_of)["crlf"]
    work.commit({"fit.py": b"a\n", f"{DATA}.dvc": pointer_to(lab_data().replace(b"\n", b"\r\n"))})
    assert "dataset" in advised(work, results_of)["crlf"]


def test_a_stub_is_the_template_whatever_its_line_ends(work: Work, results_of: ResultsOf) -> None:
    """The lab's starting script beside a lock says that the edits were never committed."""
    stub = template_files()["scripts/train.py"].replace(b"\n", b"\r\n")
    work.commit({"lab/scripts/train.py": stub, "README.md": b"mine"})
    assert "lab/scripts/train.py" in advised(work, results_of)["template-untouched"]
    work.commit({"lab/scripts/train.py": stub + b"fit()\n"})
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
    assert "random_state" in found["nondeterministic"]


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
        ("dvc", "repro"), ".", exit_code, "", f"Running\n{words}\n", 0.1, stages=("split", "fit")
    )
    assert wanting_network([step]) == who


def test_a_command_without_stages_is_named_itself() -> None:
    """Where no stage was started, the command as typed stands for it."""
    step = Completed(("dvc", "pull"), ".", 1, "", "Could not resolve host: x", 0.1)
    assert wanting_network([step]) == "`dvc pull`"
