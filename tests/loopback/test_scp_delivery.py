"""How reports reach their receivers: roles, order, retries, bounds, start and end, and rude receivers."""

import itertools
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from tests.perf.soak_reports import Size, excess, steady
from tests.support.plain_scu import (
    GLOBAL,
    PUSH,
    PlainListener,
    PlainScu,
    dataset,
    plain_scu,
    workitem,
)
from tests.support.rude_peer import (
    RELEASE_REQUEST,
    abort,
    full_backlog,
    p_data,
    refusing_port,
    reject,
    request,
)
from tests.support.rude_receiver import (
    EVENT,
    EXPLICIT,
    IMPLICIT,
    N_EVENT_REPORT_RQ,
    Behaviour,
    Guest,
    Heard,
    RudeReceiver,
)
from tests.support.waiting import wait_until
from upsdesk.dicom.upper_layer.requestor import Patience
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.dispatcher import Delivery
from upsdesk.scp.model import ReceivingAe
from upsdesk.scp.server import UpsScp
from upsdesk.scp.store.status import ReceiverStatus

AET = "TESTSCP"
HASTY = Patience(connect=0.3, associate=0.3)
TIRELESS: dict[str, Any] = {"retries": (0.05,), "attempts": 1000, "patience": HASTY, "answer": 0.3}
"""For receivers that come round in the end: nothing is given up."""


class Site:
    """An SCP, a client of it, and what it said."""

    def __init__(self, scp: UpsScp, scu: PlainScu, said: list[str]) -> None:
        self.scp, self.scu, self.said = scp, scu, said
        self._numbers = itertools.count(1)

    def created(self) -> str:
        uid = f"1.2.3.{next(self._numbers)}"
        assert self.scu.create(uid, workitem()) == 0x0000
        return uid

    def status(self, aet: str) -> ReceiverStatus:
        return next(one for one in self.scp.repository.status() if one.aet == aet)

    def told_of(self, aet: str, *words: str) -> bool:
        """Whether a line about `aet` with all these words was said."""
        return any(line.startswith(aet) and all(word in line for word in words) for line in list(self.said))


@contextmanager
def site(*peers: ReceivingAe, **options: Any) -> Iterator[Site]:
    said: list[str] = []
    options["delivery"] = Delivery(**{"idle_release": 0.2, **options.get("delivery", {})})
    scp = UpsScp(AeTitle(AET), peers=peers, log=said.append, **options)
    try:
        with plain_scu(scp.start(), AET) as scu:
            yield Site(scp, scu, said)
    finally:
        scp.stop()


def at(aet: str, port: int) -> ReceivingAe:
    return ReceivingAe(AeTitle(aet), "127.0.0.1", port)


def read(heard: Heard, syntax: str = EXPLICIT) -> Dataset:
    """The Event Information, read by pydicom."""
    return read_dataset(BytesIO(heard.data), is_implicit_VR=syntax == IMPLICIT, is_little_endian=True)


def polite(guest: Guest) -> None:
    guest.behave()


def no_role_reply(guest: Guest) -> None:
    if guest.accept(roles=None):
        guest.answer_all()


def implicit_only(guest: Guest) -> None:
    if guest.accept(syntax=IMPLICIT):
        guest.answer_all()


# What goes over the wire


def test_the_scp_of_event_asks_for_its_role_and_names_push() -> None:
    with RudeReceiver(polite) as receiver, site(at("ALICE", receiver.port)) as there:
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        uid = there.created()
        wait_until(lambda: uid in receiver.uids)
        asked = receiver.asked[0]
        assert (asked.called, asked.calling) == ("ALICE", AET)
        assert list(asked.contexts) == [EVENT]
        assert asked.roles == {EVENT: (0, 1)}
        heard = receiver.heard[-1]
        assert (heard.field, heard.kind, heard.sop_class) == (N_EVENT_REPORT_RQ, 1, str(PUSH))
        assert read(heard).ProcedureStepState == "SCHEDULED"


@pytest.mark.parametrize(("behaviour", "syntax"), [(polite, EXPLICIT), (implicit_only, IMPLICIT)])
def test_a_report_says_in_what_characters_it_is_written(behaviour: Behaviour, syntax: str) -> None:
    with RudeReceiver(behaviour) as receiver, site(at("ALICE", receiver.port)) as there:
        uid = there.created()
        assert there.scu.subscribe(uid, "ALICE") == 0x0000
        assert there.scu.change_state(uid, "IN PROGRESS", "1.2") == 0x0000
        item = dataset(ProcedureStepProgress="5", ProcedureStepProgressDescription="半分 Hälfte")
        change = dataset(SpecificCharacterSet="ISO_IR 192", ProcedureStepProgressInformationSequence=[item])
        assert there.scu.set(uid, change, "1.2") == 0x0000
        wait_until(lambda: receiver.heard and receiver.heard[-1].kind == 3)
        states, told = receiver.heard[-2:]
        assert "SpecificCharacterSet" not in read(states, syntax)  # nothing in it needs one
        information = read(told, syntax)
        assert information.SpecificCharacterSet == "ISO_IR 192"
        [shown] = information.ProcedureStepProgressInformationSequence
        assert shown.ProcedureStepProgressDescription == "半分 Hälfte"


@pytest.mark.parametrize("max_pdu", [0, 64, 4])
def test_a_report_fits_into_the_pdus_that_its_receiver_takes(max_pdu: int) -> None:
    def takes_short_pdus(guest: Guest) -> None:
        if guest.accept(max_pdu=max_pdu):
            guest.answer_all()

    with RudeReceiver(takes_short_pdus) as receiver, site(at("ALICE", receiver.port)) as there:
        if max_pdu == 4:
            wait_until(lambda: "PDU" in there.status("ALICE").error)
            assert receiver.heard == []
        else:
            wait_until(lambda: receiver.heard)
            assert read(receiver.heard[0]).SCPStatus == "RESTARTED"


def test_a_receiver_that_says_nothing_of_roles_is_told_and_that_is_said_once() -> None:
    with RudeReceiver(no_role_reply) as receiver, site(at("ALICE", receiver.port)) as there:
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        for number in range(3):
            uid = there.created()
            wait_until(lambda: uid in receiver.uids)  # noqa: B023
            wait_until(lambda: not _is_connected(receiver), what=f"association {number} is released")
        assert len(receiver.asked) >= 3
        lines = [line for line in there.said if "role" in line]
        assert lines == [
            "ALICE: does not answer the role selection for UPS Event; reports are sent all the same"
        ]


def _is_connected(receiver: RudeReceiver) -> bool:
    return any(thread.is_alive() for thread in receiver._threads[1:])


def test_a_receiver_that_refuses_the_role_is_not_told() -> None:
    def refuses_the_role(guest: Guest) -> None:
        if guest.accept(roles=(1, 0)):
            guest.answer_all()

    with (
        RudeReceiver(refuses_the_role) as receiver,
        site(at("ALICE", receiver.port), delivery={"retries": (0.05,)}) as there,
    ):
        wait_until(lambda: there.status("ALICE").error)
        assert "role" in there.status("ALICE").error
        assert receiver.heard == []


def test_an_answer_other_than_success_is_said_and_the_next_report_goes_out() -> None:
    def refuses_what_it_hears(guest: Guest) -> None:
        if guest.accept():
            while (heard := guest.hear()) is not None:
                guest.answer(heard, 0x0110)

    with RudeReceiver(refuses_what_it_hears) as receiver, site(at("ALICE", receiver.port)) as there:
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        uids = [there.created() for _ in range(3)]
        wait_until(lambda: receiver.uids[-3:] == uids)
        assert there.scp.drain(5)
        assert there.told_of("ALICE", "UPS State Report", "0110")
        status = there.status("ALICE")
        assert (status.queued, status.sent, status.failed) == (0, 4, 0)
        assert "0110" in status.error
        assert status.failed_at is not None and status.failed_at == status.delivered_at


# Associations


def test_an_association_is_used_again_and_released_when_idle() -> None:
    with RudeReceiver(polite) as receiver, site(at("ALICE", receiver.port)) as there:
        assert there.scp.drain(5)
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        before = len(receiver.asked)
        for _ in range(20):
            there.created()
        assert there.scp.drain(5)
        assert len(receiver.uids) == 21
        assert len(receiver.asked) - before <= 1
        wait_until(lambda: not _is_connected(receiver), what="the association is released")
        wait_until(lambda: not _senders(), what="the threads that sent are gone")


def _senders() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("reports to")]


def test_a_receiver_may_end_an_idle_association() -> None:
    def releases_when_told(guest: Guest) -> None:
        if guest.accept() and (heard := guest.hear()) is not None:
            guest.answer(heard)
            guest.connection.send(RELEASE_REQUEST)
            released.append(guest.connection.read_pdu()[0])

    released: list[int] = []
    with (
        RudeReceiver(releases_when_told) as receiver,
        site(at("ALICE", receiver.port), delivery={"idle_release": 30}) as there,
    ):
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        uids = []
        for number in range(2, 5):
            uids.append(there.created())
            wait_until(lambda: len(receiver.heard) == number)  # noqa: B023
        assert receiver.uids[1:] == uids
        assert len(receiver.heard) == 4, "nothing was sent twice"
        assert set(released) <= {6}
        assert there.status("ALICE").error == ""


def test_a_new_address_is_used_at_once() -> None:
    with (
        refusing_port() as nowhere,
        RudeReceiver(polite) as receiver,
        site(at("ALICE", nowhere), delivery={"retries": (60.0,)}) as there,
    ):
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        uid = there.created()
        wait_until(lambda: there.status("ALICE").error)
        there.scp.add_peer(at("ALICE", receiver.port))
        wait_until(lambda: receiver.uids[-1:] == [uid])
        there.scp.remove_peer(AeTitle("ALICE"))
        there.created()
        assert there.scp.drain(5)
        assert there.status("ALICE").queued == 1
        there.scp.add_peer(at("ALICE", receiver.port))
        wait_until(lambda: there.scp.drain(5) and there.status("ALICE").queued == 0)


# Rude receivers


def silent(guest: Guest) -> None:
    guest.read_request()
    guest.connection.wait_until_closed()


def rejects(guest: Guest) -> None:
    guest.read_request()
    guest.connection.send(reject(1, 1, 7))


def refuses_the_context(guest: Guest) -> None:
    if guest.accept(result=3):
        guest.answer_all()


def nonsense_for_an_association(guest: Guest) -> None:
    guest.read_request()
    guest.connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    guest.connection.wait_until_closed()


def after_the_report(act: Callable[[Guest, Heard], None]) -> Behaviour:
    def play(guest: Guest) -> None:
        if guest.accept() and (heard := guest.hear()) is not None:
            act(guest, heard)

    play.__name__ = act.__name__
    return play


@after_the_report
def never_answers(guest: Guest, heard: Heard) -> None:
    guest.connection.wait_until_closed()


@after_the_report
def answers_late(guest: Guest, heard: Heard) -> None:
    threading.Event().wait(0.5)
    guest.answer(heard)
    guest.connection.wait_until_closed()


@after_the_report
def answers_half_a_pdu(guest: Guest, heard: Heard) -> None:
    guest.connection.send(guest.answer_bytes(heard)[:20])
    guest.connection.wait_until_closed()


@after_the_report
def answers_byte_by_byte(guest: Guest, heard: Heard) -> None:
    for one in guest.answer_bytes(heard):
        guest.connection.send(bytes([one]))
        threading.Event().wait(0.02)
    guest.connection.wait_until_closed()


@after_the_report
def answers_without_end(guest: Guest, heard: Heard) -> None:
    piece = p_data(heard.context, 1, b"\0" * 8000)
    for _ in range(1000):
        guest.connection.send(piece)


@after_the_report
def asks_instead_of_answering(guest: Guest, heard: Heard) -> None:
    guest.connection.send(request(heard.context, 0x0030, heard.message_id))
    guest.connection.wait_until_closed()


@after_the_report
def answers_nonsense(guest: Guest, heard: Heard) -> None:
    guest.connection.send(b"\xff" * 300)
    guest.connection.wait_until_closed()


@after_the_report
def answers_another_message(guest: Guest, heard: Heard) -> None:
    wrong = Heard(heard.context, heard.message_id + 1, heard.field, 1, heard.uid, heard.sop_class, b"")
    guest.answer(wrong)
    guest.connection.wait_until_closed()


@after_the_report
def aborts(guest: Guest, heard: Heard) -> None:
    guest.connection.send(abort())


@after_the_report
def closes(guest: Guest, heard: Heard) -> None:
    pass


@after_the_report
def resets(guest: Guest, heard: Heard) -> None:
    guest.connection.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@after_the_report
def closes_after_each_answer(guest: Guest, heard: Heard) -> None:
    guest.answer(heard)


@after_the_report
def aborts_after_each_answer(guest: Guest, heard: Heard) -> None:
    guest.answer(heard)
    guest.connection.send(abort())


def aborts_the_second(guest: Guest) -> None:
    if guest.accept():
        if (heard := guest.hear()) is not None:
            guest.answer(heard)
        guest.hear()
        guest.connection.send(abort())


RUDE = [
    rejects, refuses_the_context, silent, nonsense_for_an_association, never_answers, answers_late,
    answers_half_a_pdu, answers_byte_by_byte, answers_without_end, asks_instead_of_answering,
    answers_nonsense, answers_another_message, aborts, closes, resets,
    closes_after_each_answer, aborts_after_each_answer, aborts_the_second,
]  # fmt: skip


@pytest.mark.parametrize("rude", RUDE, ids=lambda one: str(one.__name__))
def test_a_rude_receiver_gets_all_in_order_when_it_comes_round_and_delays_nobody(rude: Behaviour) -> None:
    with (
        RudeReceiver(*[rude] * 6, polite) as receiver,
        RudeReceiver(polite) as alice,
        site(at("RUDE", receiver.port), at("ALICE", alice.port), delivery=TIRELESS) as there,
    ):
        for aet in ("RUDE", "ALICE"):
            assert there.scu.subscribe(GLOBAL, aet) == 0x0000
        began = time.monotonic()
        uids = [there.created() for _ in range(8)]
        assert time.monotonic() - began < 8 * TIRELESS["answer"], "no answer waits for a receiver"
        wait_until(lambda: alice.uids[1:] == uids, 1.5, "others are told at once")
        wait_until(lambda: receiver.uids[-1:] == uids[-1:], 10, "it gets the last one in the end")
        assert there.scp.drain(5)
        wait_until(lambda: there.status("RUDE").queued == 0)
        # Some may have come several times, when the answer did not come; none is missing, none too early.
        assert receiver.uids == [GLOBAL, *uids]
        status = there.status("RUDE")
        assert (status.sent, status.failed, status.dropped) == (9, 0, 0)


def test_a_receiver_that_is_not_there_gets_all_when_it_is() -> None:
    with refusing_port() as port, site(at("AWAY", port), delivery=TIRELESS) as there:
        assert there.scu.subscribe(GLOBAL, "AWAY") == 0x0000
        uids = [there.created() for _ in range(60)]  # more than are kept in memory
        assert "nothing listens" in there.status("AWAY").error
        with RudeReceiver(polite) as receiver:
            there.scp.add_peer(at("AWAY", receiver.port))
            wait_until(lambda: there.scp.drain(5) and there.status("AWAY").queued == 0)
            assert receiver.uids == [GLOBAL, *uids]
            assert there.told_of("AWAY", "takes reports again")
        assert len([line for line in there.said if "will be tried again" in line]) == 1


def test_one_report_that_a_receiver_chokes_on_does_not_stop_the_others() -> None:
    poison: list[str] = []

    def chokes(guest: Guest) -> None:
        if guest.accept():
            while (heard := guest.hear()) is not None:
                if heard.uid in poison:
                    guest.connection.send(abort())
                    return
                guest.answer(heard)

    with (
        RudeReceiver(chokes) as receiver,
        site(at("ALICE", receiver.port), delivery={"retries": (0.02,), "attempts": 3}) as there,
    ):
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        poison.append("1.2.3.3")
        uids = [there.created() for _ in range(6)]
        wait_until(lambda: receiver.uids[-1:] == uids[-1:])
        assert there.scp.drain(5)
        assert receiver.uids == [GLOBAL, *uids]
        assert 3 <= [one.uid for one in receiver.heard].count("1.2.3.3") <= 4
        status = there.status("ALICE")
        assert (status.sent, status.failed, status.queued) == (6, 1, 0)
        assert there.told_of("ALICE", "given up after 3 attempts")


def test_what_waited_for_too_long_is_given_up_counted_and_said() -> None:
    with (
        refusing_port() as port,
        site(at("AWAY", port), delivery={"retries": (0.05,), "give_up": 0.4}) as there,
    ):
        assert there.scu.subscribe(GLOBAL, "AWAY") == 0x0000
        for _ in range(5):
            there.created()
        wait_until(lambda: there.status("AWAY").failed == 6)
        assert there.status("AWAY").queued == 0
        assert "nothing listens" in there.status("AWAY").error
        assert there.told_of("AWAY", "given up after 0.4 s")


def test_what_came_while_a_receiver_was_away_already_has_its_own_time() -> None:
    delivery = {"retries": (0.1,), "give_up": 2.0}
    with refusing_port() as port, site(at("AWAY", port), delivery=delivery) as there:
        assert there.scu.subscribe(GLOBAL, "AWAY") == 0x0000
        for _ in range(3):
            there.created()
        wait_until(lambda: there.status("AWAY").failed)  # RESTARTED, which was the first
        status = there.status("AWAY")
        assert (status.failed, status.queued) == (1, 3)
        wait_until(lambda: there.status("AWAY").failed == 4)


def test_a_receiver_that_stays_away_costs_neither_threads_nor_attempts() -> None:
    with (
        RudeReceiver(rejects) as receiver,
        site(at("AWAY", receiver.port), delivery={"retries": (0.05, 0.05, 60.0)}) as there,
    ):
        assert there.scu.subscribe(GLOBAL, "AWAY") == 0x0000
        wait_until(lambda: len(receiver.connections) == 3)
        for _ in range(30):
            there.created()
        wait_until(lambda: not _senders(), what="no thread waits for it")
        before = time.process_time()
        threading.Event().wait(1.0)
        assert time.process_time() - before < 0.2
        assert len(receiver.connections) == 3
        assert there.status("AWAY").queued == 31


def test_black_holes_leave_room_for_others() -> None:
    patience = Patience(connect=1.5, associate=1.5)
    delivery = {"senders": 4, "retries": (0.05,), "patience": patience}
    with full_backlog() as nowhere, RudeReceiver(silent) as hole, RudeReceiver(polite) as alice:
        holes = [at(f"HOLE{number}", nowhere if number % 2 else hole.port) for number in range(10)]
        with site(*holes, at("ALICE", alice.port), delivery=delivery) as there:
            assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
            wait_until(lambda: len({line.split(":")[0] for line in there.said}) == 10, 10, "all are known")
            for number in range(10):
                uid = there.created()
                wait_until(lambda: alice.uids[-1:] == [uid], 1.0, f"report {number}")  # noqa: B023
                assert len(_senders()) <= 4


# The bound


def test_beyond_the_bound_the_oldest_are_dropped_counted_and_said_and_answers_are_quick() -> None:
    with refusing_port() as port, site(at("AWAY", port), delivery={"queue": 20, "retries": (60.0,)}) as there:
        assert there.scu.subscribe(GLOBAL, "AWAY") == 0x0000
        began = time.monotonic()
        uids = [there.created() for _ in range(60)]
        assert time.monotonic() - began < 60 * 0.05
        assert there.told_of("AWAY", "queue full", "20")
        status = there.status("AWAY")
        assert (status.queued, status.sent + status.failed, status.dropped) == (20, 0, 41)
        with RudeReceiver(polite) as receiver:
            there.scp.add_peer(at("AWAY", receiver.port))
            wait_until(lambda: there.scp.drain(5) and there.status("AWAY").queued == 0)
            # Those that were in memory when they gave way go out too.
            assert receiver.uids[-20:] == uids[-20:]
            wait_until(lambda: there.told_of("AWAY", "41 reports were dropped"))
        status = there.status("AWAY")
        assert (status.queued, status.sent, status.failed, status.dropped) == (0, 20, 0, 41)


# Start and end


def test_start_and_end_are_told_to_the_fallback_list_and_every_subscriber_once(tmp_path: Path) -> None:
    store = tmp_path / "scp.sqlite"
    with ExitStack() as stack:
        ports = {aet: stack.enter_context(RudeReceiver(polite)) for aet in ("SUBS", "BOTH", "FALL", "NONE")}
        peers = [at(aet, ports[aet].port) for aet in ("SUBS", "BOTH", "NONE")]
        fallback = [at(aet, ports[aet].port) for aet in ("BOTH", "FALL")]
        with site(*peers, fallback=fallback, store=store) as there:
            assert there.scu.subscribe(GLOBAL, "BOTH") == 0x0000
            uid = there.created()
            for aet in ("SUBS", "BOTH"):
                assert there.scu.subscribe(uid, aet) == 0x0000
            assert there.scu.subscribe(uid, "FALL") == 0xC308  # told of start and end only
            assert there.scp.drain(5)
        with site(*peers, fallback=fallback, store=store) as there:
            assert there.scp.drain(5)
        told = {
            aet: [str(read(one).SCPStatus) for one in receiver.heard if one.kind == 4]
            for aet, receiver in ports.items()
        }
    assert told == {
        "SUBS": ["GOING DOWN", "RESTARTED", "GOING DOWN"],
        "BOTH": ["RESTARTED", "GOING DOWN"] * 2,
        "FALL": ["RESTARTED", "GOING DOWN"] * 2,
        "NONE": [],
    }


def test_without_a_fallback_list_all_peers_are_told_and_with_an_empty_one_nobody() -> None:
    with RudeReceiver(polite) as receiver:
        with site(at("ALICE", receiver.port)) as there:
            assert there.scp.drain(5)
        assert [one.kind for one in receiver.heard] == [4, 4]
        assert {one.uid for one in receiver.heard} == {GLOBAL}
        receiver.heard.clear()
        with site(at("ALICE", receiver.port), fallback=[]) as there:
            assert there.scp.drain(5)
        assert receiver.heard == []


def test_what_waited_goes_out_before_restarted(tmp_path: Path) -> None:
    store = tmp_path / "scp.sqlite"
    with refusing_port() as port, site(at("ALICE", port), store=store) as there:
        assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
        uids = [there.created() for _ in range(40)]
    with RudeReceiver(polite) as receiver, site(at("ALICE", receiver.port), store=store) as there:
        assert there.scp.drain(5)
        assert receiver.uids == [*uids, GLOBAL]
        last = read(receiver.heard[-1])
        assert (last.SCPStatus, last.SubscriptionListStatus) == ("RESTARTED", "WARM START")


@contextmanager
def scp_process(store: Path, port: int) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The server as a process that knows one receiver, and its port; killed at the end."""
    known = ["--store", str(store), "--peer", f"ALICE@127.0.0.1:{port}"]
    command = [sys.executable, "-m", "upsdesk", "scp", f"{AET}:0", *known]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        ready = next(line for line in process.stderr if line.startswith("listening"))
        yield process, int(ready.rpartition(":")[2])
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=5)


@pytest.mark.parametrize("is_there", [False, True], ids=["receiver away", "receiver there"])
def test_after_a_kill_everything_that_was_answered_is_told_in_order(is_there: bool, tmp_path: Path) -> None:
    store = tmp_path / "scp.sqlite"
    uids = [f"1.2.3.{number}" for number in range(40)]
    with RudeReceiver(polite) as receiver, refusing_port() as nowhere:
        with scp_process(store, receiver.port if is_there else nowhere) as (process, port):
            scu = PlainScu(port, AET)
            assert scu.subscribe(GLOBAL, "ALICE") == 0x0000
            for uid in uids:
                assert scu.create(uid, workitem()) == 0x0000
            process.kill()
        scu.close()
        before = len(receiver.heard)
        with scp_process(store, receiver.port):
            wait_until(lambda: receiver.heard[before:] and receiver.uids[-1] == GLOBAL, 10, "RESTARTED")
        told = [one.uid for one in receiver.heard if one.uid != GLOBAL]
        assert list(dict.fromkeys(told)) == uids
        again = told[len(uids) :]
        assert again == uids[len(uids) - len(again) :], "only what had just been sent comes again"


@pytest.mark.parametrize("rude", [silent, never_answers, answers_half_a_pdu], ids=lambda one: one.__name__)
def test_start_and_end_are_quick_with_dead_receivers(rude: Behaviour) -> None:
    with full_backlog() as nowhere, refusing_port() as dead, RudeReceiver(rude) as receiver:
        ports = itertools.cycle([nowhere, dead, receiver.port])
        peers = [at(f"AE{number}", next(ports)) for number in range(30)]
        scp = UpsScp(AeTitle(AET), peers=peers)
        began = time.monotonic()
        scp.start()
        started = time.monotonic()
        scp.stop()
        assert started - began < 1.5, "it waits for nobody"
        assert time.monotonic() - started < 2.0


def test_associations_that_stand_are_released_at_the_end() -> None:
    kinds: list[int] = []

    def notes_the_end(guest: Guest) -> None:
        if guest.accept():
            while True:
                kind, _ = guest.connection.read_pdu()
                kinds.append(kind)
                if kind != 4:
                    return

    answering = RudeReceiver(polite)
    with answering, RudeReceiver(notes_the_end) as deaf:
        with site(at("ALICE", answering.port), at("DEAF", deaf.port), delivery={"idle_release": 60}) as there:
            wait_until(lambda: answering.heard)
            wait_until(lambda: kinds)
        wait_until(lambda: 7 in kinds, what="an association on which an answer is due is aborted")
    assert not [line for line in there.said if line.startswith("ALICE")]


def test_a_listener_of_pynetdicom_hears_all_in_order() -> None:
    listener = PlainListener("ALICE").start()
    try:
        with site(at("ALICE", listener.port)) as there:
            assert there.scu.subscribe(GLOBAL, "ALICE") == 0x0000
            uids = [there.created() for _ in range(50)]
            assert there.scp.drain(10)
            # It hands each report to a thread of its own, so the order is not its strength.
            assert sorted(one.uid for one in listener.told if one.kind == 1) == sorted(uids)
            assert listener.associations <= 2
    finally:
        listener.stop()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory and CPU are read from /proc")
@pytest.mark.parametrize("load", [steady, excess], ids=lambda one: one.__name__)
def test_the_soak_holds_when_it_is_small(load: Callable[[Path, Size], str], tmp_path: Path) -> None:
    size = Size(subscribers=8, reports=160, seconds=1.5, excess_seconds=2.0, slowness=0.2, queue=10)
    assert "in order" in load(tmp_path, size)
