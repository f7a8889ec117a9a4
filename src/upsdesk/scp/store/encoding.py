"""The bytes that the store keeps of a data set."""

from __future__ import annotations

from upsdesk.dicom import datasets
from upsdesk.domain.elements import Elements

_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def encoded(elements: Elements) -> bytes:
    """Explicit VR Little Endian; text that needs it in UTF-8, which (0008,0005) then says."""
    return datasets.encode(elements, _EXPLICIT_LITTLE_ENDIAN)


def decoded(data: bytes) -> Elements:
    """What `encoded` has written."""
    return datasets.decode(data, _EXPLICIT_LITTLE_ENDIAN)
