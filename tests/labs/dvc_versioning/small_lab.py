"""A small lab in shell scripts: two versions of its data and three stages, in real Git and DVC."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fixtures.workspaces import commit_all, write_tree
from harness.labs.dvc_versioning.case import Case
from harness.labs.dvc_versioning.course import Course
from harness.labs.dvc_versioning.objects import Objects
from harness.labs.dvc_versioning.versions import Dataset, recovery_for
from harness.submission import Submission
from harness.submission.objects import scan_objects
from harness.workspace.pipelines import describe_pipelines
from harness.workspace.workspace import Workspace

DATA = "data/raw/data.csv"
FIRST = "a,target\n" + "".join(f"{row}.5,{row % 2}\n" for row in range(8))
SECOND = FIRST + "8.5,0\n"
VALUE = "sed -n 's/^ *{}: //p' params.yaml"
FILES = {
    ".gitignore": "/train.csv\n/test.csv\n/forest.pkl\n",
    "params.yaml": "split:\n  rows: 4\nfit:\n  n_estimators: 100\n  max_depth: 9\n",
    "split.sh": f"n=$({VALUE.format('rows')})\nhead -n $n {DATA} > train.csv\n"
    f"(head -n 1 {DATA}; tail -n $n {DATA}) > test.csv\n",
    "fit.sh": f"n=$({VALUE.format('n_estimators')})\nd=$({VALUE.format('max_depth')})\n"
    "[ $d -gt 0 ] || exit 1\n(echo a forest of $n and $d; cat train.csv) > forest.pkl\n",
    "score.sh": "n=$(sed -n 's/.* of \\(.*\\) and .*/\\1/p' forest.pkl)\nwc -l < test.csv > /dev/null\n"
    'printf \'{"accuracy": %s, "f1": %s}\\n\' 0.$n 0.$n > scores.json\n',
    "dvc.yaml": f"""stages:
  split:
    cmd: sh split.sh
    deps: [split.sh, {DATA}]
    params: [split.rows]
    outs: [train.csv, test.csv]
  fit:
    cmd: sh fit.sh
    deps: [fit.sh, train.csv]
    params: [fit.n_estimators, fit.max_depth]
    outs: [forest.pkl]
  score:
    cmd: sh score.sh
    deps: [score.sh, forest.pkl, test.csv]
    metrics:
      - scores.json: {{cache: false}}
""",
}


@dataclass(frozen=True)
class SmallLab:
    """A submission of the small lab, and what the lab's code makes of it."""

    source: Workspace
    case: Case
    dataset: Dataset
    objects: Objects
    course: Course

    def start(self, root: Path) -> Workspace:
        """A fresh workspace of the submission."""
        return self.course.start(root)

    def close(self) -> None:
        """End the Git processes that reading has left."""
        self.case.repository.close()


def work_of_a_student(root: Path) -> Workspace:
    """The small lab as a student hands it in."""
    workspace = Workspace.create(root, repository=None, commit=None, branch="main")
    workspace.run("dvc", "init", "-q", check=True)
    for data in (FIRST, SECOND):
        write_tree(workspace.repo, {DATA: data})
        workspace.run("dvc", "add", "-q", DATA, check=True)
        commit_all(workspace, "track the data")
    write_tree(workspace.repo, FILES)
    workspace.run("dvc", "repro", "-q", check=True)
    commit_all(workspace, "reproduce the pipeline")
    return workspace


def opened(source: Workspace, store: Path) -> SmallLab:
    """The student's work as the lab reads it; the cache was handed in."""
    head = source.run("git", "rev-parse", "HEAD", check=True).stdout.strip()
    submission = Submission(
        name="small",
        kind="folder",
        repository=source.repo / ".git",
        commit=head,
        branch="main",
        digest="sha256:0",
        objects=scan_objects(source.root),
    )
    case = Case(submission, lambda commits: describe_pipelines(source, commits))
    store.mkdir(parents=True, exist_ok=True)
    dataset = Dataset(case, recovery_for(case, store), tuple, store)
    start = partial(Workspace.create, repository=submission.repository, commit=head, branch="main")
    return SmallLab(source, case, dataset, Objects(case, dataset), Course(case, dataset, 1, start))


def changed(student_work: Workspace, root: Path, *versions: dict[str, str]) -> SmallLab:
    """The small lab with more commits on top, each of these files."""
    source = student_work.copy(root / "source")
    for files in versions:
        write_tree(source.repo, files)
        commit_all(source, "go on")
    return opened(source, root / "store")
