"""What hands a parser is fed from: raw bytes, and real files with something done to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

LONGEST = 20_000
# What breaks parsers: ends and starts of structures, odd encodings, numbers at and beyond every limit.
WORDS = (
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc3",
        b"\r",
        b"\r\n",
        b"\t",
        b"\x1b[2J",
        b"\x85",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b"'",
        b'"',
        b'"""',
        b"#",
        b"&a ",
        b"*a",
        b"<<: ",
        b"? ",
        b"- ",
        b": ",
    ),
    *(b"!!python/object/apply:os.system [id]", b"!!binary aGk=", b"!!set", b"!<tag:yaml.org,2002:int> x"),
    *(b"nan", b".nan", b"NaN", b"-Infinity", b".inf", b"1e999", b"-0", b"1e-999", b"0x" + b"f" * 400),
    *(b"9" * 30, b"9" * 400, b"9" * 5000, b"1_000", b"true", b"null", b"~", b"2026-01-01", b"1:30:00"),
    *(b"../../etc/passwd", b"/etc/passwd", b"C:\\x", b"file:///etc/passwd", b"${a.b}", b"\\ud800", b"\\x00"),
    *(
        b"---\n",
        b"...\n",
        b"%YAML 1.1\n",
        b"%TAG ! !x\n",
        b",,,,",
        b";",
        b"=",
        b"@{",
        b"a" * 3000,
        b"\n" * 300,
    ),
)


def documents(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes of every kind, most of them a seed to which something was done a few times."""
    return st.binary(max_size=400) | st.sampled_from(seeds).flatmap(mutated) | spliced(seeds)


def mutated(seed: bytes) -> st.SearchStrategy[bytes]:
    """A seed after one to six changes."""
    return st.lists(_changes(len(seed)), min_size=1, max_size=6).map(lambda changes: _applied(seed, changes))


def spliced(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """The beginning of one seed with the end of another."""
    cut = st.integers(0, max(map(len, seeds)))
    one = st.sampled_from(seeds)
    return st.tuples(one, cut, one, cut).map(lambda four: four[0][: four[1]] + four[2][four[3] :])


Change = Callable[[bytes], bytes]


def _changes(size: int) -> st.SearchStrategy[Change]:
    place = st.integers(0, size)
    length = st.integers(1, 40)
    word = st.sampled_from(WORDS) | st.binary(min_size=1, max_size=8)
    return st.one_of(
        st.builds(_inserted, place, word),
        st.builds(_replaced, place, length, word),
        st.builds(_removed, place, length),
        st.builds(_repeated, place, length, st.sampled_from([2, 10, 200, 2000])),
        st.builds(_line_moved, place, place),
    )


def _applied(seed: bytes, changes: Sequence[Change]) -> bytes:
    for change in changes:
        seed = change(seed)[:LONGEST]
    return seed


def _inserted(place: int, word: bytes) -> Change:
    return lambda data: data[:place] + word + data[place:]


def _replaced(place: int, length: int, word: bytes) -> Change:
    return lambda data: data[:place] + word + data[place + length :]


def _removed(place: int, length: int) -> Change:
    return lambda data: data[:place] + data[place + length :]


def _repeated(place: int, length: int, times: int) -> Change:
    return lambda data: data[:place] + data[place : place + length] * times + data[place + length :]


def _line_moved(one: int, other: int) -> Change:
    """Swap two lines: keys that come twice, sections inside others."""

    def move(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines.insert(other % len(lines), lines[one % len(lines)])
        return b"\n".join(lines)

    return move
