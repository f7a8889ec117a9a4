"""The store: one door in, change sets out, and marks that live beside the workitems."""

from datetime import UTC, timedelta

import pytest

from tests.services.values import NOW, PEER, key_of, workitem_elements
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import (
    CancelRequested,
    Found,
    ProgressReported,
    Read,
    Removed,
    StateReported,
    WorkitemEvent,
)
from upsdesk.domain.state import Action, ProcedureStepState
from upsdesk.domain.status import Service, outcome
from upsdesk.domain.workitem import Answers, EncodedDataSet, Progress, Workitem, first_read
from upsdesk.domain.workitem_maker import workitem_maker
from upsdesk.services.changes import ChangeSet
from upsdesk.services.flags import Mark, MarkKind, PendingAct
from upsdesk.services.store import WorklistStore

S = ProcedureStepState


class Decoder:
    """Decodes by look-up, and counts how often it is asked."""

    def __init__(self) -> None:
        self.known: dict[bytes, Elements] = {}
        self.asked = 0

    def __call__(self, data: EncodedDataSet) -> Elements:
        self.asked += 1
        return self.known[data.data]


@pytest.fixture
def decoder() -> Decoder:
    return Decoder()


@pytest.fixture
def late() -> list[WorkitemEvent]:
    return []


@pytest.fixture
def store(decoder: Decoder, late: list[WorkitemEvent]) -> WorklistStore:
    return WorklistStore(decoder, on_late=late.append)


def found(number: int, state: S = S.SCHEDULED, data: bytes | None = None, **values: str) -> Found:
    encoded = EncodedDataSet(data, "1.2.840.10008.1.2") if data is not None else None
    return Found(key_of(number), workitem_elements(state, **values), encoded, NOW)


def test_a_batch_becomes_one_change_set(store: WorklistStore) -> None:
    seen: list[ChangeSet] = []
    store.subscribe(seen.append)
    changes = store.apply([found(1), found(2), StateReported(key_of(1), S.IN_PROGRESS, NOW), found(2)])
    assert changes.inserted == (key_of(1), key_of(2))
    assert not changes.updated and not changes.removed
    assert seen == [changes]
    workitem = store.get(key_of(1))
    assert workitem is not None and workitem.state is S.IN_PROGRESS


def test_the_same_again_is_no_change(store: WorklistStore) -> None:
    store.apply([found(1)])
    revision = store.revision
    seen: list[ChangeSet] = []
    store.subscribe(seen.append)
    assert not store.apply([found(1)])
    assert seen == [] and store.revision == revision


def test_updates_name_their_fields(store: WorklistStore) -> None:
    store.apply([found(1)])
    changes = store.apply([ProgressReported(key_of(1), Progress(40, "beam 2"), NOW)])
    assert changes.updated == {key_of(1): {"progress"}}


def test_inserted_and_removed_in_one_batch_is_nothing(store: WorklistStore) -> None:
    changes = store.apply([found(1), Removed(key_of(1), NOW)])
    assert not changes and store.keys() == ()


def test_removed_and_found_again_in_one_batch_is_an_update(store: WorklistStore) -> None:
    store.apply([found(1)])
    changes = store.apply([Removed(key_of(1), NOW), found(1)])
    assert not changes.removed and not changes.inserted
    assert key_of(1) in changes.updated


def test_a_late_report_changes_nothing_and_is_told(store: WorklistStore, late: list[WorkitemEvent]) -> None:
    store.apply([found(1, S.COMPLETED)])
    event = StateReported(key_of(1), S.IN_PROGRESS, NOW)
    assert not store.apply([event])
    assert late == [event]


def test_a_report_of_an_unknown_workitem_makes_no_row(store: WorklistStore) -> None:
    seen: list[ChangeSet] = []
    store.subscribe(seen.append)
    changes = store.apply([StateReported(key_of(7), S.SCHEDULED, NOW)])
    assert changes.unknown == (key_of(7),)
    assert store.get(key_of(7)) is None
    assert seen == [changes]


def test_reported_and_read_in_one_batch_is_known(store: WorklistStore) -> None:
    read = Read(key_of(7), workitem_elements(), None, NOW)
    changes = store.apply([StateReported(key_of(7), S.SCHEDULED, NOW), read])
    assert changes.unknown == () and changes.inserted == (key_of(7),)


def test_a_query_without_progress_keeps_the_percent(store: WorklistStore) -> None:
    store.apply([found(1, S.IN_PROGRESS), ProgressReported(key_of(1), Progress(40), NOW)])
    store.apply([found(1, S.IN_PROGRESS)])
    workitem = store.get(key_of(1))
    assert workitem is not None and workitem.progress == Progress(40)


def test_the_data_set_is_decoded_when_asked_for_and_once(store: WorklistStore, decoder: Decoder) -> None:
    whole = workitem_elements().with_elements(element(tags.WORKLIST_LABEL, "RT"))
    decoder.known = {b"first": workitem_elements(), b"second": whole}
    store.apply([found(1, data=b"first")])
    assert decoder.asked == 0
    assert store.elements(key_of(1)) == store.elements(key_of(1)) == workitem_elements()
    assert decoder.asked == 1
    store.apply([Read(key_of(1), whole, EncodedDataSet(b"second", "1.2.840.10008.1.2"), NOW)])
    assert store.elements(key_of(1)) == whole
    assert decoder.asked == 2
    assert store.elements(key_of(2)) is None


def test_marks_pending_and_held_are_told_as_fields(store: WorklistStore) -> None:
    store.apply([found(1)])
    seen: list[ChangeSet] = []
    store.subscribe(seen.append)
    mark = Mark(MarkKind.REFUSED, Action.START, outcome(Service.N_ACTION, 0xC302, 1), NOW)
    store.set_pending(key_of(1), PendingAct(Action.START, NOW))
    store.set_pending(key_of(1), PendingAct(Action.START, NOW))
    store.set_mark(key_of(1), mark)
    store.set_held([key_of(1), key_of(9)], True)
    store.set_pending(key_of(1), None)
    store.set_mark(key_of(1), None)
    names = [next(iter(change.updated.values())) for change in seen]
    assert names == [{"pending"}, {"mark"}, {"held"}, {"pending"}, {"mark"}]
    assert seen[2].elsewhere == {key_of(9)}
    assert store.held() == {key_of(1), key_of(9)}


def test_a_mark_without_a_row_is_told_too(store: WorklistStore) -> None:
    seen: list[ChangeSet] = []
    store.subscribe(seen.append)
    store.set_mark(key_of(5), Mark(MarkKind.UNKNOWN, None, outcome(Service.N_SET, 0x0110), NOW))
    assert seen[0].elsewhere == {key_of(5)} and not seen[0].updated


def test_a_request_to_cancel_stays_until_answered_or_ended(store: WorklistStore) -> None:
    store.apply([found(1, S.IN_PROGRESS), found(2, S.IN_PROGRESS)])
    asked = [CancelRequested(key_of(number), NOW, "REQUESTER", "double") for number in (1, 2)]
    changes = store.apply(asked)
    assert changes.updated == {key_of(1): {"cancel_asked"}, key_of(2): {"cancel_asked"}}
    assert store.cancel_asked(key_of(1)) == asked[0]
    store.answer_cancel_request(key_of(1))
    assert store.cancel_asked(key_of(1)) is None
    changes = store.apply([StateReported(key_of(2), S.CANCELED, NOW + timedelta(seconds=1))])
    assert store.cancel_requests() == {}
    assert {"state", "cancel_asked"} <= changes.updated[key_of(2)]


def test_forgetting_a_peer_keeps_what_the_desk_holds(store: WorklistStore) -> None:
    store.apply([found(1), found(2)])
    store.set_held([key_of(1)], True)
    seen: list[ChangeSet] = []
    unsubscribe = store.subscribe(seen.append)
    store.forget_peer(PEER.id)
    unsubscribe()
    assert set(seen[0].removed) == {key_of(1), key_of(2)} and len(store) == 0
    assert store.is_held(key_of(1))
    store.apply([found(3)])
    assert len(seen) == 1


def test_the_newest_answer_is_told_from_the_fullest(store: WorklistStore, decoder: Decoder) -> None:
    """A column for any attribute shows what came last, though no column of the table has changed."""
    answers = {b"whole": "before", b"asked": "before", b"changed": "after", b"more": "later"}
    decoder.known = {data: Elements([element(tags.WORKLIST_LABEL, text)]) for data, text in answers.items()}
    newest = lambda: store.elements_of(store.get(key_of(1))).text(tags.WORKLIST_LABEL)  # type: ignore[union-attr,arg-type] # noqa: E731
    store.apply([found(1, data=b"asked")])
    # Only searches so far: what came last is all there is.
    assert store.apply([found(1, data=b"changed")]).updated == {key_of(1): frozenset({"data"})}
    assert newest() == "after"
    assert not store.apply([found(1, data=b"changed")])
    encoded = EncodedDataSet(b"whole", "1.2.840.10008.1.2")
    store.apply([Read(key_of(1), workitem_elements(), encoded, NOW)])
    assert newest() == "before"
    # From now on the fuller one stays, beside the newer one.
    assert store.apply([found(1, data=b"more")]).updated == {key_of(1): frozenset({"data"})}
    assert not store.apply([found(1, data=b"more")])
    assert newest() == "later"
    kept = store.get(key_of(1))
    assert kept is not None and kept.data == encoded
    store.apply([Removed(key_of(1), NOW), found(1, data=b"changed")])
    assert newest() == "after"


def test_answers_that_hold_more_and_change_no_column_take_the_place_of_what_is_known(
    store: WorklistStore,
) -> None:
    """As all do when a search asks for one attribute more; the next search finds them as they are."""
    held = {b"few": workitem_elements(S.SCHEDULED, label="RT"), b"other": workitem_elements(S.SCHEDULED)}
    held[b"more"] = Elements([*held[b"few"], element(tags.ISSUER_OF_PATIENT_ID, "")])
    answers = Answers("1.2.840.10008.1.2", UTC, lambda data, _: held[data])
    make = workitem_maker(answers)

    def told(number: int, data: bytes) -> Workitem:
        is_ = first_read(key_of(number), held[data], None)
        at_once = is_.state, is_.priority, is_.readiness, is_.stations
        return make(is_.key, data, *at_once, is_.starts_at, is_.due_at, is_.expires_at)

    changes: list[ChangeSet] = []
    first = [told(number, b"few") for number in range(4)]
    store.take_new(first)
    store.apply([StateReported(key_of(1), S.IN_PROGRESS, NOW), Removed(key_of(3), NOW)])
    store.subscribe(changes.append)
    more = [told(number, b"more") for number in range(4)]
    more[2] = told(2, b"other")
    new, others = store.take_new(more[:3])
    assert new == [] and others == more[:3]
    assert store.take_fuller([*others, more[3]]) == more[1:], "a report, another label, and one that is gone"
    assert store.get(key_of(0)) is more[0] and store.get(key_of(2)) is first[2]
    assert [dict(change.updated) for change in changes] == [{key_of(0): frozenset({"data"})}]
    assert store.take_new([told(0, b"more")]) == ([], []), "it costs nothing from now on"
    store.apply([Found(key_of(0), held[b"other"], EncodedDataSet(b"other", answers.transfer_syntax), NOW)])
    again = told(0, b"other")
    assert store.take_new([again]) == ([], [again]) and store.take_fuller([again]) == []
    assert store.take_new([told(0, b"other")]) == ([], []) and len(changes) == 2, "nor after a change"
