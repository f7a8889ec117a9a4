"""Messages come out of a stream of bytes as they went in, however they are cut."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.dicom.find_stream import ResponseReader
from upsdesk.dicom.upper_layer.messages import RESPONSE, Command, Message, Service, encode_command
from upsdesk.dicom.upper_layer.pdus import InvalidPdu, PduType

CONTEXTS = (1, 3)
RELEASE, ABORT = b"\x05\0\0\0\0\x04\0\0\0\0", b"\x07\0\0\0\0\x04\0\0\0\0"
FINAL = Command(Service.C_FIND | RESPONSE, responds_to=1, status=0x0000)

_responses = st.builds(
    lambda service, number, status, comment: Command(
        service | RESPONSE, responds_to=number, status=status, comment=comment
    ),
    st.sampled_from([Service.C_FIND, Service.N_GET, Service.N_ACTION]),
    st.integers(1, 3),
    st.sampled_from([0xFF00, 0xFF01, 0x0000, 0xC301]),
    st.sampled_from(["", "no such thing"]),
)
_messages = st.builds(Message, st.sampled_from(CONTEXTS), _responses, st.binary(max_size=40))


def pdv(context: int, control: int, data: bytes) -> bytes:
    return struct.pack(">IBB", len(data) + 2, context, control) + data


def pdu(content: bytes) -> bytes:
    return struct.pack(">BBI", 4, 0, len(content)) + content


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[list[Message], list[bytes]]:
    """Messages, and their bytes in fragments, PDUs and segments of any size."""
    messages = draw(st.lists(_messages, max_size=5))
    fragments: list[bytes] = []
    for message in messages:
        parts = [(1, encode_command(message))] + ([(0, message.data)] if message.data else [])
        for kind, data in parts:
            pieces = pieces_of(data, draw(st.lists(st.integers(0, len(data)), max_size=2)))
            fragments += [
                pdv(message.context_id, kind | (2 if number == len(pieces) - 1 else 0), piece)
                for number, piece in enumerate(pieces)
            ]
    stream = b""
    while fragments:
        together = draw(st.integers(1, 3))
        stream += pdu(b"".join(fragments[:together]))
        fragments = fragments[together:]
    return messages, pieces_of(stream, draw(st.lists(st.integers(0, len(stream)), max_size=8)))


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cuts), len(data)]
    return [data[at:end] for at, end in pairwise(places)]


@given(cut_streams())
def test_messages_come_out_as_they_went_in(cut: tuple[list[Message], list[bytes]]) -> None:
    messages, segments = cut
    reader = ResponseReader(CONTEXTS)
    found = [message for segment in segments for message in reader.feed(segment)]
    assert found == messages
    assert [one.data for one in found] == [one.data for one in messages]
    assert reader.end is None
    assert not reader.is_midway


@given(
    cut_streams(),
    st.sampled_from([(RELEASE, PduType.A_RELEASE_RQ), (ABORT, PduType.A_ABORT), (b"\x42 no PDU", None)]),
)
def test_what_came_before_the_end_counts(
    cut: tuple[list[Message], list[bytes]], ending: tuple[bytes, PduType | None]
) -> None:
    messages, segments = cut
    last, kind = ending
    reader = ResponseReader(CONTEXTS)
    segments = [*segments[:-1], segments[-1] + last]
    found = [message for segment in segments for message in reader.feed(segment)]
    assert found == messages
    assert reader.end is kind if kind is not None else isinstance(reader.end, InvalidPdu)


@given(cut_streams(), st.data())
def test_bytes_that_lie_never_raise(cut: tuple[list[Message], list[bytes]], data: st.DataObject) -> None:
    stream = bytearray(b"".join(cut[1]))
    if stream:
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    whole, piecewise = ResponseReader(CONTEXTS), ResponseReader(CONTEXTS)
    found = whole.feed(bytes(stream))
    assert [one for byte in stream for one in piecewise.feed(bytes((byte,)))] == found
    assert type(whole.end) is type(piecewise.end)


@pytest.mark.parametrize(
    "sent",
    [
        pdu(pdv(99, 3, encode_command(Message(1, FINAL)))),
        pdu(pdv(1, 2, b"data first")),
        pdu(pdv(1, 1, b"\0\0") + pdv(3, 3, b"\0\0")),
        pdu(2 * pdv(1, 3, encode_command(Message(1, FINAL, b"announced")))),
        pdu(pdv(1, 3, b"\0\0\0")),
        pdu(b""),
        pdu(b"\0\0\0\1\1"),
        struct.pack(">BBI", 4, 0, 0x10000000),
        struct.pack(">BBI", 7, 0, 5),
        struct.pack(">BBI", 6, 0, 4) + bytes(4),
        struct.pack(">BBI", 1, 0, 1) + b"x",
    ],
    ids=[
        "context", "data-first", "context-changes", "two-commands", "no-command", "empty", "half-pdv", "long",
        "long-abort", "release-response", "request",
    ],
)  # fmt: skip
def test_violations_end_the_stream(sent: bytes) -> None:
    good = pdu(pdv(1, 3, encode_command(Message(1, FINAL))))
    reader = ResponseReader(CONTEXTS)
    assert reader.feed(good + sent + good) == [Message(1, FINAL)]
    assert isinstance(reader.end, InvalidPdu)


def test_the_beginning_of_a_pdu_is_given_back() -> None:
    reader = ResponseReader(CONTEXTS)
    assert reader.feed(RELEASE[:7]) == []
    assert reader.is_midway
    assert reader.rest() == RELEASE[:7]
    assert not reader.is_midway
