"""The threat model names its proof: every test, file and row that it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PAGE = (CHECKOUT / "docs" / "threat-model.md").read_text(encoding="utf-8")
PROOF = PAGE.partition("## Proof")[2]
SHORT = dict(re.findall(r"`(\w+)` is\s+`(test_\w+\.py)`", PROOF))
ROWS = [row.split("|")[1:3] for row in PROOF.splitlines() if row.startswith("| ") and "---" not in row][1:]


def functions(file: Path) -> set[str]:
    """The names of a module's functions."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def rows_of_grades() -> set[str]:
    """The names under which hostile submissions are gathered: the keys of the table ROWS."""
    tree = ast.parse((CHECKOUT / "tests/adversarial/test_whole_grades.py").read_text(encoding="utf-8"))
    tables = [node.value for node in tree.body if isinstance(node, ast.AnnAssign)]
    keys = [key for table in tables if isinstance(table, ast.Dict) for key in table.keys]
    return {ast.literal_eval(key) for key in keys if key is not None}


@pytest.mark.parametrize(("threat", "proof"), ROWS, ids=[threat.strip() for threat, _ in ROWS])
def test_the_proof_of_a_threat_is_there(threat: str, proof: str) -> None:
    """Each threat names at least one place, and what it names in it."""
    named: list[str] = []
    for place, what in re.findall(r"`([\w/.]+)`((?::|,)?(?:[ ,]*(?:`test_\w+`|\*[^*]+\*))*)", proof):
        file = CHECKOUT / ("tests/adversarial/" + SHORT[place] if place in SHORT else place)
        assert file.exists(), f"{threat}: {place}"
        tests, rows = re.findall(r"`(test_\w+)`", what), re.findall(r"\*([^*]+)\*", what)
        assert not tests or set(tests) <= functions(file)
        assert set(rows) <= rows_of_grades()
        assert place not in SHORT or tests or rows, f"{threat}: {place} names nothing"
        named += [place, *tests, *rows]
    assert named, threat
    assert set(re.findall(r"`(test_\w+)`", proof)) | set(re.findall(r"\*([^*]+)\*", proof)) <= set(named)


def test_every_row_of_the_grades_is_named() -> None:
    """No group of hostile submissions is missing from the page, but the one that mixes several."""
    assert rows_of_grades() - {"several at once"} <= set(re.findall(r"\*([^*]+)\*", PROOF))
