"""Commands: read first, vault before the claim, three ends, and nothing said that the peer did not say."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.conftest import Clock, Uids
from tests.services.fake_peer import FakePeer, Fault
from tests.services.values import NOW, PEER, key_of, workitem_elements
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, TransactionUid
from upsdesk.domain.operation import CancelRequest, Operation
from upsdesk.domain.peer import Peer
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Kind
from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.changes import ChangeSet
from upsdesk.services.commands import (
    Cancel,
    Claim,
    Complete,
    Create,
    Edit,
    Fact,
    ReportProgress,
    RequestCancel,
    Resolve,
    Result,
    ResultKind,
    ShownFacts,
)
from upsdesk.services.completion import completion_suggestions, performed_elements
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.desk_file import ActStatus, ClaimStatus, JournalKind
from upsdesk.services.flags import Following, MarkKind
from upsdesk.services.settings import DeskSettings

S = ProcedureStepState
KEY = key_of(1)
UID = KEY.uid
SHOWN = ShownFacts(S.SCHEDULED, PatientFacts("Novak^Jana", "PAT-1", "19620410", "F"))
OTHERS = TransactionUid("2.25.999")
TREATMENT = Code("121726", "DCM", "RT Treatment with Internal Verification")
FX1 = Code("FX1", "99IHERO2008", "FX1")
REASON = Code("110513", "DCM", "Discontinued for unspecified reason")


@pytest.fixture(autouse=True)
def _one_workitem(fake: FakePeer) -> None:
    planned = [
        sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, TREATMENT.to_elements()),
        sequence(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, FX1.to_elements()),
    ]
    fake.add(UID, workitem_elements().with_elements(*planned))


async def claimed(desk: Desk) -> Result:
    result = await Claim(KEY, SHOWN).run(desk)
    assert result.kind is ResultKind.DONE
    return result


def final(desk: Desk) -> Elements:
    """All that COMPLETED needs, as the dialog takes it from the suggestions."""
    workitem, elements = desk.store.get(KEY), desk.store.elements(KEY)
    assert workitem is not None and elements is not None
    suggestions = completion_suggestions(workitem, elements, desk.vault_entry(KEY), desk)
    chosen = {
        suggestion.need.path: suggestion.choices[suggestion.preset or 0].element
        for suggestion in suggestions
        if suggestion.choices
    }
    return performed_elements(elements, chosen)


def acts(fake: FakePeer) -> list[Operation]:
    """What changes something at the peer, in order."""
    return [operation for operation in fake.requests() if operation is not Operation.GET]


class TestClaim:
    async def test_the_lock_is_on_disk_before_the_claim_is_sent(self, desk: Desk, fake: FakePeer) -> None:
        on_disk: list[tuple[str, ...]] = []

        def look() -> None:
            other = type(desk.desk_file)(desk.desk_file.path)
            on_disk.append(tuple(str(entry.transaction_uid) for entry in other.entries()))
            other.close()

        fake.before[Operation.CHANGE_STATE] = look
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.DONE and result.sent
        assert on_disk == [tuple(map(str, fake.locks_seen))]
        entry = desk.vault_entry(KEY)
        assert entry is not None and entry.status is ClaimStatus.HELD
        assert (entry.patient, entry.label, entry.station) == (SHOWN.patient, "Treatment", "FX1")
        assert desk.desk_file.entries() == (entry,)
        assert desk.store.is_held(KEY) and desk.held_keys() == (KEY,)

    async def test_the_state_is_shown_only_when_it_is_confirmed(self, desk: Desk, fake: FakePeer) -> None:
        seen: list[tuple[str | None, bool]] = []

        def note(changes: ChangeSet) -> None:
            workitem = desk.store.get(KEY)
            if workitem is not None:
                state = workitem.state.words if workitem.state else None
                seen.append((state, desk.store.pending(KEY) is not None))

        desk.store.subscribe(note)
        await claimed(desk)
        assert ("Scheduled", True) in seen
        assert seen[-1] == ("In progress", False)
        assert all(
            state == "Scheduled" or index >= seen.index(("In progress", True))
            for index, (state, _) in enumerate(seen)
        )

    async def test_it_reads_first_and_sends_on_the_same_association(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        assert fake.requests()[:2] == [Operation.GET, Operation.CHANGE_STATE]
        assert fake.opened == 1

    @pytest.mark.parametrize(
        ("change", "fact", "words"),
        [
            (element(tags.PATIENT_NAME, "Novak^Jan"), Fact.NAME, "Name: was Novak, Jana, now Novak, Jan"),
            (element(tags.PATIENT_ID, "PAT-2"), Fact.PATIENT_ID, "Patient ID: was PAT-1, now PAT-2"),
            (element(tags.PATIENT_BIRTH_DATE), Fact.BIRTH_DATE, "Birth date: was 19620410, now empty"),
            (element(tags.PATIENT_SEX, "M"), Fact.SEX, "Sex: was F, now M"),
            (
                element(tags.PROCEDURE_STEP_STATE, "CANCELED"),
                Fact.STATE,
                "State: was Scheduled, now Canceled",
            ),
        ],
    )
    async def test_what_changed_meanwhile_is_said_and_nothing_is_sent(
        self, desk: Desk, fake: FakePeer, change: object, fact: Fact, words: str
    ) -> None:
        fake.change(UID, change)
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.CHANGED and not result.sent
        assert [(found.fact, found.words) for found in result.changes] == [(fact, words)]
        assert result.outcome.next_step
        assert acts(fake) == [] and desk.desk_file.entries() == () and desk.desk_file.acts() == ()

    async def test_trailing_parts_of_a_name_are_no_change(self, desk: Desk, fake: FakePeer) -> None:
        fake.change(UID, element(tags.PATIENT_NAME, "Novak^Jana^^^"), element(tags.PATIENT_ID, "PAT-1 "))
        assert (await Claim(KEY, SHOWN).run(desk)).kind is ResultKind.DONE

    async def test_without_facts_it_reads_and_checks_the_state(self, desk: Desk, fake: FakePeer) -> None:
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        result = await Claim(KEY).run(desk)
        assert result.kind is ResultKind.ILLEGAL and result.refusal is not None
        assert "already started" in result.refusal.reason and result.refusal.next_step
        assert acts(fake) == []

    async def test_no_answer_to_the_reading_sends_nothing(self, desk: Desk, fake: FakePeer) -> None:
        for fault in (Fault.UNREACHABLE, Fault.LOST_BEFORE):
            fake.fail(Operation.GET, fault)
            result = await Claim(KEY, SHOWN).run(desk)
            assert result.kind is ResultKind.NOT_SENT and not result.sent
            assert "Nothing was sent" in result.outcome.next_step
            assert "unknown" not in result.outcome.next_step
        assert acts(fake) == [] and desk.store.marks() == {}

    async def test_a_workitem_that_is_gone(self, desk: Desk, fake: FakePeer) -> None:
        await Claim(KEY, replace(SHOWN, state=S.COMPLETED)).run(desk)
        del fake.workitems[UID]
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.NOT_SENT and result.outcome.code == 0xC307
        assert desk.store.get(KEY) is None

    @pytest.mark.parametrize("status", [0xC301, 0xC302])
    async def test_somebody_else_was_faster(self, desk: Desk, fake: FakePeer, status: int) -> None:
        fake.claimed_status = status

        def snatch() -> None:
            fake.workitems[UID].lock = OTHERS
            fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))

        fake.before[Operation.CHANGE_STATE] = snatch
        if status == 0xC302:
            fake.fail(Operation.CHANGE_STATE, 0xC302)
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == status
        assert "Another system has started it." in result.outcome.meaning
        assert desk.desk_file.entries() == () and not desk.store.is_held(KEY)
        workitem, mark = desk.store.get(KEY), desk.store.mark(KEY)
        assert workitem is not None and workitem.state is S.IN_PROGRESS
        assert mark is not None and mark.kind is MarkKind.REFUSED
        assert desk.attention() == (KEY,)
        await desk.acknowledge(KEY)
        assert desk.attention() == () and desk.desk_file.acts() == ()

    async def test_ended_before_it_was_started(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.CHANGE_STATE, 0xB304)
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.REFUSED
        assert result.outcome.meaning == "It was already canceled, so it was not started."
        assert desk.desk_file.entries() == ()

    async def test_a_lost_answer_is_resolved_by_the_same_claim_again(
        self, desk: Desk, fake: FakePeer
    ) -> None:
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_BEFORE)
        await claimed(desk)
        assert len(fake.locks_seen) == 2 and len(set(fake.locks_seen)) == 1
        assert desk.store.is_held(KEY) and desk.store.marks() == {}

    @pytest.mark.parametrize("state_first", [0xC302, None])
    async def test_a_claim_that_was_carried_out_is_proved_by_a_set(
        self, desk: Desk, fake: FakePeer, state_first: int | None
    ) -> None:
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_AFTER, state_first)
        before = fake.workitems[UID].elements
        result = await claimed(desk)
        assert acts(fake)[:3] == [Operation.CHANGE_STATE, Operation.CHANGE_STATE, Operation.SET]
        assert result.outcome.is_done and desk.store.is_held(KEY)
        after = fake.workitems[UID].elements
        assert before.without(tags.PROCEDURE_STEP_STATE) == after.without(tags.PROCEDURE_STEP_STATE)

    async def test_a_lost_answer_and_somebody_elses_workitem(self, desk: Desk, fake: FakePeer) -> None:
        fake.claimed_status = 0xC302

        def snatch() -> None:
            fake.workitems[UID].lock = OTHERS
            fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))

        fake.before[Operation.CHANGE_STATE] = snatch
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_BEFORE)
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.REFUSED
        assert desk.desk_file.entries() == () and not desk.store.is_held(KEY)

    async def test_an_unresolved_claim_keeps_its_lock_over_a_restart(
        self, desk: Desk, fake: FakePeer, uids: Uids, clock: Clock
    ) -> None:
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_AFTER, Fault.UNREACHABLE)
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.UNKNOWN and result.outcome.kind is Kind.NONE
        assert result.outcome.next_step
        mark = desk.store.mark(KEY)
        assert mark is not None and mark.kind is MarkKind.UNKNOWN and mark.action is Action.START
        again = open_desk(desk.folder, make_uid=uids, clock=clock, scu_factory=fake.factory)
        assert again.attention() == (KEY,)
        assert [str(entry.transaction_uid) for entry in again.unsettled_entries(PEER)] == fake.locks_seen[:1]
        resolved = await Resolve(KEY).run(again)
        assert resolved.kind is ResultKind.DONE
        assert again.store.is_held(KEY) and again.attention() == () and again.desk_file.acts() == ()
        await again.close()

    async def test_the_next_claim_uses_the_kept_lock(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_BEFORE, Fault.UNREACHABLE)
        assert (await Claim(KEY, SHOWN).run(desk)).kind is ResultKind.UNKNOWN
        assert (await Claim(KEY, SHOWN).run(desk)).kind is ResultKind.DONE
        assert len(set(fake.locks_seen)) == 1
        assert desk.attention() == ()

    async def test_a_claim_that_was_not_sent_leaves_nothing(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.CHANGE_STATE, Fault.ABORTED_UNSENT, Fault.ABORTED_UNSENT)
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.NOT_SENT
        assert desk.desk_file.entries() == () and desk.desk_file.acts() == () and desk.attention() == ()

    async def test_a_vague_failure_is_settled_by_the_workitem(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.CHANGE_STATE, 0x0110)
        result = await Claim(KEY, SHOWN).run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == 0x0110
        assert desk.desk_file.entries() == ()

    async def test_a_disk_that_refuses_stops_the_claim(self, desk: Desk, fake: FakePeer) -> None:
        desk.desk_file._connection.execute("PRAGMA query_only=ON")
        result = await Claim(KEY, SHOWN).run(desk)
        desk.desk_file._connection.execute("PRAGMA query_only=OFF")
        assert result.kind is ResultKind.NOT_SENT and "desk.sqlite" in result.outcome.meaning
        assert acts(fake) == []

    async def test_it_subscribes_to_the_workitem_for_its_listener(self, desk: Desk, fake: FakePeer) -> None:
        listening = replace(PEER, listen_port=11113)
        desk.settings.profiles.save(listening)
        fake.subscribe_status = 0xC308
        result = await claimed(desk)
        assert acts(fake) == [Operation.CHANGE_STATE, Operation.SUBSCRIBE]
        assert len(result.notes) == 1 and "C308" in result.notes[0]
        assert desk.store.following(KEY) is Following.NO

    async def test_an_accepted_subscription_is_shown(self, desk: Desk, fake: FakePeer) -> None:
        desk.settings.profiles.save(replace(PEER, listen_port=11113))
        assert (await claimed(desk)).notes == ()
        assert desk.store.following(KEY) is Following.YES

    async def test_a_global_subscription_covers_it(self, desk: Desk, fake: FakePeer) -> None:
        listening = replace(PEER, listen_port=11113)
        desk.settings.profiles.save(listening)
        await desk.subscriptions.subscribe_globally(listening)
        assert (await claimed(desk)).notes == ()
        assert fake.requests(Operation.SUBSCRIBE) == [Operation.SUBSCRIBE]
        second = key_of(2)
        fake.add(second.uid, workitem_elements())
        await Claim(second, receiving_ae=AeTitle("ELSEWHERE")).run(desk)
        assert len(fake.requests(Operation.SUBSCRIBE)) == 2

    async def test_no_receiver_no_subscription(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        assert fake.requests(Operation.SUBSCRIBE) == []

    async def test_the_journal_tells_it_without_names_and_locks(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        entries = desk.desk_file.journal(KEY)
        assert [(entry.kind, entry.act, entry.status) for entry in reversed(entries)] == [
            (JournalKind.REQUEST, "Start", ""),
            (JournalKind.ANSWER, "Start", "0000"),
        ]
        text = repr(entries)
        assert "Novak" not in text and str(fake.locks_seen[0]) not in text


class TestResolve:
    async def test_a_claim_that_never_arrived_keeps_its_lock(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_BEFORE, Fault.UNREACHABLE)
        await Claim(KEY, SHOWN).run(desk)
        sent = len(fake.locks_seen)
        result = await Resolve(KEY).run(desk)
        assert "still scheduled" in result.outcome.meaning
        assert len(fake.locks_seen) == sent  # it never claims by itself
        assert len(desk.desk_file.entries()) == 1

    async def test_not_ours(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_BEFORE, Fault.UNREACHABLE)
        await Claim(KEY, SHOWN).run(desk)
        fake.workitems[UID].lock = OTHERS
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        result = await Resolve(KEY).run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == 0xC301
        assert desk.desk_file.entries() == ()

    async def test_nothing_to_resolve(self, desk: Desk, fake: FakePeer) -> None:
        assert (await Resolve(KEY).run(desk)).kind is ResultKind.ILLEGAL
        await claimed(desk)
        assert (await Resolve(KEY).run(desk)).kind is ResultKind.ILLEGAL


class TestHolder:
    async def test_progress_keeps_what_the_sequence_holds(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        kept = element(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION, "beam 1")
        fake.change(UID, sequence(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE, [kept]))
        result = await ReportProgress(KEY, 40.0).run(desk)
        assert result.kind is ResultKind.DONE and result.notes == ()
        workitem = desk.store.get(KEY)
        assert workitem is not None
        assert (workitem.progress.percent, workitem.progress.description) == (40, "beam 1")
        (item,) = fake.workitems[UID].elements.items(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)
        assert item.text(tags.PROCEDURE_STEP_PROGRESS) == "40"
        assert fake.sent_elements[-1].tags == {tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE}

    async def test_what_the_server_dropped_is_said(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        fake.dropped_tags = frozenset({tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE})
        result = await ReportProgress(KEY, 40.0, "beam 1").run(desk)
        assert result.notes == ("The server dropped Procedure Step Progress Information Sequence.",)

    async def test_without_a_lock_nothing_is_sent(self, desk: Desk, fake: FakePeer) -> None:
        fake.workitems[UID].lock = OTHERS
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        for command in (ReportProgress(KEY, 10.0), Complete(KEY), Cancel(KEY, REASON)):
            result = await command.run(desk)
            assert result.kind is ResultKind.ILLEGAL and result.refusal is not None
            assert "Held by another system" in result.refusal.reason
        assert acts(fake) == []

    async def test_before_the_start_the_reason_names_the_next_step(self, desk: Desk) -> None:
        result = await Cancel(KEY, REASON).run(desk)
        assert str(result.refusal) == "Not started yet. To call it off: Cancel before start."

    async def test_complete_is_two_messages_and_one_result(
        self, desk: Desk, fake: FakePeer, clock: Clock
    ) -> None:
        await claimed(desk)
        clock.forward(minutes=12)
        result = await Complete(KEY, final(desk), replace(SHOWN, state=S.IN_PROGRESS)).run(desk)
        assert result.kind is ResultKind.DONE
        assert acts(fake)[-2:] == [Operation.SET, Operation.CHANGE_STATE]
        assert fake.state_of(UID) is S.COMPLETED and len(set(fake.locks_seen)) == 1
        workitem = desk.store.get(KEY)
        assert workitem is not None and workitem.state is S.COMPLETED
        assert workitem.performed_start is not None and workitem.performed_start.instant == NOW
        assert workitem.performed_end is not None and workitem.performed_end.instant == clock.now
        assert workitem.performed_stations == (FX1,)
        assert desk.desk_file.entries() == () and desk.held_keys() == () and not desk.store.is_held(KEY)

    async def test_complete_lists_what_is_missing_and_sends_nothing(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        result = await Complete(KEY).run(desk)
        assert result.kind is ResultKind.ILLEGAL
        assert {need.words for need in result.missing} >= {"Performed station", "Performed end", "Output"}
        assert acts(fake) == [Operation.CHANGE_STATE]

    async def test_the_refused_second_message_is_told_and_the_first_not_repeated(
        self, desk: Desk, fake: FakePeer
    ) -> None:
        await claimed(desk)
        fake.fail(Operation.CHANGE_STATE, 0x0213)
        completed = Complete(KEY, final(desk))
        result = await completed.run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == 0x0213
        assert any("attributes are stored" in note for note in result.notes)
        assert desk.store.is_held(KEY)
        before = len(fake.requests(Operation.SET))
        assert (await completed.run(desk)).kind is ResultKind.DONE
        assert len(fake.requests(Operation.SET)) == before

    async def test_missing_attributes_by_the_servers_word(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        result = await Complete(KEY, force=True).run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == 0xC304
        assert {need.words for need in result.missing} >= {"Performed station", "Output"}

    async def test_a_held_workitem_that_is_gone(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        wanted = final(desk)
        del fake.workitems[UID]
        result = await Complete(KEY, wanted).run(desk)
        assert result.kind is ResultKind.NOT_SENT and result.outcome.code == 0xC307
        assert len(result.notes) == 1 and "keeps its Transaction UID" in result.notes[0]
        assert len(desk.desk_file.entries()) == 1 and desk.held_keys() == (KEY,)

    @pytest.mark.parametrize("is_readable", [True, False])
    async def test_ended_otherwise_before_is_said_and_is_no_success(
        self, desk: Desk, fake: FakePeer, is_readable: bool
    ) -> None:
        await claimed(desk)
        wanted = final(desk)

        def cancel() -> None:
            fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "CANCELED"))
            if not is_readable:
                fake.fail(Operation.GET, Fault.LOST_BEFORE)

        fake.before[Operation.CHANGE_STATE] = cancel
        fake.fail(Operation.CHANGE_STATE, 0xB304)
        result = await Complete(KEY, wanted).run(desk)
        assert result.kind is ResultKind.REFUSED
        assert (result.outcome.kind, result.outcome.code) == (Kind.WARNING, 0xB304)
        assert result.outcome.meaning == "It was already canceled, so it was not completed."
        assert "new workitem" in result.outcome.next_step
        workitem = desk.store.get(KEY)
        assert workitem is not None and workitem.state is S.CANCELED
        assert desk.desk_file.entries() == () and not desk.store.is_held(KEY)
        assert desk.attention() == (KEY,)

    async def test_ended_so_before_is_a_success(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        wanted = final(desk)
        completed = element(tags.PROCEDURE_STEP_STATE, "COMPLETED")
        fake.before[Operation.CHANGE_STATE] = lambda: fake.change(UID, completed)
        fake.fail(Operation.CHANGE_STATE, 0xB306)
        result = await Complete(KEY, wanted).run(desk)
        assert result.kind is ResultKind.DONE
        assert result.outcome.meaning == "It was already completed."
        assert desk.desk_file.entries() == ()

    async def test_a_lost_last_answer_is_read(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_AFTER)
        result = await Complete(KEY, final(desk)).run(desk)
        assert result.kind is ResultKind.DONE and "answer was lost" in result.notes[0]
        assert desk.desk_file.entries() == ()

    async def test_a_lost_last_message_is_unknown_and_keeps_the_lock(
        self, desk: Desk, fake: FakePeer
    ) -> None:
        await claimed(desk)
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_BEFORE)
        result = await Complete(KEY, final(desk)).run(desk)
        assert result.kind is ResultKind.UNKNOWN
        mark = desk.store.mark(KEY)
        assert mark is not None and mark.kind is MarkKind.UNKNOWN
        assert desk.store.is_held(KEY) and len(desk.desk_file.entries()) == 1
        assert (await Complete(KEY, final(desk)).run(desk)).kind is ResultKind.DONE
        assert desk.attention() == ()

    async def test_an_unanswered_set_is_compared(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        fake.fail(Operation.SET, Fault.LOST_BEFORE)
        result = await Complete(KEY, final(desk)).run(desk)
        assert result.kind is ResultKind.UNKNOWN and acts(fake)[-1] is Operation.SET

    async def test_cancel_sends_reason_and_time_with_what_was_there(
        self, desk: Desk, fake: FakePeer, clock: Clock
    ) -> None:
        await claimed(desk)
        await ReportProgress(KEY, 40.0).run(desk)
        result = await Cancel(KEY, REASON, "machine down").run(desk)
        assert result.kind is ResultKind.DONE and fake.state_of(UID) is S.CANCELED
        (item,) = fake.workitems[UID].elements.items(tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE)
        assert item.text(tags.PROCEDURE_STEP_PROGRESS) == "40"
        assert item.text(tags.REASON_FOR_CANCELLATION) == "machine down"
        assert item.text(tags.PROCEDURE_STEP_CANCELLATION_DATE_TIME) == "20260304093000+0000"
        (code,) = item.items(tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE)
        assert Code.read(code) == REASON
        assert desk.desk_file.entries() == ()

    async def test_facts_are_compared_for_the_holder_too(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        fake.change(UID, element(tags.PATIENT_SEX, "M"))
        for command in (
            Complete(KEY, final(desk), replace(SHOWN, state=S.IN_PROGRESS)),
            Cancel(KEY, REASON, shown=replace(SHOWN, state=S.IN_PROGRESS)),
            ReportProgress(KEY, 10.0, shown=replace(SHOWN, state=S.IN_PROGRESS)),
        ):
            assert (await command.run(desk)).kind is ResultKind.CHANGED
        assert acts(fake) == [Operation.CHANGE_STATE]

    async def test_a_claim_left_open_is_settled_before_progress(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_AFTER, Fault.UNREACHABLE)
        await Claim(KEY, SHOWN).run(desk)
        assert (await ReportProgress(KEY, 5.0).run(desk)).kind is ResultKind.DONE
        assert desk.store.is_held(KEY)

    async def test_force_leaves_the_decision_to_the_peer(self, desk: Desk, fake: FakePeer) -> None:
        fake.workitems[UID].lock = OTHERS
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        result = await ReportProgress(KEY, 10.0, force=True).run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == 0xC301

    async def test_a_final_state_seen_by_reading_releases_the_lock(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "CANCELED"))
        await desk.worklist.read([KEY])
        assert desk.desk_file.entries() == () and not desk.store.is_held(KEY)


class TestRequestCancel:
    async def test_before_the_start_it_is_final(self, desk: Desk, fake: FakePeer) -> None:
        command = RequestCancel(KEY, CancelRequest("not needed"), SHOWN, before_start=True)
        assert command.title == "Cancel before start"
        result = await command.run(desk)
        assert result.kind is ResultKind.DONE and result.outcome.meaning == "Canceled."
        workitem = desk.store.get(KEY)
        assert workitem is not None and workitem.state is S.CANCELED

    async def test_it_reads_first(self, desk: Desk, fake: FakePeer) -> None:
        fake.change(UID, element(tags.PATIENT_ID, "PAT-9"))
        result = await RequestCancel(KEY, shown=SHOWN, before_start=True).run(desk)
        assert result.kind is ResultKind.CHANGED and acts(fake) == []

    async def test_canceled_by_others_before_is_said(self, desk: Desk, fake: FakePeer) -> None:
        canceled = element(tags.PROCEDURE_STEP_STATE, "CANCELED")
        fake.before[Operation.REQUEST_CANCEL] = lambda: fake.change(UID, canceled)
        fake.fail(Operation.REQUEST_CANCEL, 0xB304)
        result = await RequestCancel(KEY, CancelRequest("x"), SHOWN, before_start=True).run(desk)
        assert result.kind is ResultKind.DONE
        assert result.outcome.meaning == "It was already canceled."

    async def test_asking_is_not_canceling(self, desk: Desk, fake: FakePeer) -> None:
        fake.workitems[UID].lock = OTHERS
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        result = await RequestCancel(KEY, CancelRequest("double")).run(desk)
        assert result.kind is ResultKind.DONE
        assert result.outcome.meaning == "Asked, not canceled yet."
        assert fake.state_of(UID) is S.IN_PROGRESS

    async def test_who_holds_it_does_not_ask(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        result = await RequestCancel(KEY).run(desk)
        assert result.kind is ResultKind.ILLEGAL and "This desk holds it" in str(result.refusal)

    async def test_a_lost_answer(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.REQUEST_CANCEL, Fault.LOST_AFTER)
        result = await RequestCancel(KEY, shown=SHOWN, before_start=True).run(desk)
        assert result.kind is ResultKind.DONE and "answer was lost" in result.notes[0]
        other = key_of(2)
        fake.add(other.uid, workitem_elements(S.IN_PROGRESS), OTHERS)
        fake.fail(Operation.REQUEST_CANCEL, Fault.LOST_AFTER)
        assert (await RequestCancel(other).run(desk)).kind is ResultKind.UNKNOWN

    async def test_the_performer_cannot_be_reached(self, desk: Desk, fake: FakePeer) -> None:
        fake.workitems[UID].lock = OTHERS
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        fake.fail(Operation.REQUEST_CANCEL, 0xC312)
        result = await RequestCancel(KEY).run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == 0xC312


class TestEdit:
    async def opened(self, desk: Desk) -> Elements:
        await desk.worklist.read([KEY])
        base = desk.store.elements(KEY)
        assert base is not None
        return base

    async def test_only_what_changed_is_sent(self, desk: Desk, fake: FakePeer) -> None:
        base = await self.opened(desk)
        wanted = base.with_elements(
            element(tags.WORKLIST_LABEL, "RT"), element(tags.PROCEDURE_STEP_LABEL, "X")
        )
        result = await Edit(KEY, base, wanted).run(desk)
        assert result.kind is ResultKind.DONE and result.notes == ()
        assert fake.sent_elements[-1].tags == {tags.WORKLIST_LABEL, tags.PROCEDURE_STEP_LABEL}
        workitem = desk.store.get(KEY)
        assert workitem is not None and workitem.label == "X"

    async def test_the_lock_goes_along_when_it_is_held(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        base = await self.opened(desk)
        result = await Edit(KEY, base, base.with_elements(element(tags.WORKLIST_LABEL, "RT"))).run(desk)
        assert result.kind is ResultKind.DONE

    async def test_what_was_dropped_or_changed_is_said(self, desk: Desk, fake: FakePeer) -> None:
        base = await self.opened(desk)
        comments = tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP
        fake.dropped_tags = frozenset({comments})
        wanted = base.with_elements(element(comments, "left side"), element(tags.WORKLIST_LABEL, "RT"))
        result = await Edit(KEY, base, wanted).run(desk)
        assert result.notes == ("The server dropped Comments on the Scheduled Procedure Step.",)

    async def test_somebody_else_changed_the_same(self, desk: Desk, fake: FakePeer) -> None:
        base = await self.opened(desk)
        fake.change(UID, element(tags.PROCEDURE_STEP_LABEL, "Theirs"), element(tags.PATIENT_SEX, "M"))
        wanted = base.with_elements(element(tags.PROCEDURE_STEP_LABEL, "Ours"))
        result = await Edit(KEY, base, wanted).run(desk)
        assert result.kind is ResultKind.CHANGED and acts(fake) == []
        (change,) = result.changes
        assert change.words == "Procedure Step Label: was Treatment, now Theirs"

    async def test_nothing_changed_and_what_may_not_change(self, desk: Desk, fake: FakePeer) -> None:
        base = await self.opened(desk)
        assert (await Edit(KEY, base, base).run(desk)).kind is ResultKind.ILLEGAL
        result = await Edit(KEY, base, base.with_elements(element(tags.PATIENT_NAME, "X"))).run(desk)
        assert result.kind is ResultKind.ILLEGAL and "Patient's Name" in str(result.refusal)
        assert acts(fake) == []

    async def test_a_lost_answer_is_settled_by_reading(self, desk: Desk, fake: FakePeer) -> None:
        base = await self.opened(desk)
        wanted = base.with_elements(element(tags.WORKLIST_LABEL, "RT"))
        fake.fail(Operation.SET, Fault.LOST_AFTER)
        assert (await Edit(KEY, base, wanted).run(desk)).kind is ResultKind.DONE
        wanted = wanted.with_elements(element(tags.WORKLIST_LABEL, "CT"))
        fake.fail(Operation.SET, Fault.LOST_BEFORE)
        assert (await Edit(KEY, await self.opened(desk), wanted).run(desk)).kind is ResultKind.UNKNOWN


class TestCreate:
    NEW = Elements(
        [
            element(tags.PROCEDURE_STEP_LABEL, "New"),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "20260304120000+0000"),
        ]
    )

    async def test_it_is_completed_and_becomes_a_row(self, desk: Desk, fake: FakePeer) -> None:
        result = await Create(PEER.id, self.NEW).run(desk)
        assert result.kind is ResultKind.DONE and result.uid in fake.workitems
        sent = fake.sent_elements[0]
        assert sent.text(tags.PROCEDURE_STEP_STATE) == "SCHEDULED"
        assert tags.TRANSACTION_UID in sent and sent.text(tags.TRANSACTION_UID) == ""
        assert result.key is not None
        workitem = desk.store.get(result.key)
        assert workitem is not None and workitem.label == "New"
        assert desk.desk_file.entries() == ()

    async def test_what_is_missing_is_named(self, desk: Desk, fake: FakePeer) -> None:
        result = await Create(PEER.id, self.NEW.without(tags.PROCEDURE_STEP_LABEL)).run(desk)
        assert result.kind is ResultKind.ILLEGAL and "Procedure Step Label" in str(result.refusal)
        assert fake.requests() == []

    @pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.LOST_BEFORE])
    async def test_a_lost_answer_creates_nothing_twice(
        self, desk: Desk, fake: FakePeer, fault: Fault
    ) -> None:
        before = len(fake.workitems)
        fake.fail(Operation.CREATE, fault)
        result = await Create(PEER.id, self.NEW).run(desk)
        assert result.kind is ResultKind.DONE
        assert len(fake.workitems) == before + 1

    async def test_a_uid_that_is_taken_is_refused(self, desk: Desk, fake: FakePeer) -> None:
        result = await Create(PEER.id, self.NEW, uid=UID).run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == 0x0111

    async def test_an_unknown_result_keeps_its_uid(self, desk: Desk, fake: FakePeer) -> None:
        fake.fail(Operation.CREATE, Fault.LOST_AFTER, Fault.UNREACHABLE)
        result = await Create(PEER.id, self.NEW).run(desk)
        assert result.kind is ResultKind.UNKNOWN and result.uid in fake.workitems
        (act,) = desk.desk_file.acts()
        assert act.key == result.key and act.status is ActStatus.UNKNOWN


class TestSuggestions:
    async def test_the_planned_station_when_it_is_this_desks(self, desk: Desk) -> None:
        desk.settings.save_desk(DeskSettings("Desk", "FX1"))
        await claimed(desk)
        station = self.suggestion(desk, "PerformedStationNameCodeSequence")
        assert station.preset == 0 and len(station.choices) == 1
        (item,) = station.choices[0].element.items or ()
        assert Code.read(item) == FX1

    async def test_two_stations_and_no_guess(self, desk: Desk) -> None:
        desk.settings.save_desk(DeskSettings("Desk", "CT2"))
        await claimed(desk)
        station = self.suggestion(desk, "PerformedStationNameCodeSequence")
        assert station.preset is None and [choice.words for choice in station.choices] == ["CT2", "FX1"]

    async def test_times_output_and_performer(self, desk: Desk, clock: Clock) -> None:
        await claimed(desk)
        clock.forward(minutes=20)
        start = self.suggestion(desk, "PerformedProcedureStepStartDateTime")
        end = self.suggestion(desk, "PerformedProcedureStepEndDateTime")
        assert start.choices[0].element.text == "20260304093000+0000"
        assert end.choices[0].element.text == "20260304095000+0000"
        output = self.suggestion(desk, "OutputInformationSequence")
        assert output.choices[0].element.items == () and output.preset == 0
        performer = self.suggestion(desk, "ActualHumanPerformersSequence")
        assert performer.choices == () and performer.note == "not known" and performer.need.only_if_known

    def suggestion(self, desk: Desk, keyword: str):  # type: ignore[no-untyped-def]
        workitem, elements = desk.store.get(KEY), desk.store.elements(KEY)
        assert workitem is not None and elements is not None
        found = completion_suggestions(workitem, elements, desk.vault_entry(KEY), desk)
        return next(item for item in found if item.need.keyword == keyword)


async def test_the_check_in_advance_is_the_state_tables(desk: Desk, fake: FakePeer) -> None:
    assert Claim(KEY).prerequisite(desk) is not None  # not in the list
    await desk.worklist.read([KEY])
    assert Claim(KEY).prerequisite(desk) is None
    assert "Not started yet" in str(Complete(KEY).prerequisite(desk))
    assert RequestCancel(KEY, before_start=True).prerequisite(desk) is None
    await claimed(desk)
    assert Complete(KEY).prerequisite(desk) is None
    assert Claim(KEY).prerequisite(desk) is not None


async def test_two_peers_with_the_same_uid_are_two_workitems(desk: Desk, fake: FakePeer) -> None:
    other = Peer(PEER.id.__class__("s-2"), AeTitle("OTHER"), "127.0.0.1", 11115, name="Other")
    desk.settings.profiles.save(other)
    await claimed(desk)
    assert desk.vault_entry(key_of(1, other)) is None
    assert not desk.store.is_held(key_of(1, other))


async def test_a_profile_made_anew_still_has_its_locks(
    desk: Desk, fake: FakePeer, uids: Uids, clock: Clock
) -> None:
    await claimed(desk)
    again = replace(PEER, id=PEER.id.__class__("s-9"), name="Made anew")
    desk.settings.profiles.remove(PEER.id)
    desk.settings.profiles.save(again)
    assert desk.held_keys() == (key_of(1, again),)
    assert desk.store.held() == {key_of(1, again)}
    assert (await ReportProgress(key_of(1, again), 5.0).run(desk)).kind is ResultKind.DONE


async def test_held_workitems_are_known_before_the_peer_answers(
    tmp_path: Path, desk: Desk, fake: FakePeer, uids: Uids, clock: Clock
) -> None:
    await claimed(desk)
    again = open_desk(desk.folder, make_uid=uids, clock=clock, scu_factory=fake.factory)
    (entry,) = again.held_entries()
    assert entry.patient == SHOWN.patient and again.store.is_held(KEY)
    await again.close()
