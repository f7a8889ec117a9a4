"""The words of times, patients, workitems and answers."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from upsdesk.domain.codes import Code
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind, Outcome, Service, outcome
from upsdesk.domain.when import parse_moment
from upsdesk.domain.workitem import PatientFacts, Progress, Workitem
from upsdesk.ui import presenter
from upsdesk.ui.presenter import Urgency

ZONE = timezone(timedelta(hours=1))
KEY = WorkitemKey(PeerId("p"), SopInstanceUid("1.2.3"))
SCHEDULED, IN_PROGRESS = ProcedureStepState.SCHEDULED, ProcedureStepState.IN_PROGRESS


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def item(state: ProcedureStepState, **moments: str) -> Workitem:
    read = {name: parse_moment(raw, default_zone=ZONE) for name, raw in moments.items()}
    return Workitem(KEY, state=state, **read)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "moments", "now", "words", "urgency"),
    [
        (SCHEDULED, {"start": "20261119103000"}, "2026-11-19 10:19:20", "in 11 min", Urgency.PLAIN),
        (SCHEDULED, {"start": "20261119102000"}, "2026-11-19 10:19:59", "in 1 min", Urgency.SOON),
        (SCHEDULED, {"start": "20261119101900"}, "2026-11-19 10:19:30", "now", Urgency.SOON),
        (SCHEDULED, {"start": "20261119101400"}, "2026-11-19 10:19:00", "+5 min", Urgency.SOON),
        (SCHEDULED, {"start": "20261119101400"}, "2026-11-19 10:19:01", "+5 min", Urgency.OVERDUE),
        (SCHEDULED, {"start": "20261119094100"}, "2026-11-19 10:19:00", "+38 min", Urgency.OVERDUE),
        (SCHEDULED, {"start": "20261119083900"}, "2026-11-19 10:19:00", "+1 h", Urgency.OVERDUE),
        (SCHEDULED, {"start": "20261116101900"}, "2026-11-19 10:19:00", "+3 d", Urgency.OVERDUE),
        (SCHEDULED, {"start": "20261119120000"}, "2026-11-19 10:19:00", "in 1 h", Urgency.PLAIN),
        # Shortly before midnight the next day is minutes away.
        (SCHEDULED, {"start": "20261120001000"}, "2026-11-19 23:50:00", "in 20 min", Urgency.PLAIN),
        (SCHEDULED, {"start": "20261119235000"}, "2026-11-20 00:02:00", "+12 min", Urgency.OVERDUE),
        # 09:30 UTC is 10:30 at the desk.
        (SCHEDULED, {"start": "20261119093000+0000"}, "2026-11-19 10:19:00", "in 11 min", Urgency.PLAIN),
        (SCHEDULED, {}, "2026-11-19 10:19:00", "", Urgency.NONE),
        # A day without a time is due until it is over.
        (SCHEDULED, {"start": "20261119"}, "2026-11-19 22:30:00", "in 89 min", Urgency.PLAIN),
        (
            SCHEDULED,
            {"start": "20261119093000", "expiration": "20261119100000"},
            "2026-11-19 10:19:00",
            "expired",
            Urgency.EXPIRED,
        ),
        (IN_PROGRESS, {"expected_end": "20261119102500"}, "2026-11-19 10:19:00", "6 min left", Urgency.PLAIN),
        (IN_PROGRESS, {"expected_end": "20261119100700"}, "2026-11-19 10:19:00", "+12 min", Urgency.OVERDUE),
        # A late start no longer matters once it has begun.
        (IN_PROGRESS, {"start": "20261119090000"}, "2026-11-19 10:19:00", "", Urgency.NONE),
        (IN_PROGRESS, {"expiration": "20261119090000"}, "2026-11-19 10:19:00", "", Urgency.NONE),
        (
            ProcedureStepState.COMPLETED,
            {"performed_end": "20261119090200"},
            "2026-11-19 10:19:00",
            "at 09:02",
            Urgency.ENDED,
        ),
        (
            ProcedureStepState.CANCELED,
            {"performed_end": "20261118230200"},
            "2026-11-19 00:19:00",
            "at 11-18 23:02",
            Urgency.ENDED,
        ),
        (ProcedureStepState.COMPLETED, {"start": "20261119090200"}, "2026-11-19 10:19:00", "", Urgency.NONE),
    ],
)
def test_due(
    state: ProcedureStepState, moments: dict[str, str], now: str, words: str, urgency: Urgency
) -> None:
    found = presenter.due(item(state, **moments), at(now), ZONE)
    assert (found.words, found.urgency) == (words, urgency)
    assert bool(found.sentence) == bool(words)


def test_an_end_that_was_only_reported_is_told_by_the_report() -> None:
    ended = Workitem(KEY, state=ProcedureStepState.COMPLETED, state_reported_at=at("2026-11-19 09:15:30"))
    assert presenter.due(ended, at("2026-11-19 10:00"), ZONE).words == "at 09:15"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("20261119094100", "09:41"),
        ("20261118094100", "11-18 09:41"),
        ("20251231094100", "2025-12-31 09:41"),
        ("20261119", "today"),
        ("20261118", "11-18"),
        ("20251118", "2025-11-18"),
        ("202611", "2026-11"),
        ("2026", "2026"),
        ("20261119084100+0000", "09:41"),
        ("20261118233000+0000", "00:30"),
    ],
)
def test_moment(raw: str, words: str) -> None:
    moment = parse_moment(raw, default_zone=ZONE)
    assert presenter.moment_words(moment, at("2026-11-19 10:19"), ZONE) == words


def test_the_tip_of_a_time_tells_what_was_written_and_whose_zone_counts() -> None:
    own = presenter.moment_tip(parse_moment("20261119084100+0000"), ZONE)
    assert "2026-11-19 09:41:00 UTC+01:00" in own and "20261119084100+0000, zone from the value" in own
    assert "server's profile" in presenter.moment_tip(parse_moment("20261119094100", default_zone=ZONE), ZONE)
    assert "(0008,0201)" in presenter.moment_tip(
        parse_moment("20261119094100", data_set_offset="+0100"), ZONE
    )


@pytest.mark.parametrize(
    ("born", "today", "words"),
    [
        ("19570314", date(2026, 11, 19), "69 y"),
        ("19571120", date(2026, 11, 19), "68 y"),
        ("20250919", date(2026, 11, 19), "14 mo"),
        ("20261030", date(2026, 11, 19), "20 d"),
        ("20270101", date(2026, 11, 19), ""),
        ("19xx", date(2026, 11, 19), ""),
        ("", date(2026, 11, 19), ""),
    ],
)
def test_age(born: str, today: date, words: str) -> None:
    assert presenter.age_words(PatientFacts(birth_date=born), today) == words


def test_what_is_unknown_of_a_patient_is_said() -> None:
    nobody = PatientFacts()
    assert presenter.patient_sentence(nobody) == "no name, no ID, born unknown, sex unknown"
    assert presenter.born_and_sex(nobody) == "–"
    assert presenter.born_and_sex(PatientFacts(birth_date="19570314")) == "1957-03-14 –"
    odd = PatientFacts(name="Novák^Jana", patient_id="44", birth_date="about 1957", sex="F")
    assert presenter.patient_sentence(odd) == "Novák, Jana, ID 44, about 1957, F"


def test_a_row_is_one_sentence() -> None:
    workitem = Workitem(
        KEY,
        state=IN_PROGRESS,
        label="RT treatment 12/25",
        patient=PatientFacts(name="Novák^Jana", patient_id="4471902"),
        expected_end=parse_moment("20261119102500", default_zone=ZONE),
    )
    due = presenter.due(workitem, at("2026-11-19 10:19"), ZONE)
    assert presenter.row_sentence(workitem, due, held_here=True) == (
        "Novák, Jana, ID 4471902, In progress, 6 min left, RT treatment 12/25, held by this desk."
    )
    assert "Starting, 6 min left" in presenter.row_sentence(workitem, due, pending="Starting…")


def test_unknown_progress_is_no_percentage() -> None:
    assert presenter.percent_words(Progress(None, "beam 1")) == ""
    assert presenter.percent_words(Progress(0.0)) == "0 %"


def test_another_holder_is_named_by_the_planned_station_only() -> None:
    planned = Workitem(KEY, stations=(Code("AI-SRV1", "99X", "AI server"),))
    assert presenter.elsewhere_words(planned) == "another system (planned for AI-SRV1)"
    assert presenter.elsewhere_words(Workitem(KEY)) == "another system"


def test_every_act_has_a_word_while_it_is_under_way() -> None:
    words = [presenter.pending_words(action) for action in Action]
    assert len(set(words)) == len(Action)
    assert all(word.endswith("…") for word in words)


def test_an_outcome_tells_meaning_code_and_next_step() -> None:
    refused = outcome(Service.N_ACTION, 0xC301, 1)
    assert presenter.outcome_sentence(refused) == (
        "Another system has started it (status C301). Choose another workitem, or Ask to cancel."
    )
    assert presenter.outcome_sentence(Outcome(Kind.SUCCESS, "Done.", code=0)) == "Done."
    silent = Outcome(Kind.NONE, "The server did not answer in time.", "Read the workitem again.")
    assert presenter.outcome_sentence(silent) == "The server did not answer in time. Read the workitem again."


def test_why_a_selected_workitem_is_not_in_the_table() -> None:
    ended = Workitem(KEY, state=ProcedureStepState.COMPLETED, state_reported_at=at("2026-11-19 10:21"))
    now = at("2026-11-19 10:30")
    assert presenter.outside_filter(ended, now, ZONE) == "Completed 10:21, outside this filter"
    assert presenter.outside_filter(Workitem(KEY, state=SCHEDULED), now, ZONE) == (
        "Scheduled, outside this filter"
    )
    assert "does not list" in presenter.outside_filter(None, now, ZONE)


def test_counts_and_lists() -> None:
    assert presenter.count_words(1, "workitem") == "1 workitem"
    assert presenter.count_words(1240, "workitem") == "1\u00a0240 workitems"
    assert presenter.count_words(2, "match", "matches") == "2 matches"
    assert presenter.listed(["a", "", "b", "c"]) == "a, b and c"
    assert presenter.listed([]) == ""


def test_a_far_date_does_not_break_the_clock() -> None:
    far = parse_moment("99991231235959", default_zone=UTC)
    now = at("2026-11-19 10:19")
    assert presenter.due(Workitem(KEY, state=SCHEDULED, start=far), now, ZONE).words.startswith("in ")
    assert presenter.moment_words(far, now, ZONE).startswith("9999-12-31")
    assert "9999-12-31" in presenter.moment_tip(far, ZONE)
