"""DVC's committed configuration: remotes, the default among them, and secrets."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.config import (
    LONGEST_LINE,
    SIZE_LIMIT,
    Credential,
    configs_in,
    local_configs_in,
    parse_config,
)

if TYPE_CHECKING:
    from tests.evidence.conftest import Work

FILE = ".dvc/config"
UNREAD = r"^\.dvc/config: not a regular file of readable size$"
STORAGE = b"[core]\n    remote = storage\n['remote \"storage\"']\n    url = C:\\tmp\\dvc-storage\n"


@pytest.mark.parametrize("text", [STORAGE, STORAGE.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + STORAGE])
def test_the_default_remote_is_found(text: bytes) -> None:
    """The remote's name and its options are read as DVC writes them, on Windows too."""
    config = parse_config(FILE, text)
    assert config.default_remote == "storage"
    assert config.remotes == {"storage": {"url": "C:\\tmp\\dvc-storage"}}
    assert config.default_is_defined
    assert config.root == "."
    assert config.sections["core"] == {"remote": "storage"}


@pytest.mark.parametrize(
    ("text", "default", "defined"),
    [
        (b"", None, False),
        (b"[core]\nremote = gone\n", "gone", False),
        (b"[core]\nremote =\n", None, False),
        (b"['remote \"a\"']\nurl = /x\n", None, False),
        (b"[core]\nRemote = 'Main' # used\n['remote \"main\"']\n", "main", False),
        (b"[core]\nremote = Main\n['remote \"MAIN\"']\nurl = a, b\n", "main", True),
    ],
)
def test_a_default_needs_a_name_and_a_url(text: bytes, default: str | None, *, defined: bool) -> None:
    """A default remote that is not there is told from one that is; case does not count, as in DVC."""
    config = parse_config(FILE, text)
    assert config.default_remote == default
    assert config.default_is_defined is defined


def test_secrets_are_named_and_never_shown() -> None:
    """An option that holds a secret, or a password in a URL, is found with its line and without its value."""
    text = (
        b"['remote \"a\"']\n    url = https://me:hunter2@example.org/x\n    Password = hunter2\n"
        b"    ask_password = true\n    keyfile = /home/me/key\n    token =\n"
        b"    secret_access_key = hunter2=\n"
    )
    config = parse_config(FILE, text)
    assert config.credentials == (
        Credential(FILE, 2, "url"),
        Credential(FILE, 3, "password"),
        Credential(FILE, 7, "secret_access_key"),
    )
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    "text", [b"password = hunter2\n[", b"hunter2\n", b"[a]\nb = 1\n[a]\n", b"[[x]]\n", b"\xff\xfe"]
)
def test_malformed_configuration_is_refused_without_its_text(text: bytes) -> None:
    """The reason names the line and shows nothing of it: it may be a secret."""
    with pytest.raises(MalformedEvidence) as caught:
        parse_config(FILE, text)
    assert "hunter2" not in str(caught.value)
    assert caught.value.path == FILE


@pytest.mark.parametrize("text", [b"hunter2\n[a]\n[a]\n", b"hunter2\nhunter2\n"])
def test_the_first_wrong_line_is_named(text: bytes) -> None:
    """Of several lines that DVC could not read, the reason names the first."""
    with pytest.raises(MalformedEvidence, match=r"^\.dvc/config: not a DVC configuration, in line 1$"):
        parse_config(FILE, text)


def test_values_stay_as_written() -> None:
    """A value with commas stays one text, and nothing in it stands for another option."""
    config = parse_config(FILE, b"['remote \"a\"']\nb = x\nurl = y, z\nendpointurl = 'p%(b)s$b'\n")
    assert config.remotes["a"] == {"b": "x", "url": "y, z", "endpointurl": "p%(b)s$b"}


def test_large_configuration_is_refused() -> None:
    """A configuration beyond the limit is not parsed, nor is one with a line beyond the limit."""
    line = b"#" * LONGEST_LINE + b"\n"
    whole = (line * (SIZE_LIMIT // len(line) + 1))[:SIZE_LIMIT]
    assert parse_config(FILE, whole).remotes == {}
    with pytest.raises(MalformedEvidence, match=r"^\.dvc/config: larger than 64 KiB$"):
        parse_config(FILE, whole + b"#")
    with pytest.raises(MalformedEvidence, match=r"^\.dvc/config: holds a line of more than 2000 characters$"):
        parse_config(FILE, b"#" + line)


@given(st.text("[]'\" coreremoteurl=\n#%(),$"))
def test_any_text_is_a_configuration_or_malformed(text: str) -> None:
    """No text makes the parser raise anything but MalformedEvidence."""
    with contextlib.suppress(MalformedEvidence):
        parse_config(FILE, text.encode())


def test_every_configuration_of_a_tree_is_found(work: Work) -> None:
    """Configurations in subfolders are found, and a committed config.local is noticed apart from them."""
    files: dict[str, bytes | None] = {
        ".dvc/config": b"",
        "lab/.dvc/config": STORAGE,
        "lab/.dvc/config.local": STORAGE,
        "x.dvc/config": b"?",
    }
    tree = work.open().tree(work.commit("one", files))
    own, lab = configs_in(tree)
    assert (own.root, own.default_remote, own.local) == (".", None, False)
    assert (lab.root, lab.default_remote) == ("lab", "storage")
    assert [(config.file, config.local) for config in local_configs_in(tree)] == [
        ("lab/.dvc/config.local", True)
    ]


def test_a_linked_configuration_is_not_followed(work: Work) -> None:
    """A symbolic link in the configuration's place is malformed evidence."""
    (work.path / ".dvc").mkdir()
    (work.path / ".dvc" / "config").symlink_to("/etc/hostname")
    work.repo.index.add([".dvc/config"])
    with pytest.raises(MalformedEvidence, match=UNREAD):
        configs_in(work.open().tree(work.commit("one", {"a": b"1"})))


def test_a_large_configuration_is_not_read(work: Work) -> None:
    """A committed file beyond the limit is not even taken out of the repository."""
    tree = work.open().tree(work.commit("one", {FILE: b"#\n" * SIZE_LIMIT}))
    with pytest.raises(MalformedEvidence, match=UNREAD):
        configs_in(tree)
