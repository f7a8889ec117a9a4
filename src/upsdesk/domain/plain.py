"""Decides how text that others wrote is shown: nothing in it steers what shows it, and nothing floods it."""

from __future__ import annotations

import re

LONGEST = 400
"""Characters of one value on a screen. The longest that the Standard allows in a list are names of 3 x 64."""
LONGEST_TEXT = 4_000
"""Of one that may have several lines."""
_BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, those that turn the direction of writing, and those that are never seen.

A name between overrides would be read from its end. Marks of direction, which some scripts need, stay.
"""


def plain(text: str, most: int = LONGEST) -> str:
    """`text` on one line; U+FFFD stands for each character that steers, an ellipsis for what is too long."""
    if len(text) > most:
        text = f"{text[:most]}…"
    if text.isprintable():
        return text
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", _BREAKS.sub(" ", text))


def plain_lines(text: str, most: int = LONGEST_TEXT) -> str:
    """As `plain`, with the line ends of a text that may have several."""
    if len(text) <= most and text.isprintable():
        return text
    lines = [plain(line, most) for line in text[:most].splitlines()]
    return "\n".join(lines) + "…" * (len(text) > most)
