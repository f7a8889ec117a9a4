"""What others wrote, as a screen shows it: it steers nothing, floods nothing, and is else as it was."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from upsdesk.domain.plain import LONGEST, plain, plain_lines
from upsdesk.domain.workitem import PatientFacts

OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"
STEERING = {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI", "B", "S"}
"""Classes of the Unicode bidirectional algorithm that a single character sets off."""


@given(st.text(), st.integers(1, 50))
def test_nothing_steers_what_shows_it(text: str, most: int) -> None:
    shown = plain(text, most)
    assert len(shown) <= most + 1
    assert not any(unicodedata.bidirectional(char) in STEERING for char in shown)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert plain(shown, most + 1) == shown
    assert len(plain_lines(text, most)) <= most + 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=LONGEST))
def test_what_steers_nothing_is_shown_as_it_was_written(text: str) -> None:
    assert plain(text) == plain_lines(text) == text


def test_names_in_every_script_stay_and_cannot_be_turned_round() -> None:
    for name in (
        "山田\N{IDEOGRAPHIC SPACE}太郎",
        "رحمانی\N{ZERO WIDTH NON-JOINER}ها",
        "Đức Thịnh",
        "a\N{NO-BREAK SPACE}b",
    ):
        assert PatientFacts(name=name).display_name == name
    assert PatientFacts(name=f"{OVERRIDE}nemroD^naJ").display_name == "\N{REPLACEMENT CHARACTER}nemroD, naJ"
    assert plain("one\r\ntwo\tthree") == "one two three"
    assert plain_lines("one\r\ntwo\x07") == "one\ntwo\N{REPLACEMENT CHARACTER}"
