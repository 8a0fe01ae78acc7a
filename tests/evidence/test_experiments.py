"""Experiments in DVC's refs, on branches and in commits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.evidence.experiments import (
    Experiment,
    Origin,
    Reading,
    distinct,
    from_commits,
    from_refs,
    locked_params,
    metrics_belong,
    read_experiment,
)
from harness.evidence.history import History
from harness.evidence.lock import parse_lock
from tests.evidence.conftest import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.evidence.repository import GitRepository
    from tests.evidence.conftest import Lab, Work

READING = Reading(metric_paths=("out/scores.json",))
MD5_OF_ONE_LF = "b026324c6904b2a9cb4b88d6d61c81d1"


def _lock(params: str = "{n: 1}", cmd: str = "run", md5: str = "a" * 32) -> bytes:
    return (
        f"schema: '2.0'\nstages:\n  s:\n    cmd: {cmd}\n    params:\n      params.yaml: {params}\n"
        f"    outs:\n    - path: m.json\n      hash: md5\n      md5: {md5}\n"
    ).encode()


def _experiment(lock: bytes, file_params: dict[str, int] | None = None) -> Experiment:
    locks = (parse_lock("dvc.lock", lock),)
    origin = Origin("x", "f" * 40, "", "ref")
    return Experiment(origin, locks, locked_params(locks), dict(file_params or {}), {}, belongs=False)


def test_dvcs_experiments_are_found(opened: GitRepository, lab: Lab) -> None:
    """Each experiment has its name, baseline, parameters and metrics, and they belong together."""
    three, two = from_refs(opened, READING)
    assert (three.name, two.name) == ("three", "two")
    assert {three.baseline, two.baseline} == {lab.commits["pipeline"]}
    assert (three.params, two.params) == ({"fit.size": 3}, {"fit.size": 2})
    assert three.file_params == {"fit.size": 3, "fit.depth": 4}
    assert json.loads(three.metrics["out/scores.json"]) == {"score": 3}
    assert three.belongs
    assert (three.source, three.malformed) == ("ref", ())
    assert opened.resolve(three.commit) == three.commit


def test_other_names_below_exps_are_no_experiments(work: Work) -> None:
    """The queue, stash and executors of DVC are left out; a name with a slash is a name."""
    sha = work.commit("one", {"dvc.lock": _lock()})
    here = f"{sha[:2]}/{sha[2:]}"
    for name in (
        "stash",
        "exec/EXEC_HEAD",
        "apply/ORIG_HEAD",
        "celery/stash",
        "temp/x",
        f"{here}/good",
        here[:20],
    ):
        work.repo.git.update_ref(f"refs/exps/{name}", sha)
    assert [(one.name, one.baseline) for one in from_refs(work.open(), READING)] == [("good", sha)]


def test_commits_that_bring_a_lock_are_found(opened: GitRepository, lab: Lab) -> None:
    """The commit with the first lock is one, and so is the branch that was made of an experiment."""
    found = from_commits(History(opened, lab.commits["head"], TEMPLATE), Reading())
    assert [(one.source, one.params) for one in found] == [
        ("commit", {"fit.size": 1}),
        ("branch", {"fit.size": 2}),
    ]
    assert found[0].commit == lab.commits["pipeline"]
    assert found[1].name == "tried"
    assert all(one.belongs and list(one.metrics) == ["out/scores.json"] for one in found)


def test_an_experiment_is_read_from_its_commit(work: Work) -> None:
    """Its name and baseline from the ref, the rest from the files; metrics that its lock records belong."""
    base = work.commit("base", {"a": b"1"})
    files = {"dvc.lock": _lock("{n: 2}", md5=MD5_OF_ONE_LF), "params.yaml": b"n: 2\nm: 3\n", "m.json": b"1\n"}
    sha = work.commit("exp", dict(files))
    edited = work.commit("edited", {"m.json": b"2\n"})
    for name, commit in (("good", sha), ("bad", edited)):
        work.repo.git.update_ref(f"refs/exps/{base[:2]}/{base[2:]}/{name}", commit)
    bad, good = from_refs(work.open(), Reading(metric_paths=("m.json",)))
    assert good.origin == Origin("good", sha, base, "ref")
    assert (good.params, good.file_params, good.metrics) == ({"n": 2}, {"n": 2, "m": 3}, {"m.json": b"1\n"})
    assert (good.belongs, good.malformed) == (True, ())
    assert (bad.name, bad.commit, bad.belongs) == ("bad", edited, False)


def test_commits_are_named_by_branch_or_number(work: Work) -> None:
    """The tip of a branch has its name, others seven digits; the first commit started from none."""
    first = work.commit("first", {"dvc.lock": _lock()})
    work.branch("tried")
    second = work.commit("second", {"dvc.lock": _lock("{n: 2}")})
    third = work.commit("third", {"dvc.lock": _lock("{n: 3}")})
    work.checkout("main")
    found = from_commits(History(work.open(), first, {}), Reading())
    assert sorted((one.origin for one in found), key=lambda origin: origin.commit) == sorted(
        [
            Origin("main", first, "", "commit"),
            Origin(second[:7], second, first, "branch"),
            Origin("tried", third, second, "branch"),
        ],
        key=lambda origin: origin.commit,
    )


def test_without_named_files_the_locks_structured_outputs_are_metrics(work: Work) -> None:
    """Outputs in Git with a structured ending; paths start at the stage's working directory."""
    lock = (
        b"schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - path: m.json\n"
        b"    - path: model.pkl\n    - path: gone.json\n"
    )
    sha = work.commit("one", {"dvc.lock": lock, "w/m.json": b"1", "w/model.pkl": b"2", "m.json": b"3"})
    reading = Reading(wdirs={"dvc.lock": {"s": "w"}})
    found = read_experiment(work.open(), reading, Origin("x", sha, "", "commit"))
    assert found.metrics == {"w/m.json": b"1"}


def test_a_merge_brings_no_lock_of_its_own(work: Work) -> None:
    """A merge that takes over the other side's lock is not an experiment, an unchanged lock neither."""
    work.commit("base", {"a": b"1"})
    work.branch("side")
    work.commit("side", {"dvc.lock": _lock()})
    work.commit("text", {"b": b"2"})
    work.checkout("main")
    work.commit("main", {"c": b"3"})
    head = work.merge("side")
    found = from_commits(History(work.open(), head, {}), Reading())
    assert [one.source for one in found] == ["commit"]
    assert found[0].baseline == work.repo.commit("main~1~1").hexsha


@pytest.mark.parametrize(
    ("data", "belongs"), [(b"1\n", True), (b"1\r\n", True), (b"2\n", False)], ids=["lf", "crlf", "edited"]
)
def test_metrics_belong_to_their_lock(work: Work, data: bytes, *, belongs: bool) -> None:
    """Metrics are the lock's with either line end, and not after an edit."""
    lock = _lock(md5=MD5_OF_ONE_LF)
    tree = work.open().tree(work.commit("one", {"m.json": data, "dvc.lock": lock}))
    parsed = parse_lock("dvc.lock", lock)
    assert metrics_belong(tree, parsed) is belongs
    assert metrics_belong(tree, parsed, ["m.json", "elsewhere.json"]) is belongs
    assert not metrics_belong(tree, parsed, ["elsewhere.json"])


def test_metrics_out_of_git_do_not_belong(work: Work) -> None:
    """A metrics file that is missing at the commit cannot belong to the lock."""
    opened = work.open()
    tree = opened.tree(work.commit("one", {"dvc.lock": _lock()}))
    assert not metrics_belong(tree, parse_lock("dvc.lock", _lock()), ["m.json"])


def test_unreadable_files_are_named(work: Work) -> None:
    """A malformed lock or parameters file is named, and the rest of the experiment is read."""
    sha = work.commit(
        "one", {"dvc.lock": b"[]", "params.yaml": b"a: [", "p.json": b'{"a": {"b": 1}}', "m": b"1"}
    )
    reading = Reading(metric_paths=("m",), params_files=("params.yaml", "p.json", "none.yaml"))
    found = read_experiment(work.open(), reading, Origin("x", sha, "", "commit"))
    assert (found.locks, found.params, found.file_params) == ((), {}, {"a.b": 1})
    assert found.metrics == {"m": b"1"}
    assert not found.belongs
    assert [text.partition(":")[0] for text in found.malformed] == ["dvc.lock", "params.yaml"]


def test_locked_parameters_are_flat() -> None:
    """Whole sections become dotted keys; stages that agree share a key, others have one each."""
    text = (
        "schema: '2.0'\nstages:\n"
        "  a: {cmd: x, params: {params.yaml: {fit: {n: 1, d: 2}, seed: 3}}}\n"
        "  b: {cmd: x, params: {params.yaml: {fit.n: 1.0, seed: 4}}}\n"
        "  c: {cmd: x, params: {params.yaml: {sizes: [{a: 1, b: 2.0}], names: [x]}}}\n"
        "  d: {cmd: x, params: {params.yaml: {sizes: [{b: 2, a: 1}], names: [y]}}}\n"
    )
    assert locked_params([parse_lock("dvc.lock", text.encode())]) == {
        "fit.n": 1,
        "fit.d": 2,
        "params.yaml:a:seed": 3,
        "params.yaml:b:seed": 4,
        "sizes": [{"a": 1, "b": 2.0}],
        "params.yaml:c:names": ["x"],
        "params.yaml:d:names": ["y"],
    }


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (_lock(), True),
        (_lock("{n: 1.0}"), True),
        (_lock(cmd="python3 run"), True),
        (_lock(md5="b" * 32), True),
        (_lock("{n: 2}"), False),
        (_lock("{n: true}"), False),
        (_lock("{n: '1'}"), False),
        (_lock("{n: 1, m: 1}"), False),
        (_lock(cmd="run --trees 5"), False),
    ],
)
def test_parameter_sets_are_told_apart(other: bytes, *, same: bool) -> None:
    """Sets differ by a locked value or a number in a command, not by spelling, program or result."""
    assert (len(distinct([_experiment(_lock()), _experiment(other)])) == 1) is same


def test_without_locked_parameters_the_files_tell() -> None:
    """Where a lock records no parameter, the parameters files tell experiments apart; else they do not."""

    def sets(lock: bytes) -> int:
        return len(distinct([_experiment(lock, {"n": 1}), _experiment(lock, {"n": 2})]))

    assert (sets(_lock("{}")), sets(_lock())) == (2, 1)


def test_groups_keep_their_order() -> None:
    """Distinct sets come in the order of their first member, members in the order given."""
    experiments = [_experiment(_lock(f"{{n: {n}}}")) for n in (3, 1, 3)]
    assert [[one.params["n"] for one in group] for group in distinct(experiments)] == [[3, 3], [1]]


def test_no_experiments(work: Work) -> None:
    """A repository without refs and locks has none."""
    sha = work.commit("one", {"a": b"1"})
    opened = work.open()
    found: Iterable[Experiment] = (
        *from_refs(opened, READING),
        *from_commits(History(opened, sha, {}), READING),
    )
    assert distinct(found) == ()
