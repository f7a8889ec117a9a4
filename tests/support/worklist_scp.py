"""A UPS SCP of plain pynetdicom that keeps workitems; a test changes them, mutes it or loses its answers."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt

from tests.support.plain_scp import EVENT, PUSH, PlainScp, Received, data_set, keep_answers, status
from tests.support.plain_scu import code, no_delay, workitem

IN_PROGRESS_ALREADY, MAY_NO_LONGER_BE_UPDATED, WRONG_LOCK, UNKNOWN_UPS = 0xC302, 0xC300, 0xC301, 0xC307
DUPLICATE = 0x0111


def soon(minutes: int = 10) -> str:
    """A date-time of today's plan, near now; what is ahead is on the day of the machine's zone at any hour.

    In the last hour before midnight times ahead are pressed together, so that they stay in their order.
    """
    now = datetime.now().astimezone()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    left = timedelta(hours=24, seconds=-1) - (now - midnight)
    pressed = min(1.0, left / timedelta(hours=1)) if 0 < minutes <= 60 else 1.0
    moment = now + timedelta(minutes=minutes) * pressed
    if minutes > 0 and moment.date() != now.date():
        moment = now
    return moment.strftime("%Y%m%d%H%M%S%z")


@dataclass
class WorklistScp:
    """Listens while its `with` block runs. Subscriptions are accepted; reports go out by `tell` only."""

    items: dict[str, Dataset] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    """By service name: called once before the next such request is carried out."""
    lose_answer: set[str] = field(default_factory=set)
    """Service names whose next request is carried out, but its association aborted instead of an answer."""
    lose_always: set[str] = field(default_factory=set)
    """The same for all requests of these services."""
    refuse: dict[str, int] = field(default_factory=dict)
    """By service name: the status of the next such request, which is not carried out."""
    slowly: threading.Event | None = None
    """When set: a search waits before its second row until this is set or a C-CANCEL came."""
    cancelled_searches: int = 0

    def __enter__(self) -> "WorklistScp":
        self._lock = threading.RLock()
        handlers = {
            "C-FIND": self._find,
            "N-GET": self._get,
            "N-SET": self._set,
            "N-ACTION": self._action,
            "N-CREATE": self._create,
        }
        self._scp = PlainScp(answers=handlers)
        self._scp.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self.slowly is not None:
            self.slowly.set()
        self._scp.__exit__(*error)

    @property
    def port(self) -> int:
        return self._scp.port

    @property
    def received(self) -> list[Received]:
        return list(self._scp.received)

    def add(self, uid: str, **values: Any) -> str:
        """A workitem with a patient, planned for now; `values` by keyword on top."""
        given = {
            "PatientName": "Novak^Jana",
            "PatientID": "PAT-1",
            "PatientBirthDate": "19620410",
            "PatientSex": "F",
            "ProcedureStepLabel": "RT treatment",
            "ScheduledProcedureStepStartDateTime": soon(),
            "ScheduledWorkitemCodeSequence": [
                code("121726", "DCM", "RT Treatment with Internal Verification")
            ],
            "ScheduledStationNameCodeSequence": [code("FX1", "99LOCAL", "Linac 1")],
        }
        ds = workitem(**(given | values))
        ds.SOPClassUID, ds.SOPInstanceUID = PUSH, uid
        self.items[uid] = ds
        return uid

    def change(self, uid: str, **values: Any) -> None:
        """As another system would; nobody is told."""
        with self._lock:
            for keyword, value in values.items():
                setattr(self.items[uid], keyword, value)

    def state(self, uid: str) -> str:
        return str(self.items[uid].ProcedureStepState)

    def acts(self) -> list[int]:
        """The action types of the N-ACTIONs on workitems that came, in order; subscriptions left out."""
        found = [one for one in self.received if one.service == "N-ACTION" and one.action_type in (1, 2)]
        return [one.action_type for one in found if one.action_type is not None]

    def sets(self) -> list[Received]:
        return [one for one in self.received if one.service == "N-SET"]

    def count(self, service: str) -> int:
        return sum(one.service == service for one in self.received)

    def tell(self, port: int, uid: str, event_type: int, information: Dataset) -> None:
        """Send one N-EVENT-REPORT on an association of its own (PS3.4 CC.2.4)."""
        entity = AE("PLAIN")
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 5
        entity.add_requested_context(EVENT)
        association = entity.associate(
            "127.0.0.1",
            port,
            ae_title="UPSDESK",
            ext_neg=[build_role(EVENT, scp_role=True)],
            evt_handlers=[(evt.EVT_CONN_OPEN, no_delay)],
        )
        keep_answers(association)
        assert association.is_established, "the listener did not accept the association"
        answer, _ = association.send_n_event_report(information, event_type, PUSH, uid, meta_uid=EVENT)
        association.release()
        association.join(5)
        assert "Status" in answer and answer.Status == 0x0000

    def tell_state(self, port: int, uid: str) -> None:
        """A UPS State Report (PS3.4 Table CC.2.4-1) of what is kept now."""
        item = self.items[uid]
        readiness = str(item.InputReadinessState)
        information = data_set(ProcedureStepState=self.state(uid), InputReadinessState=readiness)
        self.tell(port, uid, 1, information)

    # One handler a service. The lock keeps a test's `change` out of the middle of an answer.

    def _begin(self, event: Any, service: str) -> int | None:
        act = self.before.pop(service, None)
        if act is not None:
            act()
        return self.refuse.pop(service, None)

    def _end(self, event: Any, service: str, code: int, ds: Dataset | None = None) -> Any:
        if service in self.lose_answer | self.lose_always:
            self.lose_answer.discard(service)
            event.assoc.abort()
        return code, ds

    def _find(self, event: Any) -> Iterator[Any]:
        refused = self._begin(event, "C-FIND")
        if refused is not None:
            yield refused, None
            return
        wanted = event.identifier.get("ProcedureStepState", "")
        with self._lock:
            matches = [ds for ds in self.items.values() if wanted in ("", ds.ProcedureStepState)]
        for number, ds in enumerate(matches):
            is_cancelled = event.is_cancelled
            while not is_cancelled and number == 1 and self.slowly is not None and not self.slowly.wait(0.02):
                is_cancelled = event.is_cancelled  # says so once
            if is_cancelled:
                self.cancelled_searches += 1
                yield 0xFE00, None
                return
            yield 0xFF00, _found(ds)

    def _get(self, event: Any) -> Any:
        refused = self._begin(event, "N-GET")
        if refused is not None:
            return refused, None
        with self._lock:
            ds = self.items.get(str(event.request.RequestedSOPInstanceUID))
            if ds is None:
                return UNKNOWN_UPS, None
            return self._end(event, "N-GET", 0x0000, _answered(ds))

    def _set(self, event: Any) -> Any:
        refused = self._begin(event, "N-SET")
        if refused is not None:
            return status(refused), None
        with self._lock:
            ds = self.items[str(event.request.RequestedSOPInstanceUID)]
            given = event.modification_list
            if ds.ProcedureStepState == "IN PROGRESS" and given.get("TransactionUID") != ds.TransactionUID:
                return WRONG_LOCK, None
            for element in given:
                if element.keyword not in ("TransactionUID", "SpecificCharacterSet"):
                    ds.add(element)
            return self._end(event, "N-SET", 0x0000)

    def _create(self, event: Any) -> Any:
        refused = self._begin(event, "N-CREATE")
        if refused is not None:
            return refused, None
        ds = event.attribute_list
        uid = str(event.request.AffectedSOPInstanceUID)
        with self._lock:
            if uid in self.items:
                return self._end(event, "N-CREATE", DUPLICATE)
            ds.SOPClassUID, ds.SOPInstanceUID = PUSH, uid
            self.items[uid] = ds
            return self._end(event, "N-CREATE", 0x0000)

    def _action(self, event: Any) -> Any:
        if event.action_type not in (1, 2):
            return 0x0000, None  # a subscription, accepted
        refused = self._begin(event, "N-ACTION")
        if refused is not None:
            return refused, None
        with self._lock:
            ds = self.items[str(event.request.RequestedSOPInstanceUID)]
            code = self._change_state(ds, event) if event.action_type == 1 else self._call_off(ds)
            return self._end(event, "N-ACTION", code)

    def _change_state(self, ds: Dataset, event: Any) -> int:
        given = event.action_information
        before, wanted = ds.ProcedureStepState, given.ProcedureStepState
        if before in ("COMPLETED", "CANCELED"):
            return MAY_NO_LONGER_BE_UPDATED
        if before == "IN PROGRESS":
            if wanted == "IN PROGRESS":
                return IN_PROGRESS_ALREADY
            if given.TransactionUID != ds.TransactionUID:
                return WRONG_LOCK
        ds.ProcedureStepState, ds.TransactionUID = wanted, given.TransactionUID
        return 0x0000

    @staticmethod
    def _call_off(ds: Dataset) -> int:
        if ds.ProcedureStepState == "SCHEDULED":
            ds.ProcedureStepState = "CANCELED"
        return 0x0000


def _answered(ds: Dataset) -> Dataset:
    """What goes out: the Transaction UID is told to nobody (PS3.4 Table CC.2.5-3, N-GET not allowed)."""
    told = Dataset()
    for element in ds:
        if element.keyword != "TransactionUID":
            told.add(element)
    return told


def _found(ds: Dataset) -> Dataset:
    """A match. What Progress Information holds is no return key (PS3.4 Table CC.2.5-3): it goes empty."""
    told = _answered(ds)
    if "ProcedureStepProgressInformationSequence" in told:
        del told.ProcedureStepProgressInformationSequence  # the element itself is kept with the workitem
        told.ProcedureStepProgressInformationSequence = []
    return told
