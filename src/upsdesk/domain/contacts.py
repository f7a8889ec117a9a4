"""Whom to reach about a workitem: an address and a name (PS3.4 Table CC.2.5-3, Communications URI)."""

from __future__ import annotations

from dataclasses import dataclass

from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Element, Elements

LONGEST_NAME = 64
"""Contact Display Name (0074,100C) is LO."""
LONGEST_URI = 1024
"""Longer ones are read nowhere; UR itself has no bound that anybody types."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One item of Procedure Step Communications URI Sequence: Contact URI is Type 1, its name Type 3."""

    uri: str
    name: str = ""

    @classmethod
    def read(cls, item: Elements) -> Contact:
        return cls(item.text(tags.CONTACT_URI), item.text(tags.CONTACT_DISPLAY_NAME))

    def to_elements(self) -> Elements:
        found: list[Element] = [element(tags.CONTACT_URI, self.uri)]
        if self.name:
            found.append(element(tags.CONTACT_DISPLAY_NAME, self.name))
        return Elements(found)

    @property
    def problem(self) -> str:
        """Why it cannot be sent, and how it is written; empty when it is right."""
        if not self.uri:
            return "A name needs an address: tel:+49301234567" if self.name else ""
        return uri_problem(self.uri)


def uri_problem(text: str) -> str:
    """Why a Contact URI (0074,100A) is none: UR has no spaces, and a scheme in front (RFC 3986)."""
    if not text:
        return ""
    scheme, colon, rest = text.partition(":")
    plain = scheme.replace("+", "").replace("-", "").replace(".", "")
    is_ascii = text.isascii() and text.isprintable()
    if not is_ascii or " " in text or not colon or not rest or not plain.isalnum() or not scheme[0].isalpha():
        return "Write it as tel:+49301234567 or mailto:desk@example.org"
    return ""


def contacts_in(progress: Elements) -> tuple[Contact, ...]:
    """The contacts of an item of Progress Information Sequence."""
    return tuple(
        Contact.read(item) for item in progress.items(tags.PROCEDURE_STEP_COMMUNICATIONS_URI_SEQUENCE)
    )
