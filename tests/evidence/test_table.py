"""Tables are read from bytes in their usual formats, and refused where they cannot be, or could run code."""

from __future__ import annotations

import importlib.util
import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.table import read_table, written_like

CSV = b"a,b,label\n1,0.5,x\n2,0.25,y\n"


def promised(kind: str, shape: tuple[int, ...], held: int = 0) -> bytes:
    """A .npy file whose header tells a kind and a shape, with so many bytes of values."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": kind, "fortran_order": False, "shape": shape})
    return stream.getvalue() + bytes(held)


def saved(array: object, *, pickled: bool = False) -> bytes:
    """An array as a .npy file."""
    stream = io.BytesIO()
    np.save(stream, np.asarray(array, dtype=object if pickled else None), allow_pickle=pickled)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [CSV, CSV.replace(b"\n", b"\r\n"), CSV[:-1], b"\xef\xbb\xbf" + CSV, CSV.replace(b",", b";")],
)
def test_csv(data: bytes) -> None:
    """Line ends, a missing last newline, a byte order mark and the separator do not matter."""
    table = read_table("x.csv", data)
    assert table.columns == ("a", "b", "label")
    assert table.row_count == 2
    assert table.frame["b"].tolist() == [0.5, 0.25]


def test_without_header() -> None:
    """A first line of numbers is a row."""
    table = read_table("x.csv", b"1,2.5\n3,4.5\n")
    assert (table.columns, table.row_count) == (("0", "1"), 2)


def test_tabs() -> None:
    """A file with tabs is read whatever its ending."""
    assert read_table("x.tsv", CSV.replace(b",", b"\t")).columns == ("a", "b", "label")


def test_numpy() -> None:
    """Arrays have columns named by place, one alone by a name."""
    assert read_table("x.npy", saved([[1, 2], [3, 4]])).columns == ("x0", "x1")
    assert read_table("y.npy", saved([1.5, 2.5])).frame["x"].tolist() == [1.5, 2.5]
    newer = io.BytesIO()
    np.lib.format.write_array(newer, np.array([[1.5, 2.5]], dtype=">f8"), version=(2, 0))
    table = read_table("x.npy", newer.getvalue())
    assert table.frame.to_numpy().tolist() == [[1.5, 2.5]]
    assert [str(kind) for kind in table.frame.dtypes] == ["float64", "float64"]
    empty = read_table("x.npy", promised("<f8", (0, 2)))
    assert (empty.columns, empty.row_count) == (("x0", "x1"), 0)


def test_archive_of_arrays() -> None:
    """Arrays of one archive lie side by side; with other numbers of rows they are no table."""
    stream = io.BytesIO()
    np.savez(stream, X=np.ones((3, 2)), y=np.zeros(3))
    table = read_table("x.npz", stream.getvalue())
    assert (table.columns, table.row_count) == (("X0", "X1", "y"), 3)
    stream = io.BytesIO()
    np.savez(stream, X=np.ones((3, 2)), y=np.zeros(4))
    told = r"^x\.npz: no table that can be read: the arrays have other numbers of rows$"
    with pytest.raises(MalformedEvidence, match=told):
        read_table("x.npz", stream.getvalue())


@pytest.mark.parametrize("arrays", [1000, 1001])
def test_archive_of_many_arrays(arrays: int) -> None:
    """A thousand arrays are read, and more are refused."""
    stream = io.BytesIO()
    np.savez(stream, *[np.zeros(1)] * arrays)
    if arrays == 1000:
        assert len(read_table("x.npz", stream.getvalue()).columns) == arrays
        return
    with pytest.raises(MalformedEvidence, match="unpacks to more than 64 MiB, or to more than 1000 arrays"):
        read_table("x.npz", stream.getvalue())


MORE = "the header promises more values than there are"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (promised("<c16", (2,), 32), "an array of complex128 is no table of numbers and texts"),
        (promised("|S0", (2,)), "an array of |S0 is no table of numbers and texts"),
        (promised("<f8", (), 8), "an array of 0 dimensions is no table"),
        (promised("<f8", (500,), 500), MORE),
        (promised("<f8", (-1, 2), 16), MORE),
        (promised("<f8", (0, 60_000)), MORE),
    ],
)
def test_arrays_that_are_no_tables(data: bytes, told: str) -> None:
    """Other kinds of values, no dimension, and more than the bytes hold are refused unread."""
    with pytest.raises(MalformedEvidence) as caught:
        read_table("x.npy", data)
    assert str(caught.value) == f"x.npy: no table that can be read: {told}"


def test_pickle_is_refused() -> None:
    """An array of objects would have to be unpickled, and is refused."""
    with pytest.raises(MalformedEvidence, match=r"x\.npy"):
        read_table("x.npy", saved([{"a": 1}], pickled=True))


def test_promised_size() -> None:
    """A header that promises more values than the file holds is refused before any are made."""
    header = saved(np.zeros((2, 2))).replace(b"(2, 2)", b"(9999999, 9999999)"[:6])
    with pytest.raises(MalformedEvidence):
        read_table("x.npy", header)
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        huge, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)}
    )
    with pytest.raises(MalformedEvidence, match="more values than there are"):
        read_table("x.npy", huge.getvalue())


def test_zip_bomb() -> None:
    """An archive that unpacks to more than the limit is refused unread."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.npy", b"")
    data = stream.getvalue()
    place = data.rindex(b"PK\x01\x02") + 24
    with pytest.raises(MalformedEvidence, match="unpacks to more"):
        read_table("x.npz", data[:place] + b"\xff\xff\xff\xff" + data[place + 4 :])


def test_parquet_says_what_it_needs() -> None:
    """Without pyarrow, Parquet is refused with what would help."""
    if importlib.util.find_spec("pyarrow"):
        pytest.skip("pyarrow is installed")
    with pytest.raises(MalformedEvidence) as caught:
        read_table("x.parquet", b"PAR1")
    assert str(caught.value) == (
        "x.parquet: no table that can be read: "
        "Parquet needs pyarrow, which is not installed here; CSV needs nothing"
    )


@pytest.mark.parametrize("data", [b"", b"\n", b"\0\1\2", b"a,b\n1,2,3,4\n1\n1,2,3,4,5,6\n", b"," * 30_000])
def test_no_table(data: bytes) -> None:
    """What is no table is refused with the path."""
    with pytest.raises(MalformedEvidence, match=r"x\.csv"):
        read_table("x.csv", data)


@pytest.mark.parametrize(
    ("path", "data", "told"),
    [
        ("x.csv", b"a,b, a,b \n1,2,3,4\n", "two columns have the name 'a'"),
        ("x.csv", b"\n", "no table that can be read: the first line names no columns"),
        ("x.csv", b"," * 30_000, "no table that can be read: the first line names more than 20000 columns"),
        ("x.npy", promised("<f8", (0, 20_001)), "has 20001 columns, more than 20000"),
    ],
)
def test_columns_that_are_refused(path: str, data: bytes, told: str) -> None:
    """Two of one name, none at all, or more than a table of a lab has."""
    with pytest.raises(MalformedEvidence) as caught:
        read_table(path, data)
    assert str(caught.value) == f"{path}: {told}"


def test_the_widest_table_is_read() -> None:
    """With its path, and names without blanks around them."""
    table = read_table("d/x.npy", promised("<f8", (0, 20_000)))
    assert (table.path, len(table.columns)) == ("d/x.npy", 20_000)
    assert read_table("x.csv", b" a ,b\n1,2\n").columns == ("a", "b")


def test_three_dimensions() -> None:
    """An array of three dimensions is no table."""
    with pytest.raises(MalformedEvidence, match="3 dimensions"):
        read_table("x.npy", saved(np.zeros((2, 2, 2))))


@given(st.binary(max_size=200), st.sampled_from(["x.csv", "x.npy", "x.npz", "x"]))
def test_any_bytes(data: bytes, path: str) -> None:
    """Any bytes give a table or MalformedEvidence, nothing else."""
    try:
        read_table(path, data)
    except MalformedEvidence:
        return


@pytest.mark.parametrize(
    "text",
    [
        "a,b,y\n1.5,x,0\n0.1,z,1\n",
        ";a;y\n7;1.5;0\n3;2.5;1\n",
        "1.5,2.5,0\n3.5,4.5,1\n",
        "a;y\n1,5;0\n-2,25;1\n",
    ],
)
def test_a_table_is_written_as_it_was_read(text: str) -> None:
    """With its separator, its index, and a header only where it had one; only the values are others."""
    table = read_table("t.csv", text.encode())
    assert written_like("t.csv", text.encode(), table.frame) == text.encode()
    turned = table.frame.iloc[::-1]
    first, *rest = text.splitlines(keepends=True)
    lines = [first, *reversed(rest)] if first[0] != "1" else [*reversed(rest), first]
    assert written_like("t.csv", text.encode(), turned) == "".join(lines).encode()


@pytest.mark.parametrize("array", [np.array([[1.5, 2.5], [3.5, 4.5]], dtype=np.float32), np.array([1, 0, 1])])
def test_an_array_is_written_as_it_was_read(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    """With its type and its shape."""
    stream = io.BytesIO()
    np.save(stream, array)
    table = read_table("t.npy", stream.getvalue())
    assert written_like("t.npy", stream.getvalue(), table.frame) == stream.getvalue()
    assert written_like("t.npy", stream.getvalue(), table.frame.astype(float)) == stream.getvalue()


def test_numbers_may_have_a_decimal_comma() -> None:
    """In a file that something else separates; in one that commas separate it is two columns."""
    assert read_table("x.csv", b"a;y\n1,5;0\n-2,25;1\n").frame["a"].tolist() == [1.5, -2.25]
    assert read_table("x.csv", b"a,y\n1,5\n-2,25\n").frame["a"].tolist() == [1, -2]
    assert read_table("x.csv", b"a;y\n1.5;0\n").frame["a"].tolist() == [1.5]
