"""What this desk knows of all workitems: the single source of truth behind every view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, tzinfo
from types import MappingProxyType

from upsdesk.domain import reduce
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import (
    CancelRequested,
    Event,
    Found,
    Read,
    Removed,
    ScpStatusChanged,
    WorkitemEvent,
)
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.workitem import EncodedDataSet, Workitem
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.changes import ChangeCollector, ChangeSet
from upsdesk.services.flags import (
    ASIDE,
    CANCEL_ASKED,
    FLAGS,
    FOLLOWED,
    HELD,
    MARK,
    PENDING,
    Aside,
    AsideKind,
    Following,
    Mark,
    PendingAct,
)
from upsdesk.services.newest import NewestAnswers

Decoder = Callable[[EncodedDataSet], Elements]

_FLAG_SETS = {name: frozenset({name}) for name in FLAGS}
_DATA = frozenset({"data"})


class WorklistStore:
    """Workitems by key. `apply` is the only door for what came from a peer, whatever service brought it."""

    def __init__(
        self,
        decode: Decoder,
        *,
        zone_of: Callable[[PeerId], tzinfo] = lambda peer: UTC,
        on_late: Callable[[WorkitemEvent], None] = lambda event: None,
    ) -> None:
        """`on_late` hears of reports of a lower state than the known one; they change nothing."""
        self.decode = decode
        self.zone_of = zone_of
        self.on_late = on_late
        self._workitems: dict[WorkitemKey, Workitem] = {}
        self._counts: Counter[PeerId] = Counter()
        self._decoded: dict[WorkitemKey, tuple[EncodedDataSet, Elements]] = {}
        self._pending: dict[WorkitemKey, PendingAct] = {}
        self._marks: dict[WorkitemKey, Mark] = {}
        self._held: set[WorkitemKey] = set()
        self._cancel_asked: dict[WorkitemKey, CancelRequested] = {}
        self._aside: dict[WorkitemKey, Aside] = {}
        self._following: dict[WorkitemKey, Following] = {}
        self._newest = NewestAnswers()
        self._callbacks: Callbacks[[ChangeSet]] = Callbacks()
        self.revision = 0

    def __len__(self) -> int:
        return len(self._workitems)

    def get(self, key: WorkitemKey) -> Workitem | None:
        return self._workitems.get(key)

    def count(self, peer: PeerId) -> int:
        """How many workitems of one peer there are."""
        return self._counts[peer]

    def keys(self, peer: PeerId | None = None) -> tuple[WorkitemKey, ...]:
        """The keys of one peer, or all, in the order in which they came."""
        if peer is None or self._counts[peer] == len(self._workitems):
            return tuple(self._workitems)
        return tuple(key for key in self._workitems if key.peer == peer)

    def elements(self, key: WorkitemKey) -> Elements | None:
        """The whole data set that came last, decoded when first asked for; None when none came."""
        workitem = self._workitems.get(key)
        if workitem is None or workitem.data is None:
            return None
        known = self._decoded.get(key)
        if known is None or known[0] is not workitem.data:
            known = (workitem.data, self.decode(workitem.data))
            self._decoded[key] = known
        return known[1]

    def elements_of(self, workitem: Workitem) -> Elements | None:
        """The newest answer about a workitem, which is not kept decoded for that.

        It may hold less than `elements`: what a search asks for, as it is now.
        """
        data = self._newest.of(workitem)
        if data is None:
            return None
        known = self._decoded.get(workitem.key)
        return known[1] if known is not None and known[0] is data else self.decode(data)

    def subscribe(self, callback: Callable[[ChangeSet], None]) -> Callable[[], None]:
        """Hear of every change; the result ends that."""
        return self._callbacks.add(callback)

    def apply(
        self, events: Iterable[Event], told_until_then: Callable[[Workitem | None], None] | None = None
    ) -> ChangeSet:
        """Take in what happened. Several events of one key fold into one entry of the change set.

        `told_until_then` hears, before each event about a workitem, what was known of that one.
        """
        batch = ChangeCollector(self._workitems)
        for event in events:
            if not isinstance(event, ScpStatusChanged):
                if told_until_then is not None:
                    told_until_then(self._workitems.get(event.key))
                self._apply_one(event, batch)
        changes = batch.change_set()
        self._publish(changes)
        return changes

    def take_new(self, workitems: Iterable[Workitem]) -> tuple[list[Workitem], list[Workitem]]:
        """Take in those matches of a search whose workitem is not known yet, as they are.

        Return them, and those of known workitems that tell something else than the last answer did.
        """
        mine = self._workitems
        new: list[Workitem] = []
        others: list[Workitem] = []
        get, note = mine.get, new.append
        for workitem in workitems:
            key = workitem.key
            known = get(key)
            if known is None:
                mine[key] = workitem
                note(workitem)
            elif not known.has_answer_of(workitem):
                others.append(workitem)
        if new:
            keys = [workitem.key for workitem in new]
            self._counts[keys[0].peer] += len(keys)
            answered = [
                key
                for key in (keys if self._cancel_asked else ())
                if key in self._cancel_asked and (state := mine[key].state) is not None and state.is_final
            ]
            for key in answered:
                del self._cancel_asked[key]
            self._publish(ChangeSet(inserted=tuple(keys)))
        return new, others

    def take_fuller(self, answers: Iterable[Workitem]) -> list[Workitem]:
        """Keep those answers about known workitems in which nothing differs but what is no column, if that.

        Told once more, they are found the same without reading.
        Return the others: they are to be applied.
        """
        mine, is_only_fuller = self._workitems, self._newest.is_only_fuller
        updated: dict[WorkitemKey, frozenset[str]] = {}
        others: list[Workitem] = []
        for answer in answers:
            known = mine.get(answer.key)
            if known is not None and is_only_fuller(known, answer):
                mine[answer.key] = answer
                if known.data != answer.data:
                    updated[answer.key] = _DATA
            else:
                others.append(answer)
        if updated:
            self._publish(ChangeSet(updated=MappingProxyType(updated)))
        return others

    def _apply_one(self, event: WorkitemEvent, batch: ChangeCollector) -> None:
        key = event.key
        known = self._workitems.get(key)
        if isinstance(event, Removed):
            if known is not None:
                batch.touch(key)
                del self._workitems[key]
                self._counts[key.peer] -= 1
                self._decoded.pop(key, None)
            if self._aside.pop(key, None) is not None:
                batch.beside.add(key)
            self._newest.drop(key)
            return
        if isinstance(event, CancelRequested):
            self._cancel_asked[key] = event
            batch.touch(key, _FLAG_SETS[CANCEL_ASKED])
        if known is None and not isinstance(event, Found | Read):
            # A report carries too little for a row; whoever listens reads the workitem first.
            batch.unknown[key] = None
            return
        reduced = reduce.apply(known, event, default_zone=self.zone_of(key.peer))
        if reduced.was_late:
            self.on_late(event)
        if reduced.workitem is None:
            return
        workitem, is_newer = self._newest.take(event, reduced.workitem)
        if reduced.changed or is_newer or known is None:
            batch.touch(key, reduced.changed | _DATA if is_newer else reduced.changed)
            self._workitems[key] = workitem  # else the old one stays: others have it too
        self._counts[key.peer] += known is None
        state = reduced.workitem.state
        if state is not None and state.is_final and key in self._cancel_asked:
            del self._cancel_asked[key]
            batch.touch(key, _FLAG_SETS[CANCEL_ASKED])

    def pending(self, key: WorkitemKey) -> PendingAct | None:
        """The act of this desk that is under way for `key`."""
        return self._pending.get(key)

    def set_pending(self, key: WorkitemKey, act: PendingAct | None) -> None:
        if self._pending.get(key) != act:
            if act is None:
                del self._pending[key]
            else:
                self._pending[key] = act
            self._publish_flags(PENDING, key)

    def mark(self, key: WorkitemKey) -> Mark | None:
        return self._marks.get(key)

    def marks(self) -> Mapping[WorkitemKey, Mark]:
        """Every act that nobody has acknowledged yet."""
        return MappingProxyType(self._marks)

    def set_mark(self, key: WorkitemKey, mark: Mark | None) -> None:
        if self._marks.get(key) != mark:
            if mark is None:
                del self._marks[key]
            else:
                self._marks[key] = mark
            self._publish_flags(MARK, key)

    def is_held(self, key: WorkitemKey) -> bool:
        """This desk keeps the Transaction UID of a claim that the peer confirmed."""
        return key in self._held

    def held(self) -> frozenset[WorkitemKey]:
        return frozenset(self._held)

    def set_held(self, keys: Iterable[WorkitemKey], held: bool) -> None:
        changed = [key for key in keys if (key in self._held) != held]
        (self._held.update if held else self._held.difference_update)(changed)
        if changed:
            self._publish_flags(HELD, *changed)

    def cancel_asked(self, key: WorkitemKey) -> CancelRequested | None:
        """The last request to cancel that is not answered yet."""
        return self._cancel_asked.get(key)

    def cancel_requests(self) -> Mapping[WorkitemKey, CancelRequested]:
        return MappingProxyType(self._cancel_asked)

    def answer_cancel_request(self, key: WorkitemKey) -> None:
        """The person at the desk has dealt with it."""
        if key in self._cancel_asked:
            del self._cancel_asked[key]
            self._publish_flags(CANCEL_ASKED, key)

    @property
    def has_flags(self) -> bool:
        """Whether this desk adds anything to any workitem."""
        flags = self._pending, self._marks, self._held, self._cancel_asked, self._aside, self._following
        return any(flags)

    def following(self, key: WorkitemKey) -> Following:
        """As accepted while the peer was watched; the global subscription apart."""
        return self._following.get(key, Following.NO)

    def set_following(self, key: WorkitemKey, following: Following) -> None:
        if self.following(key) is not following:
            self._following[key] = following
            self._publish_flags(FOLLOWED, key)

    def forget_following(self, peer: PeerId) -> None:
        """The peer has lost its list of subscriptions."""
        lost = [key for key in self._following if key.peer == peer]
        for key in lost:
            del self._following[key]
        if lost:
            self._publish_flags(FOLLOWED, *lost)

    def aside(self, key: WorkitemKey) -> Aside | None:
        """Why this workitem is none of the list; None: it is one of it."""
        return self._aside.get(key)

    @property
    def has_asides(self) -> bool:
        """Whether any workitem stands aside."""
        return bool(self._aside)

    def asides(self, kind: AsideKind, peer: PeerId) -> tuple[WorkitemKey, ...]:
        """The workitems of a peer that stand aside for this reason."""
        return tuple(key for key, aside in self._aside.items() if aside.kind is kind and key.peer == peer)

    def set_aside(self, keys: Iterable[WorkitemKey], aside: Aside | None) -> None:
        """Take workitems out of the list, or back into it; they stay known."""
        changed = [key for key in keys if self._aside.get(key) != aside]
        for key in changed:
            if aside is None:
                del self._aside[key]
            else:
                self._aside[key] = aside
        if changed:
            self._publish_flags(ASIDE, *changed)

    def relist(self, peer: PeerId, aside: Aside | None) -> None:
        """Put all workitems of a peer aside, or take all back into the list, in one change."""
        self._aside = {key: known for key, known in self._aside.items() if key.peer != peer}
        if aside is not None:
            self._aside |= dict.fromkeys(self.keys(peer), aside)
        self._publish(ChangeSet(relisted=peer))

    def forget_peer(self, peer: PeerId) -> None:
        """Drop the rows of a peer; what this desk holds and marks stays."""
        gone = self.keys(peer)
        for key in gone:
            del self._workitems[key]
            self._decoded.pop(key, None)
        self._aside = {key: aside for key, aside in self._aside.items() if key.peer != peer}
        self._newest.forget_peer(peer)
        self._following = {key: how for key, how in self._following.items() if key.peer != peer}
        del self._counts[peer]
        self._publish(ChangeSet(removed=gone))

    def _publish_flags(self, name: str, *keys: WorkitemKey) -> None:
        batch = ChangeCollector(self._workitems)
        for key in keys:
            batch.touch(key, _FLAG_SETS[name])
        self._publish(batch.change_set())

    def _publish(self, changes: ChangeSet) -> None:
        if not changes and not changes.unknown:
            return
        if changes:
            self.revision += 1
        self._callbacks.tell(changes)
