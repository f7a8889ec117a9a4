"""Decides how a data set crosses the program's edges: wire bytes, pydicom, JSON, XML, Part 10 files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path as FilePath

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID

from upsdesk.dicom.codec import (
    CHARACTER_SET_VRS,
    EXPLICIT,
    UndecodableDataSet,
    decode,
    element_of_bytes,
    split_values,
)
from upsdesk.dicom.contexts import PUSH_UID
from upsdesk.dicom.dictionary import vr_of
from upsdesk.dicom.encoded import encode
from upsdesk.dicom.json_model import from_json, to_json
from upsdesk.dicom.upper_layer.associate import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION
from upsdesk.dicom.xml_model import to_xml
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements, Value
from upsdesk.domain.keys import SopInstanceUid

__all__ = [
    "UndecodableDataSet",
    "decode",
    "encode",
    "from_dataset",
    "from_json",
    "needs_character_set",
    "to_dataset",
    "to_json",
    "to_xml",
    "write_part10",
]


def needs_character_set(elements: Elements) -> bool:
    """Whether a text goes beyond the default repertoire, so that (0008,0005) must say how it is written."""
    for element in elements:
        if element.vr in CHARACTER_SET_VRS and not element.text.isascii():
            return True
        if any(needs_character_set(item) for item in element.items or ()):
            return True
    return False


def to_dataset(elements: Elements) -> Dataset:
    """A pydicom data set with these elements; its values are converted when they are looked at.

    Raise ValueError for a value that its VR cannot hold.
    """
    dataset = read_dataset(BytesIO(encode(elements, EXPLICIT)), is_implicit_VR=False, is_little_endian=True)
    return dataset


def from_dataset(dataset: Dataset) -> Elements:
    """The elements of a pydicom data set, as read or as built.

    What was read and not looked at yet is taken from its bytes; values that pydicom has converted are written
    as DICOM writes them (decimal strings keep their spelling).
    """
    return _from_dataset(dataset, ())


def _from_dataset(dataset: Dataset, outer: tuple[str, ...]) -> Elements:
    charset = dataset.get_item(tags.SPECIFIC_CHARACTER_SET)
    terms = outer
    if charset is not None:
        terms = tuple(str(value) for value in _element(charset, (), True).values)
    little = dataset.original_encoding[1] is not False
    return Elements(
        _element(item, terms, little)
        for tag in sorted(dataset.keys())
        if tag.element and (item := dataset.get_item(tag)) is not None
    )


def _element(item: DataElement | RawDataElement, terms: tuple[str, ...], little: bool) -> Element:
    tag = int(item.tag)
    if isinstance(item, RawDataElement):
        vr = item.VR if item.VR and item.VR != "UN" else vr_of(tag)
        if vr == "SQ":
            return _raw_sequence(item, tag, terms)
        order = "<" if item.is_little_endian else ">"
        return element_of_bytes(tag, vr, item.value or b"", terms, order)
    vr = str(item.VR)
    if vr == "SQ":
        return Element(tag, vr, items=tuple(_from_dataset(one, terms) for one in item.value or ()))
    if " or " in vr:
        vr = vr_of(tag)
    if isinstance(item.value, bytes):
        return element_of_bytes(tag, vr, item.value, terms, "<" if little else ">")
    return Element(tag, vr, _values(vr, item))


def _raw_sequence(item: RawDataElement, tag: int, terms: tuple[str, ...]) -> Element:
    """A sequence of explicit length that pydicom has left as bytes."""
    holder = Dataset()
    holder[item.tag] = item
    return Element(tag, "SQ", items=tuple(_from_dataset(one, terms) for one in holder[item.tag].value or ()))


def _values(vr: str, item: DataElement) -> tuple[Value, ...]:
    value = item.value
    if value is None or value == "":
        return ()
    several = list(value) if item.VM > 1 else [value[0] if isinstance(value, list) else value]
    if vr in ("US", "SS", "UL", "SL", "UV", "SV"):
        return tuple(int(one) for one in several)
    if vr in ("FL", "FD"):
        return tuple(float(one) for one in several)
    if vr == "AT":
        return tuple(f"{int(one):08X}" for one in several)
    return split_values(vr, "\\".join("" if one is None else str(one) for one in several))


def write_part10(path: FilePath, elements: Elements, uid: SopInstanceUid) -> None:
    """Write a DICOM file (PS3.10) of the UPS Push class in Explicit VR Little Endian; raise OSError."""
    stored = elements.with_elements(
        Element(tags.SOP_CLASS_UID, "UI", (PUSH_UID,)), Element(tags.SOP_INSTANCE_UID, "UI", (uid,))
    )
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(PUSH_UID)
    meta.MediaStorageSOPInstanceUID = UID(uid)
    meta.TransferSyntaxUID = UID(EXPLICIT)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    head = BytesIO()
    write_file_meta_info(DicomIO(head), meta)
    path.write_bytes(b"\0" * 128 + b"DICM" + head.getvalue() + encode(stored, EXPLICIT))
