"""Text that came out of a submission, made fit to be shown: it cannot steer a terminal, nor flood it."""

from __future__ import annotations

import unicodedata

KEPT = {"\n"}
# Cc and Cf move the cursor, colour, reorder or hide; Cs, Co and Cn are no characters; Zl and Zp break lines.
SHUT_OUT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def safe(text: str, limit: int = 400) -> str:
    """Return the text with steering characters escaped, cut in its middle to about ``limit`` characters."""
    shown = "".join(map(_shown, text.replace("\r\n", "\n").expandtabs(4)))
    if len(shown) <= limit:
        return shown
    half = limit // 2 - 10
    return f"{shown[:half].rstrip()} … {len(shown) - 2 * half} more … {shown[-half:].lstrip()}"


def safe_line(text: str, limit: int = 200) -> str:
    """Return the text as one line, white space collapsed, cut like ``safe``."""
    return safe(" ".join(text.split()), limit)


def _shown(character: str) -> str:
    if character in KEPT or unicodedata.category(character) not in SHUT_OUT:
        return character
    return character.encode("unicode_escape").decode("ascii")
