"""What views have to look at again after something happened to workitems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.workitem import Workitem
from upsdesk.services.flags import FLAGS

_NOTHING: frozenset[str] = frozenset()
_NO_FIELDS: Mapping[WorkitemKey, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What views have to look at again.

    `updated` names fields of `Workitem`, or one of `FLAGS`. `elsewhere` holds keys for which one of these
    changed although they are in no list. `unknown` was reported, never read.
    """

    inserted: tuple[WorkitemKey, ...] = ()
    updated: Mapping[WorkitemKey, frozenset[str]] = field(default_factory=lambda: _NO_FIELDS)
    removed: tuple[WorkitemKey, ...] = ()
    elsewhere: frozenset[WorkitemKey] = frozenset()
    unknown: tuple[WorkitemKey, ...] = ()
    beside: frozenset[WorkitemKey] = frozenset()
    """Of the removed ones those that stood aside: they had been none of the list."""
    relisted: PeerId | None = None
    """The peer was asked for something else: which of its workitems stand aside is to be read anew."""

    def __bool__(self) -> bool:
        return bool(self.inserted or self.updated or self.removed or self.elsewhere or self.relisted)


class ChangeCollector:
    """Collects what one call of `apply` changes, whatever the order within it."""

    def __init__(self, workitems: Mapping[WorkitemKey, Workitem]) -> None:
        self._workitems = workitems
        self._touched: dict[WorkitemKey, frozenset[str]] = {}
        self._existed: set[WorkitemKey] = set()
        self.unknown: dict[WorkitemKey, None] = {}
        self.beside: set[WorkitemKey] = set()

    def touch(self, key: WorkitemKey, fields: frozenset[str] = _NOTHING) -> None:
        """Note a change of `key`; called before the workitem is put in or taken out."""
        known = self._touched.get(key)
        if known is None:
            if key in self._workitems:
                self._existed.add(key)
            self._touched[key] = fields
        elif not fields <= known:
            self._touched[key] = known | fields

    def change_set(self) -> ChangeSet:
        existed, now = self._existed, self._workitems
        return ChangeSet(
            inserted=tuple(key for key in self._touched if key not in existed and key in now),
            updated=MappingProxyType(
                {key: names for key, names in self._touched.items() if key in existed and key in now}
            ),
            removed=tuple(key for key in self._touched if key in existed and key not in now),
            elsewhere=frozenset(
                key
                for key, names in self._touched.items()
                if key not in now and names & FLAGS and key not in existed
            ),
            unknown=tuple(key for key in self.unknown if key not in now),
            beside=frozenset(self.beside),
        )
