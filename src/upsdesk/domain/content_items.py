"""Content items as a form writes them: a coded name and one value (PS3.4 Table CC.2.5-2b)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.elements import Element, Elements

NO_UNITS = Code("1", "UCUM", "no units")


class ValueType(Enum):
    """Value Type (0040,A040) of what can be written here; the others are kept as they are."""

    TEXT = "TEXT"
    NUMERIC = "NUMERIC"
    CODE = "CODE"

    @property
    def words(self) -> str:
        return {"TEXT": "Text", "NUMERIC": "Number", "CODE": "Code"}[self.value]


@dataclass(frozen=True, slots=True)
class ContentItem:
    """`value` is text, a number as text, or `VALUE^SCHEME^MEANING`; `unit` a UCUM code, empty for none."""

    name: Code
    type: ValueType
    value: str
    unit: str = ""

    @classmethod
    def read(cls, item: Elements) -> ContentItem | None:
        """What a form can show and write; None for any other kind of item."""
        names = codes_in(item, tags.CONCEPT_NAME_CODE_SEQUENCE)
        written = item.text(tags.VALUE_TYPE)
        if not names or written not in ValueType.__members__:
            return None
        kind = ValueType(written)
        if kind is ValueType.TEXT:
            return cls(names[0], kind, item.text(tags.TEXT_VALUE))
        if kind is ValueType.CODE:
            codes = codes_in(item, tags.CONCEPT_CODE_SEQUENCE)
            return cls(names[0], kind, str(codes[0])) if len(codes) == 1 else None
        numbers = item.texts(tags.NUMERIC_VALUE)
        units = codes_in(item, tags.MEASUREMENT_UNITS_CODE_SEQUENCE)
        if len(numbers) != 1:
            return None
        unit = units[0].value if units and units[0].value != NO_UNITS.value else ""
        return cls(names[0], kind, numbers[0], unit)

    @property
    def problem(self) -> str:
        """Why it cannot be sent; empty when it can."""
        if not self.value:
            return "A value is needed"
        if self.type is ValueType.CODE:
            try:
                Code.parse(self.value)
            except ValueError:
                return "Write a code as VALUE^SCHEME^MEANING"
        if self.type is ValueType.NUMERIC and not _is_number(self.value):
            return "Write a number, such as 2 or 1.5"
        return ""

    def to_elements(self) -> Elements:
        """An item without a problem, for the wire."""
        found: list[Element] = [
            element(tags.VALUE_TYPE, self.type.value),
            sequence(tags.CONCEPT_NAME_CODE_SEQUENCE, self.name.to_elements()),
        ]
        if self.type is ValueType.TEXT:
            found.append(element(tags.TEXT_VALUE, self.value))
        elif self.type is ValueType.CODE:
            code = Code.parse(self.value)
            found.append(sequence(tags.CONCEPT_CODE_SEQUENCE, code.to_elements()))
        else:
            unit = Code(self.unit, "UCUM", self.unit) if self.unit else NO_UNITS
            found.append(element(tags.NUMERIC_VALUE, self.value))
            found.append(sequence(tags.MEASUREMENT_UNITS_CODE_SEQUENCE, unit.to_elements()))
        return Elements(found)


def _is_number(text: str) -> bool:
    """A DS of at most 16 characters (PS3.5 6.2)."""
    if len(text) > 16 or not set(text) <= set("0123456789+-.eE"):
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
