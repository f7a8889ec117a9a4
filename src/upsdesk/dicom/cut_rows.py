"""Decides how the data sets of a search are cut into all their top-level elements without decoding them."""

from __future__ import annotations

from upsdesk.dicom.codec import IMPLICIT, TEXT_VRS
from upsdesk.dicom.dictionary import vr_of
from upsdesk.dicom.heads import SHORT_TEXT_VRS
from upsdesk.dicom.shapes import Match, Shapes
from upsdesk.domain import tags

Cut = tuple[tuple[int, ...], tuple[bytes, ...]]
"""Tags, and the elements of these tags as they are encoded, head and all; empty for one that is absent."""
HEAD = 8
"""Bytes before the value of a text, in both transfer syntaxes that are cut."""
FIRST_LESSON = 24
"""Data sets of which the first pattern is made."""


class Cutter(Shapes):
    """Cuts data sets that are built like those before; the others have to be decoded."""

    def __init__(self, transfer_syntax: str, first_lesson: int = FIRST_LESSON) -> None:
        super().__init__(transfer_syntax, first_lesson)
        self._tags: tuple[int, ...] = ()
        self._vrs: dict[int, set[bytes]] = {}

    def cut(self, data: bytes) -> Cut | None:
        """The elements of a data set; None for what is damaged, unusual or not met before.

        A Transaction UID, which nobody should send, is unusual.
        """
        found = self._match(data)
        if found is not None:
            return self._tags, found.groups()
        if self._is_learning:
            offsets = self.structures.offsets(data)
            if offsets is not None and tags.TRANSACTION_UID not in offsets:
                for tag, at in offsets.items():
                    self._vrs.setdefault(tag, set()).add(data[at + 4 : at + 6])
                self._learn(data)
        return None

    def text_vr(self, tag: int) -> str | None:
        """The VR of a top-level element when it is a text in all data sets that were met."""
        if self.transfer_syntax == IMPLICIT:
            vr = vr_of(tag)
            return vr if vr in TEXT_VRS else None
        met = self._vrs.get(tag, set())
        return next(iter(met)).decode() if len(met) == 1 and met <= SHORT_TEXT_VRS else None

    def _made(self, cut_out: tuple[int, ...]) -> Match:
        self._tags = tuple(sorted(self._forms))
        return super()._made(self._tags)
