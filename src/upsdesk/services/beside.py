"""Which workitems stand beside the list: outside its keys, found by a wider search, or sent unasked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from upsdesk.domain.events import Found, Removed
from upsdesk.domain.judge import Judge
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.query import SearchPlan
from upsdesk.domain.when import in_zone
from upsdesk.domain.workitem import Workitem
from upsdesk.services.flags import Aside, AsideKind
from upsdesk.services.search_state import Ignored, vr_of_key

if TYPE_CHECKING:
    from upsdesk.services.desk import Desk

_OUTSIDE = Aside(AsideKind.OUTSIDE)
_MISFIT = Aside(AsideKind.MISFIT)


class Beside:
    """Puts workitems aside in the store and takes them back. Nothing that lies outside the keys is lost."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ignored: dict[PeerId, Ignored] = {}

    def forget(self, peer_id: PeerId) -> None:
        self._ignored.pop(peer_id, None)

    def asked_anew(self, peer_id: PeerId, plan: SearchPlan) -> None:
        """Other keys: what is loaded stays known, and is listed only as far as the server finds it."""
        self.clear(peer_id)
        self._desk.store.relist(peer_id, None if plan.is_day else _OUTSIDE)

    def clear(self, peer_id: PeerId) -> None:
        """What a wider search found, and what was sent without being asked, leaves."""
        store = self._desk.store
        leaving = [key for kind in (AsideKind.WIDER, AsideKind.MISFIT) for key in store.asides(kind, peer_id)]
        staying = [key for key in leaving if self._is_ours(key)]
        store.set_aside(staying, None)
        gone = set(leaving) - set(staying)
        self._desk.apply(*(Removed(key, self._desk.clock()) for key in leaving if key in gone))

    def ignored(self, peer_id: PeerId) -> Ignored:
        """What the last search of this peer brought beside its keys."""
        return self._ignored.setdefault(peer_id, Ignored())

    def searched_anew(self, peer_id: PeerId, ignored: Ignored, *, are_shown: bool) -> None:
        """The ignored rows of another search take the place of those before."""
        self._ignored[peer_id] = ignored
        if are_shown:
            known = set(self._desk.store.asides(AsideKind.MISFIT, peer_id))
            self._remove(known - {WorkitemKey(peer_id, uid) for uid in ignored.rows})
            self._show(peer_id, ignored)

    def show_ignored(self, peer_id: PeerId, shown: bool) -> None:
        """List the ignored rows too, marked as such, or take them away again."""
        if shown:
            self._show(peer_id, self.ignored(peer_id))
        else:
            self._remove(self._desk.store.asides(AsideKind.MISFIT, peer_id))

    def _show(self, peer_id: PeerId, ignored: Ignored) -> None:
        store, now = self._desk.store, self._desk.clock()
        found = {
            WorkitemKey(peer_id, uid): match for uid, (match, _) in ignored.rows.items() if match is not None
        }
        coming = [key for key in found if store.get(key) is None or store.aside(key) == _OUTSIDE]
        store.set_aside(coming, _MISFIT)
        self._desk.apply(*(Found(key, found[key].elements, found[key].data, now) for key in coming))

    def _remove(self, keys: Iterable[WorkitemKey]) -> None:
        self._desk.apply(*(Removed(key, self._desk.clock()) for key in keys if not self._is_ours(key)))

    def settle(self, key: WorkitemKey, plan: SearchPlan) -> None:
        """A workitem was read that the search did not bring: is it of the list?

        Outside the keys it is put aside; outside the keys and the day's list it is let go. What this desk
        holds or has a mark on stays.
        """
        store = self._desk.store
        workitem, aside = store.get(key), store.aside(key)
        if workitem is None or (aside is not None and aside.kind is not AsideKind.OUTSIDE):
            return
        is_asked = plan.is_day or self.fits(key, workitem, plan)
        if self._is_outside_day(workitem) and not self._is_ours(key) and (plan.is_day or not is_asked):
            self._remove([key])
        else:
            store.set_aside([key], None if is_asked else _OUTSIDE)

    def fits(self, key: WorkitemKey, workitem: Workitem, plan: SearchPlan) -> bool:
        """Whether what is known of a workitem contradicts nothing that was asked for."""
        if plan.states and workitem.state not in plan.states:
            return False
        elements = self._desk.store.elements(key)
        judge = Judge(plan.keys, vr_of_key, self._desk.zone_of(key.peer))
        return elements is None or not judge.misfits(elements)

    def _is_ours(self, key: WorkitemKey) -> bool:
        store = self._desk.store
        return store.is_held(key) or store.mark(key) is not None or store.pending(key) is not None

    def is_outside_day(self, key: WorkitemKey) -> bool:
        """Whether a known workitem is none of the day's list."""
        workitem = self._desk.store.get(key)
        return workitem is not None and self._is_outside_day(workitem)

    def _is_outside_day(self, workitem: Workitem) -> bool:
        """The worklist is what has not ended, and what ended of today's plan."""
        if workitem.state is None or not workitem.state.is_final or workitem.start is None:
            return False
        today = self._desk.clock().astimezone(self._desk.zone).date()
        return in_zone(workitem.start.instant, self._desk.zone).date() != today
