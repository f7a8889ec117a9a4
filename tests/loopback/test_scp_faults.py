"""Every fault on purpose as a plain client and a plain listener meet it, over real associations."""

import itertools
import random
import re
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import (
    PULL,
    PUSH,
    WATCH,
    PlainListener,
    PlainScu,
    dataset,
    performed,
    plain_scu,
    workitem,
)
from tests.support.raw_scu import ABORT, associate_request, associated, connected, echo
from tests.support.running_scp import AET, Bench, bench
from tests.support.waiting import wait_until
from upsdesk import resources
from upsdesk.domain.keys import AeTitle
from upsdesk.domain.peer import UpsClass
from upsdesk.scp.dispatcher import Delivery
from upsdesk.scp.fault_specs import Effect, Fault, Roles, Target, parse_fault
from upsdesk.scp.faults import Faults
from upsdesk.scp.server import UpsScp

EVENT = "1.2.840.10008.5.1.4.34.6.4"
LOCK = "1.9.1"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def running() -> Iterator[UpsScp]:
    scp = UpsScp(AeTitle(AET))
    scp.start()
    with plain_scu(scp.port, AET) as scu:
        for number in range(6):
            assert scu.create(f"1.2.4.{number}", workitem(PatientID="SIX")) == 0x0000
    yield scp
    scp.stop()


@pytest.fixture
def scp(running: UpsScp) -> Iterator[UpsScp]:
    running.faults.clear()
    yield running
    running.faults.clear()


@pytest.fixture
def scu(scp: UpsScp) -> Iterator[PlainScu]:
    with plain_scu(scp.port, AET) as found:
        yield found


def created(scu: PlainScu) -> str:
    uid = f"1.2.3.{next(_numbers)}"
    assert scu.create(uid, workitem()) == 0x0000
    return uid


def claimed(scu: PlainScu) -> str:
    uid = created(scu)
    assert scu.change_state(uid, "IN PROGRESS", LOCK) == 0x0000
    return uid


def state_of(scu: PlainScu, uid: str) -> str:
    assert scu.get(uid, [0x00741000]) == 0x0000
    assert scu.reply is not None
    return str(scu.reply.ProcedureStepState)


def six() -> Dataset:
    return dataset(PatientID="SIX", SOPInstanceUID="")


def matches_before_the_end(scu: PlainScu) -> tuple[int, int | None]:
    """How many matches of the six came, and the final status; None: none came."""
    for matches, (status, identifier) in enumerate(scu.assoc.send_c_find(six(), PULL)):
        if identifier is None:
            return matches, int(status.Status) if "Status" in status else None
    raise AssertionError("the search did not end")


def unanswered(scu: PlainScu, call: Callable[[], object], timeout: float = 0.4) -> None:
    scu.assoc.dimse_timeout = timeout
    with pytest.raises(AssertionError, match="no response came"):
        call()


REQUESTS: dict[str, Callable[[PlainScu], int]] = {
    "echo": PlainScu.echo,
    "find": lambda scu: scu.find(six())[1][-1],
    "create": lambda scu: scu.create(f"1.2.5.{next(_numbers)}", workitem()),
    "get": lambda scu: scu.get("1.2.4.0", []),
    "set": lambda scu: scu.set("1.2.4.0", dataset(ProcedureStepLabel="New")),
    "change-state": lambda scu: scu.change_state("1.2.4.0", "SCHEDULED", LOCK),
    "request-cancel": lambda scu: scu.request_cancel("1.2.999"),
    "subscribe": lambda scu: scu.subscribe("1.2.4.0", "NOBODY"),
    "unsubscribe": lambda scu: scu.unsubscribe("1.2.4.0", "NOBODY"),
    "suspend": lambda scu: scu.suspend("1.2.4.0", "NOBODY"),
}


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("status", [0xBEEF, 0x3C10], ids="{:04X}".format)
def test_status_of_each_operation(scp: UpsScp, scu: PlainScu, name: str, status: int) -> None:
    usual = REQUESTS[name](scu)
    scp.faults.add(f"{name}:status={status:04X}*1")
    assert REQUESTS[name](scu) == status
    if name == "find":
        return  # pynetdicom takes an unknown status for the end, as it should
    assert REQUESTS[name](scu) in (usual, 0x0000)  # once was enough


def test_status_means_that_nothing_is_done(scp: UpsScp, scu: PlainScu) -> None:
    uid = created(scu)
    scp.faults.add("change-state:status=0110")
    assert scu.change_state(uid, "IN PROGRESS", LOCK) == 0x0110
    assert state_of(scu, uid) == "SCHEDULED"


def test_answer_is_another_status_for_what_was_done(scp: UpsScp, scu: PlainScu) -> None:
    uid = claimed(scu)
    scp.faults.add("set:answer=FF00")
    assert scu.set(uid, dataset(ProcedureStepLabel="Changed"), LOCK) == 0xFF00
    assert scu.get(uid, [0x00741204]) == 0x0000
    assert scu.reply is not None
    assert scu.reply.ProcedureStepLabel == "Changed"
    scp.faults.add("find:answer=A700")
    assert matches_before_the_end(scu) == (6, 0xA700)


def test_only_the_named_calling_ae_is_concerned(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("echo@OTHER:status=0122")
    assert scu.echo() == 0x0000
    with plain_scu(scp.port, AET, calling="OTHER") as other:
        assert other.echo() == 0x0122


def test_any_is_every_request(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("any:status=C000*2")
    assert (scu.echo(), scu.get("1.2.4.0", []), scu.echo()) == (0xC000, 0xC000, 0x0000)


def test_any_is_also_a_misused_one(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("any:status=0213")
    assert scu.act("1.2.4.0", 9, None) == 0x0213


@pytest.mark.parametrize("effect", ["delay", "slow"])
def test_delay_and_slow_let_time_pass(scp: UpsScp, scu: PlainScu, effect: str) -> None:
    scp.faults.add(f"get:{effect}=0.3")
    began = time.monotonic()
    assert scu.get("1.2.4.0", []) == 0x0000
    assert 0.3 <= time.monotonic() - began < 3


def test_slow_waits_before_each_response(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("find:slow=0.05")
    began = time.monotonic()
    assert matches_before_the_end(scu) == (6, 0x0000)
    assert time.monotonic() - began >= 7 * 0.05


def test_a_slow_search_can_be_cancelled(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("find:slow=0.1")
    statuses = []
    for status, _ in scu.assoc.send_c_find(six(), PULL, msg_id=7):
        statuses.append(status.Status)
        if len(statuses) == 1:
            scu.assoc.send_c_cancel(7, query_model=PULL)
    assert statuses[-1] == 0xFE00
    assert len(statuses) < 6


def test_silence_does_nothing_and_says_nothing(scp: UpsScp, scu: PlainScu) -> None:
    uid = created(scu)
    scp.faults.add("change-state:silence")
    unanswered(scu, lambda: scu.change_state(uid, "IN PROGRESS", LOCK))
    with plain_scu(scp.port, AET) as other:
        assert state_of(other, uid) == "SCHEDULED"


def test_silence_after_has_done_it(scp: UpsScp, scu: PlainScu) -> None:
    uid = created(scu)
    scp.faults.add("change-state:silence-after")
    unanswered(scu, lambda: scu.change_state(uid, "IN PROGRESS", LOCK))
    with plain_scu(scp.port, AET) as other:
        assert state_of(other, uid) == "IN PROGRESS"


@pytest.mark.parametrize("effect", ["abort", "close"])
@pytest.mark.parametrize("has_done_it", [False, True])
def test_abort_and_close(scp: UpsScp, scu: PlainScu, effect: str, has_done_it: bool) -> None:
    uid = created(scu)
    scp.faults.add(f"change-state:{effect}{'-after' if has_done_it else ''}*1")
    unanswered(scu, lambda: scu.change_state(uid, "IN PROGRESS", LOCK), timeout=5)
    wait_until(lambda: not scu.assoc.is_established, what="the association is over")
    with plain_scu(scp.port, AET) as other:
        assert state_of(other, uid) == ("IN PROGRESS" if has_done_it else "SCHEDULED")


@pytest.mark.parametrize(("effect", "is_told"), [("abort", True), ("close", False)])
def test_abort_sends_a_pdu_and_close_none(scp: UpsScp, effect: str, is_told: bool) -> None:
    scp.faults.add(f"echo:{effect}")
    with associated(scp.port, AET) as raw:
        raw.send(echo())
        assert [kind for kind, _ in raw.ends()] == ([ABORT] if is_told else [])


@pytest.mark.parametrize("effect", ["abort-after", "close-after", "silence-after"])
@pytest.mark.parametrize(("spec", "matches"), [("", 0), ("=3", 3), ("=5", 5), ("=99", 6)])
def test_a_search_breaks_off_in_its_middle(
    scp: UpsScp, scu: PlainScu, effect: str, spec: str, matches: int
) -> None:
    scp.faults.add(f"find:{effect}{spec}*1")
    scu.assoc.dimse_timeout = 0.5 if effect == "silence-after" else 5
    assert matches_before_the_end(scu) == (matches, None)
    with plain_scu(scp.port, AET) as other:
        assert matches_before_the_end(other) == (6, 0x0000)


def test_half_a_pdu_and_then_nothing(scp: UpsScp) -> None:
    scp.faults.add("echo:half-pdu*1")
    with associated(scp.port, AET) as raw:
        raw.send(echo())
        kind, length = struct.unpack(">BxI", raw.raw.recv(6))
        raw.raw.settimeout(0.3)
        came = raw._read(length)
        assert kind == 4
        assert length // 2 - 6 <= len(came) <= length // 2
        raw.send(echo(2))  # what is asked further is not answered into the middle of the PDU
        assert raw._read(1) == b""


def test_half_a_pdu_after_some_matches(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("find:half-pdu=2")
    scu.assoc.dimse_timeout = 0.5
    # pynetdicom waits for the rest in a thread that its abort does not wake: end the connection under it.
    threading.Timer(1.5, lambda: scu._connection.shutdown(2)).start()  # type: ignore[union-attr]
    assert matches_before_the_end(scu) == (2, None)


@pytest.mark.parametrize(
    ("spec", "call", "told"),
    [
        ("create:wrong-class", REQUESTS["create"], WATCH),
        ("get:wrong-class", REQUESTS["get"], PULL),
        ("subscribe:wrong-class", REQUESTS["subscribe"], WATCH),
        ("get:wrong-class=event", REQUESTS["get"], EVENT),
    ],
)
def test_wrong_class(
    scp: UpsScp, scu: PlainScu, spec: str, call: Callable[[PlainScu], int], told: str
) -> None:
    call(scu)
    assert scu.command.AffectedSOPClassUID == PUSH
    scp.faults.add(spec)
    call(scu)
    assert scu.command.AffectedSOPClassUID == told


def test_wrong_class_of_a_search(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("find:wrong-class")
    assert len(scu.find(six())[0]) == 6
    assert scu.command.AffectedSOPClassUID == PUSH


def test_leak_lock(scp: UpsScp, scu: PlainScu) -> None:
    uid = claimed(scu)
    scp.faults.add("any:leak-lock")
    assert scu.get(uid, []) == 0x0000
    assert scu.reply is not None
    assert scu.reply.TransactionUID == LOCK
    found, _ = scu.find(dataset(SOPInstanceUID=uid))
    assert [one.TransactionUID for one in found] == [LOCK]
    claimed(scu)
    assert scu.reply.TransactionUID == LOCK
    # A workitem without a claim has none to leak.
    assert scu.get(created(scu), []) == 0x0000
    assert "TransactionUID" not in scu.reply
    scp.faults.clear()
    assert scu.get(uid, []) == 0x0000
    assert "TransactionUID" not in scu.reply


def test_no_lock_check(scp: UpsScp, scu: PlainScu) -> None:
    uid = claimed(scu)
    assert scu.set(uid, performed(), "1.9.666") == 0xC301
    assert scu.change_state(uid, "COMPLETED", "1.9.666") == 0xC301
    scp.faults.add("set:no-lock-check")
    assert scu.set(uid, performed(), "1.9.666") == 0x0000
    assert scu.change_state(uid, "COMPLETED", "1.9.666") == 0xC301
    scp.faults.add("change-state:no-lock-check")
    assert scu.change_state(uid, "COMPLETED", "1.9.666") == 0x0000


def test_several_faults_at_once(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("get:delay=0.2")
    scp.faults.add("get:status=0213")
    began = time.monotonic()
    assert scu.get("1.2.4.0", []) == 0x0213
    assert time.monotonic() - began >= 0.2


def test_a_request_for_an_association_is_rejected(scp: UpsScp) -> None:
    scp.faults.add("associate@RAW:reject*1")
    with connected(scp.port) as raw:
        raw.send(associate_request(AET.encode()))
        assert raw.read_pdu() == (3, bytes((0, 1, 1, 1)))
    with associated(scp.port, AET) as raw:
        raw.send(echo())
        assert raw.status() == 0x0000


@pytest.mark.parametrize(("effect", "kinds"), [("abort", [ABORT]), ("close", [])])
def test_a_request_for_an_association_is_cut_off(scp: UpsScp, effect: str, kinds: list[int]) -> None:
    scp.faults.add(f"associate:{effect}")
    with connected(scp.port) as raw:
        raw.send(associate_request(AET.encode()))
        assert [kind for kind, _ in raw.ends()] == kinds


def test_a_request_for_an_association_gets_no_answer(scp: UpsScp) -> None:
    scp.faults.add("associate:silence")
    with connected(scp.port) as raw:
        raw.send(associate_request(AET.encode()))
        raw.raw.settimeout(0.3)
        assert raw.read_pdu() == (0, b"")
    wait_until(lambda: scp.connections == 0, what="the server has noticed that the client has gone")


def test_a_request_for_an_association_waits(scp: UpsScp) -> None:
    scp.faults.add("associate:delay=0.3")
    began = time.monotonic()
    with associated(scp.port, AET):
        assert time.monotonic() - began >= 0.3


# Reports


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench(faults=Faults(rng=random.Random(5)), delivery=Delivery(idle_release=0.1)) as found:
        yield found


def labelled(desk: Bench, uid: str, count: int) -> list[str]:
    """Cause `count` progress reports; return what they are to tell, in order."""
    words = [f"Step {number}" for number in range(count)]
    for one in words:
        progress = dataset(ProcedureStepProgressDescription=one)
        change = dataset(ProcedureStepProgressInformationSequence=[progress])
        assert desk.scu.set(uid, change, LOCK) == 0x0000
    return words


def followed(desk: Bench) -> str:
    """A workitem IN PROGRESS that ALICE and BOB are told about."""
    uid = desk.in_state("IN PROGRESS", LOCK)
    for listener in (desk.alice, desk.bob):
        assert desk.scu.subscribe(uid, listener.aet) == 0x0000
        listener.wait_for(uid, 1)
    desk.settle()
    desk.alice.told.clear()
    desk.bob.told.clear()
    return uid


def heard(listener: PlainListener, uid: str) -> list[str]:
    return [
        one.information.ProcedureStepProgressInformationSequence[0].ProcedureStepProgressDescription
        for one in listener.about(uid)
    ]


def test_reports_are_dropped_for_one_receiver(desk: Bench) -> None:
    uid = followed(desk)
    desk.scp.faults.add("report@ALICE:drop*2")
    words = labelled(desk, uid, 4)
    desk.bob.wait_for(uid, 4)
    desk.alice.wait_for(uid, 2)
    desk.settle()
    assert heard(desk.alice, uid) == words[2:]
    assert heard(desk.bob, uid) == words


def test_a_share_of_reports_is_dropped_the_same_with_the_same_seed(desk: Bench) -> None:
    uid = followed(desk)
    desk.scp.faults.add("report@ALICE:drop=0.5")
    words = labelled(desk, uid, 12)
    desk.bob.wait_for(uid, 12)
    desk.settle()
    dice = random.Random(5)
    assert heard(desk.alice, uid) == [word for word in words if dice.random() >= 0.5]
    assert 0 < len(heard(desk.alice, uid)) < 12


def test_reports_come_twice(desk: Bench) -> None:
    uid = followed(desk)
    desk.scp.faults.add("report:duplicate*2")
    labelled(desk, uid, 1)
    assert len(desk.alice.wait_for(uid, 2)) == 2
    assert len(desk.bob.wait_for(uid, 2)) == 2
    words = labelled(desk, uid, 2)  # the first of which changes nothing
    desk.alice.wait_for(uid, 3)
    desk.settle()
    assert heard(desk.alice, uid) == [words[0], words[0], words[1]]


def test_reports_change_places(desk: Bench) -> None:
    uid = followed(desk)
    desk.scp.faults.add("report@ALICE:reorder*1")
    words = labelled(desk, uid, 4)
    desk.alice.wait_for(uid, 4)
    desk.bob.wait_for(uid, 4)
    assert heard(desk.alice, uid) == [words[1], words[0], words[2], words[3]]
    assert heard(desk.bob, uid) == words


def test_reports_are_late(desk: Bench) -> None:
    uid = followed(desk)
    desk.scp.faults.add("report@ALICE:delay=0.4")
    began = time.monotonic()
    labelled(desk, uid, 1)
    desk.bob.wait_for(uid, 1)
    assert not desk.alice.told
    desk.alice.wait_for(uid, 1)
    assert time.monotonic() - began >= 0.4


def test_reports_of_another_class(desk: Bench) -> None:
    uid = followed(desk)
    desk.scp.faults.add("report@ALICE:wrong-class")
    desk.scp.faults.add("report@BOB:wrong-class=watch")
    labelled(desk, uid, 1)
    assert desk.alice.wait_for(uid, 1)[0].sop_class == EVENT
    assert desk.bob.wait_for(uid, 1)[0].sop_class == WATCH


def test_reports_leak_the_lock(desk: Bench) -> None:
    uid = followed(desk)
    desk.scp.faults.add("report@ALICE:leak-lock")
    labelled(desk, uid, 1)
    assert desk.alice.wait_for(uid, 1)[0].information.TransactionUID == LOCK
    assert "TransactionUID" not in desk.bob.wait_for(uid, 1)[0].information


@pytest.mark.parametrize("effect", ["abort", "close", "half-pdu"])
def test_a_report_that_breaks_off_is_sent_again(desk: Bench, effect: str) -> None:
    uid = followed(desk)
    desk.scp.faults.add(f"report@ALICE:{effect}*1")
    before = desk.alice.associations
    words = labelled(desk, uid, 2)
    desk.alice.wait_for(uid, 2)
    assert heard(desk.alice, uid) == words
    assert desk.alice.associations > before


@pytest.mark.parametrize(
    ("spec", "roles"),
    [("wrong-role", (1, 0)), ("wrong-role=both", (1, 1)), ("wrong-role=none", None), ("", (0, 1))],
)
def test_role_selection_of_reports(desk: Bench, spec: str, roles: tuple[int, int] | None) -> None:
    uid = followed(desk)
    wait_until(lambda: not desk.alice._server.active_associations, what="its association is released")
    if spec:
        desk.scp.faults.add(f"report@ALICE:{spec}")
    before = len(desk.alice.proposed)
    labelled(desk, uid, 1)
    wait_until(lambda: len(desk.alice.proposed) > before, what="an association for reports")
    found = desk.alice.proposed[-1].get(EVENT)
    assert (None if found is None else (int(found.scu_role), int(found.scp_role))) == roles


# Switching


def test_the_server_ends_at_once_whatever_waits_on_purpose() -> None:
    scp = UpsScp(AeTitle(AET), faults=Faults(["echo:delay=60", "associate@SILENT:silence"]))
    scp.start()
    try:
        with associated(scp.port, AET) as waiting, connected(scp.port) as silent:
            waiting.send(echo())
            silent.send(associate_request(AET.encode(), calling=b"SILENT"))
            wait_until(lambda: scp.faults.happened == 2, what="both wait")
            began = time.monotonic()
            scp.stop()
            assert time.monotonic() - began < 2
            assert [kind for kind, _ in waiting.ends()] == [ABORT]
            assert silent.ends() in ([], [(ABORT, bytes(4))])
    finally:
        scp.stop()


def test_what_happens_is_logged() -> None:
    lines: list[str] = []
    scp = UpsScp(AeTitle(AET), log=lines.append, faults=Faults(["echo:status=0211*1"]))
    scp.start()
    try:
        with plain_scu(scp.port, AET) as scu:
            assert (scu.echo(), scu.echo()) == (0x0211, 0x0000)
    finally:
        scp.stop()
    assert [line for line in lines if "fault" in line] == ["! PLAIN             fault echo:status=0211*1"]


def test_counts_go_down_and_begin_anew(scp: UpsScp, scu: PlainScu) -> None:
    scp.faults.add("echo:status=0211*3")
    scu.echo()
    assert [str(one) for one in scp.faults.active] == ["echo:status=0211*2"]
    scp.faults.add("echo:status=0211*3")
    assert [str(one) for one in scp.faults.active] == ["echo:status=0211*3"]
    for _ in range(3):
        scu.echo()
    assert scp.faults.active == ()


@pytest.mark.parametrize(
    ("spec", "left"),
    [
        ("", []),
        ("find", ["get:abort", "change-state@DESK:silence"]),
        ("find:status", ["find:abort-after=2", "get:abort", "change-state@DESK:silence"]),
        ("find:abort-after=2", ["find:status=A700", "get:abort", "change-state@DESK:silence"]),
        ("chstate", ["find:status=A700", "find:abort-after=2", "get:abort"]),
        ("change-state@DESK:silence*4", ["find:status=A700", "find:abort-after=2", "get:abort"]),
        ("set", ["find:status=A700", "find:abort-after=2", "get:abort", "change-state@DESK:silence"]),
    ],
)
def test_clear(spec: str, left: list[str]) -> None:
    faults = Faults(["find:status=A700", "find:abort-after=2", "get:abort", "chstate@DESK:silence"])
    faults.clear(spec)
    assert [str(one) for one in faults.active] == left


T, E = Target, Effect


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("find:status=a700", Fault(T.FIND, E.STATUS, value=0xA700)),
        ("reqcancel:answer=0", Fault(T.REQUEST_CANCEL, E.ANSWER, value=0)),
        (" any@MY DESK:delay=1.5*3 ", Fault(T.ANY, E.DELAY, AeTitle("MY DESK"), 1.5, 3)),
        ("find:abort-after", Fault(T.FIND, E.ABORT_AFTER, value=0)),
        ("find:close-after=12", Fault(T.FIND, E.CLOSE_AFTER, value=12)),
        ("report:drop", Fault(T.REPORT, E.DROP, value=1.0)),
        ("report:drop=0.25", Fault(T.REPORT, E.DROP, value=0.25)),
        ("report@A:wrong-role=none", Fault(T.REPORT, E.WRONG_ROLE, AeTitle("A"), Roles.NONE)),
        ("get:wrong-class=Query", Fault(T.GET, E.WRONG_CLASS, value=UpsClass.QUERY)),
        ("associate:reject*1", Fault(T.ASSOCIATE, E.REJECT, count=1)),
    ],
)
def test_specs(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault
    assert parse_fault(str(fault)) == fault


def test_the_help_page_names_every_operation_and_effect_by_an_example_that_works() -> None:
    page = resources.read_text("help", "scp-faults.md")
    rows = [line for line in page.splitlines() if line.startswith("| `") and line.count("|") == 4]
    examples = [parse_fault(text) for row in rows for text in re.findall("`([^`]*)`", row.split("|")[3])]
    assert {one.effect for one in examples} | {E.CLOSE} == set(Effect)
    for effect in Effect:
        assert f"`{effect.value}" in page
    for target in Target:
        assert f"`{target.value}`" in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "OPERATION"),
        ("find", "OPERATION"),
        (":abort", "OPERATION"),
        ("find:", "OPERATION"),
        ("fnd:abort", "'fnd' is no operation"),
        ("find:explode", "'explode' is no effect of find: write one of status, "),
        ("find:drop", "'drop' is no effect of find"),
        ("report:status=0110", "'status' is no effect of report"),
        ("echo:wrong-class", "no effect of echo"),
        ("find:status", "four hex digits"),
        ("find:status=XYZ", "four hex digits"),
        ("find:status=12345", "four hex digits"),
        ("get:delay=0", "seconds"),
        ("get:delay=nan", "seconds"),
        ("get:delay=-1", "seconds"),
        ("report:drop=2", "share"),
        ("find:abort-after=x", "number of responses"),
        ("get:abort-after=3", "only find"),
        ("find:abort=3", "takes no value"),
        ("find:abort*0", "1 or more"),
        ("find:abort*", "1 or more"),
        ("find@:abort", "AE title"),
        ("find@MUCH TOO LONG A TITLE:abort", "AE title"),
        ("report:wrong-role=x", "swapped"),
        ("get:wrong-class=x", "Pull"),
    ],
)
def test_bad_specs_are_one_sentence(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="is no ") as found:
        parse_fault(text)
    assert words in str(found.value)
    assert "\n" not in str(found.value)
