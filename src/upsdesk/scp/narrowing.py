"""Which keys of a search the store's indexes can decide beforehand, and in which form they are kept there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements, Path
from upsdesk.domain.folding import folded_name

LONGEST_VALUE = 128
"""Indexed values are cut here, on both sides of a comparison; every row is tested in full afterwards."""


class Key(Enum):
    """A text that is indexed. The numbers stand in stores: they are never changed or given anew.

    The order is that of how much a value usually selects: the first key given is the one that is looked up.
    """

    PATIENT_ID = 1
    ACCESSION_NUMBER = 2
    REQUESTED_PROCEDURE_ID = 3
    ADMISSION_ID = 4
    STUDY_INSTANCE_UID = 5
    PATIENT_NAME = 6
    HUMAN_PERFORMER = 7
    STATION_NAME = 8
    WORKITEM_CODE = 9
    STATION_LOCATION = 10
    STATION_CLASS = 11
    LABEL = 12
    WORKLIST_LABEL = 13

    @property
    def is_identifying(self) -> bool:
        """Whether one value belongs to few workitems."""
        return self.value <= Key.PATIENT_NAME.value


KEY_PATHS: dict[Key, Path] = {
    Key.PATIENT_ID: (tags.PATIENT_ID,),
    Key.ACCESSION_NUMBER: (tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER),
    Key.REQUESTED_PROCEDURE_ID: (tags.REFERENCED_REQUEST_SEQUENCE, tags.REQUESTED_PROCEDURE_ID),
    Key.ADMISSION_ID: (tags.ADMISSION_ID,),
    Key.STUDY_INSTANCE_UID: (tags.STUDY_INSTANCE_UID,),
    Key.PATIENT_NAME: (tags.PATIENT_NAME,),
    Key.HUMAN_PERFORMER: (
        tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE,
        tags.HUMAN_PERFORMER_CODE_SEQUENCE,
        tags.CODE_VALUE,
    ),
    Key.STATION_NAME: (tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE),
    Key.WORKITEM_CODE: (tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_VALUE),
    Key.STATION_LOCATION: (tags.SCHEDULED_STATION_GEOGRAPHIC_LOCATION_CODE_SEQUENCE, tags.CODE_VALUE),
    Key.STATION_CLASS: (tags.SCHEDULED_STATION_CLASS_CODE_SEQUENCE, tags.CODE_VALUE),
    Key.LABEL: (tags.PROCEDURE_STEP_LABEL,),
    Key.WORKLIST_LABEL: (tags.WORKLIST_LABEL,),
}
KEY_AT: dict[Path, Key] = {path: key for key, path in KEY_PATHS.items()}
INDEXED_TAGS = frozenset(path[0] for path in KEY_PATHS.values())
"""A change of none of these top-level elements leaves the index of texts as it is."""


class When(Enum):
    """A date-time that is indexed; the value is its column."""

    START = "start"
    COMPLETION = "completion"
    EXPIRATION = "expires"
    MODIFICATION = "modified"


WHEN_TAGS: dict[When, int] = {
    When.START: tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
    When.COMPLETION: tags.EXPECTED_COMPLETION_DATE_TIME,
    When.EXPIRATION: tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,
    When.MODIFICATION: tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME,
}
WHEN_AT: dict[Path, When] = {(tag,): when for when, tag in WHEN_TAGS.items()}


@dataclass(frozen=True, slots=True)
class Range:
    """Both ends belong to it, in POSIX seconds; infinite when open."""

    when: When
    low: float = float("-inf")
    high: float = float("inf")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What must be true of a workitem that can match; all of it, and each may leave too many, never too few.

    Empty texts and tuples leave everything open.
    """

    uids: tuple[str, ...] = ()
    state: str = ""
    priority: str = ""
    readiness: str = ""
    equal: tuple[tuple[Key, str], ...] = ()
    """One of the values at the key's path is this one, in the form of `key_value`."""
    like: tuple[tuple[Key, str], ...] = ()
    """One of them matches, with `*` any run of characters and `?` exactly one."""
    ranges: tuple[Range, ...] = ()


def key_value(key: Key, text: str) -> str:
    """`text` as the index has it; of a name, one of its groups."""
    return (folded_name(text) if key is Key.PATIENT_NAME else text)[:LONGEST_VALUE]


def key_values(elements: Elements) -> Iterator[tuple[Key, str]]:
    """What the index keeps of a workitem: every value of every item, each once."""
    for key, path in KEY_PATHS.items():
        texts = set(_texts(elements, path))
        if key is Key.PATIENT_NAME:
            texts = {group for text in texts for group in text.split("=")}
        for value in sorted({key_value(key, text) for text in texts} - {""}):
            yield key, value


def _texts(elements: Elements, path: Path) -> Iterator[str]:
    if len(path) == 1:
        yield from elements.texts(path[0])
        return
    for item in elements.items(path[0]):
        yield from _texts(item, path[1:])
