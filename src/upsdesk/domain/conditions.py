"""The conditional attributes of a UPS as data: which conditions a data set decides, and which nobody can see.

Types 1C and 2C of PS3.4 Table CC.2.5-3 with the conditions of its macros (PS3.3 8.8, 10.2). A condition that
hangs on something outside the data set (what the requestor knows or expects) is listed in `NOT_DECIDABLE` and
never enforced. An empty attribute counts as one that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum

from upsdesk.domain import tags
from upsdesk.domain.elements import Elements


class Macro(Enum):
    """The groups of attributes that stand together in an item."""

    CODE = "code"
    CONTENT_ITEM = "content item"
    INSTANCES = "referenced instances and access"
    REFERENCE = "referenced SOP instance"
    DESIGNATOR = "HL7v2 hierarchic designator"
    QUALIFIERS = "qualifiers of an issuer of a patient ID"
    STORAGE = "storage"


_MARKS: tuple[tuple[int, Macro], ...] = (
    (tags.CODE_MEANING, Macro.CODE),
    (tags.VALUE_TYPE, Macro.CONTENT_ITEM),
    (tags.TYPE_OF_INSTANCES, Macro.INSTANCES),
    (tags.HL7_INSTANCE_IDENTIFIER, Macro.REFERENCE),
    (tags.LOCAL_NAMESPACE_ENTITY_ID, Macro.DESIGNATOR),
    (tags.UNIVERSAL_ENTITY_ID, Macro.QUALIFIERS),
    (tags.DICOM_STORAGE_SEQUENCE, Macro.STORAGE),
)


def macro_of(level: Collection[int]) -> Macro | None:
    """The macro whose attributes these tags of one level are."""
    return next((macro for mark, macro in _MARKS if mark in level), None)


@dataclass(frozen=True, slots=True)
class OneOf:
    """At least one of several attributes has a value, and no more than `most` of them."""

    macro: Macro
    tags: tuple[int, ...]
    most: int
    words: str


CODE_VALUES = (tags.CODE_VALUE, tags.LONG_CODE_VALUE, tags.URN_CODE_VALUE)
_RETRIEVALS = (
    tags.DICOM_RETRIEVAL_SEQUENCE,
    tags.DICOM_MEDIA_RETRIEVAL_SEQUENCE,
    tags.WADO_RETRIEVAL_SEQUENCE,
    tags.XDS_RETRIEVAL_SEQUENCE,
    tags.WADO_RS_RETRIEVAL_SEQUENCE,
)
_STORAGES = (tags.DICOM_STORAGE_SEQUENCE, tags.STOW_RS_STORAGE_SEQUENCE, tags.XDS_STORAGE_SEQUENCE)

ONE_OF: tuple[OneOf, ...] = (
    OneOf(Macro.CODE, CODE_VALUES, 1, "needs one code value: short, long or URN"),
    OneOf(Macro.INSTANCES, _RETRIEVALS, len(_RETRIEVALS), "needs one of the five ways of retrieval"),
    OneOf(Macro.STORAGE, _STORAGES, len(_STORAGES), "needs one of the three kinds of storage"),
    OneOf(
        Macro.DESIGNATOR,
        (tags.LOCAL_NAMESPACE_ENTITY_ID, tags.UNIVERSAL_ENTITY_ID),
        2,
        "needs a local or a universal entity ID",
    ),
)

_Applies = Callable[[Elements, Elements], bool]
"""Whether the condition holds, by the item and the item (or data set) around it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An attribute that must have a value when something else in the data set says so."""

    macro: Macro
    tag: int
    words: str
    applies: _Applies


CONDITIONS: tuple[Condition, ...] = (
    Condition(
        Macro.CODE,
        tags.CODING_SCHEME_DESIGNATOR,
        "is needed with a short or long code value",
        lambda item, _around: bool(item.text(tags.CODE_VALUE) or item.text(tags.LONG_CODE_VALUE)),
    ),
    Condition(
        Macro.DESIGNATOR,
        tags.UNIVERSAL_ENTITY_ID_TYPE,
        "is needed with a universal entity ID",
        lambda item, _around: bool(item.text(tags.UNIVERSAL_ENTITY_ID)),
    ),
    Condition(
        Macro.QUALIFIERS,
        tags.UNIVERSAL_ENTITY_ID_TYPE,
        "is needed with a universal entity ID",
        lambda item, _around: bool(item.text(tags.UNIVERSAL_ENTITY_ID)),
    ),
    Condition(
        Macro.REFERENCE,
        tags.HL7_INSTANCE_IDENTIFIER,
        "is needed for CDA documents",
        lambda _item, around: around.text(tags.TYPE_OF_INSTANCES) == "CDA",
    ),
)

VALUES_BY_TYPE: dict[str, tuple[int, ...]] = {
    "DATETIME": (tags.DATE_TIME,),
    "DATE": (tags.DATE,),
    "TIME": (tags.TIME,),
    "PNAME": (tags.PERSON_NAME,),
    "UIDREF": (tags.UID,),
    "TEXT": (tags.TEXT_VALUE,),
    "CODE": (tags.CONCEPT_CODE_SEQUENCE,),
    "NUMERIC": (tags.NUMERIC_VALUE, tags.MEASUREMENT_UNITS_CODE_SEQUENCE),
}
"""What a content item carries by its Value Type; it carries no value of another type."""

CONTENT_VALUES = frozenset(tag for values in VALUES_BY_TYPE.values() for tag in values)
"""Table CC.2.5-3 prints these as 1C for N-CREATE and as 1 for N-SET; the condition is the same."""

NOT_DECIDABLE: dict[tuple[Macro | None, int], str] = {
    (None, tags.STUDY_INSTANCE_UID): "whether composite instances with a Study IE will result",
    (None, tags.PATIENT_ID): "whether the subject needs identification",
    (None, tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE): "whether a human performer is specified",
    (None, tags.REPLACED_PROCEDURE_STEP_SEQUENCE): "whether this UPS replaces another one",
    (Macro.CODE, tags.CODING_SCHEME_VERSION): "whether the designator alone is ambiguous",
    (Macro.INSTANCES, tags.STUDY_INSTANCE_UID): "whether the instances have a Study IE",
    (Macro.INSTANCES, tags.SERIES_INSTANCE_UID): "whether the instances have a Series IE",
    (Macro.REFERENCE, tags.REFERENCED_FRAME_NUMBER): "whether all frames are meant",
    (Macro.REFERENCE, tags.REFERENCED_SEGMENT_NUMBER): "whether all segments are meant",
    (Macro.STORAGE, tags.REFERENCED_SOP_CLASS_UID): "whether the destination is for one SOP Class only",
    (None, tags.SEX_PARAMETERS_COMMENT): "whether the category needs an explanation",
    (None, tags.SEX_PARAMETERS_REFERENCE): "whether the category needs an explanation",
}
"""Conditions that the data set does not decide, so that nothing is refused for them; why."""
