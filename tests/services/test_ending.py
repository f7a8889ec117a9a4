"""How a workitem ends: one command of two messages, what the server asked for, and started by mistake."""

from pathlib import Path

import pytest

from tests.services.conftest import Clock, Uids
from tests.services.fake_peer import FakePeer, Fault
from tests.services.values import NOW, PEER, key_of, workitem_elements
from upsdesk.domain import demands, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.contacts import Contact, contacts_in
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import SopInstanceUid, TransactionUid
from upsdesk.domain.operation import CancelRequest, Operation
from upsdesk.domain.operators import Operator
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Kind, Service, outcome
from upsdesk.services.bulk import ask_about, candidates
from upsdesk.services.commands import Cancel, Claim, Complete, CreateAgain, ReportProgress, ResultKind
from upsdesk.services.completion import completion_suggestions, performed_elements
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.request_cancel import RequestCancel, explained
from upsdesk.services.settings import DeskSettings

S = ProcedureStepState
KEY, UID = key_of(1), key_of(1).uid
MISTAKE = Code("110514", "DCM", "Incorrect worklist entry selected")
NEW = SopInstanceUid("2.25.77")
PERFORMED = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
OTHERS = TransactionUid("2.25.999")
PRIVATE = Element(0x00991001, "LO", ("site's own",))


@pytest.fixture(autouse=True)
def _one_workitem(fake: FakePeer) -> None:
    code = Code("121726", "DCM", "RT Treatment with Internal Verification").to_elements()
    work = [sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, code), PRIVATE]
    fake.add(UID, workitem_elements().with_elements(*work))


async def claimed(desk: Desk) -> None:
    desk.settings.save_desk(DeskSettings("RT console", "FX1"))
    assert (await Claim(KEY).run(desk)).kind is ResultKind.DONE


def final(desk: Desk) -> Elements:
    workitem, elements = desk.store.get(KEY), desk.store.elements(KEY)
    assert workitem is not None and elements is not None
    found = completion_suggestions(workitem, elements, desk.vault_entry(KEY), desk)
    chosen = {one.need.path: one.choices[one.preset or 0].element for one in found if one.choices}
    return performed_elements(elements, chosen)


class TestStartedByMistake:
    async def test_the_same_work_is_scheduled_again_and_says_what_it_replaces(
        self, desk: Desk, fake: FakePeer
    ) -> None:
        await claimed(desk)
        await ReportProgress(KEY, 20.0).run(desk)
        before = fake.workitems[UID].elements
        result = await Cancel(KEY, MISTAKE, again=NEW).run(desk)
        assert result.kind is ResultKind.DONE and fake.state_of(UID) is S.CANCELED
        assert result.again is not None and result.again.kind is ResultKind.DONE
        made = fake.workitems[NEW].elements
        (replaced,) = made.items(tags.REPLACED_PROCEDURE_STEP_SEQUENCE)
        assert replaced.text(tags.REFERENCED_SOP_INSTANCE_UID) == UID
        assert made.text(tags.PROCEDURE_STEP_STATE) == "SCHEDULED"
        assert not made.items(PROGRESS) and not made.items(PERFORMED)
        for tag in (tags.PATIENT_NAME, tags.PATIENT_ID, tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, PRIVATE.tag):
            assert made.get(tag) == before.get(tag)
        assert fake.workitems[NEW].lock is None and desk.held_keys() == ()

    async def test_nothing_is_created_while_it_is_not_canceled(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        fake.fail(Operation.CHANGE_STATE, 0x0110)
        assert (await Cancel(KEY, MISTAKE, again=NEW).run(desk)).again is None
        fake.fail(Operation.CHANGE_STATE, Fault.LOST_BEFORE)
        assert (await Cancel(KEY, MISTAKE, again=NEW).run(desk)).again is None
        assert fake.requests(Operation.CREATE) == []

    @pytest.mark.parametrize("fault", [0x0213, Fault.UNREACHABLE, Fault.LOST_BEFORE, Fault.LOST_AFTER])
    async def test_a_creation_that_went_wrong_is_told_and_repeated_without_making_two(
        self, desk: Desk, fake: FakePeer, fault: Fault | int
    ) -> None:
        await claimed(desk)
        is_lost = fault in (Fault.LOST_BEFORE, Fault.LOST_AFTER)
        fake.fail(Operation.CREATE, *[fault] * (1 + is_lost))  # a lost one is asked for once more by itself
        result = await Cancel(KEY, MISTAKE, again=NEW).run(desk)
        assert result.kind is ResultKind.DONE and result.again is not None
        assert result.again.kind is not ResultKind.DONE
        again = CreateAgain(KEY, NEW, fake.workitems[UID].elements)
        assert (await again.run(desk)).kind is ResultKind.DONE
        assert (await again.run(desk)).kind is ResultKind.DONE
        assert set(fake.workitems) == {UID, NEW} and desk.attention() == ()

    async def test_a_uid_of_other_work_is_no_success(self, desk: Desk, fake: FakePeer) -> None:
        fake.add(NEW, workitem_elements(name="Kim^Do-yeon"))
        again = CreateAgain(KEY, NEW, fake.workitems[UID].elements)
        assert (await again.run(desk)).kind is ResultKind.REFUSED


class TestTwoMessages:
    async def test_a_cancellation_that_was_stored_is_not_sent_twice(
        self, desk: Desk, fake: FakePeer, clock: Clock
    ) -> None:
        await claimed(desk)
        fake.fail(Operation.CHANGE_STATE, 0x0213)
        command = Cancel(KEY, MISTAKE, "wrong row", at=NOW)
        result = await command.run(desk)
        assert result.kind is ResultKind.REFUSED and "attributes are stored" in " ".join(result.notes)
        clock.forward(minutes=1)
        assert (await command.run(desk)).kind is ResultKind.DONE
        assert fake.requests(Operation.SET) == [Operation.SET]

    async def test_a_set_that_proved_stored_is_not_sent_twice(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        fake.fail(Operation.SET, Fault.LOST_AFTER)
        command = Complete(KEY, final(desk))
        result = await command.run(desk)
        assert (
            result.kind is ResultKind.NOT_SENT and "change of state was not sent" in result.outcome.next_step
        )
        assert fake.state_of(UID) is S.IN_PROGRESS and desk.attention() == ()
        assert (await command.run(desk)).kind is ResultKind.DONE
        assert fake.requests(Operation.SET) == [Operation.SET]

    async def test_a_refused_set_changes_no_state(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        fake.fail(Operation.SET, 0x0106)
        result = await Complete(KEY, final(desk)).run(desk)
        assert result.kind is ResultKind.REFUSED and result.outcome.code == 0x0106
        assert "The change of state was not sent." in result.notes
        assert len(fake.requests(Operation.CHANGE_STATE)) == 1  # of the claim

    async def test_what_the_server_dropped_is_told_after_the_end(self, desk: Desk, fake: FakePeer) -> None:
        await claimed(desk)
        desk.duty.choose(Operator("Meyer^Anna"))
        wanted = final(desk)
        (item,) = wanted.items(PERFORMED)
        without = sequence(PERFORMED, item.without(tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE))
        fake.before[Operation.CHANGE_STATE] = lambda: fake.change(UID, without)
        result = await Complete(KEY, wanted).run(desk)
        assert result.kind is ResultKind.DONE
        assert result.notes == ("The server changed Unified Procedure Step Performed Procedure Sequence.",)


class TestDemands:
    @pytest.mark.parametrize(
        ("comment", "offending"),
        [
            ("missing: ActualHumanPerformersSequence", ()),
            ("(0040,4035) is needed here", ()),
            ("", (tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE,)),
        ],
    )
    def test_what_an_answer_names(self, comment: str, offending: tuple[int, ...]) -> None:
        path = (PERFORMED, tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)
        assert demands.asked_for(S.COMPLETED, comment, offending) == (path,)
        assert demands.asked_for(S.CANCELED, comment, offending) == ()

    def test_words_that_name_nothing(self) -> None:
        words = "UnifiedProcedureStepPerformedProcedureSequence: Patient 0040 4035x PatientName"
        assert demands.asked_for(S.COMPLETED, words) == ()

    async def test_they_are_asked_for_again_after_a_restart_and_only_at_that_server(
        self, tmp_path: Path, fake: FakePeer
    ) -> None:
        path = (PERFORMED, tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE)
        desk = open_desk(tmp_path / "d", make_uid=Uids(), clock=Clock(), scu_factory=fake.factory)
        assert desk.demands.of(PEER.id, S.COMPLETED) == ()
        await desk.demands.note(PEER.id, S.COMPLETED, [path])
        await desk.close()
        desk = open_desk(tmp_path / "d", make_uid=Uids(), clock=Clock(), scu_factory=fake.factory)
        assert desk.demands.of(PEER.id, S.COMPLETED) == (path,)
        assert desk.demands.of(PEER.id, S.CANCELED) == ()
        await desk.close()


class TestRequestsToCancel:
    async def test_one_to_this_desk_is_there_after_a_restart_until_it_is_answered(
        self, tmp_path: Path, fake: FakePeer
    ) -> None:
        request = CancelRequested(KEY, NOW, "PLANNER", "surgery", "Ward 3", "tel:+4930123", MISTAKE)

        def opened() -> Desk:
            made = open_desk(tmp_path / "d", make_uid=Uids(), clock=Clock(), scu_factory=fake.factory)
            made.settings.profiles.save(PEER)
            return made

        desk = opened()
        await claimed(desk)
        other = CancelRequested(key_of(2), NOW, "PLANNER")
        desk.apply(request, other)
        await desk.close()
        desk = opened()
        assert dict(desk.store.cancel_requests()) == {KEY: request}
        desk.store.answer_cancel_request(KEY)
        await desk.close()
        desk = opened()
        assert not desk.store.cancel_requests() and desk.held_keys() == (KEY,)
        await desk.close()

    async def test_a_row_says_that_it_was_asked_until_it_ends_or_somebody_declines(
        self, desk: Desk, fake: FakePeer
    ) -> None:
        fake.workitems[UID].lock = OTHERS
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "IN PROGRESS"))
        assert (await RequestCancel(KEY, CancelRequest("double")).run(desk)).kind is ResultKind.DONE
        asked = desk.store.cancel_asked(KEY)
        assert asked is not None and (asked.at, asked.reason) == (NOW, "double")
        fake.fail(Operation.REQUEST_CANCEL, 0xC313)
        assert (await RequestCancel(KEY).run(desk)).kind is ResultKind.REFUSED
        assert desk.store.cancel_asked(KEY) is None
        await RequestCancel(KEY).run(desk)
        assert desk.store.cancel_asked(KEY) is not None
        fake.change(UID, element(tags.PROCEDURE_STEP_STATE, "COMPLETED"))
        await desk.worklist.read([KEY])
        assert desk.store.cancel_asked(KEY) is None

    @pytest.mark.parametrize("before_start", [True, False])
    @pytest.mark.parametrize("state", [None, *S])
    @pytest.mark.parametrize("code", [0x0000, 0xB304, 0xC307, 0xC311, 0xC312, 0xC313, 0x0110, 0x0124])
    def test_every_answer_is_explained_by_the_state(
        self, code: int, state: S | None, before_start: bool
    ) -> None:
        plain = outcome(Service.N_ACTION, code, 2)
        told = explained(plain, state, before_start=before_start)
        assert (told.code, told.kind) == (plain.code, plain.kind)
        if state is None:
            assert told == plain
        elif code == 0 and state is S.CANCELED:
            assert told.meaning == "Canceled."
        else:
            assert told.next_step
            is_claim = (code, state) in ((0xB304, S.CANCELED), (0xC311, S.COMPLETED))
            assert is_claim or code == 0 or state.words in told.meaning
        if told.kind is Kind.SUCCESS and state is not S.CANCELED:
            assert told.meaning != "Canceled."

    async def test_of_several_only_those_in_progress_elsewhere_are_asked_about(
        self, desk: Desk, fake: FakePeer
    ) -> None:
        keys = [key_of(number) for number in range(1, 6)]
        fake.add(keys[1].uid, workitem_elements(S.IN_PROGRESS), OTHERS)
        fake.add(keys[2].uid, workitem_elements(S.IN_PROGRESS), OTHERS)
        fake.add(keys[3].uid, workitem_elements(S.COMPLETED), OTHERS)
        fake.add(keys[4].uid, workitem_elements(S.IN_PROGRESS), OTHERS)
        await desk.worklist.read(keys)
        shown = candidates(desk, keys)
        assert [one.left_out is None for one in shown] == [False, True, True, False, True]
        assert all(one.left_out is None or one.left_out.next_step for one in shown)
        fake.change(keys[4].uid, element(tags.PATIENT_NAME, "Somebody^Else"))  # not as it was shown
        told = {one.key: result async for one, result in ask_about(desk, shown, CancelRequest("fire drill"))}
        assert [told[key].kind for key in keys if key in told] == [
            ResultKind.DONE,
            ResultKind.DONE,
            ResultKind.CHANGED,
        ]
        asked = [uid for operation, uid in fake.log if operation is Operation.REQUEST_CANCEL]
        assert asked == [keys[1].uid, keys[2].uid]
        assert fake.state_of(UID) is S.SCHEDULED


async def test_progress_replaces_parameters_and_contacts_and_keeps_the_rest(
    desk: Desk, fake: FakePeer
) -> None:
    await claimed(desk)
    beam = Elements(
        [
            element(tags.VALUE_TYPE, "NUMERIC"),
            sequence(
                tags.CONCEPT_NAME_CODE_SEQUENCE,
                Code("2018004", "99IHERO2018", "Referenced Beam Number").to_elements(),
            ),
            element(tags.NUMERIC_VALUE, "2"),
        ]
    )
    await ReportProgress(KEY, 40.0, "Beam 2").run(desk)
    contact = Contact("tel:+4930123", "Ward 3")
    assert (await ReportProgress(KEY, parameters=(beam,), contacts=(contact,)).run(desk)).notes == ()
    (item,) = fake.workitems[UID].elements.items(PROGRESS)
    assert item.items(tags.PROCEDURE_STEP_PROGRESS_PARAMETERS_SEQUENCE) == (beam,)
    assert contacts_in(item) == (contact,)
    assert item.text(tags.PROCEDURE_STEP_PROGRESS) == "40"
    await ReportProgress(KEY, parameters=(), contacts=()).run(desk)
    (item,) = fake.workitems[UID].elements.items(PROGRESS)
    assert not item.items(tags.PROCEDURE_STEP_PROGRESS_PARAMETERS_SEQUENCE) and contacts_in(item) == ()
