"""Human performers and outputs between the wire and the words of a dialog."""

from __future__ import annotations

from collections.abc import Iterable

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code, codes_in
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.instances import count_of
from upsdesk.domain.workitem import person_name_words
from upsdesk.ui import presenter

NAME_LENGTH = 64
_NOT_IN_A_NAME = ("\\", "=", "^")
"""They separate values, representations and components of a PN (PS3.5 6.2.1)."""


def name_problem(text: str) -> str:
    """Why a typed name cannot be sent; empty when it can."""
    if any(sign in text for sign in _NOT_IN_A_NAME):
        return "Write it as Family, Given"
    return "Write the family name first" if text.strip().startswith(",") else ""


def name_on_the_wire(text: str) -> str:
    """`Meyer, Anna` as a Person Name."""
    family, _, given = (part.strip() for part in text.partition(","))
    return f"{family}^{given}".rstrip("^")


def performer_item(name: str, code: Code | None, organization: str) -> Elements:
    """An item of Actual Human Performers Sequence (PS3.4 Table CC.2.5-3); `name` as on the wire."""
    found: list[Element] = []
    if code is not None:
        found.append(sequence(tags.HUMAN_PERFORMER_CODE_SEQUENCE, code.to_elements()))
    if name:
        found.append(element(tags.HUMAN_PERFORMER_NAME, name))
    if organization:
        found.append(element(tags.HUMAN_PERFORMER_ORGANIZATION, organization))
    return Elements(found)


def performer_words(item: Elements) -> str:
    """`Meyer, Anna · 4711 99LOCAL`."""
    name = person_name_words(item.text(tags.HUMAN_PERFORMER_NAME).partition("=")[0])
    codes = codes_in(item, tags.HUMAN_PERFORMER_CODE_SEQUENCE)
    code = f"{codes[0].value} {codes[0].scheme}" if codes else ""
    organization = item.text(tags.HUMAN_PERFORMER_ORGANIZATION)
    return " · ".join(
        part for part in (name or (codes[0].meaning if codes else ""), code, organization) if part
    )


def outputs_words(items: Iterable[Elements]) -> str:
    """`3 instances in 2 series`."""
    count, series = count_of(items)
    told = presenter.count_words(count, "instance")
    return "none" if not count else f"{told} in {series} series" if series else told
