"""Saved filters: read back as written, hostile files kept aside, and nobody's name kept unasked."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.values import mode_of
from upsdesk.domain import tags
from upsdesk.domain.criteria import FIRST_YEAR, LAST_YEAR, Choice, Criteria, Hours, Period, Span
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.query import MatchingKey, SearchPlan
from upsdesk.domain.saved_filter import BUILT_IN, SavedFilter
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import InputReadiness, Priority
from upsdesk.services.filter_fields import read_criteria, written_criteria
from upsdesk.services.saved_filters import SavedFilters

words = st.text(st.characters(codec="utf-8"), max_size=30)
a_priority, a_readiness = st.sampled_from([*Priority, None]), st.sampled_from([*InputReadiness, None])
some_minute = st.datetimes(datetime(FIRST_YEAR, 1, 1), datetime(LAST_YEAR, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0, fold=0)
)
some_period = st.tuples(some_minute, some_minute).map(lambda pair: Period(min(pair), max(pair)))
some_criteria = st.builds(
    Criteria,
    text=words,
    states=st.frozensets(st.sampled_from(ProcedureStepState)),
    overdue=st.booleans(),
    held=st.booleans(),
    followed=st.booleans(),
    kept_at_server=st.booleans(),
    span=st.sampled_from(Span) | st.builds(Hours, st.integers(0, 720), st.integers(1, 720)) | some_period,
    priorities=st.frozensets(a_priority),
    worklists=st.frozensets(words),
    stations=st.builds(Choice, st.frozensets(words), st.booleans()),
    inputs=st.builds(Choice, st.frozensets(a_readiness), st.booleans()),
)
some_keys = st.builds(
    MatchingKey, st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=4).map(tuple), words
)
some_filter = st.builds(
    SavedFilter,
    name=st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=40),
    criteria=some_criteria,
    plan=st.builds(
        SearchPlan,
        states=st.frozensets(st.sampled_from(ProcedureStepState)),
        keys=st.lists(some_keys, max_size=3).map(tuple),
        via=st.sampled_from(UpsClass),
        limit=st.none() | st.integers(1, 10_000),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(some_filter, max_size=4, unique_by=lambda one: one.name.casefold()))
def test_what_is_written_is_read_back(tmp_path: Path, wanted: list[SavedFilter]) -> None:
    (tmp_path / "filters.toml").unlink(missing_ok=True)
    kept = SavedFilters(tmp_path)
    wanted = [one for one in wanted if kept.by_name(one.name) is None]
    for one in wanted:
        kept.add(one)
    again = SavedFilters(tmp_path)
    assert again.own == tuple(wanted) and not again.problem
    assert again.all == (*BUILT_IN, *wanted)


@given(some_criteria)
def test_criteria_pass_through_json(criteria: Criteria) -> None:
    assert read_criteria(json.loads(json.dumps(written_criteria(criteria)))) == criteria


def test_names_order_and_deletion(tmp_path: Path) -> None:
    kept = SavedFilters(tmp_path)
    told: list[int] = []
    kept.subscribe(lambda: told.append(1))
    for name in ("FX1", "  AI results ", "Review"):
        kept.add(SavedFilter(name, Criteria(text=name)))
    assert [one.name for one in kept.own] == ["FX1", "AI results", "Review"]
    for taken in ("fx1", "overdue", "", "   ", "x" * 41, "two\nlines", "\u202eevil"):
        with pytest.raises(ValueError, match=r"\.$"):
            kept.add(SavedFilter(taken, Criteria()))
    kept.move("Review", -1)
    kept.move("FX1", -5)
    kept.change("fx1", SavedFilter("FX1 and FX2", Criteria(overdue=True)))
    assert [one.name for one in kept.own] == ["FX1 and FX2", "Review", "AI results"]
    gone = kept.by_name("review")
    assert gone is not None
    at = kept.remove("Review")
    kept.add(gone, at)
    assert [one.name for one in SavedFilters(tmp_path).own] == ["FX1 and FX2", "Review", "AI results"]
    with pytest.raises(LookupError):
        kept.remove("Overdue")
    assert len(told) == 7
    assert mode_of(tmp_path / "filters.toml") == 0o600


def test_what_may_be_a_patients_name_is_told_and_left_out() -> None:
    station = MatchingKey((tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, tags.CODE_VALUE), "FX1")
    patient = MatchingKey((tags.PATIENT_NAME,), "NOVAK*")
    accession = MatchingKey((tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER), "A-77")
    private = MatchingKey((0x00991001,), "who knows")
    plan = SearchPlan(keys=(station, patient, accession, private), limit=50)
    one = SavedFilter("one", Criteria(text="novak", held=True), plan)
    assert one.names_somebody
    harmless = SearchPlan(keys=(station,), limit=50)
    assert one.without_names() == SavedFilter("one", Criteria(held=True), harmless)
    assert not one.without_names().names_somebody
    asks_back = SearchPlan(keys=(MatchingKey((tags.PATIENT_NAME,), ""),))
    assert not SavedFilter("empty", Criteria(text="  "), asks_back).names_somebody


GOOD = '[[filter]]\nname = "Good"\nstates = ["SCHEDULED"]\n'


@pytest.mark.parametrize(
    "text",
    [
        b"\x00\xff\xfe",
        b"version = 1\n[[filter",
        b"[[filter]]\nname = 'no version'\n",
        b"version = 2\n[[filter]]\nname = 'of a later one'\n",
        b"version = 1\nfilter = 'none'\n",
        b"version = 1\nfilter = [1, 2]\n",
        b"version = 1\nfilter = " + b"[" * 5000 + b"]" * 5000,
        b"version = 1\n" + b"# long\n" * 200_000,
    ],
    ids=["bytes", "broken", "no version", "later", "text", "numbers", "deep", "long"],
)
def test_a_file_that_cannot_be_read_is_kept_aside_and_said(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "filters.toml.unreadable").write_bytes(b"from another time")
    (tmp_path / "filters.toml").write_bytes(text)
    kept = SavedFilters(tmp_path)
    assert kept.all == BUILT_IN
    assert kept.problem.endswith("The file is kept as filters.toml.unreadable-2.")
    kept.add(SavedFilter("New", Criteria()))
    assert (tmp_path / "filters.toml.unreadable-2").read_bytes() == text
    assert (tmp_path / "filters.toml.unreadable").read_bytes() == b"from another time"
    assert not SavedFilters(tmp_path).problem


@pytest.mark.parametrize(
    "entry",
    [
        "states = ['SCHEDULED']",
        "name = 7",
        "name = ''",
        "name = 'Overdue'",
        "name = 'Good'",
        f"name = '{'x' * 41}'",
        "name = 'x'\nstates = 'SCHEDULED'",
        "name = 'x'\nstates = ['DONE']",
        "name = 'x'\nstart = 'yesterday'",
        "name = 'x'\nheld = 1",
        "name = 'x'\nstart_hours = [0, 0]",
        "name = 'x'\nstart_hours = [-1, 2]",
        "name = 'x'\nstart_hours = [true, 2]",
        "name = 'x'\nstart_hours = 2",
        "name = 'x'\nstart = 'today'\nstart_hours = [1, 2]",
        "name = 'x'\ncolour = 'of a later version'",
        "name = 'x'\nonly_stations = []\nhidden_stations = ['A']",
        f"name = 'x'\ntext = '{'y' * 401}'",
        "name = 'x'\nlimit = 0",
        "name = 'x'\nsent = [{key = '0010001', value = ''}]",
        "name = 'x'\nsent = [{key = '00100010'}]",
        "name = 'x'\nsent = ['PatientName=A']",
        "name = 'x'\nsent = [{key = '0010٠٠10', value = ''}]",
    ],
)
def test_an_entry_that_cannot_be_used_does_not_cost_the_others(tmp_path: Path, entry: str) -> None:
    text = f"version = 1\n{GOOD}[[filter]]\n{entry}\n"
    (tmp_path / "filters.toml").write_text(text, encoding="utf-8")
    kept = SavedFilters(tmp_path)
    assert kept.own == (SavedFilter("Good", Criteria(states=frozenset({ProcedureStepState.SCHEDULED}))),)
    assert kept.problem == "1 saved filter cannot be read. The file is kept as filters.toml.unreadable."
    assert (tmp_path / "filters.toml.unreadable").read_text(encoding="utf-8") == text


def test_a_disk_that_takes_nothing_changes_nothing(tmp_path: Path) -> None:
    kept = SavedFilters(tmp_path)
    (tmp_path / "filters.toml").mkdir()
    with pytest.raises(OSError):
        kept.add(SavedFilter("New", Criteria()))
    assert kept.all == BUILT_IN
    assert SavedFilters(tmp_path).problem
