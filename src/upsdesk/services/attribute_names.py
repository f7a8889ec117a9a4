"""Which attribute a person means: a keyword or 8 hex digits, nested by `/`; what is offered on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Path
from upsdesk.services.loading import load_dicom

LONGEST = 512
"""Characters of a path."""


@dataclass(frozen=True, slots=True)
class NamedPath:
    """An attribute of any depth with its names; made once, so that nothing has to be looked up to draw it."""

    path: Path
    keywords: str
    """As it is typed: `ScheduledWorkitemCodeSequence/CodeMeaning`; hex digits where there is no keyword."""
    name: str
    """The Standard's name of the last attribute."""
    title: str
    """A short name that tells it from others: a part of a code is named by its sequence."""
    vr: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to go on typing."""

    text: str
    """The whole field with it."""
    name: str
    vr: str


def read_path(typed: str) -> NamedPath:
    """The attribute that `typed` names; raise ValueError with one sentence, and a keyword that is close."""
    found = _read_path(typed.strip())
    if isinstance(found, str):
        raise ValueError(found)
    return found


@lru_cache(
    1024
)  # what is close to a wrong keyword takes long to find, and a form asks with every key pressed
def _read_path(typed: str) -> NamedPath | str:
    load_dicom()
    from upsdesk.dicom.paths import parse_path

    if len(typed) > LONGEST:
        return "That is longer than the name of any attribute."
    try:
        return named(parse_path(typed))
    except ValueError as error:
        return str(error)


@lru_cache(1024)
def named(path: Path) -> NamedPath:
    """The names of a path that is known already."""
    load_dicom()
    from upsdesk.dicom.paths import name_of, path_text, vr_of

    names = [name_of(tag) for tag in path]
    return NamedPath(path, path_text(path), names[-1], _title(path, names), vr_of(path[-1]))


def _title(path: Path, names: Sequence[str]) -> str:
    if len(path) == 1 or path[-1] not in _PARTS_OF_A_CODE:
        return names[-1].removesuffix(" Sequence")
    of_what = names[-2].removesuffix(" Sequence").removesuffix(" Code")
    return f"{of_what} {_PARTS_OF_A_CODE[path[-1]]}".strip()


def suggestions(typed: str, most: int = 12) -> tuple[Suggestion, ...]:
    """Attributes whose keyword or name has what was typed after the last `/`; those of the UPS first.

    Behind a sequence of the UPS its own attributes are offered before anything is typed.
    """
    before, slash, part = typed.strip().rpartition("/")
    wanted = part.strip().lower()
    known = _of_the_ups(before)
    if not wanted:
        return tuple(Suggestion(f"{before}{slash}{keyword}", *_said(keyword)) for keyword in known[:most])
    found = _matching(wanted, known)
    if len(found) < most:
        own = set(known)
        found += _matching(wanted, tuple(one for one in _all_keywords() if one not in own))
    return tuple(Suggestion(f"{before}{slash}{keyword}", *_said(keyword)) for keyword in found[:most])


def _of_the_ups(before: str) -> tuple[str, ...]:
    """Keywords of the UPS table that stand behind these sequences."""
    try:
        parent = read_path(before).keywords.split("/") if before else []
    except ValueError:
        return ()
    # The items of all code sequences are alike; the table spells them out for those of a UPS.
    rows = [row.keyword for row in attributes.table() if list(row.parent) == parent]
    return tuple(rows) or (_IN_A_CODE if parent and parent[-1].endswith("CodeSequence") else ())


def _matching(wanted: str, keywords: tuple[str, ...]) -> list[str]:
    """Those that begin with it, then those that have it anywhere; blanks as in the names do not count."""
    lowered = {keyword: keyword.lower() for keyword in keywords}
    plain = wanted.replace(" ", "")
    first = [one for one, low in lowered.items() if low.startswith(plain)]
    inside = [one for one, low in lowered.items() if plain in low and not low.startswith(plain)]
    return first + inside


@lru_cache(1)
def _all_keywords() -> tuple[str, ...]:
    load_dicom()
    from upsdesk.dicom.dictionary import all_keywords

    return tuple(sorted(all_keywords()))


@lru_cache(4096)
def _said(keyword: str) -> tuple[str, str]:
    load_dicom()
    from upsdesk.dicom.dictionary import name_of, tag_of, vr_of

    tag = tag_of(keyword)
    return (name_of(tag), vr_of(tag)) if tag is not None else (keyword, "UN")


_PARTS_OF_A_CODE = {
    tags.CODE_MEANING: "",
    tags.CODE_VALUE: "code",
    tags.CODING_SCHEME_DESIGNATOR: "scheme",
}
_IN_A_CODE = ("CodeMeaning", "CodeValue", "CodingSchemeDesignator")


def refusal_of(path: Path) -> str:
    """Why an attribute cannot be a column or a key; empty when it can.

    The Transaction UID is never returned (PS3.4 CC.2.7.3) and never shown; (gggg,0000) and groups below 0008
    stand in no data set (PS3.5 7.1).
    """
    if tags.TRANSACTION_UID in path:
        return "The Transaction UID is never returned by a server and never shown."
    if any(tag & 0xFFFF == 0 or tag >> 16 < 0x0008 or tag >> 16 == 0xFFFE for tag in path):
        return "That is no attribute of a data set."
    return ""
