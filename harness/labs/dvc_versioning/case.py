"""Everything read from what was handed in that needs no run: one reading for all checks."""

from __future__ import annotations

import contextlib
import posixpath
import shlex
import threading
from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.config import parse_config
from harness.evidence.history import History
from harness.evidence.lock import lock_files, read_lock
from harness.evidence.params import flatten, load_params
from harness.evidence.pipeline import Pipeline
from harness.evidence.pointers import pointers_in
from harness.evidence.repository import GitRepository
from harness.evidence.roles import find_roles
from harness.labs.dvc_versioning.asking import Answers
from harness.labs.dvc_versioning.dataset import DATA_PATH, template_files
from harness.labs.dvc_versioning.reproduction import lock_of, metric_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.evidence.config import DvcConfig
    from harness.evidence.lock import Lock, LockedFile, LockedStage
    from harness.evidence.pipeline import Stage
    from harness.evidence.pointers import Pointer
    from harness.evidence.repository import Tree
    from harness.evidence.roles import Roles
    from harness.submission import Submission

DESCRIBED_COMMITS = 40
EARLIER_RUNS = 4
CODE = (".py", ".sh", ".r", ".jl", ".ipynb", ".bat", ".ps1", ".js", ".rb", ".pl")


class Case:
    """The graded commit, its history, and the pipelines of its commits as DVC itself resolves them."""

    def __init__(
        self, submission: Submission, describe: Callable[[Sequence[str]], Mapping[str, object]]
    ) -> None:
        self.submission = submission
        self.commit = submission.commit
        self.repository = GitRepository(submission.repository)
        self.history = History(self.repository, submission.commit, template_files())
        self.answers = Answers()
        self._describe = describe
        self._pipelines: dict[str, Pipeline] = {}
        self._describing = threading.Lock()
        self._locks: dict[str, dict[str, Lock]] = {}
        self._pointers: dict[str, tuple[Pointer, ...]] = {}

    @cached_property
    def head(self) -> Tree:
        """The files of the graded commit."""
        return self.repository.tree(self.commit)

    @property
    def config(self) -> DvcConfig | None:
        """The committed DVC configuration nearest to the top.

        Raises:
            MalformedEvidence: it cannot be read.
        """
        file = self.inside_dvc_root(".dvc/config")
        return parse_config(file, data) if (data := self.head.read(file)) is not None else None

    @cached_property
    def dvc_root(self) -> str:
        """The folder that holds `.dvc`; the top of the repository where there is none."""
        configs = [path for path in self.head.paths() if f"/{path}".endswith("/.dvc/config")]
        roots = [posixpath.dirname(posixpath.dirname(path)) or "." for path in configs]
        return min(roots, key=lambda root: (root != ".", root.count("/"), root), default=".")

    def inside_dvc_root(self, name: str) -> str:
        """The repository path of a file beside `.dvc`."""
        return posixpath.normpath(posixpath.join(self.dvc_root, name))

    @cached_property
    def described(self) -> tuple[str, ...]:
        """The commits whose pipelines matter: the graded one, the newest of the student's, experiments.

        An experiment may lie on a branch: `dvc exp branch` makes one of it.
        """
        student = [
            commit.sha
            for commit in reversed(self.history.commits)
            if commit.sha != self.commit and commit.sha not in self.history.template_commits
        ]
        experiments = list(dict.fromkeys(self.repository.refs("refs/exps/").values()))
        wanted = [
            sha
            for sha in [*student[:DESCRIBED_COMMITS], *experiments[:DESCRIBED_COMMITS]]
            if self._has_dvc(sha)
        ]
        return (self.commit, *dict.fromkeys(wanted))

    def pipeline(self, commit: str) -> Pipeline:
        """The pipeline at a commit; its ``error`` says why DVC cannot load it.

        Scenarios that run side by side ask for it too. DVC is asked about the graded commit first, which the
        first of them waits for, and then about all others at once.
        """
        if commit not in self._pipelines:
            with self._describing:
                wanted = (*self.described, commit) if self._pipelines else (self.commit, commit)
                self._ask([sha for sha in dict.fromkeys(wanted) if sha not in self._pipelines])
        return self._pipelines[commit]

    def _ask(self, commits: Sequence[str]) -> None:
        """Ask DVC about commits; there are none left where somebody else has asked meanwhile."""
        for sha, described in self._describe(commits).items() if commits else ():
            self._pipelines[sha] = Pipeline.from_description(described)

    def roles(self, commit: str) -> Roles:
        """Which stages of a commit preprocess, train and evaluate, and what flows between them."""
        pipeline = self.pipeline(commit)
        return find_roles(
            pipeline,
            metric_paths=self.metric_files(commit),
            raw_paths=tuple(
                dict.fromkeys([*(p.path for p in self.pointers(commit)), *self._data_guesses(pipeline)])
            ),
            is_code=lambda path: path.lower().endswith(CODE),
        )

    def _data_guesses(self, pipeline: Pipeline) -> list[str]:
        """The lab's data wherever it lies, also where a stage of its own makes it."""
        made = (path for stage in pipeline.stages for path in stage.out_paths)
        return [path for path in (*pipeline.sources(), *made) if path.endswith(DATA_PATH)]

    def metric_files(self, commit: str) -> tuple[str, ...]:
        """The metrics files that a commit's pipeline declares; the handout's where it declares none."""
        return metric_paths(self.pipeline(commit)) or (self.inside_dvc_root("metrics/scores.json"),)

    def cached_metrics(self, commit: str) -> tuple[str, ...]:
        """The metrics files that a commit's pipeline keeps in DVC's cache."""
        outs = [out for stage in self.pipeline(commit).stages for out in stage.outs]
        return tuple(out.path for out in outs if out.cached and out.path in self.metric_files(commit))

    def pointers(self, commit: str) -> tuple[Pointer, ...]:
        """The pointers at a commit."""
        if commit not in self._pointers:
            self._pointers[commit] = pointers_in(self.repository.tree(commit))
        return self._pointers[commit]

    def locks(self, commit: str) -> dict[str, Lock]:
        """The readable lock files at a commit by path."""
        if commit not in self._locks:
            self._locks[commit] = self._read_locks(commit)
        return self._locks[commit]

    def recorded(self, commit: str) -> Iterator[LockedStage]:
        """The stages that a commit's readable locks record, as if each worked in its lock's own folder.

        DVC need not be asked for that.
        """
        tree = self.repository.tree(commit)
        for file in lock_files(tree):
            with contextlib.suppress(MalformedEvidence):
                yield from read_lock(tree, file).stages.values()

    def _read_locks(self, commit: str) -> dict[str, Lock]:
        tree = self.repository.tree(commit)
        files = lock_files(tree)
        wdirs: dict[str, dict[str, str]] = {}
        for stage in self.pipeline(commit).stages if files else ():
            wdirs.setdefault(self.lock_of(stage), {})[stage.name] = stage.wdir
        found: dict[str, Lock] = {}
        for file in files:
            with contextlib.suppress(MalformedEvidence):
                found[file] = read_lock(tree, file, wdirs.get(file))
        return found

    def refuse_unreadable_locks(self) -> None:
        """Raise MalformedEvidence when a lock file at the graded commit cannot be read."""
        for file in lock_files(self.head):
            read_lock(self.head, file)

    def locked(self, commit: str, stage: Stage) -> LockedStage | None:
        """A stage's entry in its lock at a commit."""
        lock = self.locks(commit).get(self.lock_of(stage))
        return lock.stages.get(stage.name) if lock else None

    def locked_outs(self, commit: str) -> dict[str, LockedFile]:
        """The outputs that a commit's locks record for the stages that it still has, by path."""
        entries = [self.locked(commit, stage) for stage in self.pipeline(commit).stages]
        return {out.path: out for entry in entries if entry for out in entry.outs if not out.outside}

    @staticmethod
    def lock_of(stage: Stage) -> str:
        """The path of the lock file that records a stage."""
        return lock_of(stage.file)

    def raw_sources(self, commit: str) -> tuple[str, ...]:
        """What a commit's pipeline reads, no stage makes, and Git does not hold: the raw data."""
        pipeline, tree = self.pipeline(commit), self.repository.tree(commit)
        files = {file for stage in pipeline.stages for file in stage.takes}
        sources = [
            path for path in pipeline.sources() if path not in files and not path.lower().endswith(CODE)
        ]
        return tuple(path for path in sources if not tree.entry(path) and not self._in_git(tree, path))

    def _in_git(self, tree: Tree, folder: str) -> bool:
        return any(not path.endswith((".dvc", ".gitignore", ".gitkeep")) for path in tree.under(folder))

    def commits_to_run(self) -> tuple[str, ...]:
        """The graded commit, then the newest earlier student commits that have a pipeline."""
        earlier = [commit.sha for commit in reversed(self.history.student_commits)]
        states = {self._working_state(self.commit): self.commit}
        for sha in earlier:
            if sha in self.described and self.pipeline(sha).stages:
                states.setdefault(self._working_state(sha), sha)
        return tuple(states.values())[: EARLIER_RUNS + 1]

    def _working_state(self, commit: str) -> frozenset[tuple[str, str]]:
        """What of a commit can change how it runs: every file but the texts for people."""
        tree, read = self.repository.tree(commit), self.pipeline(commit).sources()
        texts = {path for path in tree.paths() if path.lower().endswith((".md", ".txt", ".rst"))} - set(read)
        entries = (tree.entry(path) for path in tree.paths() if path not in texts)
        return frozenset((entry.path, entry.sha) for entry in entries if entry)

    def script_of(self, pipeline: Pipeline, stages: Sequence[str], commit: str) -> str | None:
        """The committed script of these stages; None when unclear.

        Code that no other stage declares comes first: if the command names it, or else if the stage declares
        it (a Makefile or shell script may run it). Then come what is named and declared, and what is named.
        """
        tree = self.repository.tree(commit)
        for stage in (pipeline.stage(address) for address in stages):
            others = {dep for other in pipeline.stages if other is not stage for dep in other.deps}
            named = [path for path in _files_named(stage) if tree.entry(path)]
            declared = [path for path in stage.deps if tree.entry(path) and path.lower().endswith(CODE)]
            own = [path for path in declared if path not in others]
            both = [path for path in named if path in stage.deps]
            if found := [*(path for path in both if path in own), *own, *both, *named]:
                return found[0]
        return None

    def standard_keys(self, commit: str, standard: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        """Of the lab's own parameters, by role, those that the declared params files of a commit hold."""
        tree, pipeline = self.repository.tree(commit), self.pipeline(commit)
        files = {file for stage in pipeline.stages for file in stage.takes} | {
            self.inside_dvc_root("params.yaml")
        }
        present = {key for file in files for key in flatten(load_params(file, tree.read(file) or b""))}
        return {role: tuple(key for key in keys if key in present) for role, keys in standard.items()}

    def _has_dvc(self, sha: str) -> bool:
        return any(
            path.endswith(("dvc.yaml", "Dvcfile", ".dvc")) for path in self.repository.tree(sha).paths()
        )


def _files_named(stage: Stage) -> list[str]:
    """Code files that a stage's command may mean, from the Git root: paths, and modules of `python -m`."""
    line = " ; ".join(stage.cmd)
    try:
        words = shlex.split(line.replace("&&", " ").replace(";", " "))
    except ValueError:
        words = line.split()
    names = [name for word in words for name in (word, word.replace(".", "/") + ".py")]
    paths = [posixpath.normpath(posixpath.join(stage.wdir, name)) for name in names]
    return [path for path in paths if path.lower().endswith(CODE)]
