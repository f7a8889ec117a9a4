"""docs/conformance.md: each status that it claims is sent by a running SCP, and no other is in the code."""

import struct
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support import raw_scu
from tests.support.plain_scu import (
    GLOBAL,
    PULL,
    PUSH,
    QUERY,
    WATCH,
    dataset,
    discontinued,
    performed,
    workitem,
)
from tests.support.running_scp import AET, Bench, bench
from tests.support.statement import rows
from tools.conformance.behaviour import ANSWERS, MISUSE
from tools.conformance.network import OPERATION_NAMES
from upsdesk.dicom.upper_layer.messages import RESPONSE
from upsdesk.domain.operation import Operation
from upsdesk.domain.state import TRANSITIONS
from upsdesk.scp import provider
from upsdesk.scp.services import action, common, create, find, get, refusals, subscribe
from upsdesk.scp.services import set as set_service

CONTEXTS = {"UPS Push": PUSH, "UPS Pull": PULL, "UPS Watch": WATCH, "UPS Query": QUERY}
UNKNOWN = "1.2.3.999999"
TUID = "1.9.1"
Scenario = Callable[[Bench], int]
"""Brings the SCP to the answer; returns its status."""


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench() as found:
        yield found


@pytest.fixture
def there(_running: Bench) -> Bench:
    _running.forget_subscriptions()
    return _running


def test_which_message_goes_on_which_context(there: Bench) -> None:
    table = {row["Message"]: row for row in rows("4.2-3")}
    assert set(table) == {name for one, name in OPERATION_NAMES.items() if one is not Operation.ECHO}
    for operation, name in OPERATION_NAMES.items():
        for head, context in CONTEXTS.items():
            if operation is not Operation.ECHO:
                status = _sent(there, operation, context)
                assert (status not in (0x0211, 0x0123)) == (table[name][head] == "yes"), (name, head)


def _sent(there: Bench, operation: Operation, context: str) -> int:
    uid, scu = there.created(), there.scu
    if operation is Operation.FIND:
        return scu.find(dataset(SOPInstanceUID=uid), context)[1][-1]
    if operation is Operation.CREATE:
        return scu.create(there.uid(), workitem(), context=context)
    if operation is Operation.GET:
        return scu.get(uid, [0x00741000], context=context)
    if operation is Operation.SET:
        return scu.set(uid, dataset(ProcedureStepLabel="New"), context=context)
    assert operation.action_type is not None
    arguments = dataset(ProcedureStepState="IN PROGRESS", TransactionUID=TUID, ReceivingAE="ALICE")
    return scu.act(uid, operation.action_type, arguments, context=context)


def _created(uid: str | None = "", named: str = PUSH, without: str = "", **values: Any) -> Scenario:
    def act(there: Bench) -> int:
        ds = workitem(**values)
        if without:
            delattr(ds, without)
        return there.scu.create(there.uid() if uid == "" else uid, ds, named=named)

    return act


def _set(state: str = "SCHEDULED", tuid: str = "", named: str = PUSH, **values: Any) -> Scenario:
    def act(there: Bench) -> int:
        change = dataset(**(values or {"ProcedureStepLabel": "New"}))
        return there.scu.set(there.in_state(state, TUID), change, tuid, named=named)

    return act


def _to(target: str, state: str, tuid: str = TUID) -> Scenario:
    return lambda there: there.scu.change_state(there.in_state(state, TUID), target, tuid)


def _cancel(state: str, *, watched: bool = False, **values: Any) -> Scenario:
    def act(there: Bench) -> int:
        uid = there.in_state(state, TUID)
        if watched:
            assert there.scu.subscribe(uid, "ALICE") == 0x0000
        return there.scu.request_cancel(uid, dataset(**values) if values else None)

    return act


def _act(kind: int, uid: str = "", named: str = PUSH, **values: Any) -> Scenario:
    def act(there: Bench) -> int:
        given = {"ReceivingAE": "ALICE", "DeletionLock": "FALSE"}
        if kind == 1:
            given = {"ProcedureStepState": "IN PROGRESS", "TransactionUID": TUID}
        arguments = dataset(**{key: value for key, value in (given | values).items() if value is not None})
        context = PULL if kind == 1 else WATCH
        return there.scu.act(uid or there.created(), kind, arguments, context=context, named=named)

    return act


def _got(*tags: int, uid: str = "", named: str = PUSH) -> Scenario:
    return lambda there: there.scu.get(uid or there.created(), [0x00741000, *tags], named=named)


def _found(keys: Callable[[str], Dataset], number: int = 0) -> Scenario:
    """Status `number` of those of a search."""
    return lambda there: there.scu.find(keys(there.created()), PULL)[1][number]


N_GET, N_SET, N_ACTION, N_CREATE = 0x0110, 0x0120, 0x0130, 0x0140
_CHANGE = struct.pack("<H", 1)


def _raw(field: int, data: bytes, **elements: bytes) -> Scenario:
    """A message with this data set on UPS Pull; an N-CREATE on Push, actions from 2 upwards on Watch."""

    def act(there: Bench) -> int:
        context = 5 if field == N_CREATE else 3
        sop_class = raw_scu.PULL if field == raw_scu.C_FIND else raw_scu.PUSH
        if elements.get("e1008", _CHANGE) != _CHANGE:
            context = 7
        if field == N_CREATE:
            elements.setdefault("e0002", sop_class)
        contexts = (*raw_scu.CONTEXTS, (7, raw_scu.WATCH, (raw_scu.IMPLICIT,)))
        with raw_scu.associated(there.port, AET, contexts=contexts) as scu:
            command = raw_scu.command(field, 9, sop_class, has_data=True, **elements)
            scu.send(raw_scu.message(context, command, data))
            return scu.status()

    return act


def _stopped(there: Bench) -> int:
    for _ in range(60):
        there.created(WorklistLabel="Stopped")
    asked = raw_scu.command(raw_scu.C_FIND, 9, raw_scu.PULL, has_data=True)
    keys = raw_scu.element(0x00741202, b"Stopped ")
    cancel = raw_scu.command(raw_scu.C_CANCEL, 9, raw_scu.PULL)
    with raw_scu.associated(there.port, AET) as scu:
        scu.send(raw_scu.message(3, asked, keys) + raw_scu.message(3, cancel))
        while (status := scu.status()) == 0xFF00:
            pass
        return status


def _wrong_class(there: Bench) -> int:
    command = raw_scu.command(raw_scu.C_FIND, 9, raw_scu.QUERY, has_data=True)
    with raw_scu.associated(there.port, AET) as scu:
        scu.send(raw_scu.message(3, command, raw_scu.element(0x00080018, b"1.2.3.4.")))
        return scu.status()


DAMAGED = b"\x10\0\x10\0\xff\xff\0\0A"
"""An element that is longer than its data set."""
NO_UID = b"1..2"
_PERCENT = {"ProcedureStepProgressInformationSequence": [dataset(ProcedureStepProgress="101")]}
_ACTIONS = {
    Operation.CHANGE_STATE: 1,
    Operation.REQUEST_CANCEL: 2,
    Operation.SUBSCRIBE: 3,
    Operation.UNSUBSCRIBE: 4,
    Operation.SUSPEND: 5,
}
_GOOD = {Operation.SUSPEND: GLOBAL}

SCENARIOS: dict[Operation, dict[int, Scenario]] = {
    Operation.ECHO: {0x0000: lambda there: there.scu.echo()},
    Operation.CREATE: {
        0x0000: _created(),
        0xB300: _created(WorklistLabel=""),
        0x0107: _created(AffectedSOPClassUID=PUSH),
        0x0105: _created(TransactionUID=TUID),
        0x0106: _created(ScheduledProcedureStepPriority="STAT"),
        0x0110: _raw(N_CREATE, DAMAGED),
        0x0111: lambda there: there.scu.create(there.created(), workitem()),
        0x0117: _raw(N_CREATE, b"", e1000=NO_UID),
        0x0118: _created(named=PULL),
        0x0120: _created(without="AdmissionID"),
        0x0121: _created(ProcedureStepLabel=""),
        0x0122: _created(named="1.2.840.10008.5.1.4.1.1.2"),
        0xC309: _created(ProcedureStepState="COMPLETED"),
    },
    Operation.SET: {
        0x0000: _set(),
        0xB305: _set(WorklistLabel=""),
        0x0107: _set(ProcedureStepLabel="New", AffectedSOPClassUID=PUSH),
        0x0116: _set("IN PROGRESS", TUID, **_PERCENT),
        0x0105: _set(PatientID="NEW"),
        0x0106: _set(InputReadinessState="PERHAPS"),
        0x0110: _raw(N_SET, DAMAGED, e1001=b"1.2.3.1 "),
        0x0117: _raw(N_SET, b"", e1001=NO_UID),
        0x0119: _set(named=PULL),
        0x0121: _set(ProcedureStepLabel=""),
        0xC300: _set("COMPLETED", TUID),
        0xC301: _set("IN PROGRESS"),
        0xC307: lambda there: there.scu.set(UNKNOWN, dataset(ProcedureStepLabel="New")),
        0xC310: _set(tuid=TUID),
    },
    Operation.GET: {
        0x0000: _got(),
        0x0001: _got(0x00080060),
        0x0107: _got(0x00081195),
        0x0117: _raw(N_GET, b"", e1001=NO_UID),
        0x0119: _got(named=PULL),
        0xC307: _got(uid=UNKNOWN),
    },
    Operation.CHANGE_STATE: {
        0x0000: _to("IN PROGRESS", "SCHEDULED"),
        0xB304: _to("CANCELED", "CANCELED"),
        0xB306: _to("COMPLETED", "COMPLETED"),
        0x0115: _to("PAUSED", "SCHEDULED"),
        0xC300: _to("IN PROGRESS", "COMPLETED"),
        0xC301: _to("IN PROGRESS", "IN PROGRESS", "1.9.2"),
        0xC302: _to("IN PROGRESS", "IN PROGRESS"),
        0xC303: _to("SCHEDULED", "IN PROGRESS"),
        0xC304: _to("COMPLETED", "IN PROGRESS"),
        0xC310: _to("COMPLETED", "SCHEDULED"),
    },
    Operation.REQUEST_CANCEL: {
        0x0000: _cancel("IN PROGRESS", watched=True),
        0xB304: _cancel("CANCELED"),
        0x0115: _cancel("SCHEDULED", ProcedureStepDiscontinuationReasonCodeSequence=[dataset(CodeValue="1")]),
        0xC311: _cancel("COMPLETED"),
        0xC312: _cancel("IN PROGRESS"),
    },
    Operation.SUBSCRIBE: {
        0x0000: _act(3),
        0x0115: _act(3, DeletionLock="MAYBE"),
        0xC308: _act(3, ReceivingAE="NOBODY"),
    },
    Operation.UNSUBSCRIBE: {
        0x0000: _act(4),
        0x0115: _act(4, ReceivingAE=None),
        0xC308: _act(4, ReceivingAE="NOBODY"),
    },
    Operation.SUSPEND: {
        0x0000: _act(5, GLOBAL),
        0x0115: _act(5, GLOBAL, ReceivingAE=None),
        0xC308: _act(5, GLOBAL, ReceivingAE="NOBODY"),
        0xC314: _act(5),
    },
    Operation.FIND: {
        0xFF00: _found(lambda uid: dataset(SOPInstanceUID=uid)),
        0xFF01: _found(lambda uid: dataset(SOPInstanceUID=uid, TransactionUID="1.2")),
        0x0000: _found(lambda uid: dataset(SOPInstanceUID=uid), -1),
        0xFE00: _stopped,
        0x0122: _wrong_class,
        0xA900: _found(lambda uid: dataset(SOPInstanceUID=uid, PatientID=["A", "B"])),
        0xC000: _raw(raw_scu.C_FIND, DAMAGED),
    },
}
for _operation, _kind in _ACTIONS.items():
    SCENARIOS[_operation] |= {
        0x0110: _raw(N_ACTION, DAMAGED, e1001=b"1.2.3.1 ", e1008=struct.pack("<H", _kind)),
        0x0117: _raw(N_ACTION, b"", e1001=NO_UID, e1008=struct.pack("<H", _kind)),
        0x0119: _act(_kind, _GOOD.get(_operation, ""), named=PULL),
        0xC307: _act(_kind, UNKNOWN),
    }
NOT_TO_BE_SEEN = {(Operation.GET, 0x0110), (Operation.FIND, 0x0110)}
"""Only when the store fails."""
CLAIMED = [(one, answer.code) for one, answers in ANSWERS.items() for answer in answers]


def test_every_status_that_is_claimed_has_a_scenario() -> None:
    seen = {(operation, status) for operation, found in SCENARIOS.items() for status in found}
    assert len(CLAIMED) == len(set(CLAIMED))
    assert seen | NOT_TO_BE_SEEN == set(CLAIMED)
    assert not seen & NOT_TO_BE_SEEN
    told = {(row["Message"], int(row["Status"], 16)) for row in rows("4.4-3")}
    assert told == {(OPERATION_NAMES[one], status) for one, status in CLAIMED}


@pytest.mark.parametrize(
    ("operation", "status"),
    [one for one in CLAIMED if one not in NOT_TO_BE_SEEN],
    ids=lambda value: value.value if isinstance(value, Operation) else f"{value:04X}",
)
def test_a_status_that_is_claimed_is_sent(there: Bench, operation: Operation, status: int) -> None:
    assert SCENARIOS[operation][status](there) == status


def _constants(module: ModuleType) -> set[int]:
    """The public numbers of a module that can be statuses."""
    public = (value for name, value in vars(module).items() if name.isupper() and name[0] != "_")
    numbers = {value for value in public if type(value) is int and value >= 0}
    return numbers - {RESPONSE, common.COMMENT_LENGTH}


def test_no_status_of_the_code_is_left_out() -> None:
    modules = (action, common, create, find, get, refusals, set_service, subscribe, provider)
    in_code = set().union(*map(_constants, modules)) | {cell.status for cell in TRANSITIONS.values()}
    assert in_code == {status for _, status in CLAIMED} | {one.code for one in MISUSE}


# Tables 4.4-9 and 4.4-10

STATES = ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED")
CELLS = [(row["Request"], state) for row in rows("4.4-9") for state in ("No such workitem", *STATES)]


def _asked(there: Bench, request: str, uid: str, state: str) -> int:
    """The status that a request of the table gets."""
    if request == "N-CREATE":
        return there.scu.create(uid, workitem())
    if request == "Request Cancel":
        return there.scu.request_cancel(uid)
    wrong = "" if "without a " in request else "1.9.2"
    tuid = TUID if "with the correct" in request else wrong
    if request.startswith("N-SET"):
        return there.scu.set(uid, dataset(ProcedureStepLabel="New"), tuid)
    if "without the correct" in request and state == "SCHEDULED":
        tuid = ""  # any is correct, since none is recorded
    target = next(one for one in STATES if f"Change State to {one}" in request)
    return there.scu.change_state(uid, target, tuid)


@pytest.mark.parametrize(("request_", "state"), CELLS)
def test_a_request_in_a_state(there: Bench, request_: str, state: str) -> None:
    [cell] = [row[state] for row in rows("4.4-9") if row["Request"] == request_]
    uid = UNKNOWN if state not in STATES else there.in_state(state, TUID)
    if request_ == "N-CREATE" and state not in STATES:
        uid = there.uid()
    if "subscribers are told" in cell:
        assert there.scu.subscribe(uid, "ALICE") == 0x0000
    final = "Change State" in request_ and "else C304" in cell
    if final:
        assert _asked(there, request_, uid, state) == 0xC304
        change = performed() if "COMPLETED" in cell else discontinued()
        assert there.scu.set(uid, change, TUID) == 0x0000
    assert f"{_asked(there, request_, uid, state):04X}" == cell[:4]
    after = (
        cell.partition(";")[0].rpartition("becomes ")[2].rpartition("then ")[2]
        if "becomes" in cell
        else state
    )
    if after in STATES:
        assert there.read(uid).ProcedureStepState == after


NEEDED = [row for row in rows("4.4-10") if row["Needed"] == "with a value" and " > " in row["Attribute"]]


@pytest.mark.parametrize("row", NEEDED, ids=lambda row: row["Attribute"].rpartition(" ")[2])
def test_a_final_state_lacks_something(there: Bench, row: dict[str, str]) -> None:
    sequence, _, keyword = row["Attribute"].partition(" > ")
    uid = there.in_state("IN PROGRESS", TUID)
    change = performed() if row["State"] == "COMPLETED" else discontinued()
    delattr(change[sequence][0], keyword)
    assert there.scu.set(uid, change, TUID) == 0x0000
    assert there.scu.change_state(uid, row["State"], TUID) == 0xC304
    assert there.scu.status.ErrorComment == f"missing: {keyword}"
