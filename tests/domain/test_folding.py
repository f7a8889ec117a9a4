"""Folding: what is found by what is typed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upsdesk.domain.folding import folded


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Novák", "novak"),
        ("Łukasz", "lukasz"),
        ("Straße", "strasse"),
        ("홍길동", "홍길동"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
    ],
)
def test_what_is_typed_without_accents_is_found(text: str, plain: str) -> None:
    assert folded(text) == plain


@given(st.text(max_size=20))
@example("㍺")  # decomposes into capitals
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
