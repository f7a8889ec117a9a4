"""Rows read off the bytes of matches: the same as of their decoded elements, whatever the data sets are."""

import copy
import pickle
import struct
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dicom.strategies import data_sets
from tests.dicom.test_received import SYNTAXES, written
from upsdesk.dicom import codec
from upsdesk.dicom.codec import BIG_ENDIAN, EXPLICIT, IMPLICIT, UndecodableDataSet
from upsdesk.dicom.dictionary import vr_of
from upsdesk.dicom.exchange import Row
from upsdesk.dicom.found_rows import FoundRows, RowReader
from upsdesk.dicom.shapes import GLIMPSED, Shapes
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.judge import Judge
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.query import MatchingKey
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import EncodedDataSet, Workitem, first_read

PEER = PeerId("peer")
STATE = MatchingKey((tags.PROCEDURE_STEP_STATE,), "SCHEDULED")
DAY = MatchingKey((tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,), "20261101000000-20261130235959")
NAME = MatchingKey((tags.PATIENT_NAME,), "A*")
ROOM = MatchingKey((tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE), "ROOM1")
EXPIRES = MatchingKey((tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME,), "20261121-")
READY = MatchingKey((tags.INPUT_READINESS_STATE,), "READY")
THIS = MatchingKey((tags.SOP_INSTANCE_UID,), "1.2.3")
ANY_NAME = MatchingKey((tags.PATIENT_NAME,), "*")
KEYS = st.lists(st.sampled_from([STATE, DAY, NAME, ROOM, EXPIRES, READY, THIS, ANY_NAME]), unique=True).map(
    tuple
)
ZONES = st.sampled_from([UTC, ZoneInfo("Europe/Vienna"), timezone(timedelta(hours=-5))])

_moments = st.sampled_from(
    ["20261121101500", "20261025023000", "20261121", "2026112110", "20261121101560", "20261121101500.5", "no",
     "20261121101500+0100", "20261121101500\\20261122", "", " 20261121101500", "99991231235959"]
)  # fmt: skip
_known = st.fixed_dictionaries(
    {},
    optional={
        tags.SOP_INSTANCE_UID: st.sampled_from(["1.2.3", "1.2.4", "1.2\\1.3", "", "1.2.x"]),
        tags.TIMEZONE_OFFSET_FROM_UTC: st.sampled_from(["+0100", "-0500", "later"]),
        tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME: _moments,
        tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME: _moments,
        tags.EXPECTED_COMPLETION_DATE_TIME: _moments,
        tags.INPUT_READINESS_STATE: st.sampled_from(["READY", "INCOMPLETE", "odd", ""]),
        tags.PROCEDURE_STEP_STATE: st.sampled_from(["SCHEDULED", "IN PROGRESS", "COMPLETED", "odd", ""]),
        tags.SCHEDULED_PROCEDURE_STEP_PRIORITY: st.sampled_from(["HIGH", "LOW", "odd", ""]),
    },
)
_codes = st.lists(st.sampled_from(["ROOM1", "ROOM2", "Räum"]), max_size=2)


@st.composite
def matches(draw: st.DrawFn) -> Elements:
    """What an SCP may answer: the attributes of the table with good and odd values, and any others."""
    told = [element(tag, *text.split("\\")) for tag, text in draw(_known).items()]
    codes = draw(_codes)
    if codes:
        items = [
            Elements([element(tags.CODE_VALUE, code), element(tags.CODE_MEANING, "m")]) for code in codes
        ]
        told.append(sequence(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, *items))
    others = draw(data_sets) if draw(st.booleans()) else Elements()
    return others.with_elements(*told)


def rows_of(data_sets: list[bytes], shapes: Shapes) -> list[Row]:
    """As an Exchange hands them over; those that are damaged are left out."""
    found: list[Row] = []
    for data in data_sets:
        glimpse = shapes.glimpse(data)
        try:
            whole = codec.decode(data, shapes.transfer_syntax)
        except UndecodableDataSet:
            assert glimpse is None  # damage is never overlooked
            continue
        found.append((glimpse if glimpse is not None else whole, data))
    return found


def expected(rows: list[Row], syntax: str, keys: tuple[MatchingKey, ...], zone) -> FoundRows:
    """The same by decoding everything."""
    found = FoundRows()
    judge = Judge(keys, vr_of, zone)
    for _, data in rows:
        elements = codec.decode(data, syntax)
        told = elements.texts(tags.SOP_INSTANCE_UID)
        uid = SopInstanceUid(told[0] if told else "")
        misfits = judge.misfits(elements)
        if len(told) != 1 or not uid or not uid.isascii():
            found.nameless += 1
        elif misfits:
            found.misfits.append((uid, elements, misfits))
        else:
            key, encoded = WorkitemKey(PEER, uid), EncodedDataSet(data, syntax)
            found.workitems.append(first_read(key, elements, encoded, default_zone=zone))
    return found


def same(data_sets: list[bytes], syntax: str, keys: tuple[MatchingKey, ...], zone, shapes: Shapes) -> None:
    rows = rows_of(data_sets, shapes)
    found = RowReader(PEER, keys, zone)(rows, shapes)
    eager = expected(rows, syntax, keys, zone)
    assert found.nameless == eager.nameless
    assert len(found) == len(rows)
    assert [(one.uid, one.paths) for one in found.misfits] == [
        (uid, paths) for uid, _, paths in eager.misfits
    ]
    assert len(found.workitems) == len(eager.workitems)
    for lazy, whole in zip(found.workitems, eager.workitems, strict=True):
        times = (whole.starts_at, whole.due_at, whole.expires_at)
        assert (lazy.starts_at, lazy.due_at, lazy.expires_at) == times
        for column in fields(Workitem):
            assert getattr(lazy, column.name) == getattr(whole, column.name), column.name
        assert lazy == whole


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(matches(), min_size=1, max_size=4), SYNTAXES, KEYS, ZONES, st.data())
def test_rows_are_what_their_elements_say(found, syntax: str, keys, zone, data: st.DataObject) -> None:
    choices = st.booleans()
    encoded = [written(one, syntax, lambda: data.draw(choices), lambda: data.draw(choices)) for one in found]
    shapes = Shapes(syntax, first_lesson=1)
    for _ in range(2):  # the first time is learned from, the second time the pattern reads
        same(encoded, syntax, keys, zone, shapes)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(matches(), matches(), SYNTAXES, st.data())
def test_damage_is_seen_by_the_pattern_too(one, other, syntax: str, data: st.DataObject) -> None:
    shapes = Shapes(syntax, first_lesson=1)
    sound = [codec.encode(elements, syntax) for elements in (one, other)]
    same(sound, syntax, (), UTC, shapes)
    damaged = bytearray(sound[0])
    if damaged:
        for _ in range(data.draw(st.integers(1, 3))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    half = sound[0][:cut] + sound[1][data.draw(st.integers(0, len(sound[1]))) :]
    same([bytes(damaged), bytes(damaged[:cut]), half, sound[0] + sound[1]], syntax, (), UTC, shapes)


def item(number: int, **others: str) -> Elements:
    return Elements(
        [
            element(tags.SOP_INSTANCE_UID, f"1.2.{number}"),
            element(tags.PATIENT_NAME, "A" * (number % 40 + 1) + "^B"),
            sequence(
                tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
                Elements([element(tags.CODE_VALUE, "C"), element(tags.CODE_MEANING, "x" * (number % 9))]),
            ),
            element(tags.PROCEDURE_STEP_STATE, "SCHEDULED"),
        ]
    )


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize(
    "asked", [NAME, MatchingKey((tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_VALUE), "C")]
)
def test_rows_that_fit_any_key_are_not_decoded(syntax: str, asked: MatchingKey) -> None:
    shapes = Shapes(syntax)
    encoded = [codec.encode(item(number), syntax) for number in range(400)]
    same(encoded, syntax, (STATE, asked), UTC, shapes)
    reader, rows = RowReader(PEER, (STATE, asked), UTC), rows_of(encoded, shapes)
    reader._read_all = lambda *_: pytest.fail("decoded")  # type: ignore[method-assign]
    assert len(reader(rows, shapes).workitems) == 400


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_pattern_learns_from_few(syntax: str) -> None:
    shapes = Shapes(syntax)
    encoded = [codec.encode(item(number), syntax) for number in range(400)]
    same(encoded, syntax, (STATE,), UTC, shapes)
    slow = []
    shapes.structures.offsets = slow.append  # type: ignore[method-assign,assignment]
    assert all(shapes.glimpse(data) and shapes.columns(data) for data in encoded)
    assert slow == []


def test_a_transaction_uid_and_other_transfer_syntaxes_take_the_long_way() -> None:
    shapes = Shapes(EXPLICIT, first_lesson=1)
    leaking = item(1).with_elements(element(tags.TRANSACTION_UID, "1.9"))
    for _ in range(3):
        assert shapes.glimpse(codec.encode(leaking, EXPLICIT)) is None
        assert shapes.glimpse(codec.encode(item(1), EXPLICIT)) is not None
    assert Shapes(BIG_ENDIAN).glimpse(codec.encode(item(1), BIG_ENDIAN)) is None


def test_a_sequence_of_a_thousand_items_is_read_and_not_learned() -> None:
    codes = [Elements([element(tags.CODE_VALUE, str(number))]) for number in range(1000)]
    long = item(1).with_elements(sequence(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, *codes))
    same([codec.encode(long, EXPLICIT)] * 3, EXPLICIT, (), UTC, Shapes(EXPLICIT, first_lesson=1))


def test_an_undefined_length_is_cut_where_it_ends() -> None:
    inner = codec.encode(Elements([element(tags.CODE_VALUE, "ROOM")]), EXPLICIT)
    stations = (
        struct.pack("<HH2sHI", 0x0040, 0x4025, b"SQ", 0, 0xFFFFFFFF)
        + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
        + inner
        + struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    )
    parts = [element(tags.SOP_INSTANCE_UID, "1.2"), element(tags.PROCEDURE_STEP_STATE, "SCHEDULED")]
    first, last = (codec.encode(Elements([part]), EXPLICIT) for part in parts)
    shapes = Shapes(EXPLICIT, first_lesson=2)
    for _ in range(4):
        same([first + stations + last, first + stations], EXPLICIT, (), UTC, shapes)
        glimpse = shapes.glimpse(first + stations + last)
        assert glimpse is not None
        assert glimpse[GLIMPSED.index(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE)] == stations


def lazy_one(elements: Elements) -> Workitem:
    data = codec.encode(elements, EXPLICIT)
    shapes = Shapes(EXPLICIT)
    (found,) = RowReader(PEER, (), UTC)(rows_of([data], shapes), shapes).workitems
    return found


def test_an_unread_workitem_behaves_as_any_other() -> None:
    elements = item(7)
    whole = first_read(
        WorkitemKey(PEER, SopInstanceUid("1.2.7")),
        elements,
        EncodedDataSet(codec.encode(elements, EXPLICIT), EXPLICIT),
    )
    assert lazy_one(elements) == whole
    assert whole == lazy_one(elements)
    assert hash(lazy_one(elements)) == hash(whole)
    assert repr(lazy_one(elements)) == repr(whole)
    later = datetime(2026, 11, 21, tzinfo=UTC)
    changed = replace(lazy_one(elements), state=ProcedureStepState.COMPLETED, state_reported_at=later)
    assert changed == replace(whole, state=ProcedureStepState.COMPLETED, state_reported_at=later)
    assert changed.due_at == float("inf")
    assert copy.copy(lazy_one(elements)) == pickle.loads(pickle.dumps(lazy_one(elements))) == whole
    with pytest.raises(AttributeError):
        _ = lazy_one(elements).no_such_column  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        lazy_one(elements).label = "x"  # type: ignore[misc]


def test_the_same_answer_is_known_by_its_bytes() -> None:
    one, again, other = lazy_one(item(7)), lazy_one(item(7)), lazy_one(item(8))
    assert one.has_answer_of(again)
    assert not one.has_answer_of(other)
    assert not replace(one).has_answer_of(again)  # it may have been changed since
    assert not one.has_answer_of(replace(again))


def test_a_name_in_another_repertoire_is_not_mixed_up() -> None:
    charset = Element(tags.SPECIFIC_CHARACTER_SET, "CS", ("ISO_IR 100",))
    greek = Element(tags.SPECIFIC_CHARACTER_SET, "CS", ("ISO_IR 126",))
    station = sequence(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, Elements([element(tags.CODE_VALUE, "ä")]))
    uid = element(tags.SOP_INSTANCE_UID, "1.2")
    latin = codec.encode(Elements([charset, uid, station]), EXPLICIT)
    other = latin.replace(b"ISO_IR 100", b"ISO_IR 126")
    shapes = Shapes(EXPLICIT, first_lesson=1)
    same([latin, other, latin, codec.encode(Elements([greek, uid]), EXPLICIT)], EXPLICIT, (), UTC, shapes)
