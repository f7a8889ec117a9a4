"""Which service and action goes on which context, and what misuse is answered with (PS3.4 CC.2, CC.3.1.1)."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
from pynetdicom import AE

from tests.support.plain_scu import (
    PULL,
    PUSH,
    QUERY,
    WATCH,
    dataset,
    plain_scu,
    workitem,
)
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
    ae = AE(ae_title="PLAIN")
    ae.add_requested_context(PULL)
    assoc = ae.associate("127.0.0.1", there.port, ae_title="ELSEWHERE")
    assert assoc.is_rejected
    assert (assoc.acceptor.primitive.result_source, assoc.acceptor.primitive.diagnostic) == (1, 7)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"])
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
