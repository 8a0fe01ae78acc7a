"""Pipelines as DVC itself resolves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fixtures.workspaces import commit_all, write_tree
from harness.workspace.pipelines import describe_pipelines
from harness.workspace.workspace import Workspace

RICH = {
    "params.yaml": "train: {n: 1, m: 2}\nnames: [a, b]\n",
    "in.txt": "x\n",
    "dvc.yaml": """\
stages:
  prep:
    cmd:
      - cp in.txt out.txt
      - echo ${train.n}
    params: [train.n]
    deps: [in.txt]
    outs:
      - out.txt:
          persist: true
  each:
    foreach: ${names}
    do:
      cmd: echo ${item}
      frozen: true
      params:
        - params.yaml:
      deps: [out.txt]
      metrics:
        - s_${item}.json:
            cache: false
metrics: [m/x.json]
plots:
  - p.csv
  - ROC:
      x: fpr
      y:
        plots/a.json: tpr
params: [other.yaml]
""",
    "sub/dvc.yaml": """\
stages:
  deep:
    cmd: cat ../../out.txt > ../o
    wdir: inner
    deps: [../../out.txt]
    outs: [../o]
metrics: [q.json]
""",
    "sub/inner/.keep": "",
}
BROKEN = {
    "syntax": ("stages: {a: {cmd: [}", "dvc.yaml"),
    "schema": ("stages:\n  a:\n    cmd: x\n    oups: [b]\n", "extra keys not allowed"),
    "template": ("stages:\n  a:\n    cmd: echo ${nothing}\n", "Could not find 'nothing'"),
    "cycle": (
        "stages:\n  a: {cmd: x, deps: [b], outs: [a]}\n  b: {cmd: x, deps: [a], outs: [b]}\n",
        "both a dependency and an output",
    ),
    "twice": ("stages:\n  a: {cmd: x, outs: [o]}\n  b: {cmd: x, outs: [o]}\n", "'o' is specified in"),
}


@pytest.fixture
def repository(new_workspace: Callable[[], Workspace]) -> Callable[[Mapping[str, str]], Workspace]:
    """Makes a DVC repository with some files, committed."""

    def make(files: Mapping[str, str]) -> Workspace:
        workspace = new_workspace()
        workspace.run("dvc", "init", "-q", check=True)
        write_tree(workspace.repo, files)
        commit_all(workspace, "files")
        return workspace

    return make


Make = Callable[[Mapping[str, str]], Workspace]


def test_everything_is_resolved_in_a_revision_as_in_the_work_tree(repository: Make) -> None:
    """Templating, foreach, wdir and subfolders come out resolved, and equal for commit and work tree."""
    workspace = repository(RICH)
    described = describe_pipelines(workspace, ["", "HEAD"])
    assert described[""] == described["HEAD"]
    found = described[""]
    assert found["error"] is None
    assert [stage["address"] for stage in found["stages"]] == [
        "prep",
        "each@a",
        "each@b",
        "sub/dvc.yaml:deep",
    ]
    assert found["stages"][0] == {
        "address": "prep",
        "name": "prep",
        "file": "dvc.yaml",
        "wdir": ".",
        "root": ".",
        "cmd": ["cp in.txt out.txt", "echo 1"],
        "listed": True,
        "frozen": False,
        "always_changed": False,
        "persist": ["out.txt"],
        "deps": ["in.txt"],
        "params": {"params.yaml": ["train.n"]},
        "filled": {"params.yaml": ["train.n"]},
        "outs": [{"path": "out.txt", "cached": True, "kind": "out"}],
    }
    each, deep = found["stages"][1], found["stages"][3]
    assert (each["frozen"], each["params"], each["outs"]) == (
        True,
        {"params.yaml": []},
        [{"path": "s_a.json", "cached": False, "kind": "metric"}],
    )
    assert (each["listed"], deep["listed"]) == (False, False)
    assert (deep["wdir"], deep["deps"], deep["outs"][0]["path"]) == ("sub/inner", ["out.txt"], "sub/o")


FILLED = {
    "dvc.yaml": "vars: [own: 1]\nstages:\n  a:\n    cmd: run ${t.n} ${own}\n    outs: ['${t.out}']\n",
    "params.yaml": "t: {n: 1, out: o, other: 2}\n",
    "sub/dvc.yaml": "vars: [../more.yaml]\nstages:\n  b: {cmd: 'run ${k} ${z}', outs: [o]}\n",
    "sub/params.yaml": "z: 1\n",
    "more.yaml": "k: 1\n",
}


def test_parameters_that_are_filled_in_are_told_by_their_file(repository: Make) -> None:
    """In a revision as in the work tree, in a subfolder too; variables of dvc.yaml itself are none."""
    described = describe_pipelines(repository(FILLED), ["", "HEAD"])
    for found in described.values():
        assert [stage["filled"] for stage in found["stages"]] == [
            {"params.yaml": ["t.n", "t.out"]},
            {"sub/params.yaml": ["z"], "more.yaml": ["k"]},
        ]


def test_a_section_that_is_unpacked_is_filled_in(repository: Make) -> None:
    """With all that is in it, as `${t}` becomes options of the command; a list is one value."""
    files = {
        "dvc.yaml": "stages: {a: {cmd: 'run ${t}', outs: [o]}, b: {cmd: 'run ${t.deep} ${k}', outs: [p]}}\n",
        "params.yaml": "t: {n: 1, list: [1, 2], deep: {m: 2}}\nk: 1\n",
    }
    found = describe_pipelines(repository(files), ["HEAD"])["HEAD"]
    assert [stage["filled"] for stage in found["stages"]] == [
        {"params.yaml": ["t.n", "t.list", "t.deep.m"]},
        {"params.yaml": ["t.deep.m", "k"]},
    ]


def test_top_level_sections_are_listed(repository: Make) -> None:
    """Files of top-level metrics, plots and params are found in every `dvc.yaml`."""
    found = describe_pipelines(repository(RICH), ["HEAD"])["HEAD"]
    assert found["metrics"] == ["m/x.json", "sub/q.json"]
    assert found["plots"] == ["p.csv", "plots/a.json"]
    assert found["params_files"] == ["other.yaml"]


def test_each_revision_has_its_own(repository: Make) -> None:
    """An older revision is described as it was, in the same call."""
    workspace = repository({"dvc.yaml": "stages:\n  old: {cmd: x, outs: [o]}\n"})
    write_tree(workspace.repo, {"dvc.yaml": "stages:\n  new: {cmd: x, outs: [o]}\n"})
    commit_all(workspace, "new")
    described = describe_pipelines(workspace, ["HEAD~1", "HEAD"])
    names = [[stage["name"] for stage in described[rev]["stages"]] for rev in ("HEAD~1", "HEAD")]
    assert names == [["old"], ["new"]]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Descriptions of revisions that each have another broken `dvc.yaml` beside one that is fine."""
    root = tmp_path_factory.mktemp("refused") / "a"
    workspace = Workspace.create(root, repository=None, commit=None, branch="main")
    workspace.run("dvc", "init", "-q", check=True)
    write_tree(workspace.repo, {"sub/dvc.yaml": "stages:\n  fine: {cmd: x, outs: [p]}\n"})
    commits = {}
    for name, (text, _) in BROKEN.items():
        write_tree(workspace.repo, {"dvc.yaml": text})
        commits[name] = commit_all(workspace, name)
    described = describe_pipelines(workspace, ["", *commits.values()])
    return {"work tree": described[""]} | {name: described[commit] for name, commit in commits.items()}


@pytest.mark.parametrize(
    ("name", "message"),
    [*((name, message) for name, (_, message) in BROKEN.items()), ("work tree", [*BROKEN.values()][-1][1])],
)
def test_what_dvc_refuses_is_told_in_its_words(
    name: str, message: str, refused: dict[str, dict[str, Any]]
) -> None:
    """A file or graph that DVC refuses is an error without paths of this machine; other files are there."""
    found = refused[name]
    assert message in found["error"]
    assert "../" not in found["error"]
    assert "refused" not in found["error"]
    assert "sub/dvc.yaml:fine" in [stage["address"] for stage in found["stages"]]


def test_a_repository_without_dvc_is_described(git_repo: Workspace) -> None:
    """Without `.dvc` the file is read all the same: whether DVC was initialised is another question."""
    write_tree(git_repo.repo, {"dvc.yaml": "stages:\n  a: {cmd: x, outs: [o]}\n"})
    commit_all(git_repo, "pipeline")
    described = describe_pipelines(git_repo, ["", "HEAD", "HEAD~1"])
    assert [len(described[rev]["stages"]) for rev in ("", "HEAD", "HEAD~1")] == [1, 1, 0]
    assert [described[rev]["error"] for rev in ("", "HEAD", "HEAD~1")] == [None, None, None]


def test_a_project_in_a_subfolder_is_described_from_the_git_root(
    new_workspace: Callable[[], Workspace],
) -> None:
    """`dvc init --subdir`: paths and addresses are seen from the Git root."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"sub/dvc.yaml": "stages:\n  a: {cmd: x, deps: [i], outs: [o]}\n"})
    workspace.run("dvc", "init", "-q", "--subdir", cwd="sub", check=True)
    commit_all(workspace, "subdir")
    described = describe_pipelines(workspace, ["", "HEAD"])
    assert described[""] == described["HEAD"]
    stage = described[""]["stages"][0]
    assert (stage["address"], stage["wdir"], stage["deps"]) == ("sub/dvc.yaml:a", "sub", ["sub/i"])


def test_stage_files_of_dvc_0_are_refused_as_dvc_refuses_them(repository: Make) -> None:
    """A `.dvc` file with a command, as DVC 0.x wrote it, is an error that names it; a pointer is no stage."""
    old = "cmd: cp in.txt out.txt\ndeps:\n- path: in.txt\nouts:\n- path: out.txt\n  cache: true\n"
    pointer = "outs:\n- md5: 764efa883dda1e11db47671c4a3bbd9e\n  path: data.txt\n"
    found = describe_pipelines(repository({"out.txt.dvc": old, "data.txt.dvc": pointer}), ["HEAD"])["HEAD"]
    assert found["stages"] == []
    assert "out.txt.dvc" in found["error"]
    assert "data['cmd']" in found["error"]


def test_an_unknown_revision_is_an_error_of_that_revision(repository: Make) -> None:
    """A revision that is not there does not spoil the others."""
    described = describe_pipelines(repository({}), ["HEAD", "f" * 40])
    assert described["HEAD"]["error"] is None
    assert "f" * 40 in described["f" * 40]["error"]


def test_asking_is_no_step(repository: Make) -> None:
    """The harness's own questions are not in the transcript, and leave the repository as it was."""
    workspace = repository(RICH)
    before = len(workspace.steps)
    describe_pipelines(workspace, [""])
    assert len(workspace.steps) == before
    assert workspace.run("git", "status", "--short").stdout == ""


@pytest.mark.long
def test_a_pipeline_without_end_has_no_stages(dvc_repo: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What DVC cannot load in reasonable time or memory is described by that, beside what it can load."""
    monkeypatch.setattr("harness.workspace.pipelines.SECONDS", 10.0)
    rows = "".join(f"      {name}: [{', '.join(map(str, range(10)))}]\n" for name in "abcdefgh")
    write_tree(dvc_repo.repo, {"dvc.yaml": f"stages:\n  m:\n    matrix:\n{rows}    cmd: 'true'\n"})
    sha = commit_all(dvc_repo, "endless")
    found = describe_pipelines(dvc_repo, [sha, "HEAD~1"])
    assert found[sha]["stages"] == []
    assert "while it loaded the pipeline" in found[sha]["error"]
    assert [stage["name"] for stage in found["HEAD~1"]["stages"]] == ["shout", "count"]
