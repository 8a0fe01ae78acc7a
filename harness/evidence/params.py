"""Parameter files as DVC reads them: their values, which keys a declaration covers, and values to try.

DVC chooses the format by the file's ending: `.json`, `.toml`, `.py`, and YAML 1.2 for everything else
(https://dvc.org/doc/command-reference/params).
"""

from __future__ import annotations

import re
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias, cast

from harness.errors import MalformedEvidence
from harness.evidence.params_python import load_python
from harness.evidence.safe_yaml import Json, checked, decode, load_json, load_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from random import Random

Value: TypeAlias = Json
MAX_BYTES = 1024 * 1024
# tomllib needs time that grows with the square of a key's parts.
MAX_DOTS = 1000
NOT_IN_KEYS = re.compile(r"[^\w.\-\"' \t]+")
SMALL = (1, 2, 3)
FRACTIONS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
FAR_FRACTIONS = (0.5, 0.1, 0.35)
APART, FAR_APART = 0.049, 0.099
NO_SUCH_TEXT, NO_LIST = "no-such-value", 7
# What scikit-learn takes for one another.
OPTIONS = (
    ("gini", "entropy", "log_loss"),
    ("sqrt", "log2"),
    ("balanced", "balanced_subsample"),
    ("best", "random"),
    ("l2", "l1", "elasticnet"),
    ("lbfgs", "liblinear", "saga"),
    ("uniform", "distance"),
    ("rbf", "linear", "poly", "sigmoid"),
    ("mean", "median", "most_frequent"),
    ("binary", "macro", "weighted", "micro"),
    ("relu", "tanh", "logistic"),
)


def load_params(path: str, data: bytes) -> dict[str, Value]:
    """The values in a parameters file, nested; an empty file has none.

    Raises MalformedEvidence where the file is not valid, holds no mapping, or is larger than 1 MiB.
    """
    if len(data) > MAX_BYTES:
        raise MalformedEvidence(path, f"larger than {MAX_BYTES // 1024} KiB")
    loaders: Mapping[str, Callable[[bytes, str], object]] = {
        ".json": load_json,
        ".toml": _load_toml,
        ".py": load_python,
    }
    values = loaders.get(suffix(path), load_yaml)(data, path)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise MalformedEvidence(path, f"parameters should be a mapping, found {type(values).__name__}")
    return cast("dict[str, Value]", values)


def suffix(path: str) -> str:
    """The file's ending in lower case, by which DVC chooses the format."""
    return PurePosixPath(path).suffix.lower()


def flatten(mapping: Mapping[str, Value]) -> dict[str, Value]:
    """Dotted key to value for every leaf; a list is one leaf, and so is an empty mapping."""
    flat: dict[str, Value] = {}
    waiting: list[tuple[str, Value]] = list(mapping.items())[::-1]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{key}.{name}", inner) for name, inner in list(value.items())[::-1]]
        else:
            flat[key] = value
    return flat


def addressable(mapping: Mapping[str, Value]) -> dict[str, Value]:
    """The leaves that a dotted key leads to: not those whose own name has a dot, which DVC cannot name."""
    return {key: value for key, value in flatten(mapping).items() if _leads_to(mapping, key, value)}


def _leads_to(mapping: Mapping[str, Value], key: str, value: Value) -> bool:
    try:
        return lookup(mapping, key) is value
    except KeyError:
        return False


def lookup(mapping: Mapping[str, Value], key: str) -> Value:
    """The value, or the whole section, at a dotted key; raises KeyError where there is none."""
    value: Value = dict(mapping)
    for part in key.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(key)
    return value


def covers(declared: str, key: str) -> bool:
    """True when a declared key is the key itself or a section that holds it."""
    return key == declared or key.startswith(f"{declared}.")


def declares(keys: Iterable[str], key: str) -> bool:
    """True when a stage's declared keys of one file cover the key; no keys at all mean the whole file."""
    declared = tuple(keys)
    return not declared or any(covers(one, key) for one in declared)


def is_seed(key: str) -> bool:
    """True when the key's last part names a seed for random numbers."""
    name = key.rsplit(".", 1)[-1].lower()
    return "seed" in name or name in {"random_state", "randomstate", "rng"}


def candidates(value: Value, key: str, rng: Random) -> tuple[Value, ...]:
    """Other values that mean the same kind of thing, the first the most telling; nothing for text or lists.

    Small counts come first: with one to three trees or levels a change of the result shows.
    """
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return _other_ints(value, key, rng)
    if isinstance(value, float):
        return _other_floats(value, rng)
    return ()


def extremes(key: str, value: Value) -> tuple[Value, ...]:
    """Values far from the present one, for telling a hard-coded parameter from one that is read.

    A run that fails because of such a value shows that the parameter was read, so that text gets one as well,
    and a list or a section a number, which no code can go through.
    """
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int) or value is None:
        return _far_ints(value or 0, key)
    if isinstance(value, float):
        return _far_floats(value)
    return (NO_SUCH_TEXT,) if isinstance(value, str) else (NO_LIST,)


def milder(value: Value) -> tuple[Value, ...]:
    """Values of the same kind nearer to the present one, which a check of what is sensible may let through.

    Text has some only where it is an option of scikit-learn's; what is on or off, and nothing, has none.
    """
    if value is None or isinstance(value, bool):
        return ()
    if isinstance(value, str):
        return tuple(one for group in OPTIONS if value in group for one in group if one != value)[:2]
    return tuple(one for one in _nearer(value) if one != value)


def _nearer(value: float | list[Value] | dict[str, Value]) -> tuple[Value, ...]:
    if isinstance(value, int):
        return (value // 2, value + abs(value) + 1)
    if isinstance(value, float):
        return (round(value * 0.75, 12), round(value * 1.25, 12)) if value else (0.01,)
    if isinstance(value, list):
        return (value[:-1], value[::-1]) if value else ([NO_SUCH_TEXT], [1])
    return ({"no_such_key": 1},)


def _other_ints(value: int, key: str, rng: Random) -> tuple[int, ...]:
    if is_seed(key):
        return tuple(seed for seed in rng.sample(range(1, 10_000), 8) if seed != value)
    small = [number for number in SMALL if number != value]
    rng.shuffle(small)
    size = abs(value)
    large = {size * 2 + 1, size + 3, size // 2 + 4, size + 7, size * 2 + 6} - {value, *small}
    return (*small, *sorted(large))


def _other_floats(value: float, rng: Random) -> tuple[float, ...]:
    if 0 < value < 1:
        others = [number for number in FRACTIONS if abs(number - value) >= APART]
        rng.shuffle(others)
        return tuple(others)
    scaled = [round(value * factor, 12) for factor in (0.5, 2.0, 1.5)] if value else [0.5, 1.0, 2.0]
    rng.shuffle(scaled)
    return tuple(scaled)


def _far_ints(value: int, key: str) -> tuple[int, ...]:
    wanted = (value + 1, value + 4_242) if is_seed(key) else (1, 3, 2)
    return tuple(number for number in wanted if number != value)[:2]


def _far_floats(value: float) -> tuple[float, ...]:
    if 0 < value < 1:
        return tuple(number for number in FAR_FRACTIONS if abs(number - value) >= FAR_APART)[:2]
    return (value * 10, value / 10) if value else (1.0, 10.0)


def _load_toml(data: bytes, path: str) -> object:
    text = decode(data, path)
    if any(part.count(".") > MAX_DOTS for part in NOT_IN_KEYS.split(text)):
        raise MalformedEvidence(path, f"holds a key of more than {MAX_DOTS} parts")
    try:
        values = {key: _plain(value) for key, value in tomllib.loads(text).items()}
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise MalformedEvidence(path, f"not valid TOML: {str(error)[:200]}") from error
    return checked(values, path)


def _plain(value: object) -> Value:
    """A TOML value as JSON has it: dates and times become text."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bool | int | float | str):
        return value
    return str(value)
