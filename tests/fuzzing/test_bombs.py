"""Files made to break their readers: each reader of each format stays in its bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import MalformedEvidence
from harness.evidence import params, params_python, prose, safe_yaml

from . import bombs, targets
from .bounded import verdict

BY_NAME = {target.name: target for target in targets.TARGETS}
READERS = {
    "yaml": ("dvc.lock", "pointer", "params.yaml", "metrics.yaml"),
    "json": ("params.json", "metrics.json", "listing.dir", "notebook", "description"),
    "toml": ("params.toml", "metrics.toml"),
    "python": ("params.py",),
    "config": ("config",),
    "text": ("README.md", "run.sh"),
    "csv": ("table.csv",),
}
# The largest file that each reads; the others read as much as any text may have.
MOST = {
    "dvc.lock": safe_yaml.MAX_YAML_BYTES,
    "pointer": safe_yaml.MAX_YAML_BYTES,
    **dict.fromkeys(("params.yaml", "params.json", "params.toml"), params.MAX_BYTES),
    "params.py": params_python.MAX_BYTES,
    **dict.fromkeys(("metrics.yaml", "metrics.json", "metrics.toml"), params.MAX_BYTES),
    **dict.fromkeys(("README.md", "run.sh", "notebook"), prose.SIZE_LIMIT),
}
TABLES = {"npy": bombs.NPY, "npz": bombs.NPZ}
BOMBS = {"yaml": bombs.YAML, "json": bombs.JSON, "toml": bombs.TOML, "python": bombs.PYTHON,
         "config": bombs.CONFIG, "text": bombs.TEXT, "csv": bombs.CSV}  # fmt: skip
ALL = [(kind, name, reader) for kind, found in BOMBS.items() for name in found for reader in READERS[kind]]


@pytest.mark.long
@pytest.mark.parametrize(("kind", "name", "reader"), ALL)
def test_a_bomb_harms_nobody(kind: str, name: str, reader: str) -> None:
    """A file made to be slow, large, wrong or deadly to read ends as a value or as a refusal, in bounds."""
    verdict(BY_NAME[reader].parse, BOMBS[kind][name](MOST.get(reader, safe_yaml.MAX_BYTES)))
    assert not Path("/tmp/pwned").exists()  # noqa: S108 (what two of them would make)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, found in TABLES.items() for name in found])
def test_a_bomb_of_arrays_harms_nobody(kind: str, name: str) -> None:
    """Arrays that promise too much, hold code or no numbers end as a table or as a refusal."""
    verdict(targets.read_data(f"x.{kind}"), TABLES[kind][name](0))


@pytest.mark.parametrize("name", ["laughs", "anchor in itself", "python object", "half a character", "NUL"])
def test_what_is_no_plain_value_is_refused(name: str) -> None:
    """Aliases that grow, tags of code and broken characters are refused, not read in some way."""
    assert isinstance(verdict(BY_NAME["yaml"].parse, bombs.YAML[name](1000)), MalformedEvidence)
