"""Rows against the keys that were sent: what contradicts a key, and what tells nothing (PS3.4 C.2.2.2)."""

from datetime import UTC, date, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.dicom.dictionary import vr_of
from upsdesk.dicom.identifiers import key_elements
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.judge import Judge
from upsdesk.domain.query import (
    ACCESSION_PATH,
    STATE_PATH,
    MatchingKey,
    SearchPlan,
    wide_queries,
)
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.matching import compile_query

S = ProcedureStepState
_NAME, _ID, _BORN = (tags.PATIENT_NAME,), (tags.PATIENT_ID,), (tags.PATIENT_BIRTH_DATE,)
_START = (tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,)
_STATION = tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE
_VALUE, _SCHEME = (_STATION, tags.CODE_VALUE), (_STATION, tags.CODING_SCHEME_DESIGNATOR)
_STUDY = (tags.STUDY_INSTANCE_UID,)


def misfits(keys: dict[Path, str], *row: Element, zone: timezone = UTC) -> tuple[Path, ...]:  # type: ignore[assignment]
    judge = Judge((MatchingKey(path, value) for path, value in keys.items()), vr_of, zone)
    return judge.misfits(Elements(row))


def station(*codes: tuple[str, str]) -> Element:
    return sequence(
        _STATION,
        *(
            [element(tags.CODE_VALUE, value), element(tags.CODING_SCHEME_DESIGNATOR, scheme)]
            for value, scheme in codes
        ),
    )


@pytest.mark.parametrize(
    ("path", "value", "row", "fits"),
    [
        (STATE_PATH, "SCHEDULED", element(tags.PROCEDURE_STEP_STATE, "SCHEDULED"), True),
        (STATE_PATH, "SCHEDULED", element(tags.PROCEDURE_STEP_STATE, "COMPLETED"), False),
        (STATE_PATH, "SCHED*", element(tags.PROCEDURE_STEP_STATE, "SCHEDULED"), False),
        (_NAME, "nov?k^*", element(tags.PATIENT_NAME, "Novák^Jana"), True),
        (_NAME, "NOVAK", element(tags.PATIENT_NAME, "Novak^Jana"), True),  # dcm4che fills up components
        (_NAME, "NOVAK", element(tags.PATIENT_NAME, "Novakova^Jana"), False),
        (_NAME, "山田*", element(tags.PATIENT_NAME, "Yamada^Tarou=山田^太郎"), True),
        (_ID, "ab-1*", element(tags.PATIENT_ID, "AB-17"), True),
        (_ID, "AB-1", element(tags.PATIENT_ID, "AB-17"), False),
        (_ID, "AB-1", element(tags.PATIENT_ID), False),  # it came empty: known to have none
        (_ID, "*", element(tags.PATIENT_ID), True),
        (_BORN, "19600101-19691231", element(tags.PATIENT_BIRTH_DATE, "19620410"), True),
        (_BORN, "-19600101", element(tags.PATIENT_BIRTH_DATE, "19620410"), False),
        (_BORN, "soon", element(tags.PATIENT_BIRTH_DATE, "19620410"), True),  # nobody can judge by that
        (_START, "20261121-20261122", element(_START[0], "20261122235959"), True),
        (_START, "20261121100000+0100-", element(_START[0], "20261121093000+0000"), True),
        (_START, "20261121100000-0500-20261121120000-0500", element(_START[0], "20261121140000+0000"), False),
        (_STUDY, "1.2.3\\1.2.4", element(_STUDY[0], "1.2.4"), True),
        (_STUDY, "1.2.3\\1.2.4", element(_STUDY[0], "1.2.5"), False),
        (_VALUE, "FX1", station(("FX2", "L"), ("FX1", "L")), True),
        (_VALUE, "FX1", station(("FX2", "L")), False),
        (_VALUE, "FX1", station(), False),
        (_VALUE, "FX1", sequence(_STATION, [element(tags.CODE_MEANING, "Linac")]), True),
    ],
)  # fmt: skip
def test_one_key(path: Path, value: str, row: Element, fits: bool) -> None:
    assert misfits({path: value}, row) == (() if fits else (path,))
    assert misfits({path: value}) == ()  # what did not come back tells nothing


def test_a_sequence_is_matched_within_one_item() -> None:
    wanted = {_VALUE: "FX1", _SCHEME: "99A"}
    assert misfits(wanted, station(("FX2", "99B"), ("FX1", "99A"))) == ()
    assert misfits(wanted, station(("FX1", "99B"), ("FX2", "99B"))) == (_SCHEME,)  # of the nearest item
    assert misfits(wanted, station(("FX1", "99B"), ("FX2", "99A"))) != ()


def test_times_without_a_zone_are_in_that_of_the_row_or_the_profile() -> None:
    key = {_START: "20261121100000+0000-20261121110000+0000"}
    assert misfits(key, element(_START[0], "20261121123000"), zone=timezone(timedelta(hours=2))) == ()
    offset = element(tags.TIMEZONE_OFFSET_FROM_UTC, "-0500")
    assert misfits(key, element(_START[0], "20261121053000"), offset) == ()


_texts = st.text("ab*?", min_size=1, max_size=4)
_values = st.text("abAB", max_size=4)


@given(_texts, _texts, st.lists(_values, max_size=2), st.none() | _values)
def test_what_a_strict_server_finds_always_fits(
    name: str, code: str, codes: list[str], other: str | None
) -> None:
    keys = (MatchingKey(_NAME, name), MatchingKey(_VALUE, code), MatchingKey(ACCESSION_PATH, "a?"))
    row = [element(_NAME[0], other)] if other is not None else []
    row.append(station(*((one, "L") for one in codes)))
    row.append(sequence(tags.REFERENCED_REQUEST_SEQUENCE, [element(tags.ACCESSION_NUMBER, "ab")]))
    if compile_query(key_elements(keys), UTC).matches(Elements(row)):
        assert misfits({key.path: key.value for key in keys}, *row) == ()


class TestPlans:
    TODAY = date(2026, 3, 4)

    def states(self, plan: SearchPlan) -> list[str]:
        queries = plan.queries(self.TODAY, UTC)
        assert all(query.has_valued_key for query in queries)  # PS3.4 CC.2.8.3.1
        return [next((key.value for key in one.keys if key.path == STATE_PATH), "") for one in queries]

    def test_one_query_each_state(self) -> None:
        every = [state.value for state in S]
        name = MatchingKey(_NAME, "Novak*")
        assert self.states(SearchPlan()) == every
        assert self.states(SearchPlan(states=frozenset({S.CANCELED, S.SCHEDULED}))) == [
            "SCHEDULED",
            "CANCELED",
        ]
        assert self.states(SearchPlan(keys=(name,))) == [""]
        assert self.states(SearchPlan(frozenset({S.IN_PROGRESS}), (name,))) == ["IN PROGRESS"]
        # `*` asks for everything, which a peer may answer with nothing: then the states are the keys.
        assert self.states(SearchPlan(keys=(MatchingKey(_ID, "*"),))) == every

    def test_a_typed_text_is_asked_for_as_what_it_can_be(self) -> None:
        def asked(text: str) -> dict[Path, str]:
            return {query.keys[0].path: query.keys[0].value for query in wide_queries(text)}

        as_typed = dict.fromkeys((_ID, ACCESSION_PATH, (tags.ADMISSION_ID,)), "Novák, Jana")
        assert asked(" Novák,  Jana ") == {_NAME: "*Novák*Jana*", **as_typed}
        assert asked("471190264711\r\n")[_ID] == "471190264711"
        assert ACCESSION_PATH not in asked("1" * 17) and _ID not in asked("1" * 65)
        assert asked("A\\B")[_ID] == "A B" and not asked(" \t") and not asked("**")
