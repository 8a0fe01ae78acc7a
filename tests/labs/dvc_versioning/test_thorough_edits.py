"""The edits that are drawn: of every kind, the same for the same seed, and what each does to a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from fixtures.workspaces import NewWorkspace, write_tree
from harness.errors import CheckFailed
from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.labs.dvc_versioning.draws import generator
from harness.labs.dvc_versioning.thorough_edits import LARGEST_DATA, Edit, Editor, numbers, params_in
from harness.workspace.workspace import Workspace

P, DATA, CODE = "params.yaml", "data.csv", "a.py"
A = Stage("a", "a", deps=(CODE, DATA), params={P: ("n",)}, outs=(Output("a.out"),))
PIPELINE = Pipeline((A,))
FILES = {P: "n: 4\nname: x\n", DATA: "h\n1\n2\n3\n", CODE: "x = 4 + 0.5\n", "a.out": "out\n"}


@pytest.fixture
def workspace(new_workspace: NewWorkspace) -> Workspace:
    """A workspace with the files of one stage."""
    made = new_workspace()
    write_tree(made.repo, FILES)
    return made


def drawn(workspace: Workspace, seed: int = 1, pipeline: Pipeline = PIPELINE) -> tuple[Edit, ...]:
    """A long sequence of edits."""
    return Editor(workspace, pipeline, (DATA,), generator(seed, "test")).draw(80)


def texts(workspace: Workspace) -> Mapping[str, str | None]:
    """The files as they are now."""
    found = {path: workspace.read(path) for path in FILES}
    return {path: data.decode() if data is not None else None for path, data in found.items()}


def test_every_kind_is_drawn(workspace: Workspace) -> None:
    """A parameter, data, a comment, a constant, a deletion and an undo; the same for the same seed."""
    edits = drawn(workspace)
    assert {edit.kind for edit in edits} == {"parameter", "data", "comment", "constant", "deletion", "undo"}
    assert edits == drawn(workspace)
    assert edits != drawn(workspace, seed=2)
    assert {edit.path for edit in edits if edit.kind == "deletion"} == {"a.out"}
    assert {edit.key for edit in edits if edit.kind == "parameter"} == {"n"}, "text has no other value to try"


def test_a_parameter_is_given_the_value_that_is_told(workspace: Workspace) -> None:
    """Another one of its own kind each time."""
    edits = [edit for edit in drawn(workspace) if edit.kind == "parameter"]
    assert len({edit.value for edit in edits}) > 1
    for edit in edits:
        assert type(edit.value) is int
        assert edit.value != 4
        assert edit.words == f"change n in {P} from 4 to {edit.value}"


def test_as_many_edits_as_were_asked_for(workspace: Workspace) -> None:
    """No more, whatever could be done."""
    assert len(drawn(workspace)) == 80


def test_the_words_of_each_edit(workspace: Workspace) -> None:
    """A student repeats them by hand: every row and every line is named by its number."""
    words = {edit.words for edit in drawn(workspace) if edit.kind != "parameter"}
    assert words == {
        *(f"remove row {row} of {DATA}" for row in (1, 2, 3)),
        *(f"append row {row} to {DATA} once more" for row in (1, 2, 3)),
        *(f"put {path} back as it was" for path in (P, DATA, CODE)),
        *(f"change {text} to {text}1 in line 1 of {CODE}" for text in ("4", "0.5")),
        f"add a comment at the end of {CODE}",
        "delete a.out",
    }


def test_rows_stay_whole(workspace: Workspace) -> None:
    """Blanks at a row's end are its own, whatever ends the lines."""
    workspace.write(DATA, b"h \r\nX\t\r\n2 \r\n3 X \r\n")
    edits = {edit.words: edit.data for edit in drawn(workspace) if edit.kind == "data"}
    assert edits == {
        f"remove row 1 of {DATA}": b"h \r\n2 \r\n3 X \r\n",
        f"remove row 2 of {DATA}": b"h \r\nX\t\r\n3 X \r\n",
        f"remove row 3 of {DATA}": b"h \r\nX\t\r\n2 \r\n",
        f"append row 1 to {DATA} once more": b"h \r\nX\t\r\n2 \r\n3 X \nX\t\n",
        f"append row 2 to {DATA} once more": b"h \r\nX\t\r\n2 \r\n3 X \n2 \n",
        f"append row 3 to {DATA} once more": b"h \r\nX\t\r\n2 \r\n3 X \n3 X \n",
    }


def test_a_constant_is_changed_in_its_own_line(workspace: Workspace) -> None:
    """The other lines stay; a script in another language has comments, and no constants that are known."""
    write_tree(workspace.repo, {CODE: "a = 1  # one\nb = 2\nc = 3\n", "b.sh": "echo 5\n"})
    both = Pipeline((replace(A, deps=(CODE, "b.sh", DATA)),))
    edits = drawn(workspace, pipeline=both)
    assert {edit.data for edit in edits if edit.kind == "constant"} == {
        b"a = 11  # one\nb = 2\nc = 3\n",
        b"a = 1  # one\nb = 21\nc = 3\n",
        b"a = 1  # one\nb = 2\nc = 31\n",
    }
    assert {edit.path for edit in edits if edit.kind == "comment"} == {CODE, "b.sh"}


def test_data_that_is_too_large_or_gone_is_not_edited(workspace: Workspace) -> None:
    """What else there is, is."""
    with (workspace.repo / DATA).open("wb") as file:
        file.truncate(LARGEST_DATA + 1)
    others = {"parameter", "comment", "constant", "deletion", "undo"}
    assert {edit.kind for edit in drawn(workspace)} == others
    workspace.remove(DATA)
    assert {edit.kind for edit in drawn(workspace)} == others


def test_an_undo_comes_after_what_it_undoes(workspace: Workspace) -> None:
    """It puts back the first text of a file that was edited before."""
    edits = drawn(workspace)
    for number, edit in enumerate(edits):
        if edit.kind == "undo":
            assert edit.path in {one.path for one in edits[:number] if one.kind not in {"undo", "deletion"}}
            assert edit.data == FILES[edit.path].encode()


@pytest.mark.parametrize("kind", ["parameter", "data", "comment", "constant", "deletion"])
def test_an_edit_changes_its_file_alone(workspace: Workspace, kind: str) -> None:
    """What its words say happens to its path, and to no other."""
    edit = next(edit for edit in drawn(workspace) if edit.kind == kind)
    edit.apply(workspace)
    after = texts(workspace)
    assert edit.path in edit.words
    assert {path for path in FILES if after[path] != FILES[path]} == {edit.path}


def test_what_the_edits_write(workspace: Workspace) -> None:
    """One row more or less, a comment at the end, a number with one more digit."""
    edits = drawn(workspace)
    rows = {len((edit.data or b"").splitlines()) for edit in edits if edit.kind == "data"}
    assert rows == {3, 5}
    assert all((edit.data or b"").startswith(b"h\n") for edit in edits if edit.kind == "data")
    comments = [edit.data or b"" for edit in edits if edit.kind == "comment"]
    assert all(data.startswith(b"x = 4 + 0.5\n\n# ") for data in comments)
    assert {edit.data for edit in edits if edit.kind == "constant"} == {b"x = 41 + 0.5\n", b"x = 4 + 0.51\n"}


def test_a_parameter_is_set_in_the_file_as_it_is(workspace: Workspace) -> None:
    """Other edits of the same file stay; without the key it cannot be done."""
    workspace.write(P, b"n: 4  # trees\nname: y\n")
    edit = Edit("parameter", P, "n", None, "n", 9)
    edit.apply(workspace)
    assert workspace.read(P) == b"n: 9  # trees\nname: y\n"
    workspace.write(P, b"name: y\n")
    with pytest.raises(CheckFailed, match="n in params") as failure:
        edit.apply(workspace)
    assert failure.value.found == "'n'"


def test_scripts_that_are_read_and_not_declared_are_edited(workspace: Workspace) -> None:
    """A stage's script is edited, declared or not; what is read and no script, or made by a stage, is not."""
    write_tree(workspace.repo, {"helper.py": "N = 5\n", "made.py": "N = 5\n", "notes.txt": "5\n"})
    made = Stage("m", "m", outs=(Output("made.py"),), frozen=True)
    editor = Editor(
        workspace, Pipeline((made,)), (), generator(1, "test"), {"helper.py", "made.py", "notes.txt"}
    )
    assert {edit.path for edit in editor.draw(40)} == {"helper.py"}


def test_nothing_to_edit_is_no_edit(new_workspace: NewWorkspace) -> None:
    """An empty pipeline gives an empty sequence; a frozen stage's output is not deleted."""
    empty = new_workspace()
    assert Editor(empty, Pipeline(), (), generator(1, "test")).draw(5) == ()
    frozen = Stage("f", "f", outs=(Output("x"),), frozen=True)
    assert Editor(empty, Pipeline((frozen,)), (), generator(1, "test")).draw(5) == ()


def test_which_edits_break_nothing() -> None:
    """A comment, a deletion and an undo; a value or a constant may."""
    kinds = ("comment", "deletion", "undo")
    assert all(Edit(kind, "p", "w").harmless for kind in kinds)  # type: ignore[arg-type]  # literals in a tuple
    assert not Edit("parameter", "p", "w").harmless
    assert not Edit("constant", "p", "w").harmless
    assert not Edit("data", "p", "w").harmless


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b"a = 12\nb = c[0] + 1.5\n", [(1, 4, 6, "12"), (2, 6, 7, "0"), (2, 11, 14, "1.5")]),
        (b"a = 0x1F + 1e3 + 2j\n", []),
        (b"'12'  # 13\n", []),
        (b"(", []),
        (b"\xff", []),
    ],
)
def test_numbers_of_a_script(source: bytes, found: list[tuple[int, int, int, str]]) -> None:
    """Plain decimal numbers outside texts and comments; none in what is no Python."""
    assert numbers(source) == found


def test_params_files_as_deps_count_too(workspace: Workspace) -> None:
    """A params file is one by its declaration, or by the lab's own name for it."""
    bare = Pipeline((Stage("a", "a", deps=(P, DATA)),))
    assert params_in(workspace, bare) == {P: {"n": 4, "name": "x"}}
    assert params_in(workspace, Pipeline((Stage("a", "a", params={"gone.yaml": ()}),))) == {}
    assert set(params_in(workspace, Pipeline(params_files=(P,)))) == {P}
