"""Reports in any order and number lead to the same workitem."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.events import (
    Assigned,
    CancelRequested,
    Found,
    ProgressReported,
    Read,
    Removed,
    Report,
    StateReported,
    WorkitemEvent,
)
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.reduce import apply
from upsdesk.domain.reports import to_event
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import EncodedDataSet, Progress, Workitem

S = ProcedureStepState
KEY = WorkitemKey(PeerId("p"), SopInstanceUid("1.2.3"))
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def found(*elements: object, key: WorkitemKey = KEY) -> Found:
    return Found(key, Elements(elements), None, NOW)  # type: ignore[arg-type]


def after(*events: WorkitemEvent) -> Workitem:
    workitem: Workitem | None = None
    for event in events:
        workitem = apply(workitem, event).workitem
    assert workitem is not None
    return workitem


def told(state: S, seconds: int = 0) -> StateReported:
    return StateReported(KEY, state, NOW + timedelta(seconds=seconds))


STATE_PATHS = st.sampled_from(
    [(S.SCHEDULED, S.IN_PROGRESS, S.COMPLETED), (S.SCHEDULED, S.IN_PROGRESS, S.CANCELED)]
)


@given(STATE_PATHS.flatmap(lambda path: st.permutations(path * 2).map(lambda order: (path, order))))
def test_state_reports_in_any_order_end_in_the_final_state(data: tuple[tuple[S, ...], list[S]]) -> None:
    path, order = data
    assert after(*(told(state) for state in order)).state is path[-1]


def test_a_late_report_is_ignored_and_said() -> None:
    known = after(told(S.COMPLETED))
    reduced = apply(known, told(S.IN_PROGRESS))
    assert reduced.was_late
    assert reduced.workitem == known
    assert apply(known, told(S.CANCELED)).was_late


def test_a_fresh_answer_may_correct_the_state() -> None:
    known = after(told(S.COMPLETED))
    answer = found(element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
    assert apply(known, answer).workitem.state is S.IN_PROGRESS  # type: ignore[union-attr]


@given(
    st.lists(
        st.one_of(
            st.sampled_from(list(S)).map(told),
            st.integers(0, 100).map(lambda n: ProgressReported(KEY, Progress(float(n), ""), NOW)),
            st.just(CancelRequested(KEY, NOW)),
            st.just(found(element(tags.PROCEDURE_STEP_LABEL, "x"))),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_same_event_twice_changes_nothing(events: list[WorkitemEvent]) -> None:
    known = after(*events)
    again = apply(known, events[-1])
    assert again.workitem == known
    assert not again.changed


def test_what_an_answer_does_not_contain_does_not_erase() -> None:
    known = after(
        found(element(tags.PROCEDURE_STEP_LABEL, "Lung"), element(tags.PATIENT_NAME, "A^B")),
        ProgressReported(KEY, Progress(48.0, "Beam 2"), NOW),
        found(element(tags.PATIENT_ID, "7"), sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)),
    )
    assert (known.label, known.patient.name, known.patient.patient_id) == ("Lung", "A^B", "7")
    assert known.progress == Progress(48.0, "Beam 2")


def test_a_whole_n_get_without_progress_means_none() -> None:
    known = after(ProgressReported(KEY, Progress(48.0, ""), NOW), Read(KEY, Elements(), None, NOW))
    assert known.progress == Progress()


def test_a_search_that_finds_nothing_new_leaves_the_fuller_data_set() -> None:
    full, less = EncodedDataSet(b"full", "1.2"), EncodedDataSet(b"less", "1.2")
    label = element(tags.PROCEDURE_STEP_LABEL, "Lung")
    known = after(Read(KEY, Elements([label]), full, NOW))
    assert after_found(known, label, less).data is full
    assert after_found(known, element(tags.PROCEDURE_STEP_LABEL, "Liver"), less).data is less


def after_found(known: Workitem, label: Element, data: EncodedDataSet) -> Workitem:
    found = apply(known, Found(KEY, Elements([label]), data, NOW)).workitem
    assert found is not None
    return found


def test_a_progress_report_keeps_the_part_that_it_leaves_out() -> None:
    known = after(
        ProgressReported(KEY, Progress(48.0, "Beam 2"), NOW), ProgressReported(KEY, Progress(60.0, ""), NOW)
    )
    assert known.progress == Progress(60.0, "Beam 2")


def test_changed_fields_are_named() -> None:
    known = after(told(S.SCHEDULED))
    assert "state" in apply(known, told(S.IN_PROGRESS, 5)).changed
    assert apply(known, ProgressReported(KEY, Progress(1.0, ""), NOW)).changed == {"progress"}


def test_removed_is_gone() -> None:
    assert apply(after(told(S.SCHEDULED)), Removed(KEY, NOW)).workitem is None


def report(event_type: int, *elements: object) -> Report:
    return Report(NOW, 1, event_type, KEY.uid, AeTitle("SCP"), Elements(elements))  # type: ignore[arg-type]


@pytest.mark.parametrize("nested", [False, True])
def test_assigned_is_read_flat_and_nested(nested: bool) -> None:
    performer = (
        sequence(tags.HUMAN_PERFORMER_CODE_SEQUENCE, Code("42", "99LOC", "Meyer").to_elements()),
        element(tags.HUMAN_PERFORMER_ORGANIZATION, "Ward 3"),
    )
    station = sequence(
        tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, Code("FX1", "99LOC", "Linac 1").to_elements()
    )
    told_performer = (sequence(tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE, performer),) if nested else performer
    event = to_event(report(5, station, *told_performer), KEY.peer)
    assert isinstance(event, Assigned)
    known = after(event)
    assert known.station == "FX1"
    assert known.performers == ("Meyer",)


def test_reports_become_events() -> None:
    state = to_event(
        report(
            1,
            element(tags.PROCEDURE_STEP_STATE, "CANCELED "),
            element(tags.INPUT_READINESS_STATE, "READY"),
            element(tags.REASON_FOR_CANCELLATION, "late"),
        ),
        KEY.peer,
    )
    assert isinstance(state, StateReported)
    assert (state.state, state.reason) == (S.CANCELED, "late")
    asked = to_event(
        report(2, element(tags.REQUESTING_AE, "WARD"), element(tags.CONTACT_URI, "tel:1")), KEY.peer
    )
    assert isinstance(asked, CancelRequested)
    assert (asked.requesting_ae, asked.contact_uri) == ("WARD", "tel:1")
    assert to_event(report(1, element(tags.PROCEDURE_STEP_STATE, "DONE")), KEY.peer) is None
    assert to_event(report(77), KEY.peer) is None


@pytest.mark.parametrize("percent", ["101", "-1", "many", "", "nan"])
def test_a_percent_that_is_none_is_unknown(percent: str) -> None:
    item = Elements([element(tags.PROCEDURE_STEP_PROGRESS, percent)])
    event = to_event(report(3, sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, item)), KEY.peer)
    assert isinstance(event, ProgressReported)
    assert event.progress.percent is None
