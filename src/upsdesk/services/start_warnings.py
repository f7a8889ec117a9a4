"""What speaks against starting a workitem now, for the person to acknowledge one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from upsdesk.domain.look_alikes import LookAlike
from upsdesk.domain.when import Moment, in_zone, last_instant
from upsdesk.domain.workitem import InputReadiness, Workitem
from upsdesk.services.records import VaultEntry

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from upsdesk.services.desk import Desk


class WarningKind(Enum):
    """In the order in which they are told: who, where, when, what with."""

    LOOK_ALIKE = "Look-alikes"
    OTHER_STATION = "Planned station"
    OTHER_DAY = "Planned start"
    EXPIRED = "Expiration"
    INPUTS = "Inputs"
    HOLDS_ANOTHER = "Held by this desk"

    @property
    def words(self) -> str:
        """What it is about."""
        return self.value


@dataclass(frozen=True, slots=True)
class StartWarning:
    """One warning and what it is about; only the facts of its kind are given."""

    kind: WarningKind
    look_alikes: tuple[LookAlike, ...] = ()
    own_station: str = ""
    moment: Moment | None = None
    """The planned start or the expiration."""
    readiness: InputReadiness | None = None
    held: VaultEntry | None = None


def start_warnings(desk: Desk, workitem: Workitem) -> tuple[StartWarning, ...]:
    """All that apply at the desk's present time; an unknown value warns of nothing.

    Look-alikes are looked for among everything that is loaded now.
    """
    desk.look_alikes.catch_up()
    found = []
    if look_alikes := desk.look_alikes.of(workitem.key):
        found.append(StartWarning(WarningKind.LOOK_ALIKE, look_alikes=look_alikes))
    own = desk.settings.desk.station
    if own and workitem.stations and all(code.value != own for code in workitem.stations):
        found.append(StartWarning(WarningKind.OTHER_STATION, own_station=own))
    now = desk.clock()
    if workitem.start is not None and not _is_of_day(workitem.start, now, desk.zone):
        found.append(StartWarning(WarningKind.OTHER_DAY, moment=workitem.start))
    if workitem.expiration is not None and now > last_instant(workitem.expiration):
        found.append(StartWarning(WarningKind.EXPIRED, moment=workitem.expiration))
    if workitem.readiness not in (InputReadiness.READY, None):
        found.append(StartWarning(WarningKind.INPUTS, readiness=workitem.readiness))
    found += [StartWarning(WarningKind.HOLDS_ANOTHER, held=entry) for entry in _held_there(desk, workitem)]
    return tuple(found)


def _is_of_day(moment: Moment, now: datetime, zone: tzinfo) -> bool:
    """Days as the desk's wall clock counts them; a date without a time names a day where it was written."""
    at = in_zone(moment.instant, zone) if moment.has_time else moment.instant
    today = now.astimezone(zone).date()
    if moment.precision < 3:  # a month or a year
        known = (at.year, at.month)[: moment.precision]
        return (today.year, today.month)[: moment.precision] == known
    return at.date() == today


def _held_there(desk: Desk, workitem: Workitem) -> list[VaultEntry]:
    """What this desk holds at a station of the workitem, at any server; none planned: at this desk's."""
    own = desk.settings.desk.station
    stations = {code.value or code.meaning for code in workitem.stations} or {own}
    return [
        entry
        for entry in desk.held_entries()
        if desk.key_of(entry) != workitem.key
        and stations & (set(filter(None, entry.station.split(", "))) or {own})
    ]
