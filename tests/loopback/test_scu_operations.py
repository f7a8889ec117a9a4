"""Each operation of the SCU as a plain pynetdicom SCP sees it: context, class, instance, data set, answer."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dimse_primitives import C_ECHO

from tests.support.plain_scp import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    PULL,
    PUSH,
    QUERY,
    VERIFICATION,
    WATCH,
    PlainScp,
    Received,
    data_set,
    status,
)
from tests.support.waiting import wait_until
from upsdesk.dicom.contexts import FILTERED_GLOBAL_SUBSCRIPTION, GLOBAL_SUBSCRIPTION, OPERATION_CLASSES
from upsdesk.dicom.datasets import decode
from upsdesk.dicom.exchange import Match
from upsdesk.dicom.scu import UpsScu
from upsdesk.dicom.upper_layer.association import Association
from upsdesk.dicom.wire_log import WireLog
from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.errors import ContextRefused
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid
from upsdesk.domain.operation import CancelRequest, Operation
from upsdesk.domain.peer import LOOPBACK, Peer, Timeouts, UpsClass
from upsdesk.domain.query import MatchingKey, WorklistQuery, state_query
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Kind

UID = SopInstanceUid("1.2.826.0.1.7")
LOCK = TransactionUid("2.25.4711")
DESK = AeTitle("DESK1")
LABEL = Elements([element(tags.PROCEDURE_STEP_LABEL, "Größe prüfen")])


@contextmanager
def scu_of(scp: PlainScp, log: WireLog | None = None, **more: Any) -> Iterator[UpsScu]:
    timeouts = Timeouts(connect=2, acse=3, dimse=3, network=10)
    peer = Peer(PeerId("test"), AeTitle(scp.aet), LOOPBACK, scp.port, timeouts=timeouts, **more)
    scu = UpsScu(peer, log)
    try:
        yield scu
    finally:
        scu.release()


def established(scu: UpsScu) -> Association:
    """The association that stands."""
    assert scu._link is not None
    association = scu._link._association
    assert association is not None
    return association


Act = Callable[[UpsScu], object]
# operation -> what is called, context, Requested or Affected SOP Instance UID, action type
TABLE: dict[str, tuple[Act, str, str, str, int | None]] = {
    "get": (lambda scu: scu.get(UID), "N-GET", PULL, UID, None),
    "create": (lambda scu: scu.create(UID, LABEL), "N-CREATE", PUSH, UID, None),
    "set": (lambda scu: scu.set(UID, LABEL, LOCK), "N-SET", PULL, UID, None),
    "change_state": (
        lambda scu: scu.change_state(UID, ProcedureStepState.IN_PROGRESS, LOCK),
        "N-ACTION",
        PULL,
        UID,
        1,
    ),
    "request_cancel": (lambda scu: scu.request_cancel(UID, CancelRequest()), "N-ACTION", PUSH, UID, 2),
    "subscribe": (lambda scu: scu.subscribe(UID, DESK, True), "N-ACTION", WATCH, UID, 3),
    "unsubscribe": (
        lambda scu: scu.unsubscribe(GLOBAL_SUBSCRIPTION, DESK),
        "N-ACTION",
        WATCH,
        GLOBAL_SUBSCRIPTION,
        4,
    ),
    "suspend": (
        lambda scu: scu.suspend(GLOBAL_SUBSCRIPTION, DESK),
        "N-ACTION",
        WATCH,
        GLOBAL_SUBSCRIPTION,
        5,
    ),
}


def only(scp: PlainScp) -> Received:
    (found,) = scp.received
    return found


class TestContexts:
    """PS3.4 CC.3.1.1: the class in the message is Push, the context that of the operation."""

    @pytest.mark.parametrize("name", TABLE)
    def test_operation(self, name: str) -> None:
        act, service, context, instance, action = TABLE[name]
        with PlainScp() as scp, scu_of(scp) as scu:
            act(scu)
        sent = only(scp)
        assert (sent.service, sent.context, sent.class_uid) == (service, context, PUSH)
        assert (sent.instance_uid, sent.action_type) == (instance, action)

    @pytest.mark.parametrize("name", TABLE)
    def test_operation_is_never_sent_on_another_context(self, name: str) -> None:
        act, _, context, _, _ = TABLE[name]
        others = [uid for uid in (PUSH, PULL, WATCH, QUERY) if uid != context]
        fallbacks = {"get": {WATCH, PUSH}, "request_cancel": {WATCH}}.get(name, set())
        with (
            PlainScp(classes=[VERIFICATION, *(uid for uid in others if uid not in fallbacks)]) as scp,
            scu_of(scp) as scu,
        ):
            with pytest.raises(ContextRefused):
                act(scu)
            assert scp.received == []

    @pytest.mark.parametrize(("offered", "used"), [([WATCH, PUSH], WATCH), ([PUSH], PUSH)])
    def test_get_falls_back(self, offered: list[str], used: str) -> None:
        with PlainScp(classes=offered) as scp, scu_of(scp) as scu:
            scu.get(UID)
        assert only(scp).context == used

    def test_request_cancel_falls_back_to_watch(self) -> None:
        with PlainScp(classes=[WATCH, PULL]) as scp, scu_of(scp) as scu:
            answer = scu.request_cancel(UID, CancelRequest())
        assert only(scp).context == WATCH
        assert answer.context is UpsClass.WATCH

    def test_echo(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            answer = scu.echo()
        assert only(scp).context == VERIFICATION
        assert (answer.status, answer.context, answer.outcome.kind) == (0, None, Kind.SUCCESS)

    def test_explicit_via_is_used_as_it_is(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            answer = scu.set(UID, LABEL, via=UpsClass.PUSH)
        assert only(scp).context == PUSH
        assert answer.context is UpsClass.PUSH

    def test_what_is_proposed(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.echo()
            proposed = [str(one.abstract_syntax) for one in scp.associations[0].requestor.requested_contexts]
        assert set(proposed) == {VERIFICATION, PUSH, PULL, WATCH, QUERY}


class TestFindContext:
    @pytest.mark.parametrize(
        ("offered", "used"),
        [
            ([PUSH, PULL, WATCH, QUERY], PULL),
            ([PUSH, WATCH, QUERY], QUERY),
            ([PUSH, WATCH], WATCH),
        ],
    )
    def test_fallback_and_class_of_the_message(self, offered: list[str], used: str) -> None:
        with PlainScp(classes=offered) as scp, scu_of(scp) as scu:
            answer = scu.find(WorklistQuery(), lambda _: None)
        assert (only(scp).context, only(scp).class_uid) == (used, used)
        assert answer.context is not None
        assert answer.context.value in {PULL: "Pull", QUERY: "Query", WATCH: "Watch"}[used]

    @pytest.mark.parametrize("explicit", [UpsClass.QUERY, UpsClass.WATCH])
    def test_a_class_that_was_chosen_is_not_given_up(self, explicit: UpsClass) -> None:
        with PlainScp(classes=[PULL]) as scp, scu_of(scp) as scu:
            with pytest.raises(ContextRefused):
                scu.find(WorklistQuery(via=explicit), lambda _: None)
            with pytest.raises(ContextRefused):
                scu.find(WorklistQuery(), lambda _: None, via=explicit)

    def test_explicit_pull_does_not_fall_back(self) -> None:
        with PlainScp(classes=[QUERY]) as scp, scu_of(scp) as scu, pytest.raises(ContextRefused):
            scu.find(WorklistQuery(), lambda _: None, via=UpsClass.PULL)


SYNTAXES = {"implicit": IMPLICIT, "explicit": EXPLICIT, "big": BIG_ENDIAN, "deflated": DEFLATED}


@pytest.mark.parametrize("name", SYNTAXES)
def test_transfer_syntaxes(name: str) -> None:
    def get(event: Any) -> tuple[int, Dataset]:
        assert event.context.transfer_syntax == SYNTAXES[name]
        found = data_set(SpecificCharacterSet="ISO_IR 192", PatientName="Ωmega^Jörg", PregnancyStatus=3)
        found.ScheduledWorkitemCodeSequence = [data_set(CodeValue="121726")]
        return 0, found

    with PlainScp(answers={"N-GET": get}) as scp, scu_of(scp, transfer_syntaxes=(name,)) as scu:
        scu.set(UID, LABEL)
        answer = scu.get(UID)
        negotiated = scu.negotiated()
    assert scp.received[0].data is not None
    assert scp.received[0].data.ProcedureStepLabel == "Größe prüfen"
    assert scp.received[0].data.SpecificCharacterSet == "ISO_IR 192"
    assert answer.elements is not None
    assert answer.elements.text(tags.PATIENT_NAME) == "Ωmega^Jörg"
    assert answer.elements.get(0x001021C0).values == (3,)  # type: ignore[union-attr]
    assert answer.elements.text(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_VALUE) == "121726"
    assert answer.transfer_syntax == SYNTAXES[name]
    assert answer.data is not None
    kept = decode(answer.data, answer.transfer_syntax)
    assert kept == answer.elements.without(tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID)
    assert negotiated is not None
    assert set(negotiated.contexts.values()) == {SYNTAXES[name]}


class TestDataSets:
    def test_set_sends_exactly_what_is_given_and_the_lock(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.set(UID, Elements([element(tags.WORKLIST_LABEL, "A")]), LOCK)
            scu.set(UID, Elements([element(tags.WORKLIST_LABEL, "A")]))
        first, second = (one.data for one in scp.received)
        assert first is not None
        assert second is not None
        assert {int(tag) for tag in first.keys()} == {tags.WORKLIST_LABEL, tags.TRANSACTION_UID}  # noqa: SIM118
        assert first.TransactionUID == "2.25.4711"
        assert {int(tag) for tag in second.keys()} == {tags.WORKLIST_LABEL}  # noqa: SIM118

    def test_change_state(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.change_state(UID, "IN PROGRESS", LOCK)
        sent = only(scp).data
        assert sent is not None
        assert (sent.ProcedureStepState, sent.TransactionUID, len(sent)) == ("IN PROGRESS", "2.25.4711", 2)

    def test_subscribe(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.subscribe(GLOBAL_SUBSCRIPTION, DESK, False)
        sent = only(scp).data
        assert sent is not None
        assert (sent.ReceivingAE, sent.DeletionLock, len(sent)) == ("DESK1", "FALSE", 2)

    def test_filtered_subscription_puts_its_keys_beside(self) -> None:
        station = (tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE)
        keys = (MatchingKey(station, "FX1"), MatchingKey((tags.WORKLIST_LABEL,), "RT"))
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.subscribe(FILTERED_GLOBAL_SUBSCRIPTION, DESK, True, keys)
        sent = only(scp).data
        assert sent is not None
        assert sent.ScheduledStationNameCodeSequence[0].CodeValue == "FX1"
        assert (sent.WorklistLabel, sent.DeletionLock, sent.ReceivingAE) == ("RT", "TRUE", "DESK1")

    def test_request_cancel_always_gives_a_reason(self) -> None:
        code = Code("110513", "DCM", "Discontinued for unspecified reason")
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.request_cancel(UID, CancelRequest())
            scu.request_cancel(UID, CancelRequest("Wrong side", code, "Desk 3", "tel:+49123"))
            scu.request_cancel(UID, CancelRequest(), exact=True)
        plain, full, bare = (one.data for one in scp.received)
        assert plain is not None
        assert full is not None
        assert plain.ReasonForCancellation
        assert len(plain) == 1
        assert full.ReasonForCancellation == "Wrong side"
        assert full.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110513"
        assert (full.ContactDisplayName, full.ContactURI) == ("Desk 3", "tel:+49123")
        assert "TransactionUID" not in full
        assert bare is None, "no data set at all, not an empty one"

    def test_an_address_with_letters_beyond_ascii(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.request_cancel(UID, CancelRequest(contact_uri="mailto:müller@example.org?subject=100%25"))
        sent = only(scp).data
        assert sent is not None
        assert sent.ContactURI == "mailto:m%C3%BCller@example.org?subject=100%25"

    def test_an_empty_data_set_is_not_sent(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            assert scu.set(UID, Elements()).status == 0
            assert scu.create(UID, Elements()).status == 0
        assert [one.data for one in scp.received] == [None, None]

    def test_find_identifier(self) -> None:
        query = state_query(
            ProcedureStepState.SCHEDULED,
            MatchingKey((tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE), "FX1"),
            MatchingKey((tags.PATIENT_NAME,), "Müller*"),
        )
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.find(query, lambda _: None)
        sent = only(scp).data
        assert sent is not None
        assert sent.ProcedureStepState == "SCHEDULED"
        assert (str(sent.PatientName), sent.SpecificCharacterSet) == ("Müller*", "ISO_IR 192")
        assert sent.ScheduledStationNameCodeSequence[0].CodeValue == "FX1"
        assert len(sent.ScheduledWorkitemCodeSequence) == 0
        assert sent.ReferencedRequestSequence[0].AccessionNumber == ""

    def test_find_never_sends_an_empty_identifier(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.find(WorklistQuery(return_keys=()), lambda _: None)
        sent = only(scp).data
        assert sent is not None
        assert len(sent) == 1


class TestGet:
    def test_default_list_is_that_of_the_table(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.get(UID)
        assert only(scp).tags == attributes.get_tags()
        assert tags.TRANSACTION_UID not in attributes.get_tags()

    def test_given_list_and_none(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.get(UID, [tags.PATIENT_NAME, tags.PATIENT_ID])
            scu.get(UID, None)
        assert [one.tags for one in scp.received] == [(tags.PATIENT_NAME, tags.PATIENT_ID), None]

    def test_the_answer_identifies_itself(self) -> None:
        with (
            PlainScp(answers={"N-GET": lambda _: (0, data_set(PatientID="1"))}) as scp,
            scu_of(scp) as scu,
        ):
            answer = scu.get(UID)
        assert answer.elements is not None
        assert answer.elements.text(tags.SOP_INSTANCE_UID) == UID
        assert answer.elements.text(tags.SOP_CLASS_UID) == PUSH

    def test_what_the_answer_says_itself_is_kept(self) -> None:
        own = data_set(SOPClassUID="1.9.9", PatientID="1")
        with PlainScp(answers={"N-GET": lambda _: (0, own)}) as scp, scu_of(scp) as scu:
            answer = scu.get(UID)
        assert answer.elements is not None
        assert answer.elements.text(tags.SOP_CLASS_UID) == "1.9.9"

    def test_no_data_set(self) -> None:
        with PlainScp(answers={"N-GET": lambda _: (0xC307, None)}) as scp, scu_of(scp) as scu:
            answer = scu.get(UID)
        assert (answer.status, answer.elements, answer.data) == (0xC307, None, None)


class TestAnswers:
    @pytest.mark.parametrize(
        ("act", "service", "code", "kind"),
        [
            (TABLE["change_state"][0], "N-ACTION", 0xC301, Kind.FAILURE),
            (TABLE["change_state"][0], "N-ACTION", 0xB306, Kind.WARNING),
            (TABLE["set"][0], "N-SET", 0xFF00, Kind.FAILURE),
            (TABLE["set"][0], "N-SET", 0x3C10, Kind.FAILURE),
            (TABLE["create"][0], "N-CREATE", 0xB300, Kind.WARNING),
        ],
    )
    def test_status(self, act: Act, service: str, code: int, kind: Kind) -> None:
        with PlainScp(answers={service: lambda _: (code, None)}) as scp, scu_of(scp) as scu:
            answer: Any = act(scu)
        assert (answer.status, answer.outcome.code, answer.outcome.kind) == (code, code, kind)

    def test_comment_and_offending_attributes(self) -> None:
        comment = "Missing attribute \\ see manual"
        answers = {
            "N-CREATE": lambda _: (
                status(0x0120, ErrorComment=comment, OffendingElement=[0x00741204]),
                None,
            ),
            "N-SET": lambda _: (status(0x0105, AttributeIdentifierList=[0x00100010, 0x00741000]), None),
        }
        with PlainScp(answers=answers) as scp, scu_of(scp) as scu:
            created = scu.create(UID, LABEL)
            stored = scu.set(UID, LABEL)
        assert created.error_comment.replace(" ", "") == comment.replace(" ", "")
        assert stored.offending == (0x00100010, 0x00741000)
        assert stored.error_comment == ""

    def test_uid_that_the_server_assigns(self) -> None:
        with (
            PlainScp(answers={"N-CREATE": lambda _: (0, data_set(AffectedSOPInstanceUID="1.2.9"))}) as scp,
            scu_of(scp) as scu,
        ):
            answer = scu.create(None, LABEL)
        assert answer.uid == "1.2.9"
        assert only(scp).instance_uid == ""

    @pytest.mark.parametrize("service", ["N-GET", "N-SET", "N-CREATE", "N-ACTION"])
    def test_a_leaked_lock_is_dropped_and_told(self, service: str) -> None:
        leaking = {service: lambda _: (0, data_set(TransactionUID="1.2.666", WorklistLabel="A"))}
        act = next(row[0] for row in TABLE.values() if row[1] == service)
        with PlainScp(answers=leaking) as scp, scu_of(scp) as scu:
            answer: Any = act(scu)
        assert answer.leaked_lock
        assert tags.TRANSACTION_UID not in answer.elements
        assert answer.elements.text(tags.WORKLIST_LABEL) == "A"
        assert b"1.2.666" not in answer.data

    def test_a_lock_leaked_by_a_search(self) -> None:
        def find(_: Any) -> Iterator[tuple[int, Dataset]]:
            yield 0xFF00, data_set(TransactionUID="1.2.666", WorklistLabel="A")

        rows: list[Match] = []
        with PlainScp(answers={"C-FIND": find}) as scp, scu_of(scp) as scu:
            answer = scu.find(WorklistQuery(), rows.append)
        assert answer.leaked_lock
        assert tags.TRANSACTION_UID not in rows[0].elements
        assert b"1.2.666" not in rows[0].data.data


def numbered(count: int, code: int = 0xFF00) -> Callable[[Any], Iterator[tuple[int, Dataset]]]:
    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for number in range(count):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            yield code, data_set(SOPInstanceUID=f"1.2.{number}")

    return find  # type: ignore[return-value]


class TestFind:
    def test_rows_in_order_and_final_status(self) -> None:
        rows: list[Match] = []
        with PlainScp(answers={"C-FIND": numbered(50)}) as scp, scu_of(scp) as scu:
            answer = scu.find(WorklistQuery(), rows.append)
        uids = [one.elements.text(tags.SOP_INSTANCE_UID) for one in rows]
        assert uids == [f"1.2.{number}" for number in range(50)]
        assert answer.status == 0
        assert all(decode(one.data.data, one.data.transfer_syntax) == one.elements for one in rows)

    def test_ignored_keys_are_told_with_each_row(self) -> None:
        rows: list[Match] = []
        with PlainScp(answers={"C-FIND": numbered(2, 0xFF01)}) as scp, scu_of(scp) as scu:
            scu.find(WorklistQuery(), rows.append)
        assert [one.status for one in rows] == [0xFF01, 0xFF01]

    @pytest.mark.parametrize("code", [0xA700, 0xA900, 0xC310, 0x0122])
    def test_failure(self, code: int) -> None:
        def find(_: Any) -> Iterator[tuple[int, Dataset | None]]:
            yield 0xFF00, data_set(SOPInstanceUID="1.2")
            yield code, None

        rows: list[Match] = []
        with PlainScp(answers={"C-FIND": find}) as scp, scu_of(scp) as scu:
            answer = scu.find(WorklistQuery(), rows.append)
        assert (len(rows), answer.status, answer.outcome.kind) == (1, code, Kind.FAILURE)

    def test_limit_sends_a_cancel(self) -> None:
        def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
            for number in range(5):
                yield 0xFF00, data_set(SOPInstanceUID=f"1.2.{number}")
            wait_until(lambda: event.is_cancelled, what="the C-CANCEL")
            yield 0xFF00, data_set(SOPInstanceUID="1.2.99")
            yield 0xFE00, None

        rows: list[Match] = []
        with PlainScp(answers={"C-FIND": find}) as scp, scu_of(scp) as scu:
            answer = scu.find(WorklistQuery(limit=3), rows.append)
            assert scu.echo().status == 0, "the association goes on"
        assert (len(rows), answer.status, answer.outcome.kind) == (3, 0xFE00, Kind.CANCEL)
        assert len(scp.associations) == 1

    def test_stop_from_another_thread_while_the_server_thinks(self) -> None:
        stop, asked = threading.Event(), threading.Event()

        def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
            yield 0xFF00, data_set(SOPInstanceUID="1.2")
            asked.set()
            wait_until(lambda: event.is_cancelled, what="the C-CANCEL")
            yield 0xFE00, None

        def stop_when_asked() -> None:
            asked.wait(5)
            wait_until(lambda: rows, what="the first row")
            stop.set()

        rows: list[Match] = []
        thread = threading.Thread(target=stop_when_asked)
        thread.start()
        with PlainScp(answers={"C-FIND": find}) as scp, scu_of(scp) as scu:
            answer = scu.find(WorklistQuery(), rows.append, stop)
        thread.join()
        assert (len(rows), answer.status) == (1, 0xFE00)

    def test_a_stop_that_comes_first(self) -> None:
        stop = threading.Event()
        stop.set()
        with PlainScp(answers={"C-FIND": numbered(5)}) as scp, scu_of(scp) as scu:
            answer = scu.find(WorklistQuery(), lambda _: pytest.fail("a row after the stop"), stop)
        assert answer.status in (0x0000, 0xFE00)

    def test_key_that_its_vr_cannot_hold(self) -> None:
        key = MatchingKey((0x001021C0,), "many")
        with PlainScp() as scp, scu_of(scp) as scu, pytest.raises(ValueError, match="PregnancyStatus"):
            scu.find(WorklistQuery((key,)), lambda _: None)


class TestAssociation:
    def test_it_is_reused(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            for act, *_ in TABLE.values():
                act(scu)
            scu.find(WorklistQuery(), lambda _: None)
            scu.echo()
            assert scu.is_open
            assert len(scp.associations) == 1
        ids = [one.message_id for one in scp.received]
        assert len(set(ids)) == len(ids)

    def test_a_message_that_nobody_asked_for_is_dropped(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.echo()
            server_side = scp.associations[0]
            stray = C_ECHO()
            stray.MessageIDBeingRespondedTo = 77
            stray.AffectedSOPClassUID = VERIFICATION
            stray.Status = 0
            server_side.dimse.send_msg(stray, server_side.accepted_contexts[0].context_id)
            channel = established(scu).channel
            wait_until(lambda: channel.first() == b"\x04", what="the stray response")
            assert scu.echo().status == 0
            assert len(scp.associations) == 1

    def test_release_and_open_again(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.echo()
            scu.release()
            assert not scu.is_open
            assert scu.negotiated() is None
            wait_until(lambda: scp.associations[0].is_released, what="the release arrives")
            scu.echo()
        assert len(scp.associations) == 2

    def test_negotiated(self) -> None:
        with PlainScp(classes=[VERIFICATION, PULL], syntaxes=[EXPLICIT]) as scp, scu_of(scp) as scu:
            found = scu.echo().negotiated
        assert found.contexts == {None: EXPLICIT, UpsClass.PULL: EXPLICIT}
        assert found.roles[UpsClass.PULL] == (True, False)
        assert found.refused[UpsClass.PUSH] == "abstract syntax not supported"
        assert found.max_pdu == 16382
        assert found.implementation_version.startswith("PYNETDICOM")

    def test_own_title_and_pdu_size(self) -> None:
        with (
            PlainScp() as scp,
            scu_of(scp, calling_aet=AeTitle("MY DESK"), max_pdu=0) as scu,
        ):
            scu.echo()
            requestor = scp.associations[0].requestor
            assert (requestor.ae_title, requestor.maximum_length) == ("MY DESK", 0)

    def test_requests_are_not_held_back_for_an_acknowledgement(self) -> None:
        with PlainScp() as scp, scu_of(scp) as scu:
            scu.echo()
            raw = established(scu).channel._connection
            assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    def test_an_association_that_was_idle_for_too_long_is_not_used(self) -> None:
        now = [0.0]
        with PlainScp() as scp:
            timeouts = Timeouts(connect=2, acse=3, dimse=3, network=10)
            scu = UpsScu(
                Peer(PeerId("test"), AeTitle(scp.aet), LOOPBACK, scp.port, timeouts=timeouts),
                clock=lambda: now[0],
            )
            scu.echo()
            now[0] = 9.9
            assert scu.is_open
            scu.echo()
            assert len(scp.associations) == 1
            now[0] = 20.0
            assert not scu.is_open
            scu.echo()
            assert len(scp.associations) == 2
            scu.release()

    def test_small_pdus(self) -> None:
        rows: list[Match] = []
        long = "x" * 3000

        def find(_: Any) -> Iterator[tuple[int, Dataset]]:
            yield 0xFF00, data_set(CommentsOnTheScheduledProcedureStep=long)

        with PlainScp(answers={"C-FIND": find}) as scp, scu_of(scp, max_pdu=256) as scu:
            scu.find(WorklistQuery(), rows.append)
        assert rows[0].elements.text(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP) == long


def test_wire_log_tells_messages_but_neither_patients_nor_locks() -> None:
    lines: list[str] = []
    answers: dict[str, Any] = {
        "C-FIND": numbered(3),
        "N-GET": lambda _: (0, data_set(PatientName="Secret^Name", PatientID="S-1")),
    }
    with PlainScp(answers=answers) as scp, scu_of(scp, WireLog(lines.append)) as scu:
        scu.find(WorklistQuery((MatchingKey((tags.PATIENT_NAME,), "Secret*"),)), lambda _: None)
        scu.get(UID)
        scu.change_state(UID, "IN PROGRESS", LOCK)
    text = "\n".join(lines)
    assert f"N-GET on Pull {UID}" in text
    assert "N-ACTION 1 0000" in text
    assert "Secret" not in text
    assert "S-1" not in text
    assert "4711" not in text
    assert lines[0].endswith(
        "Verification implicit, Pull implicit, Push implicit, Watch implicit, Query implicit"
    )
    assert lines[-1].endswith("association released")


def test_every_operation_has_its_classes() -> None:
    assert set(OPERATION_CLASSES) == set(Operation)
