"""Advice that costs no points: what a grader saw in a submission and a student should know."""

from __future__ import annotations

import contextlib
import posixpath
import re
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.config import configs_in, local_configs_in
from harness.labs.dvc_versioning.dataset import template_files
from harness.labs.dvc_versioning.wording import listed, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.course import Reproduction
    from harness.labs.dvc_versioning.results import Results
    from harness.labs.dvc_versioning.versions import Dataset
    from harness.workspace.command import Completed

Flagged = tuple[str, str]
STUBS = ("scripts/train.py", "scripts/evaluate.py")
ENVIRONMENT = re.compile(
    r"(^|/)(pyvenv\.cfg|site-packages/.*|\.dvc/cache/.*|\.dvc/tmp/.*|\.ipynb_checkpoints/.*)$"
)
SECRET = re.compile(
    rb"(AKIA[0-9A-Z]{16})|(gh[pousr]_[A-Za-z0-9]{36})|(-----BEGIN [A-Z ]*PRIVATE KEY-----)"
    rb"|((?i:wandb_api_key|aws_secret_access_key|secret_key|password)[\"']?\s{0,4}[=:]\s{0,4}[\"']?[A-Za-z0-9/+_\-]{16})"
)
NETWORK = re.compile(
    r"failure in name resolution|Name or service not known|nodename nor servname|getaddrinfo failed"
    r"|Could not resolve host|Network is unreachable|Failed to establish a new connection"
)
LAST_WORDS = 4000
SCANNED_BYTES, SCANNED_FILES = 200_000, 400


def advice(case: Case, dataset: Dataset, results: Results) -> Iterator[Flagged]:
    """The flags of a submission that no check raises by itself, each with one sentence."""
    yield from _of_files(case, dataset)
    yield from _of_pipeline(case)
    wanting = wanting_network(results.steps_of("reproduce"))
    if wanting is not None:
        yield (
            "extra-network",
            f"{wanting} asks the network, which a stage has not: track what it fetches with DVC",
        )
    base = results.reproduction_or_none()
    if base is not None:
        yield from _of_runs(dataset, results, base)


def wanting_network(steps: Iterable[Completed]) -> str | None:
    """The stage whose command seems to have failed for want of the network, by its last words.

    Good for advice only: the words are the submission's own.
    """
    for step in steps:
        if not step.ok and NETWORK.search(step.stderr[-LAST_WORDS:]):
            return step.stages[-1] if step.stages else f"`{step.line}`"
    return None


def _of_files(case: Case, dataset: Dataset) -> Iterator[Flagged]:
    yield from _credentials(case)
    junk = [path for path in case.head.paths() if ENVIRONMENT.search(path)]
    if junk:
        yield (
            "environment-committed",
            f"{len(junk)} files of an environment or a cache are in Git, such as {junk[0]}",
        )
    crlf = [
        path
        for path in case.head.paths()
        if path.endswith((".py", ".yaml", ".lock")) and _has_crlf(case, path)
    ]
    forms = [version.form for version in dataset.versions if version.form and "CRLF" in version.form]
    if crlf or forms:
        what = listed(crlf) or f"the dataset at {short(dataset.versions[0].commit)}"
        yield "crlf", f"{what} has CRLF line ends: hashes differ from those of a machine that writes LF"
    stubs = [path for path in case.head.paths() if _is_stub(case, path)]
    if stubs:
        yield (
            "template-untouched",
            f"{listed(stubs)} at HEAD is still the lab's starting file: commit your edits",
        )


def _is_stub(case: Case, path: str) -> bool:
    name = next((stub for stub in STUBS if path == stub or path.endswith(f"/{stub}")), None)
    data = case.head.read(path) if name else None
    if name is None or data is None:
        return False
    return data.replace(b"\r\n", b"\n").strip() == template_files()[name].replace(b"\r\n", b"\n").strip()


def _has_crlf(case: Case, path: str) -> bool:
    return b"\r\n" in (case.head.read(path, SCANNED_BYTES) or b"")


def _credentials(case: Case) -> Iterator[Flagged]:
    with contextlib.suppress(MalformedEvidence):
        yield from _of_configs(case)
    for path in case.head.paths()[:SCANNED_FILES]:
        data = case.head.read(path, SCANNED_BYTES) or b""
        if path not in template_files() and b"\0" not in data and (match := SECRET.search(data)):
            line = data.count(b"\n", 0, match.start()) + 1
            yield "credentials", f"{path}, line {line}, looks like a secret: revoke it and take it out of Git"


def _of_configs(case: Case) -> Iterator[Flagged]:
    for config in (*configs_in(case.head), *local_configs_in(case.head)):
        for one in config.credentials:
            yield "credentials", f"{one.file}, line {one.line}, holds a secret ({one.option}): revoke it"


def _of_pipeline(case: Case) -> Iterator[Flagged]:
    pipeline = case.pipeline(case.commit)
    files = {file for stage in pipeline.stages for file in stage.takes} | {"params.yaml"}
    for stage in pipeline.stages:
        for path in sorted(set(stage.deps) & files):
            text = f"{stage.address} lists {path} under deps and re-runs at every change in it"
            yield "params-file-as-dependency", text
        outside = [
            path
            for path in (*stage.deps, *stage.out_paths)
            if posixpath.isabs(path) or path.startswith("../")
        ]
        if outside:
            yield "absolute-path", f"{stage.address} names {listed(outside)}, which no other machine has"
        if stage.frozen:
            yield "frozen", f"{stage.address} is frozen and never runs: remove `frozen: true`"
    if executables := [pointer.file for pointer in case.pointers(case.commit) if pointer.isexec]:
        yield "isexec", f"{listed(executables)} marks data as executable, as WSL and some mounts do: harmless"


def _of_runs(dataset: Dataset, results: Results, base: Reproduction) -> Iterator[Flagged]:
    if base.head_failure is not None:
        yield "stale-head", f"HEAD does not run: {base.head_failure.found}; {short(base.commit)} does"
    for item in base.placed:
        of_dataset = item.path == dataset.path and dataset.versions
        if item.stands_in or (of_dataset and item.md5 not in _tracked(dataset)):
            yield "wrong-data-version", f"the pipeline's {item.path} is no tracked version: {item.how}"
    if not results.deterministic():
        yield (
            "nondeterministic",
            "two clean runs gave different bytes: fix every random_state, and write no times",
        )
    for alone in results.alone_or_none().values():
        if alone.missing:
            yield (
                "undeclared-dependency",
                f"{alone.stage} reads {listed(alone.missing)} without declaring it under deps",
            )


def _tracked(dataset: Dataset) -> frozenset[str]:
    return frozenset(item.md5 for version in dataset.versions for item in version.files)
