"""Statuses, the attribute table, requirements and searches against what the Standard says."""

from __future__ import annotations

from datetime import date, timedelta, timezone

import pytest

from upsdesk.domain import attributes, errors, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.query import worklist_queries
from upsdesk.domain.requirements import (
    completed_for_create,
    create_problems,
    final_needs,
    missing_for_final,
    set_forbidden,
)
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Kind, Service, no_answer, outcome
from upsdesk.domain.workitem import PatientFacts

S = ProcedureStepState


@pytest.mark.parametrize(
    ("service", "action", "code", "kind"),
    [
        (Service.C_FIND, None, 0xC310, Kind.FAILURE),
        (Service.N_ACTION, 1, 0xC310, Kind.FAILURE),
        (Service.N_ACTION, 1, 0xB306, Kind.WARNING),
        (Service.N_ACTION, 2, 0x0000, Kind.SUCCESS),
        (Service.N_ACTION, 3, 0xB301, Kind.WARNING),
        (Service.N_SET, None, 0xFF00, Kind.FAILURE),
        (Service.N_SET, None, 0x3C10, Kind.FAILURE),
        (Service.N_SET, None, 0x0107, Kind.WARNING),
        (Service.N_CREATE, None, 0x0116, Kind.WARNING),
        (Service.N_CREATE, None, 0xB300, Kind.WARNING),
        (Service.C_FIND, None, 0xFF01, Kind.PENDING),
        (Service.C_FIND, None, 0xFE00, Kind.CANCEL),
    ],
)
def test_kinds(service: Service, action: int | None, code: int, kind: Kind) -> None:
    assert outcome(service, code, action).kind is kind


def test_a_code_is_not_read_with_the_meaning_of_another_service() -> None:
    assert outcome(Service.C_FIND, 0xC310).meaning != outcome(Service.N_ACTION, 0xC310, 1).meaning
    assert "Asked" in outcome(Service.N_ACTION, 0x0000, 2).meaning
    assert outcome(Service.N_ACTION, 0xC312, 1).meaning.startswith("The server answered with C312")


def test_every_failure_has_a_next_step() -> None:
    for service in Service:
        for action in (None, 1, 2, 3, 4, 5) if service is Service.N_ACTION else (None,):
            for code in (
                *range(0x0100, 0x0220),
                *range(0xA700, 0xA902),
                *range(0xB300, 0xB310),
                *range(0xC300, 0xC320),
            ):
                found = outcome(service, code, action)
                assert found.next_step, (service, action, hex(code))
                assert found.meaning.endswith(".")


def test_seven_ways_of_no_answer_have_seven_sentences() -> None:
    causes = [
        errors.Unreachable("refused"),
        errors.Rejected(1, 1, 7, "called AE title not recognized"),
        errors.Rejected(1, 1, 3, "calling AE title not recognized"),
        errors.ContextRefused((UpsClass.PULL,), (), ""),
        errors.Aborted(""),
        errors.TimedOut("", sent=True),
        errors.UnexpectedResponse(""),
        errors.Interrupted(""),
    ]
    told = [no_answer(cause) for cause in causes]
    assert len({(one.meaning, one.next_step) for one in told}) == len(causes)
    assert all(one.next_step and one.kind is Kind.NONE for one in told)


def test_every_operation_has_a_service() -> None:
    assert {operation.service for operation in Operation} == set(Service) - {Service.N_EVENT_REPORT}
    assert [Operation.CHANGE_STATE.action_type, Operation.SUSPEND.action_type] == [1, 5]


def test_the_attribute_table_is_whole() -> None:
    assert len(attributes.table()) == 671
    assert len(attributes.by_path()) == 671
    assert not attributes.top_level()[tags.TRANSACTION_UID].in_nget
    assert tags.TRANSACTION_UID not in attributes.get_tags()
    assert tags.SPECIFIC_CHARACTER_SET in attributes.get_tags()
    assert {row.keyword for row in attributes.create_type_1()} == {
        "ProcedureStepState",
        "ScheduledProcedureStepPriority",
        "ProcedureStepLabel",
        "ScheduledProcedureStepStartDateTime",
        "InputReadinessState",
    }
    assert tags.TRANSACTION_UID in {row.tag for row in attributes.create_type_2()}


def test_an_n_create_is_completed_and_checked() -> None:
    empty = completed_for_create(Elements())
    assert create_problems(empty).missing == (
        tags.PROCEDURE_STEP_LABEL,
        tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
    )
    given = Elements(
        [
            element(tags.PROCEDURE_STEP_LABEL, "x"),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "20261121"),
            element(tags.SOP_CLASS_UID, "1.2"),
            element(tags.TRANSACTION_UID, "1.2.3"),
        ]
    )
    found = create_problems(completed_for_create(given))
    assert not found.missing
    assert set(found.forbidden) == {tags.SOP_CLASS_UID, tags.TRANSACTION_UID}


def test_what_an_n_set_must_not_carry() -> None:
    sent = Elements(
        [
            element(tags.PATIENT_NAME, "A"),
            element(tags.PROCEDURE_STEP_STATE, "COMPLETED"),
            element(tags.TRANSACTION_UID, "1.2"),
            element(tags.PROCEDURE_STEP_LABEL, "x"),
        ]
    )
    assert set_forbidden(sent) == (tags.PATIENT_NAME, tags.PROCEDURE_STEP_STATE)


def performed(*elements: object) -> Elements:
    return Elements([sequence(tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE, elements)])  # type: ignore[arg-type]


def test_what_completed_needs() -> None:
    assert {need.keyword for need in missing_for_final(S.COMPLETED, Elements())} == {
        "PerformedStationNameCodeSequence",
        "PerformedProcedureStepStartDateTime",
        "PerformedProcedureStepEndDateTime",
        "PerformedWorkitemCodeSequence",
        "OutputInformationSequence",
    }
    code = Code("FX1", "99LOC", "Linac 1").to_elements()
    full = performed(
        sequence(tags.PERFORMED_STATION_NAME_CODE_SEQUENCE, code),
        element(tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME, "20261121"),
        element(tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME, "20261121"),
        sequence(tags.PERFORMED_WORKITEM_CODE_SEQUENCE, code),
        sequence(tags.OUTPUT_INFORMATION_SEQUENCE),
    )
    assert not missing_for_final(S.COMPLETED, full)
    assert [need.keyword for need in final_needs(S.COMPLETED, full) if not need.is_met] == [
        "ActualHumanPerformersSequence"
    ]


def test_what_canceled_needs() -> None:
    assert {need.keyword for need in missing_for_final(S.CANCELED, Elements())} == {
        "ProcedureStepDiscontinuationReasonCodeSequence"
    }


def test_the_four_searches_each_carry_a_valued_key() -> None:
    queries = worklist_queries(date(2026, 11, 21), timezone(timedelta(hours=1)))
    assert [query.keys[0].value for query in queries] == ["SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"]
    assert all(query.has_valued_key for query in queries)
    assert [len(query.keys) for query in queries] == [1, 1, 2, 2]
    assert queries[2].keys[1].value == "20261121000000+0100-20261121235959+0100"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Novák^Jana", "Novák, Jana"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou  山田 太郎"),
        ("=山田^太郎", "山田 太郎"),
        ("Doe", "Doe"),
        ("Doe^John^Q^Dr^Jr", "Doe, Dr John Q, Jr"),
        ("", ""),
        ("^^^^", ""),
    ],
)
def test_person_names(name: str, shown: str) -> None:
    assert PatientFacts(name=name).display_name == shown
