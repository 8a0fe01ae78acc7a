"""The submission's own facts, from which the oral questions are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.labs.dvc_versioning.wording import listed, short

if TYPE_CHECKING:
    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
    from harness.labs.dvc_versioning.results import Results
    from harness.labs.dvc_versioning.versions import Dataset


def facts(case: Case, dataset: Dataset, experiments: HandedInExperiments, results: Results) -> dict[str, str]:
    """Facts by the placeholders of the rubric's questions; what a submission lacks is left out."""
    return {
        **_version_facts(dataset),
        **_dependency_facts(case),
        **_rerun_facts(results),
        **_experiment_facts(experiments),
    }


def _version_facts(dataset: Dataset) -> dict[str, str]:
    if len(dataset.versions) < 2:  # noqa: PLR2004 (a question about two versions)
        return {}
    first, last = dataset.versions[0], dataset.versions[-1]
    return {
        "pointer": first.pointer.file,
        "first_md5": str(first.pointer.md5),
        "last_md5": str(last.pointer.md5),
        "first_commit": short(first.commit),
        "last_commit": short(last.commit),
    }


def _dependency_facts(case: Case) -> dict[str, str]:
    pipeline = case.pipeline(case.commit)
    files = sorted({file for stage in pipeline.stages for file in stage.takes})
    guilty = [(stage.name, file) for stage in pipeline.stages for file in files if file in stage.deps]
    if not guilty:
        return {}
    return {
        "file_dependent_stages": listed(name for name, file in guilty if file == guilty[0][1]),
        "params_file": guilty[0][1],
    }


def _rerun_facts(results: Results) -> dict[str, str]:
    rerun = results.rerun_or_none("train")
    if rerun is None or rerun.param is None:
        return {}
    addresses = results.reproduction().pipeline.addresses
    stayed = [address for address in addresses if address not in rerun.completed.stages]
    return {
        "train_key": rerun.param.param.key,
        "train_old": str(rerun.param.param.value),
        "train_new": str(rerun.param.new),
        "ran": listed(rerun.completed.stages) or "nothing",
        "stayed": listed(stayed) or "none",
    }


def _experiment_facts(experiments: HandedInExperiments) -> dict[str, str]:
    scored = [one for one in experiments.counted if "f1" in one.scores]
    if not scored:
        return {}
    return {
        "experiment_names": listed(one.name for one in scored),
        "experiment_scores": listed(f"{one.scores['f1']:.4f}" for one in scored),
    }
