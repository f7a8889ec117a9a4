"""Which service and action goes on which context, and what misuse is answered with (PS3.4 CC.2, CC.3.1.1)."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from pynetdicom import AE

from tests.support import raw_scu
from tests.support.plain_scu import (
    PULL,
    PUSH,
    QUERY,
    WATCH,
    dataset,
    plain_scu,
    workitem,
)
from tests.support.raw_scu import connected, item
from tests.support.rude_peer import pdu
from tests.support.running_scp import AET, Bench, bench
from tests.support.waiting import wait_until
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.server import Limits, UpsScp

CONTEXTS = (PUSH, PULL, WATCH, QUERY)
CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as found:
        yield found


def test_verification(there: Bench) -> None:
    assert there.scu.echo() == 0x0000


@pytest.mark.parametrize("context", CONTEXTS)
def test_actions(there: Bench, context: str) -> None:
    offered = {PUSH: {2}, PULL: {1}, WATCH: {2, 3, 4, 5}, QUERY: set()}[context]
    for kind in (1, 2, 3, 4, 5, 6):
        uid = there.created()
        information = dataset(
            ProcedureStepState="IN PROGRESS", TransactionUID="1.2", ReceivingAE="ALICE", DeletionLock="FALSE"
        )
        status = there.scu.act(uid, kind, information, context=context)
        if kind == 5 and kind in offered:
            assert status == 0xC314  # it is for the global subscription only
        elif kind in offered:
            assert status == 0x0000
        else:
            assert status == (0x0123 if offered else 0x0211)
    there.forget_subscriptions()


@pytest.mark.parametrize(
    ("service", "offered"), [("create", {PUSH}), ("get", {PUSH, PULL, WATCH}), ("set", {PULL})]
)
def test_services(there: Bench, service: str, offered: set[str]) -> None:
    for context in CONTEXTS:
        if service == "create":
            status = there.scu.create(there.uid(), workitem(), context=context)
        elif service == "get":
            status = there.scu.get(there.created(), [0x00741000], context=context)
        else:
            status = there.scu.set(there.created(), dataset(ProcedureStepLabel="New"), context=context)
        assert status == (0x0000 if context in offered else 0x0211), context


@pytest.mark.parametrize("context", CONTEXTS)
def test_find(there: Bench, context: str) -> None:
    uid = there.created()
    found, statuses = there.scu.find(dataset(SOPInstanceUID=uid), context)
    if context == PUSH:
        assert (found, statuses) == ([], [0x0211])
    else:
        assert statuses == [0xFF00, 0x0000]


def test_the_sop_class_of_every_message_about_an_instance_is_push(there: Bench) -> None:
    uid = there.created()
    assert there.scu.create(there.uid(), workitem(), named=PULL) == 0x0118
    assert there.scu.create(there.uid(), workitem(), named=CT_STORAGE) == 0x0122
    for named in (PULL, WATCH, CT_STORAGE):
        assert there.scu.get(uid, [], named=named) == 0x0119
        assert there.scu.set(uid, dataset(ProcedureStepLabel="New"), named=named) == 0x0119
        claim = dataset(ProcedureStepState="IN PROGRESS", TransactionUID="1.2")
        assert there.scu.act(uid, 1, claim, named=named) == 0x0119
    assert there.scu.assoc.is_established


def test_the_retired_trial_classes_are_not_accepted(there: Bench) -> None:
    with plain_scu(there.port, AET, contexts=(PULL, "1.2.840.10008.5.1.4.34.4.1")) as scu:
        assert [str(one.abstract_syntax) for one in scu.assoc.accepted_contexts] == [str(PULL)]


def test_another_called_title_is_rejected(there: Bench) -> None:
    with connected(there.port) as scu:
        scu.send(raw_scu.associate_request(b"ELSEWHERE"))
        kind, content = scu.read_pdu()
        assert (kind, content[1:4]) == (3, bytes((1, 1, 7)))  # permanent, by the service user


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"]
)
def test_transfer_syntaxes(there: Bench, syntax: str) -> None:
    ae = AE(ae_title="PLAIN")
    for context in (PUSH, PULL):
        ae.add_requested_context(context, syntax)
    assoc = ae.associate("127.0.0.1", there.port, ae_title=AET)
    try:
        uid = there.uid()
        status, _ = assoc.send_n_create(workitem(PatientName="Núñez^Inés"), PUSH, uid, meta_uid=PUSH)
        assert status.Status == 0x0000
        status, found = assoc.send_n_get([0x00100010], PUSH, uid, meta_uid=PULL)
        assert status.Status == 0x0000
        assert found.PatientName == "Núñez^Inés"
    finally:
        assoc.release()
        assoc.join(2)


IMPLEMENTATION = b"2.25.117083283379230391530229113293273286203"


def accepted(there: Bench, **options: Any) -> bytes:
    """The content of the A-ASSOCIATE-AC that a request gets."""
    with connected(there.port) as scu:
        scu.send(raw_scu.associate_request(AET.encode(), **options))
        kind, content = scu.read_pdu()
        scu.send(pdu(7, bytes(4)))
        assert kind == 2, (kind, content)
        return content


@pytest.mark.parametrize(
    ("options", "result"),
    [
        ({"version": 2}, b"\0\1\2\2"),
        ({"application": b"1.2.840.10008.3.1.1.2"}, b"\0\1\1\2"),
        ({"called": b"ELSEWHERE"}, b"\0\1\1\7"),
        ({"called": AET.lower().encode()}, b"\0\1\1\7"),
        ({"called": b""}, b"\0\1\1\7"),
        ({"calling": b""}, b"\0\1\1\3"),
    ],
)
def test_why_an_association_is_rejected(there: Bench, options: dict[str, Any], result: bytes) -> None:
    with connected(there.port) as scu:
        scu.send(raw_scu.associate_request(**({"called": AET.encode()} | options)))
        assert scu.ends() == [(3, result)]


def test_the_version_is_a_bit_and_titles_may_have_spaces_before_them(there: Bench) -> None:
    with connected(there.port) as scu:
        scu.send(raw_scu.associate_request(b"  " + AET.encode(), version=0x8001))
        kind, content = scu.read_pdu()
        assert kind == 2
        assert content[4:20] == b"  TESTSCP".ljust(16)
        assert content[20:36] == b"RAW".ljust(16)
        scu.send(raw_scu.echo())
        assert scu.status() == 0x0000


def test_each_context_is_answered_by_itself(there: Bench) -> None:
    answer = accepted(
        there,
        contexts=(
            (1, raw_scu.PULL, (raw_scu.IMPLICIT,)),
            (7, raw_scu.PULL, (raw_scu.DEFLATED, raw_scu.BIG, raw_scu.IMPLICIT, raw_scu.EXPLICIT)),
            (3, raw_scu.PUSH, (b"1.2.840.10008.1.2.4.50",)),
            (5, raw_scu.EVENT, (raw_scu.IMPLICIT,)),
            (255, b"1.2.840.10008.5.1.4.34.4.1", (raw_scu.IMPLICIT,)),
            (9, raw_scu.WATCH, (b"1.2.3", raw_scu.BIG)),
            (11, raw_scu.QUERY, (raw_scu.DEFLATED,)),
        ),
    )
    assert raw_scu.results(answer) == {
        1: (0, raw_scu.IMPLICIT),
        7: (0, raw_scu.EXPLICIT),
        3: (4, b"1.2.840.10008.1.2.4.50"),
        5: (3, raw_scu.IMPLICIT),
        255: (3, raw_scu.IMPLICIT),
        9: (0, raw_scu.BIG),
        11: (0, raw_scu.DEFLATED),
    }


def test_what_a_plain_request_is_told(there: Bench) -> None:
    items = dict(raw_scu.user_items(accepted(there)))
    assert set(items) == {0x51, 0x52, 0x55}
    assert struct.unpack(">I", items[0x51])[0] == Limits().pdu
    assert items[0x52] == IMPLEMENTATION
    assert items[0x55] == b"UPSDESK_0"


def role(uid: bytes, scu: int, scp: int) -> bytes:
    return item(0x54, struct.pack(">H", len(uid)) + uid + bytes((scu, scp)))


def extension(uid: bytes, information: bytes) -> bytes:
    return item(0x56, struct.pack(">H", len(uid)) + uid + information)


def test_roles_are_answered(there: Bench) -> None:
    answer = accepted(
        there,
        more=role(raw_scu.PULL, 1, 1) + role(raw_scu.PUSH, 0, 1) + role(raw_scu.EVENT, 0, 1),
    )
    answered = [value for kind, value in raw_scu.user_items(answer) if kind == 0x54]
    assert answered == [role(raw_scu.PULL, 1, 0)[4:], role(raw_scu.PUSH, 0, 0)[4:]]
    assert {number: result for number, (result, _) in raw_scu.results(answer).items()} == {1: 0, 3: 0, 5: 1}


@pytest.mark.parametrize(
    ("offered", "answered"),
    [(b"\1\1\1\1", b"\1\1\1\1"), (b"\1\1\1", b"\1\1\1"), (b"\1\1\0\1", b"\1\1\0\1"), (b"\1\1\0", b"\1\1\0")],
)
def test_extended_negotiation_of_searches(there: Bench, offered: bytes, answered: bytes) -> None:
    uids = (raw_scu.PULL, raw_scu.WATCH, raw_scu.QUERY, raw_scu.PUSH, raw_scu.VERIFICATION)
    answer = accepted(there, more=b"".join(extension(uid, offered) for uid in uids))
    found = [value for kind, value in raw_scu.user_items(answer) if kind == 0x56]
    assert found == [extension(uid, answered)[4:] for uid in uids[:3]]


def test_the_operations_window_is_one(there: Bench) -> None:
    answer = accepted(there, more=item(0x53, struct.pack(">HH", 0, 7)))
    assert (0x53, struct.pack(">HH", 1, 1)) in raw_scu.user_items(answer)


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5])
def test_a_user_identity_is_taken_in(there: Bench, kind: int) -> None:
    for wanted in (0, 1):
        identity = bytes((kind, wanted)) + b"\0\3joe" + b"\0\2pw"
        answer = accepted(there, more=item(0x58, identity))
        answered = [value for number, value in raw_scu.user_items(answer) if number == 0x59]
        assert answered == [b"\0\0"] * wanted


def test_items_that_nobody_knows_are_passed_over(there: Bench) -> None:
    more = item(0x57, b"\0\1x") + item(0x99, bytes(9)) + item(0x5A, b"")
    assert {kind for kind, _ in raw_scu.user_items(accepted(there, more=more))} == {0x51, 0x52, 0x55}


@pytest.mark.parametrize("max_pdu", [8, 16, 33, 1024, 0, 0xFFFFFFFF])
def test_the_pdus_are_no_longer_than_the_client_takes(there: Bench, max_pdu: int) -> None:
    uid = there.created(PatientID="LONG", ProcedureStepLabel="L" * 60)
    wanted = b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in (0x00100020, 0x00741204))
    request = raw_scu.command(raw_scu.N_GET, 3, raw_scu.PUSH, e1001=uid.encode(), e1005=wanted)
    with raw_scu.associated(there.port, AET, max_pdu=max_pdu) as scu:
        scu.send(raw_scu.message(3, request))
        lengths, answer = [], b""
        while not answer.endswith(b"L" * 60):
            kind, content = scu.read_pdu()
            assert kind == 4
            lengths.append(len(content))
            answer += content[6:]
        assert not max_pdu or max(lengths) <= max_pdu
        if max_pdu > 1000 or not max_pdu:
            assert len(lengths) == 2  # command and data set
        scu.send(raw_scu.echo())
        assert scu.read_pdu()[0] == 4


def test_it_says_why_the_trial_classes_are_not_accepted() -> None:
    said: list[str] = []
    scp = UpsScp(AeTitle(AET), log=said.append)
    port = scp.start()
    try:
        with plain_scu(port, AET, contexts=(PULL, "1.2.840.10008.5.1.4.34.4.3")):
            [line] = said
        assert "Trial" in line
        assert "PLAIN" in line
    finally:
        scp.stop()


def test_an_association_and_its_messages_are_logged() -> None:
    traced: list[str] = []
    detail: list[str] = []
    scp = UpsScp(AeTitle(AET), trace=traced.append, detail=detail.append)
    port = scp.start()
    try:
        with plain_scu(port, AET) as scu:
            assert scu.echo() == 0x0000
        wait_until(lambda: len(detail) == 2, what="the release")
    finally:
        scp.stop()
    [line] = traced
    assert "PLAIN" in line
    assert "C-ECHO" in line
    assert detail[0].startswith("PLAIN has an association: 1 Verification, 3 UPS Push, 5 UPS Pull, ")
    assert detail[1] == "PLAIN released its association"


@pytest.mark.parametrize("service", [0x0001, 0x0020, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150, 0x0100])
def test_only_an_echo_belongs_on_verification(there: Bench, service: int) -> None:
    command = raw_scu.command(service, 1, raw_scu.VERIFICATION, e1001=b"1.2", e1008=b"\1\0")
    with raw_scu.associated(there.port, AET) as scu:
        scu.send(raw_scu.message(1, command))
        assert scu.status() == 0x0211
        scu.send(raw_scu.message(3, command))
        assert scu.status() in (0x0211, 0x0119, 0x0122, 0x0123)
        scu.send(raw_scu.echo(2, 3))
        assert scu.status() == 0x0211


def test_a_silent_connection_is_closed_and_makes_place_for_a_new_one() -> None:
    scp = UpsScp(AeTitle(AET), limits=Limits(connections=3, associate=0.5))
    port = scp.start()
    silent = [_connected(port) for _ in range(3)]
    try:
        wait_until(lambda: scp.connections == 3, what="three connections")
        silent.append(_connected(port))
        assert _ends(silent[0])  # it has been silent longest
        for one in silent[1:]:
            assert _ends(one)
        wait_until(lambda: scp.connections == 0, what="the connections are gone")
        with plain_scu(port, AET) as scu:
            assert scu.echo() == 0x0000
    finally:
        for one in silent:
            one.close()
        scp.stop()


def test_associations_do_not_make_place() -> None:
    scp = UpsScp(AeTitle(AET), limits=Limits(connections=2))
    port = scp.start()
    try:
        with plain_scu(port, AET) as first, plain_scu(port, AET) as second:
            with _connected(port) as third:
                assert _ends(third)
            assert (first.echo(), second.echo()) == (0x0000, 0x0000)
    finally:
        scp.stop()


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 5)


def _ends(connection: socket.socket) -> bool:
    """The peer closes; an A-ABORT may come before."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return True
