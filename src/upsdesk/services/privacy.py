"""Names hidden: what stands in place of patients' data while others look at the screen or get the files.

Nothing else decides it. Sorting and filtering go on by the real values; only words are masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.plain import plain
from upsdesk.domain.state import Refusal
from upsdesk.domain.workitem import PatientFacts, Workitem, person_name_words
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.settings import Settings

MASK = "•••"
REFUSAL = Refusal("Names are hidden.", "Show them to act (Ctrl+Shift+M).")
"""Why nothing is done to a workitem meanwhile."""
_GROUPS = (0x0010, 0x0038)
"""The patient, and the visit (PS3.6 6)."""
_PATIENT_SEX = 0x00100040
"""Stays, as in every banner: alone it names nobody."""
_OF_REQUESTS = frozenset(
    {
        0x00080050,  # Accession Number
        0x00080051,  # Issuer of Accession Number Sequence
        0x00080090,  # Referring Physician's Name
        0x00401001,  # Requested Procedure ID
        0x00402016,  # Placer Order Number / Imaging Service Request
        0x00402017,  # Filler Order Number / Imaging Service Request
    }
)
_LEAST = 3
"""Shorter texts would take pieces out of every sentence."""
_UNSPACED = "\u2e80"
"""From here on Unicode has the scripts of East Asia: short names, and no spaces around them."""


class Pseudonym(PatientFacts):
    """What is shown of a patient whose name is hidden; it is never masked again."""

    __slots__ = ()


class Privacy:
    """Whether names are hidden, kept over a restart, and what is shown then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._numbers: dict[tuple[str, ...], int] = {}
        self.is_hidden = settings.desk.names_hidden
        self.changed: Callbacks[[]] = Callbacks()

    def hide(self, hidden: bool) -> None:
        """Hide names or show them; raise OSError when that cannot be kept, and nothing has changed then."""
        if hidden is self.is_hidden:
            return
        self._settings.save_desk(replace(self._settings.desk, names_hidden=hidden))
        self.is_hidden = hidden
        self.changed.tell()

    @property
    def refusal(self) -> Refusal | None:
        """Why nothing is done to a workitem now; None while names are shown."""
        return REFUSAL if self.is_hidden else None

    def facts(self, facts: PatientFacts) -> PatientFacts:
        """As a screen shows them: while names are hidden, a number by which patients are told apart.

        The same patient has the same number until the program ends.
        """
        if not self.is_hidden or isinstance(facts, Pseudonym):
            return facts
        if not (facts.name or facts.patient_id):
            return Pseudonym("", "", MASK if facts.birth_date else "", facts.sex, "")
        who = (facts.patient_id, facts.issuer) if facts.patient_id else ("", facts.name, facts.birth_date)
        number = self._numbers.setdefault(who, len(self._numbers) + 1)
        identity, born, issuer = (
            MASK if text else "" for text in (facts.patient_id, facts.birth_date, facts.issuer)
        )
        return Pseudonym(f"Patient {number}", identity, born, facts.sex, issuer)

    def words(self, text: str, workitem: Workitem | None) -> str:
        """A text about a workitem: what says who its patient is becomes the mask.

        Of a workitem that is not known nothing is said at all.
        """
        if not self.is_hidden or not text:
            return text
        if workitem is None:
            return MASK
        return _without(text, workitem.patient, workitem.accession)

    def typed(self, text: str) -> str:
        """What a person has typed to find somebody, or what identifies a request."""
        return MASK if self.is_hidden and text else text

    def at(self, path: Path, text: str, workitem: Workitem) -> str:
        """What stands at a path of a workitem's data set."""
        if not self.is_hidden or not text:
            return text
        return MASK if any(map(is_personal, path)) else self.words(text, workitem)

    def elements(self, elements: Elements) -> Elements:
        """A data set for a file: the number in place of the name, the rest of the patient empty.

        Bytes that cannot be read here, and private attributes, are left out: they may say who it is.
        """
        if not self.is_hidden:
            return elements
        facts = PatientFacts(
            elements.text(tags.PATIENT_NAME),
            elements.text(tags.PATIENT_ID),
            elements.text(tags.PATIENT_BIRTH_DATE),
            elements.text(tags.PATIENT_SEX),
            elements.text(tags.ISSUER_OF_PATIENT_ID),
        )
        accession = elements.text(tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER)
        return Elements(_masked(elements, facts, self.facts(facts).name, accession))


def is_personal(tag: int) -> bool:
    """Whether an attribute, or a sequence with all in it, says who the patient is, or which visit it was."""
    return (tag >> 16 in _GROUPS and tag != _PATIENT_SEX) or tag in _OF_REQUESTS


def _masked(elements: Elements, facts: PatientFacts, name: str, accession: str) -> Iterable[Element]:
    for one in elements:
        if one.raw is not None or (one.tag >> 16) % 2:
            continue
        if one.tag == tags.PATIENT_NAME:
            yield Element(one.tag, one.vr, (name,) if one.values else ())
        elif is_personal(one.tag):
            yield Element(one.tag, one.vr, items=() if one.items is not None else None)
        elif one.items is not None:
            items = tuple(Elements(_masked(item, facts, name, accession)) for item in one.items)
            yield Element(one.tag, one.vr, items=items)
        elif one.vr == "UI":  # a UID is the key by which systems know the workitem
            yield one
        else:
            values = (_without(v, facts, accession) if isinstance(v, str) else v for v in one.values)
            yield Element(one.tag, one.vr, tuple(values))


def _without(text: str, facts: PatientFacts, *others: str) -> str:
    folded = text.casefold()
    found = [said for said, as_folded in _searched(facts, others) if as_folded in folded]
    # Few texts name anybody, and an expression costs more than all the rest.
    return re.sub("|".join(map(_as_word, found)), MASK, text, flags=re.IGNORECASE) if found else text


@lru_cache(4096)
def _searched(facts: PatientFacts, others: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What says who somebody is, the longest first, as it is written and folded."""
    if isinstance(facts, Pseudonym):
        return ()
    found = {text for text in (*_said_of(facts), *others) if len(text.strip()) >= _least(text)}
    return tuple((text, text.casefold()) for text in sorted(found, key=len, reverse=True))


def _is_spaced(text: str) -> bool:
    """Whether its script puts spaces between words."""
    return max(text) < _UNSPACED


def _least(text: str) -> int:
    return _LEAST if not text or _is_spaced(text) else _LEAST - 1


def _as_word(text: str) -> str:
    said = re.escape(text)
    return rf"(?<!\w){said}(?!\w)" if _is_spaced(text) else said


def _said_of(facts: PatientFacts) -> Iterable[str]:
    yield facts.name
    yield facts.display_name
    for group in facts.name.split("="):
        yield group
        yield person_name_words(group)
        yield from re.split(r"[\^\s,]+", group)
    for text in (facts.patient_id, facts.issuer, facts.birth_date):
        yield text
        yield plain(text)
    if facts.born is not None:
        for form in ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y"):
            yield facts.born.strftime(form)
