"""Decides what a DICOM file (PS3.10) holds: its class, and its data set in any transfer syntax of a UPS."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.uid import UID

from upsdesk.dicom.codec import EXPLICIT, UndecodableDataSet, decode
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements

_PREAMBLE = 128
_MAGIC = b"DICM"
_META_GROUP = b"\x02\x00"
_CLASS = 0x00020002
_INSTANCE = 0x00020003
_SYNTAX = 0x00020010


@dataclass(frozen=True, slots=True)
class Part10:
    """What a file holds; what its head says of class and instance counts where the data set is silent."""

    sop_class: str
    sop_instance: str
    elements: Elements

    @property
    def class_name(self) -> str:
        """The name of its SOP Class, else the UID."""
        return str(UID(self.sop_class).name)


def is_part10(data: bytes) -> bool:
    """Whether the preamble of a DICOM file is there."""
    return data[_PREAMBLE : _PREAMBLE + 4] == _MAGIC


def read_part10(data: bytes) -> Part10:
    """The file in `data`; raise ValueError in one sentence when it is damaged or of another kind.

    A file that breaks off is refused: what follows its end would be lost without a word.
    """
    end = _end_of_meta(data)
    try:
        meta = decode(data[_PREAMBLE + 4 : end], EXPLICIT)
    except UndecodableDataSet as error:
        raise UndecodableDataSet(f"the head of the DICOM file is damaged: {error}") from None
    syntax = meta.text(_SYNTAX)
    if not syntax:
        raise UndecodableDataSet("the head of the DICOM file names no transfer syntax")
    elements = decode(data[end:], syntax)
    return Part10(
        elements.text(tags.SOP_CLASS_UID) or meta.text(_CLASS),
        elements.text(tags.SOP_INSTANCE_UID) or meta.text(_INSTANCE),
        elements,
    )


def _end_of_meta(data: bytes) -> int:
    """Where group 0002 ends. Found by walking: (0002,0000) is often wrong."""
    at = _PREAMBLE + 4
    while data[at : at + 2] == _META_GROUP:
        if data[at + 4 : at + 6] in (b"OB", b"UN"):
            at += 12 + int.from_bytes(data[at + 8 : at + 12], "little")
        else:
            at += 8 + int.from_bytes(data[at + 6 : at + 8], "little")
    if at > len(data):
        raise UndecodableDataSet("the DICOM file breaks off in its head")
    return at
