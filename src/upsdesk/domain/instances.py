"""Composite instances that a workitem has made, as items of Output Information Sequence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.workitem import PatientFacts

_SOP_SEQUENCE = "ReferencedSOPSequence"
_RETRIEVE_AE = "RetrieveAETitle"


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance by its four UIDs. `patient` is what its file says; nobody for UIDs that were typed."""

    study: str
    series: str
    sop_class: str
    uid: str
    patient: PatientFacts = field(default_factory=PatientFacts, compare=False)


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was found in a text, and the lines that are no instance, by number and reason."""

    instances: tuple[Instance, ...] = ()
    problems: tuple[str, ...] = ()


_SEPARATORS = re.compile(r"[\s,;|\\]+")


def read_pasted(text: str) -> Pasted:
    """Instances from lines of four UIDs: study, series, SOP class, SOP instance."""
    found: dict[Instance, None] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = [part for part in _SEPARATORS.split(line.strip()) if part]
        if not parts:
            continue
        if len(parts) != 4:
            problems.append(f"Line {number}: four UIDs are needed, here are {len(parts)}")
            continue
        wrong = next((part for part in parts if not _is_uid(part)), None)
        if wrong is not None:
            problems.append(f"Line {number}: {wrong[:64]} is no UID")
            continue
        study, series, sop_class, uid = parts
        found[Instance(study, series, sop_class, uid)] = None
    return Pasted(tuple(found), tuple(problems))


def _is_uid(text: str) -> bool:
    try:
        SopInstanceUid.parse(text)
    except ValueError:
        return False
    return True


def strangers(instances: Iterable[Instance], patient: PatientFacts) -> tuple[Instance, ...]:
    """Those whose file names another patient than the workitem: another ID, or another birth date or name.

    What one of both does not say is no difference.
    """
    return tuple(one for one in instances if _differs(one.patient, patient))


def _differs(told: PatientFacts, known: PatientFacts) -> bool:
    pairs = (
        (told.patient_id.strip(), known.patient_id.strip()),
        (_folded(told.name), _folded(known.name)),
        (told.birth_date.strip(), known.birth_date.strip()),
    )
    return any(one and other and one != other for one, other in pairs)


def _folded(name: str) -> str:
    """Family and given name of the first representation; files differ in the rest."""
    first = name.partition("=")[0].casefold().split("^")
    return "^".join(" ".join(part.split()) for part in first[:2]).rstrip("^")


def count_of(items: Iterable[Elements]) -> tuple[int, int]:
    """How many instances these items name, and in how many series."""
    kept = list(items)
    series = {item.text(tags.SERIES_INSTANCE_UID) for item in kept} - {""}
    return sum(len(item.items(_tag(_SOP_SEQUENCE))) for item in kept), len(series)


def output_items(
    instances: Iterable[Instance], retrieve_aet: str, existing: Iterable[Elements] = ()
) -> tuple[Elements, ...]:
    """One item per study and series (PS3.4 Table CC.2.5-2c); what an existing one names already stays.

    New ones can be retrieved from `retrieve_aet`.
    """
    items = list(existing)
    known = {
        (item.text(tags.STUDY_INSTANCE_UID), item.text(tags.SERIES_INSTANCE_UID), one)
        for item in items
        for one in _uids(item)
    }
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for one in instances:
        if (one.study, one.series, one.uid) not in known:
            groups.setdefault((one.study, one.series), {})[one.uid] = one.sop_class
    for (study, series), members in groups.items():
        at = next((at for at, item in enumerate(items) if _is_home(item, study, series, retrieve_aet)), None)
        if at is None:
            items.append(_item(study, series, members, retrieve_aet))
        else:
            references = (*items[at].items(_tag(_SOP_SEQUENCE)), *map(Elements, _references(members)))
            items[at] = items[at].with_elements(sequence(_tag(_SOP_SEQUENCE), *references))
    return tuple(items)


def _uids(item: Elements) -> Iterable[str]:
    return (one.text(tags.REFERENCED_SOP_INSTANCE_UID) for one in item.items(_tag(_SOP_SEQUENCE)))


def _is_home(item: Elements, study: str, series: str, retrieve_aet: str) -> bool:
    """An item of this series that can be retrieved from the same place."""
    where = (item.text(tags.STUDY_INSTANCE_UID), item.text(tags.SERIES_INSTANCE_UID))
    return where == (study, series) and retrieve_aet == item.text(
        tags.DICOM_RETRIEVAL_SEQUENCE, _tag(_RETRIEVE_AE)
    )


def _item(study: str, series: str, members: dict[str, str], retrieve_aet: str) -> Elements:
    found: list[Element] = [
        element(tags.TYPE_OF_INSTANCES, "DICOM"),
        element(tags.STUDY_INSTANCE_UID, study),
        element(tags.SERIES_INSTANCE_UID, series),
        sequence(_tag(_SOP_SEQUENCE), *_references(members)),
        sequence(tags.DICOM_RETRIEVAL_SEQUENCE, [element(_tag(_RETRIEVE_AE), retrieve_aet)]),
    ]
    return Elements(found)


def _references(members: dict[str, str]) -> list[list[Element]]:
    return [
        [
            element(tags.REFERENCED_SOP_CLASS_UID, sop_class),
            element(tags.REFERENCED_SOP_INSTANCE_UID, uid),
        ]
        for uid, sop_class in members.items()
    ]


def retrieve_titles(elements: Elements) -> tuple[str, ...]:
    """AE titles that the workitem itself names: where its output goes, then where its input came from."""
    destination = _tag("DestinationAE")
    outputs = (
        item.text(tags.DICOM_STORAGE_SEQUENCE, destination)
        for item in elements.items(_tag("OutputDestinationSequence"))
    )
    inputs = (
        item.text(tags.DICOM_RETRIEVAL_SEQUENCE, _tag(_RETRIEVE_AE))
        for item in elements.items(tags.INPUT_INFORMATION_SEQUENCE)
    )
    return tuple(dict.fromkeys(title for title in (*outputs, *inputs) if title))


def _tag(keyword: str) -> int:
    found = attributes.tag_of(keyword)
    assert found is not None, keyword
    return found
