"""A submission is told from the others by its own lines, and by what they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.submissions.origin import code_of, words

MODULE = """
from ..recipes import edit
from .beside import piece
LINE = "solution"
OTHER = "another"

def helper(area): edit(LINE)

@variant("broken", expect=1, repair=Repair(2))
def first(area):
    '''Says this.'''
    helper(area)

VARIANTS = (fault("second", OTHER, expect={}), fault("third", piece))
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module of three submissions beside one with a piece of the third."""
    (tmp_path / "beside.py").write_text("piece = 1\n", encoding="utf-8")
    path = tmp_path / "module.py"
    path.write_text(MODULE, encoding="utf-8")
    return path


def changed(module: Path, old: str, new: str) -> set[str]:
    """The submissions that a change of the module makes others."""
    names = ("first", "second", "third")
    before = [code_of(name, module, with_repair=False) for name in names]
    assert old in module.read_text(encoding="utf-8")
    module.write_text(module.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return {
        name
        for name, code in zip(names, before, strict=True)
        if code_of(name, module, with_repair=False) != code
    }


@pytest.mark.parametrize(
    ("old", "new", "others"),
    [
        ("edit(LINE)", "edit(LINE, 1)", {"first"}),
        ('"solution"', '"else"', {"first"}),
        ('"another"', '"else"', {"second"}),
        ("helper(area)\n", "helper(None)\n", {"first"}),
        ("expect=1", "expect=2", set()),
        ("Repair(2)", "Repair(3)", set()),
        ("Says this.", "Says that.", set()),
    ],
)
def test_a_change_concerns_whoever_refers_to_it(module: Path, old: str, new: str, others: set[str]) -> None:
    """Another helper, constant or step makes another submission; verdicts, repairs and words do not."""
    assert changed(module, old, new) == others


def test_a_module_beside_counts_as_a_whole(module: Path) -> None:
    """What is taken from another module of variants is part of the submission."""
    before = code_of("third", module, with_repair=False)
    (module.parent / "beside.py").write_text("piece = 2\n", encoding="utf-8")
    assert code_of("third", module, with_repair=False) != before


def test_the_repair_counts_where_it_is_asked_for(module: Path) -> None:
    """The digest of a repaired submission follows its repair."""
    before = code_of("first", module, with_repair=True)
    module.write_text(MODULE.replace("Repair(2)", "Repair(3)"), encoding="utf-8")
    assert code_of("first", module, with_repair=True) != before


def test_words_name_the_solution(module: Path) -> None:
    """The texts of the code are there, among them what may be a folder of solutions."""
    assert "solution" in words(code_of("first", module, with_repair=False))
    assert "solution" not in words(code_of("second", module, with_repair=False))


def test_an_unknown_name_is_told(module: Path) -> None:
    """A name without an entry is an error."""
    with pytest.raises(KeyError, match="no submission 'fourth'"):
        code_of("fourth", module, with_repair=False)
