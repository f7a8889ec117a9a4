"""Specific Character Set: the Standard's examples, all repertoires, and bytes that do not decode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings, decode_bytes

from upsdesk.dicom.charsets import can_encode, decode_text, encode_text
from upsdesk.dicom.codec import EXPLICIT, decode

NAME = b"\\^="

# PS3.5 Annexes H, I, J and K: names as the Standard prints their bytes.
EXAMPLES = [
    (
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        ["", "ISO 2022 IR 87"],
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    (
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"
        b"=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        ["ISO 2022 IR 13", "ISO 2022 IR 87"],
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    (
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        ["", "ISO 2022 IR 149"],
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    (
        b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=",
        ["ISO_IR 192"],
        "Wang^XiaoDong=王^小東=",
    ),
    (b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", ["GB18030"], "Wang^XiaoDong=王^小东="),
    (
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        ["", "ISO 2022 IR 58"],
        "Zhang^XiaoDong=张^小东=",
    ),
    (b"\xc4neas^R\xfcdiger", ["ISO_IR 100"], "Äneas^Rüdiger"),
    (b"\xbb\xee\xda\x63\x65\xdc\xd1yp\xd1", ["ISO_IR 144"], "Люкceмбypб"),
    (b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", ["ISO_IR 126"], "Διονυσιος"),
    (b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", ["ISO_IR 127"], "قباني^لنزار"),
    (b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", ["ISO_IR 138"], "שרון^דבורה"),
    (b"Buc^J\xe9r\xf4me", ["ISO 2022 IR 6", "ISO 2022 IR 100"], "Buc^J��r��me"),
    (b"Buc^\x1b-AJ\xe9r\xf4me", ["ISO 2022 IR 6", "ISO 2022 IR 100"], "Buc^Jérôme"),
    (b"\x1b-LD\xda\xe1", ["", "ISO 2022 IR 144"], "Dкс"),
]


@pytest.mark.parametrize(("data", "terms", "text"), EXAMPLES, ids=[str(row[1]) for row in EXAMPLES])
def test_examples(data: bytes, terms: list[str], text: str) -> None:
    if "�" in text:
        assert "�" in decode_text(data, terms, NAME)
    else:
        assert decode_text(data, terms, NAME) == text


# pydicom 3.0 shows the escape sequences of ISO 2022 IR 58.
COMPARABLE = [row[:2] for row in EXAMPLES if "�" not in row[2] and "ISO 2022 IR 58" not in row[1]]


@pytest.mark.parametrize(("data", "terms"), COMPARABLE)
def test_pydicom_agrees(data: bytes, terms: list[str]) -> None:
    assert decode_text(data, terms, NAME) == decode_bytes(data, convert_encodings(terms), set(NAME))


def test_a_second_byte_that_looks_like_a_backslash() -> None:
    data = b"A\\\x81\x5c\\B"  # GB18030: 0x81 0x5C is one character
    assert decode_text(data, ["GB18030"], b"\\") == "A\\" + b"\x81\x5c".decode("gb18030") + "\\B"
    kanji = b"\x1b$B\x30\x5c\x1b(B\\B"
    assert decode_text(kanji, ["", "ISO 2022 IR 87"], b"\\") == b"\x1b$B\x30\x5c".decode("iso2022_jp") + "\\B"


def test_code_extensions_start_over_at_delimiters() -> None:
    data = b"\x1b$)C\xb1\xe6^\xb5\xbf"  # after ^ the Korean set would have to be invoked again
    assert decode_text(data, ["", "ISO 2022 IR 149"], NAME).startswith("길^")
    assert "동" not in decode_text(data, ["", "ISO 2022 IR 149"], NAME)


def test_utf_8_without_a_declared_character_set_is_recognized() -> None:
    assert decode_text("Größe".encode(), []) == "Größe"
    assert decode_text("Größe".encode("latin-1"), []) == "Gr��e"


@given(
    st.binary(max_size=40), st.sampled_from([row[1] for row in EXAMPLES] + [[], ["nonsense"], ["ISO_IR 13"]])
)
def test_no_bytes_ever_raise(data: bytes, terms: list[str]) -> None:
    decode_text(data, terms, NAME)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("ISO_IR 100", "Größe"),
        ("ISO_IR 101", "Łódź"),
        ("ISO_IR 144", "Доза"),
        ("ISO_IR 126", "Δόση"),
        ("ISO_IR 138", "שלום"),
        ("ISO_IR 166", "กขค"),
        ("ISO_IR 192", "山田 Größe"),
        ("GB18030", "王小东"),
        ("GBK", "王小东"),
    ],
)
def test_single_sets_there_and_back(term: str, text: str) -> None:
    assert can_encode(text, [term])
    assert decode_text(encode_text(text, [term]), [term]) == text


def test_what_cannot_be_written() -> None:
    assert not can_encode("山", ["ISO_IR 100"])
    assert not can_encode("ö", [])
    assert not can_encode("山", ["", "ISO 2022 IR 87"]), "code extensions are read, never written"
    assert can_encode("plain", ["", "ISO 2022 IR 87"])


def test_a_data_set_is_read_with_its_own_character_set() -> None:
    assert (
        decode(b"\x08\0\x05\0CS\x0a\0ISO_IR 100\x10\0\x20\0LO\x04\0\xc4\xd6\xdc ", EXPLICIT).text(0x00100020)
        == "ÄÖÜ"
    )


def test_jis_x_0201_has_no_kanji() -> None:
    """Python's codec of that name writes them as two bytes, which ISO_IR 13 does not have."""
    assert can_encode("ﾔﾏﾀﾞ", ["ISO_IR 13"])
    assert decode_text(encode_text("ﾔﾏﾀﾞ", ["ISO_IR 13"]), ["ISO_IR 13"]) == "ﾔﾏﾀﾞ"
    assert not can_encode("山田", ["ISO_IR 13"])
