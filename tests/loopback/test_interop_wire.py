"""Bytes that other implementations send and that ours must take, or must not believe."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.support import rude_peer
from tests.support.rude_peer import C_FIND_RSP, N_GET_RSP, Connection, RudePeer
from upsdesk.dicom.charsets import decode_text
from upsdesk.dicom.scu import UpsScu
from upsdesk.domain import tags
from upsdesk.domain.errors import UnexpectedResponse
from upsdesk.domain.keys import AeTitle, SopInstanceUid
from upsdesk.domain.peer import Peer, Timeouts, derived_peer_id
from upsdesk.domain.query import MatchingKey, WorklistQuery

UID = SopInstanceUid("1.2.3")
QUERY = WorklistQuery((MatchingKey((tags.PROCEDURE_STEP_STATE,), "SCHEDULED"),), ((tags.SOP_INSTANCE_UID,),))
Script = Callable[[Connection, int, int], None]


def element(tag: int, value: bytes) -> bytes:
    """Implicit VR Little Endian."""
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def row(uid: bytes) -> bytes:
    return element(tags.SOP_INSTANCE_UID, uid + b"\0" * (len(uid) % 2))


@contextmanager
def answering(*answers: Script) -> Iterator[UpsScu]:
    """An SCU whose peer answers its first requests like this."""

    def play(connection: Connection) -> None:
        connection.accept()
        for answer in answers:
            context, message = connection.read_message()
            answer(connection, context, message)
        connection.wait_until_closed()

    with RudePeer(play) as there:
        aet = AeTitle("RUDE")
        timeouts = Timeouts(connect=2, acse=2, dimse=2, network=3)
        peer = Peer(derived_peer_id(aet, "127.0.0.1", there.port), aet, "127.0.0.1", there.port)
        scu = UpsScu(replace(peer, timeouts=timeouts))
        try:
            yield scu
        finally:
            scu.abort(for_good=True)


def fragments(*pdus: bytes) -> bytes:
    """The fragments of several P-DATA-TF PDUs in one."""
    return rude_peer.pdu(4, b"".join(pdu[6:] for pdu in pdus))


def split(data: bytes) -> list[bytes]:
    """The PDUs of a byte string."""
    found = []
    while data:
        length = 6 + struct.unpack(">I", data[2:6])[0]
        found.append(data[:length])
        data = data[length:]
    return found


def test_several_messages_in_one_pdu() -> None:
    def answer(connection: Connection, context: int, message: int) -> None:
        matches = [
            rude_peer.response(context, C_FIND_RSP, message, 0xFF00, row(uid)) for uid in (b"1.2.1", b"1.2.2")
        ]
        final = rude_peer.response(context, C_FIND_RSP, message, 0x0000)
        connection.send(fragments(*split(b"".join([*matches, final]))))

    rows = []
    with answering(answer) as scu:
        done = scu.find(QUERY, lambda match: rows.append(match.elements.text(tags.SOP_INSTANCE_UID)))
    assert (done.status, rows) == (0x0000, ["1.2.1", "1.2.2"])


@pytest.mark.parametrize("other", [99, 1], ids=["unknown", "known"])
def test_a_response_on_another_context_is_none(other: int) -> None:
    def answer(connection: Connection, context: int, message: int) -> None:
        assert context != other
        connection.send(rude_peer.response(other, C_FIND_RSP, message, 0x0000))

    with answering(answer) as scu, pytest.raises(UnexpectedResponse) as caught:
        scu.find(QUERY, lambda match: None)
    assert "presentation context" in caught.value.detail


def named(context: int, message: int, uid: bytes) -> bytes:
    """The command of an N-GET response that names `uid`."""
    body = b"".join(
        element(tag, value)
        for tag, value in (
            (0x0100, struct.pack("<H", N_GET_RSP)),
            (0x0120, struct.pack("<H", message)),
            (0x0800, struct.pack("<H", 1)),
            (0x0900, struct.pack("<H", 0)),
            (0x1000, uid + b"\0" * (len(uid) % 2)),
        )
    )
    return rude_peer.p_data(context, 3, element(0, struct.pack("<I", len(body))) + body)


@pytest.mark.parametrize(
    ("command_uid", "data_uid"), [(b"1.2.4", b""), (b"1.2.3", b"1.2.4"), (b"", b"1.2.4")]
)
def test_another_workitem_than_the_one_that_was_read_is_not_taken_for_it(
    command_uid: bytes, data_uid: bytes
) -> None:
    data = row(data_uid) if data_uid else element(tags.PROCEDURE_STEP_STATE, b"SCHEDULED ")

    def answer(connection: Connection, context: int, message: int) -> None:
        connection.send(named(context, message, command_uid) + rude_peer.p_data(context, 2, data))

    with answering(answer) as scu, pytest.raises(UnexpectedResponse) as caught:
        scu.get(UID)
    assert "another workitem" in caught.value.detail


def test_a_response_that_names_the_workitem_with_a_space_is_about_it() -> None:
    def answer(connection: Connection, context: int, message: int) -> None:
        connection.send(named(context, message, b"1.2.3 ") + rude_peer.p_data(context, 2, row(b"1.2.3 ")))

    with answering(answer) as scu:
        assert scu.get(UID).status == 0x0000


@pytest.mark.parametrize("term", ["iso_ir 100", "ISO-IR 100", "ISO_IR_100", "ISO IR 100", "ISO_IR 100"])
def test_character_set_terms_as_they_are_met(term: str) -> None:
    assert decode_text(b"M\xfcller", [term]) == "Müller"
