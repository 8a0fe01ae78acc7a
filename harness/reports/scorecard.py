"""The grade for a terminal: what was lost and why, what to do next, and the three numbers."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from harness.grading.score import score_of
from harness.reports.safe_text import safe, safe_line
from harness.reports.signs import SIGNS, knows_signs, points_of, sign_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from harness.grading.gradebook import Gradebook, Timing
    from harness.grading.result import CheckResult, Grade

EVIDENCE_SHOWN = 3
IN_PART = re.compile(r"^awarded \S+ of \S+: ")
FLAG_SHOWN = 2000


def show_scorecard(console: Console, grade: Grade, gradebook: Gradebook, *, strict: bool = False) -> None:
    """Print the whole scorecard of a grade; titles, timings and tracebacks come from its gradebook."""
    titles = {deliverable.id: deliverable.title for deliverable in gradebook.rubric.deliverables}
    console.print()
    _rule(console, f"{gradebook.rubric.title}: {grade.submission.name}")
    for deliverable, results in groupby(grade.checks, key=lambda result: result.deliverable):
        _show_deliverable(console, deliverable, titles.get(deliverable, ""), list(results))
    _show_tracebacks(console, gradebook)
    _show_oral(console, grade)
    _show_flags(console, grade)
    _show_timings(console, gradebook.timings)
    _show_numbers(console, grade, strict=strict)


def _rule(console: Console, title: str) -> None:
    characters = "─" if knows_signs(console) else "-"
    console.print(Rule(Text(safe_line(title), "bold"), characters=characters, align="left", style="dim"))


def _show_deliverable(console: Console, name: str, title: str, results: Sequence[CheckResult]) -> None:
    awarded, most = sum(r.points for r in results), sum(r.max_points for r in results)
    heading = Table.grid(expand=True)
    heading.add_column(ratio=1)
    heading.add_column(justify="right", no_wrap=True)
    heading.add_row(
        Text(safe_line(f"{name}  {title}"), "bold"),
        Text(f"{points_of(awarded)} of {points_of(most)}", "bold"),
    )
    console.print()
    console.print(heading)
    for result in results:
        console.print(_check(result, console))


def _check(result: CheckResult, console: Console) -> Table:
    """One check: a line of its own, and below it what a reader needs to believe or to mend it."""
    style = SIGNS[result.status].style
    points = f"{points_of(result.points)}/{points_of(result.max_points)}"
    line = Table.grid(padding=(0, 1))
    line.add_column(width=9, no_wrap=True)
    line.add_column(width=8, justify="right", no_wrap=True)
    line.add_column()
    weight = "bold" if result.status != "passed" else ""
    what = Text.assemble((result.id, weight), "  ", safe_line(result.title))
    line.add_row(Text(f"{sign_of(result.status, console)} {result.status}", style), Text(points), what)
    for label, text, tone in _details(result):
        line.add_row("", Text(label, "dim"), Text(safe(text), tone))
    return line


def _details(result: CheckResult) -> list[tuple[str, str, str]]:
    """The labelled lines below a check: label, text, style."""
    evidence: list[tuple[str, str, str]] = [
        (fact.kind, safe_line(fact.text, 240), "dim") for fact in result.evidence
    ]
    if result.status == "passed":
        return _first(evidence)
    lines = [("expected", result.expected, ""), ("found", result.found, "")]
    if result.pending_points and result.status == "partial":
        lines.append(("pending", f"{points_of(result.pending_points)} points wait for evidence", "cyan"))
    if result.status != "blocked":
        lines.append(("hint", result.hint, "bold"))
    return [(label, text, style) for label, text, style in lines if text] + evidence[:EVIDENCE_SHOWN]


def _first(evidence: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """One line of evidence for a check that passed: its parts need no points of their own, all are there."""
    more = f" (and {len(evidence) - 1} more)" if len(evidence) > 1 else ""
    return [(kind, IN_PART.sub("", text) + more, style) for kind, text, style in evidence[:1]]


def _section(console: Console, title: str, rows: Sequence[tuple[Text, Text]]) -> None:
    """A heading and two columns, nothing at all without rows."""
    if not rows:
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    console.print()
    console.print(Text(title, "bold"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _show_tracebacks(console: Console, gradebook: Gradebook) -> None:
    """What a maintainer needs where the harness failed."""
    for where, text in gradebook.tracebacks.items():
        console.print()
        console.print(Text(f"The harness failed at {safe_line(where)}", "bold magenta"))
        console.print(Padding(Text(safe(text, 6000), "dim"), (0, 0, 0, 2), expand=False))


def _show_oral(console: Console, grade: Grade) -> None:
    rows = [
        (Text(item.id), Text(f"{points_of(item.max_points)} points, questions: {len(item.questions)}"))
        for item in grade.manual
    ]
    _section(console, "Oral, the examiner's points", rows)


def _show_flags(console: Console, grade: Grade) -> None:
    rows = [(Text(safe_line(flag.id), "yellow"), Text(safe(flag.text, FLAG_SHOWN))) for flag in grade.flags]
    _section(console, "Advice and warnings, no points", rows)


def _show_timings(console: Console, timings: Sequence[Timing]) -> None:
    total = sum(timing.seconds for timing in timings) or 1.0
    bar = "█" if knows_signs(console) else "#"
    rows = []
    for timing in sorted(timings, key=lambda timing: -timing.seconds):
        share = timing.seconds / total
        figures = f"{timing.seconds:6.1f} s {share:5.0%}  "
        rows.append(
            (Text.assemble(figures, (f"{bar * round(10 * share):<10}", "dim")), Text(safe_line(timing.title)))
        )
    _section(console, "Scenarios, by their share of the time", rows)


def _show_numbers(console: Console, grade: Grade, *, strict: bool) -> None:
    score = score_of(grade, strict=strict)
    numbers = Text.assemble(
        (f"Awarded {points_of(score.awarded)}", "bold green"),
        "   ",
        (f"Lost {points_of(score.lost)}", "bold red" if score.lost else "bold"),
        "   ",
        (f"Pending {points_of(score.pending)}", "bold cyan" if score.pending else "bold"),
        f"   of {points_of(score.max)} points",
    )
    if strict:
        numbers.append("   (strict: what is pending counts as lost)", "dim")
    console.print()
    _rule(console, f"Grade: {grade.outcome}")
    console.print(numbers)
    if grade.outcome == "error":
        console.print(Text(_trust(score.unjudged), "bold magenta"))
    elif score.pending:
        console.print(Text("Pending points are neither earned nor lost: see what each one asks for.", "dim"))
    console.print(Text(_about(grade), "dim"))


def _trust(unjudged: float) -> str:
    return (
        f"This is no grade to trust: the harness failed, {points_of(unjudged)} points are not judged. "
        "That is never the student's loss; grade the submission again."
    )


def _about(grade: Grade) -> str:
    where = grade.environment
    commit = (grade.submission.commit or "no commit")[:9]
    parts = [
        f"commit {commit}",
        f"seed {where.get('seed', '?')}",
        f"harness {grade.harness}",
        f"Python {where.get('python')}",
        f"DVC {where.get('dvc')}",
        f"isolation {where.get('isolation')}",
    ]
    return ", ".join(parts)
