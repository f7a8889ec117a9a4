"""Coded entries: value, scheme and meaning as one value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Element, Elements, Remembered


@dataclass(frozen=True, slots=True)
class Code:
    """One item of a code sequence (PS3.3 8.8-1a)."""

    value: str
    scheme: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.value}^{self.scheme}^{self.meaning}"

    @classmethod
    def parse(cls, text: str) -> Code:
        """Read `VALUE^SCHEME^MEANING`; raise ValueError when one of the three is missing."""
        parts = [part.strip() for part in text.split("^")]
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{text!r} is no code: write VALUE^SCHEME^MEANING")
        return cls(*parts)

    @classmethod
    def read(cls, item: Elements) -> Code:
        """The code in a sequence item, long and URN values included."""
        value = (
            item.text(tags.CODE_VALUE) or item.text(tags.LONG_CODE_VALUE) or item.text(tags.URN_CODE_VALUE)
        )
        return cls(value, item.text(tags.CODING_SCHEME_DESIGNATOR), item.text(tags.CODE_MEANING))

    def to_elements(self) -> Elements:
        """A sequence item; a value longer than 16 characters goes to Long Code Value (PS3.3 8.8.1)."""
        value_tag = tags.CODE_VALUE if len(self.value) <= 16 else tags.LONG_CODE_VALUE
        found: list[Element] = [
            attributes.element(value_tag, self.value),
            attributes.element(tags.CODE_MEANING, self.meaning),
        ]
        if self.scheme:
            found.append(attributes.element(tags.CODING_SCHEME_DESIGNATOR, self.scheme))
        return Elements(found)


def codes_in(elements: Elements, *path: int) -> tuple[Code, ...]:
    """The codes of the sequence at `path`; equal ones are one object, however many workitems name them."""
    element = elements.get(*path)
    return _codes_of(element) if element is not None and element.items else ()


def _read(element: Element) -> tuple[Code, ...]:
    found = tuple(Code.read(item) for item in element.items or ())
    return _shared(tuple((code.value, code.scheme, code.meaning) for code in found))


@lru_cache(4096)
def _shared(codes: tuple[tuple[str, str, str], ...]) -> tuple[Code, ...]:
    return tuple(Code(*parts) for parts in codes)


_codes_of = Remembered(_read)
