"""Decides how bytes become characters and back: Specific Character Set (0008,0005), PS3.5 6.1.

Nothing here raises for bytes that do not decode: they are shown as U+FFFD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UTF_8 = "ISO_IR 192"
"""The character set that we write when the default repertoire does not suffice."""

_PLAIN_CODECS = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 166": "tis-620",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
# With code extensions the first term names the set that a value begins with (PS3.5 6.1.2.5.3).
# Values of the multi-byte sets begin with ASCII.
_FIRST_CODECS = {
    "ISO 2022 IR 6": "ascii",
    "ISO 2022 IR 58": "ascii",
    "ISO 2022 IR 87": "ascii",
    "ISO 2022 IR 149": "ascii",
    "ISO 2022 IR 159": "ascii",
} | {term.replace("ISO_IR", "ISO 2022 IR"): codec for term, codec in _PLAIN_CODECS.items() if term}

WRITABLE = tuple(term for term in _PLAIN_CODECS if term)
"""The Defined Terms that texts can be written in, one at a time."""
EXTENSIONS = tuple(term for term in _FIRST_CODECS if term not in WRITABLE and term != "ISO 2022 IR 192")
"""Those of code extensions, which are read, alone or several together (PS3.3 Tables C.12-3 and C.12-4)."""

_ESC = 0x1B


@dataclass(frozen=True, slots=True)
class _Set:
    """What an escape sequence switches to: a code element (G0 or G1) and the codec of its bytes."""

    right: bool
    codec: str
    width: int = 1
    prefix: bytes = b""
    """The escape sequence that Python's codec itself wants to see first."""


# PS3.3 Table C.12-3 and C.12-4.
_ESCAPES: dict[bytes, _Set] = {
    b"(B": _Set(False, "ascii"),
    b"(J": _Set(False, "shift_jis"),
    b")I": _Set(True, "shift_jis"),
    b"-A": _Set(True, "latin-1"),
    b"-B": _Set(True, "iso8859-2"),
    b"-C": _Set(True, "iso8859-3"),
    b"-D": _Set(True, "iso8859-4"),
    b"-L": _Set(True, "iso8859-5"),
    b"-G": _Set(True, "iso8859-6"),
    b"-F": _Set(True, "iso8859-7"),
    b"-H": _Set(True, "iso8859-8"),
    b"-M": _Set(True, "iso8859-9"),
    b"-b": _Set(True, "iso8859-15"),
    b"-T": _Set(True, "tis-620"),
    b"$B": _Set(False, "iso2022_jp_2", 2, b"\x1b$B"),
    b"$(D": _Set(False, "iso2022_jp_2", 2, b"\x1b$(D"),
    b"$)C": _Set(True, "euc_kr", 2),
    b"$)A": _Set(True, "gb2312", 2),
}
_LONGEST_ESCAPE = 3


def decode_text(data: bytes, terms: Sequence[str], delimiters: bytes = b"") -> str:
    """`data` as characters.

    `terms` are the values of (0008,0005), `delimiters` the bytes at which code extensions start over
    (PS3.5 6.1.2.5.3: backslash, and `^` and `=` in a person name; control characters always do).
    """
    if _has_extensions(terms) and _ESC in data:
        return _decode_extended(data, _first_set(terms), delimiters + b"\t\n\f\r")
    codec = _codec_of(terms)
    if codec == "ascii" and not data.isascii():
        # Latin-1 and UTF-8 without a declared character set are both met; UTF-8 proves itself.
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return data.decode(codec, errors="replace")


def encode_text(text: str, terms: Sequence[str]) -> bytes:
    """`text` in the declared character set; characters that it lacks become `?` (see `can_encode`)."""
    return text.encode(_codec_of(terms), errors="replace")


def can_encode(text: str, terms: Sequence[str]) -> bool:
    """Whether every character of `text` can be written under these terms; code extensions never are."""
    if text.isascii():
        return not _has_extensions(terms) or "\x1b" not in text
    if len(terms) != 1 or terms[0] not in _PLAIN_CODECS:
        return False
    codec = _PLAIN_CODECS[terms[0]]
    try:
        data = text.encode(codec)
        if codec == "shift_jis" and len(data) != len(text):
            return False  # ISO_IR 13 has the katakana of that code, and none of its kanji (PS3.3 C.12.1.1.2)
        # There and back: some codecs fold characters into look-alikes.
        return data.decode(codec) == text
    except UnicodeError:
        return False


def _has_extensions(terms: Sequence[str]) -> bool:
    return len(terms) > 1 or any(term.startswith("ISO 2022") for term in terms)


def _codec_of(terms: Sequence[str]) -> str:
    # In lower case, and with a hyphen or a space for the underline, the terms are met too.
    term = terms[0].strip().upper() if terms else ""
    term = f"ISO_IR {term[7:]}" if term[:7] in ("ISO-IR ", "ISO_IR_", "ISO_IR-", "ISO IR ") else term
    return _PLAIN_CODECS.get(term) or _FIRST_CODECS.get(term) or "ascii"


def _first_set(terms: Sequence[str]) -> tuple[_Set, _Set]:
    codec = _codec_of(terms)
    left = "shift_jis" if codec == "shift_jis" else "ascii"
    return _Set(False, left), _Set(True, codec)


def _decode_extended(data: bytes, first: tuple[_Set, _Set], delimiters: bytes) -> str:
    """Follow the escape sequences of ISO 2022 through `data`."""
    left, right = first
    shown: list[str] = []
    at = 0
    while at < len(data):
        byte = data[at]
        if byte == _ESC:
            found = _escape_at(data, at + 1)
            if found is None:
                shown.append("\N{REPLACEMENT CHARACTER}")
                at += 1
                continue
            sequence, chosen = found
            left, right = (left, chosen) if chosen.right else (chosen, right)
            at += 1 + len(sequence)
        elif byte in delimiters and left.width == 1:
            left, right = first
            shown.append(chr(byte))
            at += 1
        else:
            end = _end_of_run(data, at, delimiters if left.width == 1 else b"")
            shown.append(_decode_run(data[at:end], right if byte & 0x80 else left))
            at = end
    return "".join(shown)


def _escape_at(data: bytes, at: int) -> tuple[bytes, _Set] | None:
    for length in range(_LONGEST_ESCAPE, 1, -1):
        sequence = data[at : at + length]
        if sequence in _ESCAPES:
            return sequence, _ESCAPES[sequence]
    return None


def _end_of_run(data: bytes, at: int, delimiters: bytes) -> int:
    """Where the bytes of one code element end: at an escape, a delimiter, or a change of the high bit."""
    high = data[at] & 0x80
    end = at + 1
    while end < len(data) and data[end] != _ESC and data[end] & 0x80 == high and data[end] not in delimiters:
        end += 1
    return end


def _decode_run(run: bytes, chosen: _Set) -> str:
    return (chosen.prefix + run).decode(chosen.codec, errors="replace")
