"""The ``harness`` command: the doors that are not pytest's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.errors import HarnessError
from harness.labs.session import DEFAULT_SEED, Options
from harness.plugin import grade

if TYPE_CHECKING:
    from harness.labs.session import Ending

# 0 to 4 as design 4.1 has them; 130 is what a shell expects of a command that Ctrl-C ended.
EXIT_CODES: dict[Ending, int] = {
    "well": 0,
    "lost": 1,
    "usage": 2,
    "unreadable": 3,
    "failed": 4,
    "interrupted": 130,
}
RANDOM_EDITS = 20


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mlops-lab-harness", prog_name="harness")
def main() -> None:
    """Grade labs that are handed in as Git and DVC repositories, by running them."""


@main.command()
@click.argument("path", default=".")
@click.option("--ci", is_flag=True, help="Print lines only, nothing that moves.")
@click.option("--strict", is_flag=True, help="Count what is pending as lost.")
@click.option("--lab", metavar="NAME", help="The lab to check by, or its folder; detected when not named.")
@click.option("--seed", metavar="N", type=int, default=DEFAULT_SEED, show_default=True)
@click.option("--jobs", metavar="N", type=click.IntRange(1), help="Scenarios run side by side.")
@click.option(
    "--json", "grade_json", metavar="FILE", type=click.Path(path_type=Path), help="Write the grade here."
)
@click.option(
    "--require-isolation", is_flag=True, help="Refuse to go on where nothing isolates the commands."
)
@click.option("--cold", is_flag=True, help="Start every command from nothing: slow, no surprises.")
@click.option(
    "--thorough",
    metavar="[N]",
    is_flag=False,
    flag_value=str(RANDOM_EDITS),
    default="0",
    help=f"Also try N random edits ({RANDOM_EDITS} by default) and show the fewest that go wrong.",
)
@click.option("--junitxml", metavar="FILE", help="Write the checks as JUnit XML here.")
def check(  # noqa: PLR0913  # one parameter for each option, as click hands them over
    path: str,
    *,
    ci: bool,
    strict: bool,
    lab: str | None,
    seed: int,
    jobs: int | None,
    grade_json: Path | None,
    require_isolation: bool,
    cold: bool,
    thorough: str,
    junitxml: str | None,
) -> None:
    """Check a submission: what holds, what does not, and one hint for each loss.

    PATH is a folder, bundle, zip, tar or Git URL, perhaps with @REVISION; the current folder when left out.
    """
    path, edits = _edits_of(path, thorough)
    options = Options(
        path,
        lab,
        grade_json,
        seed,
        strict=strict,
        jobs=jobs,
        require_isolation=require_isolation,
        cold=cold,
        thorough=edits,
    )
    arguments = [f"--junitxml={junitxml}"] if junitxml else []
    try:
        finished = grade(options, arguments, live=not ci)
    except HarnessError as error:
        raise click.UsageError(str(error)) from error
    if finished.message:
        click.echo(f"Error: {finished.message}", err=True)
    sys.exit(EXIT_CODES[finished.ending])


def _edits_of(path: str, thorough: str) -> tuple[str, int]:
    """Path and number of edits; in `--thorough PATH` the number was left out."""
    if thorough.isdecimal():
        return path, int(thorough)
    if path != "." or thorough.startswith("-"):
        raise click.UsageError(f"--thorough takes a number of edits, not {thorough!r}")
    return thorough, RANDOM_EDITS


@main.command()
def doctor() -> None:
    """Say what this machine can isolate, and what is missing.

    Exits with 1 where a submission's commands would run without isolation.
    """
    from harness.workspace.box.doctor import findings  # noqa: PLC0415  # no other verb needs it

    found = findings()
    width = max(len(finding.what) for finding in found)
    for finding in found:
        click.echo(f"{'✓' if finding.well else '✗'} {finding.what:{width}}  {finding.seen}")
    sys.exit(EXIT_CODES["well" if found[-1].well else "lost"])
