"""D2.metrics: the reported scores against the harness's own, of the runs and of what was committed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import CheckFailed, Pending
from harness.evidence.confusion import feasible, rows_apart
from harness.evidence.scoring import NAMES, match
from harness.labs.dvc_versioning.lock_rule import agreement
from harness.labs.dvc_versioning.recompute import reported_scores
from harness.labs.dvc_versioning.ways import settled, taken
from harness.labs.dvc_versioning.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.evidence.metrics import Scores
    from harness.evidence.scoring import Match
    from harness.grading.ruling import Ruling
    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.course import Reproduction
    from harness.labs.dvc_versioning.recompute import Scored
    from harness.labs.dvc_versioning.results import Results
    from harness.labs.dvc_versioning.taught import Taught

NOISE_ROWS = 2
HINT = (
    "Compute the scores in the evaluation's script from `model.predict` on the test data at every run: "
    "nothing may be typed in, copied or edited afterwards."
)
MODEL_HINT = "Show the examiner how the model predicts; a pickled scikit-learn model is understood."
ROWS_HINT = "Show the examiner the rows that are scored; a CSV or NumPy file of their own is understood."

KNOWN_HINT = (
    "Fit the model on the training rows alone, and score it on the test rows: none of these may be among "
    "those to train on, nor their labels in the code or the features."
)


@dataclass(frozen=True)
class Committed:
    """The scores committed at the graded commit, in a file that is the one its lock records."""

    path: str
    scores: Scores

    @property
    def values(self) -> Mapping[str, float]:
        """The four scores by name."""
        return {name: self.scores.values[name] for name in NAMES}


def committed_scores(case: Case) -> Committed | None:
    """The committed metrics, where all four are there and the file's md5 is the lock's; None otherwise."""
    recorded = {path: out.md5 for path, out in case.locked_outs(case.commit).items()}
    for path in case.metric_files(case.commit):
        data = case.head.read(path)
        if data is None or recorded.get(path) not in case.head.md5_forms(path):
            continue
        scores = reported_scores({path: data})
        if scores and scores.complete:
            return Committed(path, scores)
    return None


def refuse_fabricated(case: Case, results: Results, ruling: Ruling) -> None:
    """Raise CheckFailed, with the flag, when the committed scores cannot be those of the committed state.

    Only three things show it: the lock's own model and data, as handed in, give others; no confusion matrix
    of the test rows gives them; or the model came out byte-identical here and its scores are others.
    """
    committed = committed_scores(case)
    if committed is None:
        return
    for why, found in _contradictions(case, committed, results):
        ruling.flag("fabricated", f"{committed.path}: {why}")
        raise CheckFailed(
            f"{committed.path} as computed from the model and the data", f"{found}: {why}", HINT
        )


def _contradictions(case: Case, committed: Committed, results: Results) -> Iterator[tuple[str, str]]:
    told, runs = _told(committed.values), [scored for _, scored in runs_of(results)]
    of_lock = results.scored_of_lock()
    of_lock = of_lock and taken(of_lock, settled([*runs, of_lock]))
    if of_lock and of_lock.labels and of_lock.certain:
        compared = match(committed.values, of_lock.labels, of_lock.predictions)
        if compared.average is None:
            yield f"the model and data of dvc.lock give {_told(compared.right.values)}", told
        return
    base = results.reproduction_or_none()
    scored = base.scored if base and base.commit == case.commit else None
    scored = scored and taken(scored, settled(runs))
    if base is None or scored is None or not scored.labels or not scored.certain:
        return
    compared = match(committed.values, scored.labels, scored.predictions)
    if compared.average is None and same_model(case, base):
        yield f"the same model, byte for byte, gives {_told(compared.right.values)}", told
    if _binary(scored) and not feasible(committed.values, len(scored.labels)) and not _other_rows(case, base):
        yield f"no predictions for {len(scored.labels)} test rows give these four scores", told


def _binary(scored: Scored) -> bool:
    return len({*scored.labels, *scored.predictions}) <= 2  # noqa: PLR2004 (two classes)


def same_model(case: Case, base: Reproduction) -> bool:
    """Whether the graded commit's model came out as its lock records it: the libraries are the student's."""
    if base.commit != case.commit:
        return False
    recorded = case.locked_outs(case.commit).get(str(base.roles.model))
    return recorded is not None and recorded.md5 == base.state.outs.get(recorded.path)


def never_made(case: Case, base: Reproduction) -> str | None:
    """The graded commit's model where its lock, which agrees with all beside it, has another than the run.

    It shows something only where the libraries are known to be the student's.
    """
    recorded = case.locked_outs(case.commit).get(str(base.roles.model))
    comparable = base.commit == case.commit and recorded is not None and not _other_rows(case, base)
    return base.roles.model if comparable and not same_model(case, base) else None


def _other_rows(case: Case, base: Reproduction) -> bool:
    """Whether the run's test rows may be others in number than those of the committed state."""
    return any(item.stands_in for item in base.placed) or bool(agreement(case, case.commit))


def compare_with_recomputation(results: Results, ruling: Ruling) -> None:
    """Compare the scores of two runs whose right values differ.

    Raises:
        CheckFailed: a run reports other scores than the right ones, or not all four.
        Pending: the harness could not compute the right ones.

    """
    seen: list[Mapping[str, float]] = []
    runs = list(runs_of(results))
    choice = settled([scored for _, scored in runs])
    if choice:
        ruling.fact("value", f"predictions: {choice}")
    for name, scored in ((name, taken(scored, choice)) for name, scored in runs):
        if scored.no_model and scored.reported and scored.reported.values:
            ruling.flag("fabricated", f"scores are reported though {scored.problem}")
        compared = judge_run(name, scored)
        ruling.fact("value", f"{name}: {_told(compared.right.values)} ({compared.right.average})")
        seen.append(compared.right.values)
        if any(values != seen[0] for values in seen):
            return
    raise Pending(
        f"the right scores are the same in all {len(seen)} runs, so constant numbers would be right as well",
        "Show the examiner a run with other parameters whose scores differ.",
    )


def runs_of(results: Results) -> Iterator[tuple[str, Scored]]:
    """The harness's runs with scores, by name: as handed in, after a training parameter, after the split."""
    base = results.reproduction_or_none()
    if base and base.scored:
        yield "as handed in", base.scored
    for name in ("train", "split"):
        rerun = results.rerun_or_none(name)
        if rerun is not None and rerun.completed.ok and rerun.scored:
            yield f"after {rerun.change}", rerun.scored


def judge_run(name: str, scored: Scored) -> Match:
    """The comparison of one run's scores, all of them right.

    Raises:
        CheckFailed: a score is missing, no number, or another than the harness's.
        Pending: the harness could not compute the right ones.

    """
    reported = scored.reported
    if reported is None or reported.missing:
        lacking = listed(reported.missing) if reported else "all"
        raise CheckFailed(
            "accuracy, precision, recall and f1 in the metrics file", f"{lacking} missing", HINT
        )
    if reported.refused:
        told = listed(f"{key}: {reason}" for key, reason in reported.refused.items())
        raise CheckFailed("four numbers in the metrics file", told, HINT)
    if scored.no_model:
        raise CheckFailed("a model whose predictions give the scores", str(scored.problem), HINT)
    compared = scored.match
    if compared is None:
        raise Pending(
            f"the scores could not be computed: {scored.problem}",
            ROWS_HINT if scored.no_rows else MODEL_HINT,
        )
    if compared.average is None and not scored.certain:
        raise Pending(
            f"the scores are not the model's own, which may be right: {scored.doubt}",
            "Show the examiner how evaluate comes to its scores.",
        )
    if compared.average is None:
        gaps = listed(
            f"{d.name} {d.reported:.6g} instead of {d.right:.6g}"
            for d in compared.differences
            if d.reported is not None
        )
        raise CheckFailed(f"the scores of the model on the held-out data, {name}", gaps, HINT)
    return compared


# What a submission's training does with more than its rows, by the verdict of the lesson, and the way out.
NOT_SHOWN = {
    "follows": (
        "trained on the same rows, the model is another where training finds fewer of the held-out ones",
        "Show the examiner what your training does with the held-out rows.",
    ),
    "refused": (
        "training is given the held-out rows, and fails on others, so that nothing shows what it learns",
        "Show the examiner what your training does with the held-out rows.",
    ),
    "scant": (
        (
            "training is given the held-out rows, and these are too few, or too nearly all of one class, to "
            "show what it learns"
        ),
        "Show the examiner what your training does with the held-out rows.",
    ),
    "watchful": (
        (
            "trained on the same values, but in tables of other bytes, without Git's history, what earlier "
            "runs have left and the samples of scikit-learn, there is another model or none: training looks "
            "at more than its rows"
        ),
        "Show the examiner what your training looks at beside its rows.",
    ),
}


def refuse_known_rows(taught: Taught, ruling: Ruling) -> None:
    """Judge what the model made of the held-out rows when it was trained on wrong ones.

    Raises:
        CheckFailed: it had seen them, or has them by heart.
        Pending: it still knew them, and nothing shows why; or nothing shows whether it knew them.

    """
    told = (
        f"trained on rows whose features were exchanged between the classes, the model still gives "
        f"{taught.after:.0%} of the held-out rows their class"
    )
    reasons = {
        "seen": f"{told}, unless these are exchanged too: the training sees them",
        "turned": f"trained while the features of the held-out rows alone were exchanged, the model gives "
        f"{taught.after:.0%} of these their class instead of {taught.before:.0%}: the training sees them",
        "memorised": f"{told}, and knows nothing of rows right beside them: it has them by heart",
        "looked up": f"the model gives {taught.before:.0%} of the held-out rows their class, and "
        f"{taught.after:.0%} of rows right beside them: it has them by heart",
        "told": f"a column tells the class by itself: with its values exchanged between the classes, "
        f"the model gives {taught.after:.0%} of the held-out rows theirs, not {taught.before:.0%}",
    }
    if why := reasons.get(taught.verdict):
        ruling.flag("fabricated", why)
        raise CheckFailed("scores on rows that the training never saw", why, KNOWN_HINT)
    if taught.verdict in NOT_SHOWN:
        raise Pending(*NOT_SHOWN[taught.verdict])
    if taught.verdict == "unmoved":
        raise Pending(told, "Show the examiner what your model learns from the training rows.")
    if taught.verdict == "learns":
        ruling.fact("value", f"trained on exchanged rows: accuracy {taught.after:.3g} on the held-out ones")


def compare_committed(case: Case, results: Results, ruling: Ruling) -> None:
    """Compare the committed scores with the run's: two test rows apart are noise, more is open.

    Nothing is compared where the committed state is not what ran.
    """
    committed, base = committed_scores(case), results.reproduction()
    if committed is None or base.commit != case.commit or _other_rows(case, base) or not base.scored:
        return
    scored = taken(base.scored, settled([scored for _, scored in runs_of(results)]))
    apart = rows_apart(committed.values, scored.labels, scored.predictions, NOISE_ROWS)
    if apart is None:
        raise Pending(
            f"{committed.path} says {_told(committed.values)}, the run here gives otherwise by more than "
            f"{NOISE_ROWS} test rows",
            "Show the examiner the run on your machine, and its library versions.",
        )
    ruling.fact("value", f"{committed.path} as committed: {apart} test rows apart from the run here")


def _told(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {values[name]:.6g}" for name in NAMES if name in values)
