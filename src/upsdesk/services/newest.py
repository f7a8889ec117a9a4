"""Which answer about a workitem is the newest, where that is not the data set that is kept with it.

A C-FIND holds less than an N-GET, so the fuller data set stays with a workitem while no column differs.
What a search was asked for beside the columns is in the newest answer alone.
"""

from __future__ import annotations

from dataclasses import fields, replace

from upsdesk.domain.events import Found, Read, WorkitemEvent
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.workitem import EncodedDataSet, Workitem

_COLUMNS = tuple(
    field.name for field in fields(Workitem) if field.name not in ("key", "data", "state_reported_at")
)


class NewestAnswers:
    """Hears of every event about a workitem, in order."""

    def __init__(self) -> None:
        self._whole: set[WorkitemKey] = set()
        """What is kept with them is all that an N-GET returned."""
        self._newer: dict[WorkitemKey, EncodedDataSet] = {}
        """What a search has brought since then."""

    def of(self, workitem: Workitem) -> EncodedDataSet | None:
        """The data set that came last."""
        return self._newer.get(workitem.key, workitem.data)

    def take(self, event: WorkitemEvent, workitem: Workitem) -> tuple[Workitem, bool]:
        """`workitem`, as it is after the event, with the data set to be kept.

        Also whether `of` gives something else now, although no column may have changed.
        """
        if not isinstance(event, Found | Read) or event.data is None:
            return workitem, False
        key, data = event.key, event.data
        if isinstance(event, Read):
            if event.whole:
                self._whole.add(key)
            return workitem, self._newer.pop(key, None) is not None
        if workitem.data == data:
            self._whole.discard(key)
            return workitem, self._newer.pop(key, None) is not None
        if key not in self._whole:
            return replace(workitem, data=data), True
        is_other = self._newer.get(key) != data
        self._newer[key] = data
        return workitem, is_other

    def is_only_fuller(self, known: Workitem, answer: Workitem) -> bool:
        """An answer to a search has other bytes and tells each column as it is known: it may take its place.

        So it is with all rows when a search asks for one attribute more.
        """
        if known.key in self._whole or known.key in self._newer or known.state_reported_at is not None:
            return False
        return all(getattr(known, name) == getattr(answer, name) for name in _COLUMNS)

    def drop(self, key: WorkitemKey) -> None:
        """The workitem is gone."""
        self._whole.discard(key)
        self._newer.pop(key, None)

    def forget_peer(self, peer: PeerId) -> None:
        self._whole = {key for key in self._whole if key.peer != peer}
        self._newer = {key: data for key, data in self._newer.items() if key.peer != peer}
