"""Text as it is compared and found: without case and accents, so that `novak` finds `Novák`."""

from __future__ import annotations

import unicodedata

# Letters of their own in Unicode, which people type without their stroke.
_PLAIN = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})


def folded(text: str) -> str:
    """Lower case without accents; folding it again changes nothing."""
    if text.isascii():
        return text.lower()
    plain = text
    for _ in range(2):  # folding makes letters that decompose, and what decomposes may be upper case again
        plain = unicodedata.normalize("NFKD", plain).casefold().translate(_PLAIN)
    kept = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", kept)  # Hangul falls apart under NFKD


def folded_name(text: str) -> str:
    """A person name as names are compared: folded, without insignificant spaces and delimiters."""
    return " ".join(folded(text).split()).rstrip("^ ")
