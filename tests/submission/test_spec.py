"""Taking a submission argument apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import Unreadable
from harness.submission.spec import parse_spec


@pytest.mark.parametrize(
    ("text", "url", "protocol", "revision", "name"),
    [
        ("https://example.org/a/lab.git", "https://example.org/a/lab.git", "https", None, "lab"),
        ("https://example.org/a/lab@v1", "https://example.org/a/lab", "https", "v1", "lab@v1"),
        (
            "https://me@example.org/a/lab.git@pr/12",
            "https://me@example.org/a/lab.git",
            "https",
            "pr/12",
            "lab@pr-12",
        ),
        ("https://example.org/a/lab.git@a@b", "https://example.org/a/lab.git", "https", "a@b", "lab@a@b"),
        ("https://example.org/lab/", "https://example.org/lab/", "https", None, "lab"),
        ("ssh://git@example.org:22/lab.git", "ssh://git@example.org:22/lab.git", "ssh", None, "lab"),
        ("git@example.org:a/lab.git", "git@example.org:a/lab.git", "ssh", None, "lab"),
        ("git@example.org:a/lab.git@main", "git@example.org:a/lab.git", "ssh", "main", "lab@main"),
        ("git@example.org:lab", "git@example.org:lab", "ssh", None, "lab"),
    ],
)
def test_urls(text: str, url: str, protocol: str, revision: str | None, name: str) -> None:
    """A URL keeps its user, and what follows the last @ of its path is the revision."""
    spec = parse_spec(text)
    assert (spec.path, spec.url, spec.protocol, spec.revision, spec.name) == (
        None,
        url,
        protocol,
        revision,
        name,
    )


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("", "no such file or folder"),
        ("nowhere", "no such file or folder"),
        ("a\0b", r"a\\x00b"),
        ("x" * 5000, "no such file or folder"),
        ("ext::sh -c id", "transport helpers are not allowed"),
        ("fd::17", "transport helpers are not allowed"),
        ("git://example.org/lab", "the protocol 'git' is not allowed; use https:// or ssh://"),
        ("http://example.org/lab", "the protocol 'http' is not allowed"),
        ("ftp://example.org/lab", "the protocol 'ftp' is not allowed"),
        ("https://example.org", "names no host or no repository"),
        ("https:///lab", "names no host or no repository"),
        ("file:///nowhere", "no such file or folder on this machine"),
        ("file://host/lab", "no such file or folder on this machine"),
        ("https://example.org/lab@--upload-pack=id", "is no revision"),
        ("https://example.org/lab@", "is no revision"),
        ("https://example.org/lab@a..b", "is no revision"),
        ("-oProxyCommand=id@host:lab", "no such file or folder"),
    ],
)
def test_refusals(text: str, saying: str) -> None:
    """What names nothing, or a way in that is not allowed, is refused in one printable sentence."""
    with pytest.raises(Unreadable, match=saying) as raised:
        parse_spec(text)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500


def test_longest_path_wins(tmp_path: Path) -> None:
    """A path that exists as it stands is that path; else the longest one before an @."""
    for name in ("a", "a@b", "a@b@c"):
        (tmp_path / name).mkdir()
    assert parse_spec(f"{tmp_path}/a@b@c").revision is None
    assert parse_spec(f"{tmp_path}/a@b@c@d").path == tmp_path / "a@b@c"
    assert parse_spec(f"{tmp_path}/a@b@x").revision == "x"
    assert parse_spec(f"{tmp_path}/a@x@y").revision == "x@y"


def test_home_is_not_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde is the shell's to expand."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Unreadable):
        parse_spec("~")


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".tgz", ".tar", ".bundle", ".git", ".ZIP"])
def test_name_is_without_suffix(tmp_path: Path, suffix: str) -> None:
    """A submission is called the same, however it was packed."""
    (tmp_path / f"alice{suffix}").touch()
    assert parse_spec(f"{tmp_path}/alice{suffix}").name == "alice"


def test_name_of_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder has its own name."""
    monkeypatch.chdir(tmp_path)
    assert parse_spec(".").name == tmp_path.name


def test_location_is_without_password() -> None:
    """What a reader sees of a URL holds no credentials."""
    assert parse_spec("https://me:token@example.org/lab").location == "https://example.org/lab"
