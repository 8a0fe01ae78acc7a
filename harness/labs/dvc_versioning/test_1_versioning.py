"""Deliverable 1: the dataset and the model are versioned with DVC."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from harness.errors import CheckFailed, Pending
from harness.grading.check import check
from harness.labs.dvc_versioning.dataset import LAB_FORMS, LAB_ROWS, known_forms, plausible_size
from harness.labs.dvc_versioning.model_file import tracked_models, why_no_model
from harness.labs.dvc_versioning.wording import listed, short

if TYPE_CHECKING:
    from harness.evidence.pointers import Pointer
    from harness.grading.ruling import Ruling
    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.objects import Objects
    from harness.labs.dvc_versioning.results import Results
    from harness.labs.dvc_versioning.sharing import Pushed
    from harness.labs.dvc_versioning.versions import Dataset

COMMITTED_JUNK = (".dvc/cache/", ".dvc/tmp/")


@check("D1.init")
def test_dvc_is_initialised(case: Case, ruling: Ruling) -> None:
    """`.dvc/config` and `.dvcignore` are committed, and nothing of DVC's cache is."""
    config, ignore = case.inside_dvc_root(".dvc/config"), case.inside_dvc_root(".dvcignore")
    if not case.head.entry(config):
        raise CheckFailed(f"{config} and {ignore} committed at HEAD", "no .dvc/config in any folder")
    ruling.fact("file", f"{config} at {short(case.commit)}")
    junk = [path for path in case.head.paths() if any(f"/{part}" in f"/{path}" for part in COMMITTED_JUNK)]
    if not case.head.entry(ignore):
        ruling.award(1, f"{config} is committed")
        ruling.lose(
            1, expected=f"{ignore} committed", found="it is not", hint=f"`git add {ignore}` and commit it."
        )
    elif junk:
        ruling.award(1, f"{config} and {ignore} are committed")
        ruling.lose(
            1,
            expected="DVC's cache and temporary files stay out of Git",
            found=f"{len(junk)} of them are committed, such as {junk[0]}",
            hint="Run `git rm -r --cached .dvc/cache .dvc/tmp`, keep .dvc/.gitignore, and commit.",
        )


@check("D1.remote")
def test_a_default_remote_is_committed(case: Case, ruling: Ruling) -> None:
    """A default remote is in the committed configuration, of any kind and under any name."""
    config = case.config
    if config is None or config.default_remote is None:
        named = (
            f"the remote {listed(config.remotes)} is no default" if config and config.remotes else "no remote"
        )
        hint = (
            "Run `dvc remote default <name>` and commit .dvc/config." if config and config.remotes else None
        )
        raise CheckFailed("`core.remote` set in the committed .dvc/config", named, hint)
    if not config.default_is_defined:
        raise CheckFailed(
            f"a remote named {config.default_remote!r} with a URL, as core.remote says",
            f"the configuration has {listed(config.remotes) or 'none'}, or no URL for it",
        )
    ruling.fact("value", f"core.remote = {config.default_remote}")


@check("D1.untracked")
def test_the_data_left_git(dataset: Dataset, ruling: Ruling) -> None:
    """A commit replaces the data by a pointer, and no later commit on a branch or tag has the data in Git."""
    replaced = dataset.replacement()
    if replaced is None:
        raise CheckFailed(
            "a commit whose tree has a .dvc pointer to the dataset and not the dataset itself",
            "no pointer to the dataset in any student commit"
            if not dataset.versions
            else f"{dataset.path} is in Git beside its pointer in every commit",
        )
    ruling.fact("value", f"{short(replaced)} has the pointer of {dataset.path} and not the data")
    if again := dataset.in_git_after(replaced):
        sha, path = again
        raise CheckFailed(
            f"no commit after {short(replaced)} has the data in Git",
            f"{path} is in commit {short(sha)}",
            f"Run `git rm --cached {path}` and commit; name it in a .gitignore. "
            "The history keeps the copy, and no new commit wins this back.",
        )


@check("D1.tracked", needs="inside")
def test_the_first_version_is_the_labs_dataset(dataset: Dataset, ruling: Ruling) -> None:
    """The first pointer's md5 and size are those of the lab's data, in any of its forms."""
    versions = dataset.versions
    if not versions:
        ruling.require_needs()
        raise CheckFailed(
            "a pointer (.dvc file) to the dataset in the history", "no pointer in any student commit"
        )
    first = versions[0]
    ruling.fact("hash", f"{first.pointer.file} at {short(first.commit)}: md5 {first.pointer.md5}")
    if first.form is not None:
        _refuse_other_size(first.pointer)
        ruling.fact("value", f"the lab's {LAB_ROWS} rows: {first.form}")
        ruling.require_needs()
        return
    if first.table is None and first.pointer.size is not None and not plausible_size(first.pointer.size):
        raise CheckFailed(f"the lab's dataset ({LAB_FORMS})", f"a file of {first.pointer.size} bytes")
    if first.table is not None:
        raise CheckFailed(
            f"the lab's dataset of {LAB_ROWS} rows", f"other data, of {first.table.row_count} rows"
        )
    if first.files:
        raise CheckFailed(f"the lab's dataset of {LAB_ROWS} rows", f"data that is no table, {first.how}")
    ruling.require_needs()
    raise Pending(
        f"md5 {first.pointer.md5} is not the lab's dataset, and its bytes were not handed in",
        "Hand in the folder with .dvc/cache, or `dvc push` to a folder remote inside the repository.",
    )


def _refuse_other_size(pointer: Pointer) -> None:
    """Raise CheckFailed for a pointer whose md5 is the lab's and whose size is not."""
    _, size = known_forms().get(str(pointer.md5), ("", pointer.size))
    if pointer.size is not None and pointer.size != size:
        raise CheckFailed(
            f"size {size} beside md5 {pointer.md5}",
            f"size {pointer.size} in {pointer.file}",
            "Let DVC write the pointer: run `dvc add` and commit the file as it is.",
        )


@check("D1.versions", needs="inside")
def test_a_larger_version_follows(dataset: Dataset, ruling: Ruling) -> None:
    """There are two pointer versions, and the later one holds the former's rows and more."""
    versions = dataset.versions
    if not versions[1:]:
        ruling.require_needs()
        raise CheckFailed(
            "at least two versions of the dataset's pointer", f"{len(versions) or 'no'} version"
        )
    for version in versions:
        rows = f"{version.table.row_count} rows, {version.how}" if version.table else "bytes not recovered"
        ruling.fact("hash", f"{short(version.commit)}: md5 {version.pointer.md5}, {rows}")
    known = [version for version in versions if version.table]
    if dataset.grew(known):
        ruling.require_needs()
        return
    if all(version.files for version in versions):
        sizes = listed(f"{version.table.row_count}" for version in known if version.table)
        raise CheckFailed(
            "a later version with all rows of a former one and more", f"versions of {sizes} rows"
        )
    ruling.require_needs()
    raise Pending(
        f"the bytes of {len(versions) - len(known)} of {len(versions)} versions were not handed in",
        "Hand in the folder with .dvc/cache, so that both versions can be compared.",
    )


@check("D1.switch")
def test_switching_brings_back_each_version(results: Results, ruling: Ruling) -> None:
    """`git checkout` and `dvc checkout` give exactly each version's bytes and rows, and back again."""
    visits = results.visits()
    for visit in visits:
        ruling.fact("hash", f"{short(visit.commit)}: expected {visit.expected}, found {visit.found}")
        if visit.found != visit.expected:
            raise CheckFailed(
                f"md5 {visit.expected} after switching to {short(visit.commit)}",
                f"{visit.found or 'no file'}: {visit.completed.describe()}",
            )
    if len({visit.rows for visit in visits}) == 1:
        raise CheckFailed("versions with different numbers of rows", f"{visits[0].rows} rows in each")
    ruling.fact("value", f"rows: {listed(str(visit.rows) for visit in visits)}")


@check("D1.model")
def test_the_model_is_tracked(case: Case, dataset: Dataset, objects: Objects, ruling: Ruling) -> None:
    """The trained model is tracked by DVC, by a pointer in the history or as an output in the lock."""
    models = tracked_models(case, dataset)
    if not models:
        raise CheckFailed(
            "a model tracked by DVC: a .dvc pointer or an output in dvc.lock", "none in the history"
        )
    reasons = []
    for model in models:
        reason = why_no_model(model.size, objects.bytes_of(model.md5))
        if reason is None:
            ruling.fact("hash", f"{model.where}: {model.path}, md5 {model.md5}")
            return
        reasons.append(f"{model.path} {reason}")
    raise CheckFailed("a trained model", "; ".join(reasons))


@check("D1.push")
def test_push_and_pull(case: Case, objects: Objects, results: Results, ruling: Ruling) -> None:
    """`dvc push` fills an empty remote, and a fresh clone pulls every file, and one target alone."""
    if not objects.tracked_at(case.commit):
        raise CheckFailed("files tracked by DVC at HEAD", "no pointer and no cached output")
    if not objects.handed_in:
        raise Pending(
            "no DVC objects were handed in", "Hand in the folder, or its zip, with .dvc/cache in it."
        )
    if objects.served_commit is None:
        _judge_incomplete(case, objects)
    found = results.pushed()
    _judge_pull(found)
    ruling.fact("value", f"{len(found.wanted)} files pulled byte for byte at {short(found.commit)}")
    if objects.handed_in.remotes and not objects.remote_serves:
        ruling.award(1, "push and pull work")
        ruling.lose(2, **_remote_fault(case, objects))


def _judge_incomplete(case: Case, objects: Objects) -> NoReturn:
    if objects.handed_in.remotes and not objects.handed_in.caches:
        raise CheckFailed(**_remote_fault(case, objects))
    raise Pending(
        f"the handed-in cache lacks {listed(objects.lacking(case.commit))}",
        "Run `dvc repro` (or `dvc checkout`) so that the cache is complete, then hand in the folder.",
    )


def _remote_fault(case: Case, objects: Objects) -> dict[str, str]:
    return {
        "expected": "the handed-in remote holds all that one commit's pointers and lock need",
        "found": f"it lacks {listed(objects.remote_lacks(case.commit))}",
        "hint": "Run `dvc push` once more at the commit you hand in. A damaged file in the remote has to be "
        "deleted first: DVC only looks whether it is there.",
    }


def _judge_pull(found: Pushed) -> None:
    if not found.push.ok or not found.stored:
        raise CheckFailed("`dvc push` fills the empty remote", found.push.describe())
    wrong = [path for path, md5 in found.wanted.items() if found.pulled.get(path) != md5]
    if wrong:
        raise CheckFailed(
            "a fresh clone pulls every file byte for byte", f"{listed(wrong)}: {found.pull.describe()}"
        )
    if found.pulled_alone[found.single_target] != found.wanted[found.single_target]:
        raise CheckFailed(f"`dvc pull {found.single_target}` brings that file", found.single.describe())
