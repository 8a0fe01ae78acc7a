"""Running one stage by itself: whether what it declares is all that it needs, and gives the same again."""

from __future__ import annotations

import os
import posixpath
import re
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from harness.errors import CheckFailed, MalformedEvidence
from harness.evidence.rewriting import TABLES, in_other_bytes
from harness.labs.dvc_versioning.running import results, run_by_dvc, run_stage, stage_kept
from harness.workspace.files import make_folder_inside
from harness.workspace.keeping import forget, only
from harness.workspace.sealing import sealed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from harness.evidence.pipeline import Stage
    from harness.workspace.command import Completed
    from harness.workspace.sealing import Seal
    from harness.workspace.workspace import Workspace

TOOLS = frozenset({".git", ".dvc"})
NOTHING: Mapping[str, bytes] = MappingProxyType({})
OF_TOOLS = re.compile(r"(^|/)(\.git|\.dvc|\.gitignore|\.dvcignore|dvc\.yaml|dvc\.lock|[^/]+\.dvc)($|/)")


@dataclass(frozen=True)
class Alone:
    """One stage run by itself: with only its declared inputs, and with everything in place.

    ``whole`` says that it did the same both times, ``clear`` that no key which it does not declare of any
    params file has an effect on what it does: they were ``unlike`` what they are. With a ``seal``, nothing
    that Git or DVC keep has one, and no table by its bytes.
    """

    stage: str
    with_declared_only: Completed
    missing: tuple[str, ...]
    reads: frozenset[str] | None
    deterministic: bool
    whole: bool = True
    clear: bool = False
    unlike: Mapping[str, bytes] = field(default_factory=dict)
    seal: Seal | None = None

    @property
    def makes_the_same(self) -> bool:
        """Whether the stage made, with only what it declares, what was reproduced."""
        return self.deterministic and self.whole


def run_alone(
    ws: Workspace,
    stage: Stage,
    expected: Mapping[str, str | None],
    unlike: Mapping[str, bytes],
    seal: Seal | None = None,
) -> Alone:
    """Run a stage with only what it declares; where that differs, once more with everything.

    ``unlike`` are the params files with other values for all that the stage does not declare. What gives the
    outputs ``expected`` with these gives them again, needs nothing undeclared, and no undeclared parameter:
    one run shows all three. Where it does not, the first two are looked at by themselves. Before all that it
    is tried under a ``seal``, where there is one. The workspace's files are in the end what they were.
    """
    wanted = {out.path: expected.get(out.path) for out in stage.outs}
    if seal and (found := _run_unlike(ws, stage, wanted, unlike, seal)):
        return found
    if unlike and (found := _run_unlike(ws, stage, wanted, unlike)):
        return found
    with _declared(ws, stage):
        done, reads = run_stage(ws, stage)
        made = results(ws, stage)
    if done.ok and made == wanted:
        return Alone(stage.address, done, (), reads, deterministic=True)
    with stage_kept(ws, stage):
        forget(ws)
        full, reads = run_stage(ws, stage)
        again = results(ws, stage)
    unread = () if reads is None else tuple(sorted(path for path in reads if not declares_file(stage, path)))
    lacking = unread if not done.ok or made != again else ()
    steady, whole = full.ok and again == wanted, done.ok and made == again
    return Alone(stage.address, done, lacking, reads, deterministic=steady, whole=whole)


def _run_unlike(
    ws: Workspace,
    stage: Stage,
    wanted: Mapping[str, str | None],
    unlike: Mapping[str, bytes],
    seal: Seal | None = None,
) -> Alone | None:
    """The stage run with other values for what it does not declare; None where that made a difference.

    A params file that it does not declare at all is there, too, and it must not have looked into it. That it
    meets a limit with other values than the student's shows nothing either.
    """
    with _declared(ws, stage, unlike, seal=seal):
        try:
            done, reads = run_stage(ws, stage)
        except CheckFailed:
            return None
        added = {file for file in unlike if not declares_file(stage, file)}
        if not done.ok or results(ws, stage) != wanted or reads is None or added & reads:
            return None
    clear = bool(unlike)
    return Alone(stage.address, done, (), reads, deterministic=True, clear=clear, unlike=unlike, seal=seal)


def run_as_before(
    ws: Workspace, stage: Stage, found: Alone | None
) -> tuple[Completed, frozenset[str] | None]:
    """Run a stage in the way in which it was last seen to make what was reproduced, and keep what it makes.

    It cannot tell the two runs by anything but the files that it declares: by itself as it was ``found`` to
    make the same, or else with everything in place, or else by DVC. With what it read (None: unknown).
    """
    if found is None or not found.deterministic:
        return run_by_dvc(ws, stage)
    if not found.whole:
        forget(ws)
        return run_stage(ws, stage)
    with _declared(ws, stage, found.unlike, stage.out_paths, found.seal):
        return run_stage(ws, stage)


def indifferent_to(paths: Collection[str], stages: Sequence[Stage], alone: Mapping[str, Alone]) -> bool:
    """Whether stages make the same whatever is at ``paths``: they did without, and declare none of them."""
    tried = [alone.get(stage.address) for stage in stages]
    same = all(one is not None and one.makes_the_same for one in tried)
    return same and not any(stage.reads(path) for stage in stages for path in paths)


def run_sealed(ws: Workspace, stage: Stage, seal: Seal) -> bool:
    """Run a stage where the repository's files are all there, under a seal; whether it succeeds."""
    forget(ws)
    with sealed(ws, seal), suppress(CheckFailed):
        return run_stage(ws, stage)[0].ok
    return False


@contextmanager
def _declared(
    ws: Workspace,
    stage: Stage,
    unlike: Mapping[str, bytes] = NOTHING,
    made: tuple[str, ...] = (),
    seal: Seal | None = None,
) -> Iterator[None]:
    """Nothing but what a stage declares, the folders that its outputs go to, and Git's and DVC's own ones.

    The home is empty, so that no run can leave word for another. The files ``unlike`` are there in place of
    what they are, and what is ``made`` stays. With a ``seal``, tables have other bytes, and Git and DVC know
    no more than it says.
    """
    forget(ws)
    with ExitStack() as stack:
        left = frozenset[str]() if seal else TOOLS
        stack.enter_context(only(ws, (*stage.deps, *stage.params), left=left, made=made))
        if seal:
            _rewrite(ws)
            stack.enter_context(sealed(ws, seal))
        for folder in (stage.wdir, *(posixpath.dirname(path) for path in stage.out_paths)):
            make_folder_inside(ws.repo, folder)
        for file, data in unlike.items():
            ws.write(file, data)
        yield


def _rewrite(ws: Workspace) -> None:
    """Give the tables of the repository other bytes."""
    for folder, _, names in os.walk(ws.repo):
        for path in (os.path.relpath(os.path.join(folder, name), ws.repo) for name in names):  # noqa: PTH118
            with suppress(MalformedEvidence):  # too large
                data = ws.read(path) if path.lower().endswith(TABLES) else None
                if data is not None:
                    ws.write(path, in_other_bytes(path, data))


def declares_file(stage: Stage, path: str) -> bool:
    """Whether a stage declares a path it reads: as a dependency, parameters or its own output.

    What Git and DVC keep for themselves is not the stage's: `dvc.api.params_show` looks at all of it.
    """
    if OF_TOOLS.search(path):
        return True
    own = (*stage.deps, *stage.params, *stage.out_paths)
    return any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in own)
