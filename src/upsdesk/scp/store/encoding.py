"""The bytes that the store keeps of a data set, and elements that are read from them only when looked at."""

from __future__ import annotations

from upsdesk.dicom import datasets
from upsdesk.dicom.codec import EXPLICIT
from upsdesk.dicom.encoded import EncodedElements
from upsdesk.domain.elements import Elements


class KeptElements(EncodedElements):
    """The data set of a stored workitem. Many answers need a few columns or the bytes only."""

    __slots__ = ()


def encoded(elements: Elements) -> bytes:
    """Explicit VR Little Endian; text that needs it in UTF-8, which (0008,0005) then says."""
    return datasets.encode(elements, EXPLICIT)


def decoded(data: bytes) -> Elements:
    """What `encoded` has written."""
    return datasets.decode(data, EXPLICIT)
