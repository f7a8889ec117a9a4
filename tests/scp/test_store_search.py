"""A search reads what its keys leave, by its index, and nothing that could match is left out."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite as dialect

from tests.support.plain_scu import code, dataset
from tests.support.stores import opened, put, stored, uids
from upsdesk.dicom import datasets
from upsdesk.domain import tags
from upsdesk.domain.keys import AeTitle
from upsdesk.scp.matching import compile_query
from upsdesk.scp.model import Stored, with_identity
from upsdesk.scp.narrowing import Key, Narrowing, Range, When
from upsdesk.scp.store.repository import Repository
from upsdesk.scp.store.searching import candidates
from upsdesk.scp.store.workitems import LONG

_STATION = "ScheduledStationNameCodeSequence"
_TODAY = Range(When.START, 1_767_225_600.0, 1_767_312_000.0)

_INDEXED = {
    "patient ID": (Narrowing(equal=((Key.PATIENT_ID, "P1"),)), "search_keys_by_start"),
    "accession number": (Narrowing(equal=((Key.ACCESSION_NUMBER, "A1"),)), "search_keys_by_start"),
    "station": (Narrowing(equal=((Key.STATION_NAME, "S1"),)), "search_keys_by_start"),
    "station and state": (
        Narrowing(equal=((Key.STATION_NAME, "S1"),), state="SCHEDULED"),
        "search_keys_by_start",
    ),
    "station, state and day": (
        Narrowing(equal=((Key.STATION_NAME, "S1"),), state="SCHEDULED", ranges=(_TODAY,)),
        "search_keys_by_start",
    ),
    "station and work type": (
        Narrowing(equal=((Key.WORKITEM_CODE, "W1"), (Key.STATION_NAME, "S1"))),
        "search_keys_by_start",
    ),
    "priority at a station": (
        Narrowing(equal=((Key.STATION_NAME, "S1"),), priority="HIGH"),
        "search_keys_by_start",
    ),
    "beginning of a name": (Narrowing(like=((Key.PATIENT_NAME, "doe*"),)), "search_keys_by_start"),
    "inside of a name": (Narrowing(like=((Key.PATIENT_NAME, "*doe*"),)), "search_keys_by_start"),
    "day": (Narrowing(ranges=(_TODAY,)), "workitems_by_start"),
    "day and state": (Narrowing(ranges=(_TODAY,), state="SCHEDULED"), "workitems_by_state"),
    "state": (Narrowing(state="SCHEDULED"), "workitems_by_state"),
    "changed since": (Narrowing(ranges=(Range(When.MODIFICATION, 1e9),)), "workitems_by_modification"),
    "due": (Narrowing(ranges=(Range(When.COMPLETION, 1e9, 1.1e9),)), "workitems_by_completion"),
}


def _plan(store: Path, narrowing: Narrowing, after: tuple[float, str] | None) -> list[str]:
    query = candidates(narrowing, after, 100).compile(
        dialect=dialect.dialect(),
        compile_kwargs={"literal_binds": True},  # type: ignore[no-untyped-call]
    )
    with closing(sqlite3.connect(store)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]


@pytest.mark.parametrize("after", [None, (1e9, "1.2.3")], ids=["first", "next"])
@pytest.mark.parametrize("name", _INDEXED)
def test_a_search_is_answered_by_an_index_and_reads_no_table_through(
    tmp_path: Path, name: str, after: tuple[float, str] | None
) -> None:
    narrowing, index = _INDEXED[name]
    with opened(tmp_path / "store"):
        plan = _plan(tmp_path / "store", narrowing, after)
    assert not [step for step in plan if step.startswith("SCAN")], plan
    assert index in plan[0], plan


def test_without_a_key_the_order_comes_from_an_index(tmp_path: Path) -> None:
    with opened(tmp_path / "store"):
        plan = _plan(tmp_path / "store", Narrowing(), None)
    assert plan == ["SCAN workitems USING COVERING INDEX workitems_by_start"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT uid FROM workitems WHERE ended < 1 ORDER BY ended",
        "SELECT uid FROM workitems WHERE expires < 1 AND state = 'SCHEDULED' ORDER BY expires",
        "SELECT * FROM outbox WHERE aet = 'A' ORDER BY number LIMIT 25",
        "SELECT aet FROM subscriptions WHERE uid = '1'",
    ],
)
def test_what_is_asked_again_and_again_has_its_index(tmp_path: Path, query: str) -> None:
    with opened(tmp_path / "store"), closing(sqlite3.connect(tmp_path / "store")) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert len(plan) == 1
    assert plan[0].startswith("SEARCH")


def _filled(repository: Repository, number: int) -> list[Stored]:
    chance = random.Random(7)
    names = ["DOE^JOHN", "Doe^Jane", "ÅNGSTRÖM^Åsa", "Yamada^Tarou=山田^太郎", "O_Neil^%", "", "SMITH"]
    found = []
    for at in range(number):
        chosen = chance.sample(range(4), chance.randrange(3))
        found.append(
            stored(
                f"1.2.{at}",
                PatientID=chance.choice(["P1", "P2", "P*", ""]),
                PatientName=chance.choice(names),
                ScheduledProcedureStepPriority=chance.choice(["HIGH", "LOW"]),
                ProcedureStepState=chance.choice(["SCHEDULED", "IN PROGRESS", "COMPLETED"]),
                ScheduledProcedureStepStartDateTime=chance.choice(
                    ["20260101", "202601020304+0100", "20260102030405.5", "99991231235959"]
                ),
                ScheduledStationNameCodeSequence=[code(f"S{one}", "99X", "a station") for one in chosen],
                ReferencedRequestSequence=[dataset(AccessionNumber=chance.choice(["A1", "A2"]))],
            )
        )
    put(repository, *found)
    return found


@pytest.fixture(scope="module")
def store() -> Iterator[Repository]:
    with opened() as repository:
        _filled(repository, 250)
        yield repository


@pytest.fixture(scope="module")
def all_of_it(store: Repository) -> list[Stored]:
    return [one for page in store.pages(Narrowing()) for one in page]


_KEYS = {
    "PatientID": ["P1", "P*", "P?", "p1", "*2", "?"],
    "PatientName": [
        "doe*",
        "*o*",
        "DOE^JOHN",
        "angstrom",
        "ångström^*",
        "=山田*",
        "o_neil^%",
        "?????",
        "smith^*^*",
    ],
    "ProcedureStepState": ["SCHEDULED", "COMPLETED", "*"],
    "ScheduledProcedureStepPriority": ["HIGH", "LOW"],
    "ScheduledProcedureStepStartDateTime": ["20260101", "20260102-", "-20260102", "2026", "99991231235959"],
    "ProcedureStepLabel": ["Test*", "Test step", "nothing"],
}


@settings(max_examples=150, deadline=None)
@given(
    keys=st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in _KEYS.items()}
    ),
    station=st.sampled_from(["", "S1", "S*", "S9"]),
    accession=st.sampled_from(["", "A1", "a1"]),
)
def test_no_match_is_left_out_by_what_the_indexes_decide(
    store: Repository, all_of_it: list[Stored], keys: dict[str, str], station: str, accession: str
) -> None:
    identifier = dataset(**keys)
    if station:
        identifier.ScheduledStationNameCodeSequence = [dataset(CodeValue=station)]
    if accession:
        identifier.ReferencedRequestSequence = [dataset(AccessionNumber=accession)]
    query = compile_query(datasets.from_dataset(identifier), UTC)
    read = [one for page in store.pages(query.narrowing) for one in page]
    matched = [one.uid for one in read if query.matches(with_identity(one))]
    assert matched == [one.uid for one in all_of_it if query.matches(with_identity(one))]


def test_every_workitem_comes_once_and_by_start(store: Repository, all_of_it: list[Stored]) -> None:
    assert len({one.uid for one in all_of_it}) == len(all_of_it) == 250
    starts = [one.elements.text(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME)[:8] for one in all_of_it]
    assert starts == sorted(starts)
    sizes = [len(page) for page in store.pages(Narrowing())]
    assert sizes == [20, 80, 100, 50]


def test_long_data_sets_are_in_memory_one_at_a_time() -> None:
    long = "x" * (LONG + 1)
    with opened() as repository:
        for number in range(6):
            parameter = dataset(ValueType="TEXT", TextValue=long if number in (2, 3) else "short")
            put(repository, stored(f"1.{number}", ScheduledProcessingParametersSequence=[parameter]))
        pages = [[one.uid for one in page] for page in repository.pages(Narrowing())]
        assert pages == [["1.0", "1.1"], ["1.2"], ["1.3"], ["1.4", "1.5"]]
        with repository.writing() as writer:
            mine = [one.uid for one in writer.not_subscribed(AeTitle("ANY"))]
    assert mine == ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]


def test_a_list_of_uids_reads_those(store: Repository) -> None:
    wanted = ("1.2.7", "1.2.3", "9.9.9", "1.2.7")
    assert sorted(uids(store, Narrowing(uids=wanted))) == ["1.2.3", "1.2.7"]


def test_a_changed_workitem_is_found_by_what_it_has_now() -> None:
    with opened() as repository:
        put(repository, stored("1.1", **{_STATION: [code("S1", "99X", "s")]}))
        with repository.writing() as writer:
            before = writer.workitem("1.1")
            assert before is not None
            after = stored(
                "1.1",
                ProcedureStepState="IN PROGRESS",
                ScheduledProcedureStepStartDateTime="20300101",
                **{_STATION: [code("S2", "99X", "s")]},
            )
            assert writer.update(before, after)
        moved = Narrowing(
            equal=((Key.STATION_NAME, "S2"),), state="IN PROGRESS", ranges=(Range(When.START, 1.8e9),)
        )
        assert uids(repository, moved) == ["1.1"]
        assert uids(repository, Narrowing(equal=((Key.STATION_NAME, "S1"),))) == []
        with repository.writing() as writer:
            assert not writer.update(before, after)  # of two changes to the same state one comes too late
            writer.delete("1.1")
        assert uids(repository, moved) == uids(repository) == []


def test_a_change_of_state_alone_moves_the_keys_too() -> None:
    with opened() as repository:
        put(repository, stored("1.1", PatientID="P1"))
        with repository.writing() as writer:
            before = writer.workitem("1.1")
            assert before is not None
            assert writer.update(before, stored("1.1", PatientID="P1", ProcedureStepState="CANCELED"))
        assert uids(repository, Narrowing(equal=((Key.PATIENT_ID, "P1"),), state="CANCELED")) == ["1.1"]
        assert uids(repository, Narrowing(equal=((Key.PATIENT_ID, "P1"),), state="SCHEDULED")) == []


def test_a_stored_data_set_is_decoded_when_it_is_looked_at() -> None:
    with opened() as repository:
        put(repository, stored("1.1", PatientName="Ångström^Åsa"))
        with repository.reading() as reader:
            one = reader.workitem("1.1")
        assert one is not None
        assert b"\xc3\x85ngstr" in one.elements.data  # type: ignore[attr-defined]
        assert one.elements.text(tags.PATIENT_NAME) == "Ångström^Åsa"
        assert tags.SPECIFIC_CHARACTER_SET not in one.elements
        whole = stored("1.1", PatientName="Ångström^Åsa").elements
        assert one.elements == whole.without(tags.SPECIFIC_CHARACTER_SET)
