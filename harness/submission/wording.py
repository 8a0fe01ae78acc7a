"""How untrusted names appear in sentences: printable, short, without passwords."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


def shown(text: object, limit: int = 200) -> str:
    """Return the text without control characters, lone surrogates and passwords in URLs, cut at the limit."""
    plain = _PASSWORD.sub("", str(text)).encode("utf-8", "backslashreplace").decode("utf-8")
    safe = "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in plain[: 2 * limit]
    )
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def listed(names: list[str], limit: int = 8) -> str:
    """Return the names as one readable enumeration, "(none)" for an empty one."""
    if not names:
        return "(none)"
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(shown(name, 80) for name in names[:limit]) + more
