"""The faults that are switched on, and what they do to requests, responses, reports and associations."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from weakref import WeakSet

from upsdesk.dicom.contexts import CLASS_UIDS, PUSH_UID
from upsdesk.dicom.upper_layer.associate import AssociateReject
from upsdesk.dicom.upper_layer.association import Association
from upsdesk.dicom.upper_layer.association_server import Arrival, printable
from upsdesk.dicom.upper_layer.messages import Message
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.peer import UpsClass
from upsdesk.scp.fault_specs import TARGETS, Effect, Fault, Roles, Target, parse_fault, shortest
from upsdesk.scp.model import OutgoingReport
from upsdesk.scp.provider import Request
from upsdesk.scp.services.common import SUCCESS, Reply, Surroundings
from upsdesk.scp.services.find import MATCH, MATCH_WITH_IGNORED_KEYS

ON_PURPOSE = "a fault on purpose"
_PDU_HEADER = 6
_LOOK_EVERY = 60.0
_REJECTION = AssociateReject(result=1, source=1, reason=1)
"""Rejected-permanent by the service user, no reason given (PS3.8 Table 9-21)."""
_ROLES: dict[Roles, tuple[bool, bool] | None] = {
    Roles.SWAPPED: (True, False),
    Roles.BOTH: (True, True),
    Roles.NONE: None,
}
_OF_A_QUEUED_REPORT = (Effect.DROP, Effect.DUPLICATE, Effect.REORDER, Effect.LEAK_LOCK)
_OF_A_SENT_REPORT = (Effect.WRONG_CLASS, Effect.HALF_PDU, Effect.ABORT, Effect.CLOSE)


@dataclass(slots=True)
class _Active:
    fault: Fault
    left: int | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What goes wrong with one request, which its thread remembers until it is over."""

    request: Request
    faults: tuple[Fault, ...]
    is_silent: bool = False


class Faults:
    """Faults to switch on and off at any time, from any thread. Without one nothing is changed."""

    def __init__(self, faults: Iterable[Fault | str] = (), rng: random.Random | None = None) -> None:
        """`rng` throws the dice of `drop=SHARE`. Raises ValueError for a spec that cannot be read."""
        self._lock = threading.Lock()
        self._active: list[_Active] = []
        self._rng = rng if rng is not None else random.Random()
        self._log: Callable[[str], None] = lambda _line: None
        self._lock_of: Callable[[SopInstanceUid], TransactionUid | None] = lambda _uid: None
        self._kept_back: dict[AeTitle, list[OutgoingReport]] = {}
        self._mute: WeakSet[Association] = WeakSet()
        self._thread = threading.local()
        self.happened = 0
        """How many times a fault has happened so far."""
        for fault in faults:
            self.add(fault)

    def bind(
        self, lock_of: Callable[[SopInstanceUid], TransactionUid | None], log: Callable[[str], None]
    ) -> None:
        """Tell where a workitem's Transaction UID is found, and who hears of each fault that happens."""
        self._lock_of, self._log = lock_of, log

    # Switching

    def add(self, fault: Fault | str) -> Fault:
        """Switch a fault on; the same one again begins to count anew. Raises ValueError for a bad spec."""
        wanted = parse_fault(fault) if isinstance(fault, str) else fault
        same = replace(wanted, count=None)
        with self._lock:
            self._active = [one for one in self._active if replace(one.fault, count=None) != same]
            self._active.append(_Active(wanted, wanted.count))
        return wanted

    def clear(self, spec: Fault | str = "") -> tuple[Fault, ...]:
        """Switch off and return the faults that `spec` names, without one all of them.

        Its end may be left out: `find` names all faults of C-FIND, `find:status` whatever the status is.
        """
        wanted = shortest(spec)
        with self._lock:
            gone = [one for one in self._active if not wanted or _is_named(one.fault, wanted)]
            self._active = [one for one in self._active if one not in gone]
        return tuple(one.fault for one in gone)

    @property
    def active(self) -> tuple[Fault, ...]:
        """Those that are on; `count` is how many times each will still happen."""
        with self._lock:
            return tuple(replace(one.fault, count=one.left) for one in self._active)

    def _taken(
        self, target: Target | None, aet: AeTitle, effects: Iterable[Effect] = Effect
    ) -> tuple[Fault, ...]:
        """The faults that happen to this now; each counts as happened."""
        if not self._active:
            return ()
        wanted = frozenset(effects)
        with self._lock:
            found = [
                one
                for one in self._active
                if one.fault.effect in wanted and one.fault.concerns(target, aet) and self._falls(one.fault)
            ]
            for one in found:
                if one.left is not None:
                    one.left -= 1
            self._active = [one for one in self._active if one.left != 0]
            self.happened += len(found)
        for one in found:
            self._log(f"! {printable(aet):16}  fault {one.fault}")
        return tuple(one.fault for one in found)

    def _falls(self, fault: Fault) -> bool:
        return fault.effect is not Effect.DROP or self._rng.random() < fault.number

    # Requests: provider.Interference

    def on_request(self, request: Request, association: Association) -> Reply | None:
        """What happens before the request is carried out; a reply stands for the service's."""
        target = TARGETS[request.operation] if request.operation is not None else None
        faults = self._taken(target, request.calling)
        is_silent = association in self._mute or any(one.effect is Effect.SILENCE for one in faults)
        self._thread.plan = _Plan(request, faults, is_silent) if faults or is_silent else None
        for fault in _with(faults, Effect.DELAY):
            association.wait(fault.number)
        if is_silent:
            return Reply(SUCCESS)  # on_reply keeps it back
        instead = None
        for fault in faults:
            if fault.effect is Effect.ABORT:
                association.abort()
            elif fault.effect is Effect.CLOSE:
                association.close()
            elif fault.effect is Effect.STATUS:
                instead = Reply(fault.code, ON_PURPOSE)
        return instead

    def around(self, request: Request, surroundings: Surroundings) -> Surroundings:
        """Without the comparison of Transaction UIDs, when that is the fault."""
        if not _with(self._planned(request), Effect.NO_LOCK_CHECK):
            return surroundings
        return replace(surroundings, leniency=replace(surroundings.leniency, lock=True))

    def on_reply(self, request: Request, reply: Reply, number: int, association: Association) -> Reply | None:
        """What happens instead of response `number`, or to what it says."""
        plan: _Plan | None = getattr(self._thread, "plan", None)
        if plan is None or plan.request is not request:
            return reply
        if plan.is_silent:
            return None
        is_last = reply.status not in (MATCH, MATCH_WITH_IGNORED_KEYS)
        for fault in plan.faults:
            if fault.effect is Effect.SLOW:
                association.wait(fault.number)
            elif fault.effect is Effect.ANSWER and is_last:
                reply = replace(reply, status=fault.code, comment=ON_PURPOSE)
            elif fault.effect is Effect.LEAK_LOCK:
                reply = self._leaking(request, reply)
            elif _is_due(fault, number, is_last) and fault.effect is not Effect.HALF_PDU:
                if fault.effect is Effect.ABORT_AFTER:
                    association.abort()
                elif fault.effect is Effect.CLOSE_AFTER:
                    association.close()
                return None
        return reply

    def on_message(
        self, request: Request, message: Message, number: int, association: Association
    ) -> Message | None:
        """What happens to a response on the wire."""
        is_last = message.command.status not in (MATCH, MATCH_WITH_IGNORED_KEYS)
        for fault in self._planned(request):
            if fault.effect is Effect.WRONG_CLASS:
                usual = message.command.affected_class
                message = _of_class(message, fault, _other_class(usual, request.used))
            elif fault.effect is Effect.HALF_PDU and _is_due(fault, number, is_last):
                self._send_half(message, association)
                return None
        return message

    def _planned(self, request: Request) -> tuple[Fault, ...]:
        plan: _Plan | None = getattr(self._thread, "plan", None)
        return plan.faults if plan is not None and plan.request is request else ()

    def _leaking(self, request: Request, reply: Reply) -> Reply:
        """With the Transaction UID of the claim, which no SCP may return (PS3.4 CC.2.7.3)."""
        told = reply.elements if reply.elements is not None else Elements()
        uid = SopInstanceUid(told.text(tags.SOP_INSTANCE_UID)) or request.uid
        lock = self._lock_of(uid) if uid else None
        if lock is None:
            return reply
        return replace(reply, elements=told.with_elements(element(tags.TRANSACTION_UID, str(lock))))

    def _send_half(self, message: Message, association: Association) -> None:
        """Half of the last PDU of a message, and nothing more on this association."""
        data = association.encoded(message)
        start = 0
        while (end := start + _PDU_HEADER + int.from_bytes(data[start + 2 : start + 6], "big")) < len(data):
            start = end
        association.send_bytes(data[: (start + len(data)) // 2])
        self._mute.add(association)

    # Associations: association_server.Greet

    def greet(self, arrival: Arrival) -> AssociateReject | None:
        """What happens to a request for an association; None: it is answered as usual."""
        faults = self._taken(Target.ASSOCIATE, AeTitle(arrival.request.calling))
        for fault in _with(faults, Effect.DELAY):
            arrival.wait(fault.number)
        rejection = None
        for fault in faults:
            if fault.effect is Effect.REJECT:
                rejection = _REJECTION
            elif fault.effect is Effect.ABORT:
                arrival.abort()
            elif fault.effect is Effect.CLOSE:
                arrival.close()
            elif fault.effect is Effect.SILENCE:
                while arrival.wait(_LOOK_EVERY):  # until the peer gives up, or the server ends
                    pass
        return rejection

    # Reports: event_sender.ReportInterference

    def before_report(self, receiver: AeTitle, report: OutgoingReport) -> Sequence[OutgoingReport]:
        """What is sent instead of one queued report, in this order."""
        faults = self._taken(Target.REPORT, receiver, _OF_A_QUEUED_REPORT)
        kept_back = self._kept_back.pop(receiver, None)
        reports = [report]
        for fault in faults:
            if fault.effect is Effect.DROP:
                reports = []
            elif fault.effect is Effect.DUPLICATE:
                reports = reports * 2
            elif fault.effect is Effect.LEAK_LOCK:
                reports = [self._leaking_report(one) for one in reports]
            elif kept_back is None:
                self._kept_back[receiver], reports = reports, []
        return [*reports, *(kept_back or ())]

    def delay_of(self, receiver: AeTitle) -> float:
        """Seconds to wait before a report."""
        return sum(one.number for one in self._taken(Target.REPORT, receiver, (Effect.DELAY,)))

    def roles_for(self, receiver: AeTitle, usual: tuple[bool, bool]) -> tuple[bool, bool] | None:
        """The role selection (SCU, SCP) that an association for reports proposes; None: no item."""
        faults = self._taken(Target.REPORT, receiver, (Effect.WRONG_ROLE,))
        return _ROLES[Roles(faults[-1].value)] if faults else usual

    def on_event(self, receiver: AeTitle, message: Message, association: Association) -> Message | None:
        """Before an N-EVENT-REPORT is written; None: the association has been spoiled."""
        for fault in self._taken(Target.REPORT, receiver, _OF_A_SENT_REPORT):
            if fault.effect is Effect.WRONG_CLASS:
                message = _of_class(message, fault, UpsClass.EVENT)
                continue
            if fault.effect is Effect.HALF_PDU:
                with suppress(NoAnswer):  # the receiver has gone before
                    self._send_half(message, association)
            elif fault.effect is Effect.ABORT:
                association.abort()
            else:
                association.close()
            return None
        return message

    def _leaking_report(self, report: OutgoingReport) -> OutgoingReport:
        lock = self._lock_of(report.uid)
        if lock is None:
            return report
        leaked = element(tags.TRANSACTION_UID, str(lock))
        return replace(report, information=report.information.with_elements(leaked))


def _is_named(fault: Fault, beginning: str) -> bool:
    text = str(replace(fault, count=None))
    return text == beginning or text.startswith(tuple(beginning + mark for mark in "@:="))


def _with(faults: Iterable[Fault], effect: Effect) -> list[Fault]:
    return [one for one in faults if one.effect is effect]


_AFTER = (Effect.SILENCE_AFTER, Effect.ABORT_AFTER, Effect.CLOSE_AFTER, Effect.HALF_PDU)


def _is_due(fault: Fault, number: int, is_last: bool) -> bool:
    """Whether the association breaks at this response: where there are fewer than asked for, at the last."""
    return fault.effect in _AFTER and (is_last or number >= fault.number)


def _other_class(usual: str, used: UpsClass | None) -> UpsClass:
    """The class that others wrongly answer with: that of the context; where that is right, another."""
    if used is not None and CLASS_UIDS[used] != usual:
        return used
    return UpsClass.WATCH if usual == PUSH_UID else UpsClass.PUSH


def _of_class(message: Message, fault: Fault, otherwise: UpsClass) -> Message:
    wanted = fault.value if isinstance(fault.value, UpsClass) else otherwise
    return message._replace(command=replace(message.command, affected_class=CLASS_UIDS[wanted]))
