"""The bytes that the store keeps of a data set, and elements that are read from them only when looked at."""

from __future__ import annotations

from typing import Any

from upsdesk.dicom import datasets
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements

_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


class KeptElements(Elements):
    """The data set of a stored workitem, decoded when it is first asked for.

    Many answers need a few columns or the bytes only, and decoding is the dearest part of reading one.
    """

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data
        """Explicit VR Little Endian; in UTF-8 where (0008,0005) says so."""
        self._hash = None

    def __getattr__(self, name: str) -> Any:
        if name != "_by_tag":
            raise AttributeError(name)
        # Texts are kept as UTF-8 whatever they came in; the encoder says so again where that is needed.
        whole = decoded(self.data)
        self._by_tag = {one.tag: one for one in whole if one.tag != tags.SPECIFIC_CHARACTER_SET}
        return self._by_tag


def encoded(elements: Elements) -> bytes:
    """Explicit VR Little Endian; text that needs it in UTF-8, which (0008,0005) then says."""
    if isinstance(elements, KeptElements):
        return elements.data
    return datasets.encode(elements, _EXPLICIT_LITTLE_ENDIAN)


def decoded(data: bytes) -> Elements:
    """What `encoded` has written."""
    return datasets.decode(data, _EXPLICIT_LITTLE_ENDIAN)
