"""The pytest session that runs a lab's checks: every way in which a test can end."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.grading.result import CheckResult
from harness.labs.session import Finished

NewLab = Callable[..., Path]
Graded = Callable[..., Finished]

ALL = """
@check("A.well")
def test_well(): pass

@check("A.failed")
def test_failed(ruling):
    ruling.fact("value", "seen")
    raise CheckFailed("this", "that", "do this")

@check("A.pending")
def test_pending(): raise Pending("not there", "hand it in")

@check("A.blocked")
def test_blocked(): raise AssertionError("never runs")

@check("A.inside", needs="inside")
def test_inside(ruling):
    ruling.flag("inside", "it ran")
    ruling.require_needs()

@check("A.partial")
def test_partial(ruling):
    ruling.award(1.5, "most")
    ruling.lose(0.5, expected="all", found="most")

@check("A.error")
def test_error(): raise ZeroDivisionError("oops")

@check("A.after")
def test_after(): raise AssertionError("never runs")

@pytest.fixture
def fails(): raise CheckFailed("a fixture", "a failure")

@pytest.fixture
def breaks(): raise OSError("disk")

@pytest.fixture
def untidy():
    yield
    raise OSError("still open")

@check("A.fixture")
def test_fixture(fails): pass

@check("A.broken")
def test_broken(breaks): pass

@check("A.untidy")
def test_untidy(untidy): pass

@check("A.skipped")
def test_skipped(): pytest.skip("no time")

@check("A.assert")
def test_assert(): assert 1 == 2
"""
NEEDS: dict[str, tuple[str, ...]] = dict.fromkeys(
    [
        "A.well",
        "A.failed",
        "A.pending",
        "A.partial",
        "A.error",
        "A.fixture",
        "A.broken",
        "A.untidy",
        "A.skipped",
        "A.assert",
    ],
    (),
) | {"A.blocked": ("A.failed",), "A.inside": ("A.failed",), "A.after": ("A.error",)}


def results(finished: Finished) -> dict[str, CheckResult]:
    """The results by id."""
    return {result.id: result for result in finished.grade.checks}


@pytest.fixture
def everything(new_lab: NewLab) -> Path:
    """A lab whose tests end in every way."""
    return new_lab(NEEDS, ALL)


def test_every_ending_has_its_status(graded: Graded, everything: Path) -> None:
    """The six statuses, also out of fixtures; what is nobody's verdict is an error."""
    finished = graded(everything)
    assert {id_.removeprefix("A."): result.status for id_, result in results(finished).items()} == {
        "well": "passed",
        "failed": "failed",
        "pending": "pending",
        "blocked": "blocked",
        "inside": "blocked",
        "partial": "partial",
        "error": "error",
        "after": "error",
        "fixture": "failed",
        "broken": "error",
        "untidy": "error",
        "skipped": "error",
        "assert": "error",
    }
    assert (finished.ending, finished.grade.outcome) == ("failed", "error")
    assert finished.grade.flags[0].id == "inside"


def test_errors_keep_their_traceback(graded: Graded, everything: Path) -> None:
    """A maintainer sees where the harness failed; a student's failure has none."""
    finished = graded(everything)
    assert finished.gradebook is not None
    tracebacks = finished.gradebook.tracebacks
    assert "ZeroDivisionError: oops" in tracebacks["A.error"]
    assert "A.failed" not in tracebacks
    assert "still open" in str(results(finished)["A.untidy"].found)


def test_junit_tells_the_same(graded: Graded, everything: Path, tmp_path: Path) -> None:
    """Losses are failures, errors are errors, the rest is skipped; figures are properties."""
    path = tmp_path / "junit.xml"
    graded(everything, f"--junitxml={path}")
    cases = {case.attrib["name"]: case for case in ET.parse(path).iter("testcase")}  # noqa: S314  # ours
    kinds = {name: [child.tag for child in case if child.tag != "properties"] for name, case in cases.items()}
    assert kinds["test_well"] == []
    assert kinds["test_failed"] == kinds["test_partial"] == kinds["test_fixture"] == ["failure"]
    assert kinds["test_pending"] == kinds["test_blocked"] == kinds["test_inside"] == ["skipped"]
    assert kinds["test_error"] == kinds["test_after"] == kinds["test_broken"] == ["error"]
    figures = {p.attrib["name"]: p.attrib["value"] for p in cases["test_partial"].iter("property")}
    assert figures == {
        "check": "A.partial",
        "status": "partial",
        "points": "1.5",
        "pending_points": "0.0",
        "max_points": "2.0",
    }
    text = cases["test_failed"].find("failure")
    assert text is not None
    assert str(text.text).splitlines()[1:] == ["expected: this", "found: that", "hint: do this"]
    assert cases["test_failed"].attrib["classname"] == "test_spot"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('@check("A.one")\ndef test_one(): pass', "A.two has no test"),
        ("def test_one(): pass", "carries no id"),
        (
            '@check("A.one")\n@pytest.mark.parametrize("n", [1, 2])\ndef test_one(n): pass',
            "A.one has two tests",
        ),
        ('@check("A.ten")\ndef test_one(): pass', "A.ten, which the rubric does not have"),
        ("import nothing_of_that_name", "cannot be collected"),
        ("def broken(:", "cannot be collected"),
    ],
)
def test_a_lab_that_does_not_fit_is_our_failure(
    graded: Graded, new_lab: NewLab, source: str, complaint: str
) -> None:
    """No check runs, every check is an error, and the grade says why."""
    finished = graded(new_lab({"A.one": (), "A.two": ()}, source))
    assert finished.ending == "failed"
    assert {result.status for result in finished.grade.checks} == {"error"}
    assert complaint in " ".join(flag.text for flag in finished.grade.flags)


def test_checks_that_were_left_out_are_missed(graded: Graded, new_lab: NewLab) -> None:
    """Pytest's own -k cannot turn a part of a lab into a grade."""
    lab = new_lab(
        {"A.one": (), "A.two": ()},
        '@check("A.one")\ndef test_one(): pass\n@check("A.two")\ndef test_two(): pass',
    )
    finished = graded(lab, "-k", "test_one")
    assert (finished.ending, results(finished)["A.two"].status) == ("failed", "error")


def test_ctrl_c_ends_the_checks_and_keeps_what_was_judged(graded: Graded, new_lab: NewLab) -> None:
    """What came before stands, what did not come is an error."""
    source = '@check("A.one")\ndef test_one(): pass\n@check("A.two")\ndef test_two(): raise KeyboardInterrupt'
    finished = graded(new_lab({"A.one": (), "A.two": ()}, source))
    assert finished.ending == "interrupted"
    assert [result.status for result in finished.grade.checks] == ["passed", "error"]
    assert finished.grade.flags[0].text == "it was interrupted"


def test_an_option_that_pytest_does_not_know_is_a_matter_of_usage(graded: Graded, tiny: Path) -> None:
    """Nothing is judged."""
    assert graded(tiny, "--no-such-option").ending == "usage"


def test_a_hook_that_breaks_is_our_failure(graded: Graded, tiny: Path) -> None:
    """An internal error of pytest is in the flags, not on the screen."""
    conftest = tiny / "conftest.py"
    conftest.write_text(
        conftest.read_text(encoding="utf-8")
        + "\n\ndef pytest_runtestloop(session):\n    raise OSError('loop')\n",
        encoding="utf-8",
    )
    finished = graded(tiny)
    assert finished.ending == "failed"
    assert "OSError: loop" in finished.grade.flags[0].text


def test_the_environment_has_no_word_in_it(
    graded: Graded, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options and plugins out of environment variables are left aside, and are back afterwards."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    assert graded(tiny).ending == "well"
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"


def test_needs_are_judged_first_and_scenarios_waited_for_last(graded: Graded, tiny: Path) -> None:
    """The tiny lab's tests stand in the file in the opposite order."""
    finished = graded(tiny)
    assert finished.gradebook is not None
    assert list(finished.gradebook.results) == ["G.file", "G.polite", "C.runs"]
