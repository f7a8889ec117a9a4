"""The invented worklist: by the Standard's rules, around the present moment, and marked as invented."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from pydicom.sr._concepts_dict import concepts

from upsdesk.dicom.datasets import decode, encode
from upsdesk.domain import tags
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.requirements import create_problems, missing_for_final
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.when import parse_moment
from upsdesk.scp.demo_content import Station
from upsdesk.scp.demo_data import demo_workitems, new_workitem
from upsdesk.scp.demo_people import PATIENTS
from upsdesk.scp.model import Stored

ZONE = timezone(timedelta(hours=1))
TIMES = [
    datetime(2026, 11, 19, 10, 19, 30, tzinfo=ZONE),
    datetime(2026, 11, 19, 23, 50, tzinfo=ZONE),
    datetime(2026, 11, 20, 0, 10, tzinfo=ZONE),
    datetime(2026, 11, 20, 0, 0, 3, tzinfo=ZONE),
]
S = ProcedureStepState


@pytest.fixture(params=TIMES, ids=lambda at: f"{at:%H:%M:%S}")
def now(request: pytest.FixtureRequest) -> datetime:
    found: datetime = request.param
    return found


@pytest.fixture
def worklist(now: datetime) -> tuple[Stored, ...]:
    return demo_workitems(now, random.Random(5))


def start(stored: Stored) -> datetime:
    return parse_moment(stored.elements.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME)).instant


def test_about_sixty_at_four_stations_in_all_states(worklist: tuple[Stored, ...]) -> None:
    assert 55 <= len(worklist) <= 65
    path = (tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE)
    stations = Counter(one.elements.text(*path) for one in worklist)
    assert set(stations) == {"FX1", "FX2", "AI-SRV1", "3D-LAB"}
    assert min(stations.values()) >= 10
    assert set(Counter(one.state for one in worklist)) == set(S)
    assert len({one.uid for one in worklist}) == len(worklist)


def test_several_wait_for_the_person_at_the_window(now: datetime, worklist: tuple[Stored, ...]) -> None:
    due = [
        one
        for one in worklist
        if one.elements.text(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE) == "FX1"
        and one.state is S.SCHEDULED
        and one.elements.text(tags.INPUT_READINESS_STATE) == "READY"
        and abs(start(one) - now) <= timedelta(hours=1)
    ]
    assert len(due) >= 5


def test_what_ended_was_of_today_and_is_over(now: datetime, worklist: tuple[Stored, ...]) -> None:
    for one in worklist:
        if one.state.is_final:
            assert start(one).astimezone(ZONE).date() == now.date()
            assert start(one) <= now
            assert one.ended is not None and one.ended <= now.timestamp()


def test_some_are_late_and_some_expired(now: datetime, worklist: tuple[Stored, ...]) -> None:
    waiting = [one for one in worklist if one.state is S.SCHEDULED]
    assert sum(start(one) < now for one in waiting) >= 3
    ends = [one.elements.text(tags.SCHEDULED_PROCEDURE_STEP_EXPIRATION_DATE_TIME) for one in waiting]
    assert sum(parse_moment(end).instant < now for end in ends if end) >= 2


def test_each_could_have_been_created_and_ended_by_the_rules(worklist: tuple[Stored, ...]) -> None:
    for one in worklist:
        assert not create_problems(one.elements).missing
        if one.state.is_final:
            assert missing_for_final(one.state, one.elements) == ()
        assert (one.lock is None) is (one.state is S.SCHEDULED)
        assert tags.TRANSACTION_UID not in one.elements
        assert one.elements.text(tags.PROCEDURE_STEP_STATE) == one.state.value


def test_they_survive_the_wire(worklist: tuple[Stored, ...]) -> None:
    syntax = "1.2.840.10008.1.2.1"
    for one in worklist:
        read = decode(encode(one.elements, syntax), syntax).without(tags.SPECIFIC_CHARACTER_SET)
        assert read == one.elements


def test_patients_are_marked_and_two_look_alike(worklist: tuple[Stored, ...]) -> None:
    for one in worklist:
        patient_id = one.elements.text(tags.PATIENT_ID)
        assert not patient_id or patient_id.startswith("DEMO-")
        assert one.elements.text(tags.ACCESSION_NUMBER) == ""
    alike = [one for one in PATIENTS if one.name.startswith("Novák^Jan")]
    assert len(alike) == 2
    assert len({one.born for one in alike}) == 1
    assert len({one.name for one in PATIENTS}) == len({one.patient_id for one in PATIENTS}) == len(PATIENTS)
    assert {index for index, one in enumerate(PATIENTS) if one in alike} == {0, 1}


def test_one_replaces_another(worklist: tuple[Stored, ...]) -> None:
    path = (tags.REPLACED_PROCEDURE_STEP_SEQUENCE, tags.REFERENCED_SOP_INSTANCE_UID)
    [replaced] = [one.elements.text(*path) for one in worklist if one.elements.get(*path)]
    [other] = [one for one in worklist if one.uid == replaced]
    assert other.state is S.CANCELED


def test_codes_are_those_of_the_dictionary(worklist: tuple[Stored, ...]) -> None:
    known = {value: words[0] for entries in concepts["DCM"].values() for value, words in entries.items()}
    codes = {code for one in worklist for code in _codes(one.elements)}
    assert len([code for code in codes if code.scheme == "DCM"]) >= 12
    for code in codes:
        if code.scheme == "DCM":
            assert code.meaning == known[code.value]


def _codes(elements: Elements) -> Iterator[Code]:
    if tags.CODE_VALUE in elements:
        yield Code.read(elements)
    for one in elements:
        for item in one.items or ():
            yield from _codes(item)


def test_one_seed_gives_one_worklist(now: datetime) -> None:
    assert demo_workitems(now, random.Random(3)) == demo_workitems(now, random.Random(3))


def test_new_ones_can_be_created_and_stay_away_from_the_person(now: datetime) -> None:
    rng = random.Random(9)
    for _ in range(30):
        uid, elements = new_workitem(now, rng, [Station.AI, Station.LAB])
        assert uid.startswith("2.25.")
        assert not create_problems(elements)
        station = elements.text(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE)
        assert station in ("AI-SRV1", "3D-LAB")
