"""What COMPLETED and CANCELED need before a running SCP takes them (PS3.4 Table CC.2.5-3, Final State)."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import code, dataset, discontinued, performed
from tests.support.running_scp import Bench, bench
from upsdesk.scp.services.common import Leniency

RIGHT, WRONG, NONE = "1.9.1", "1.9.2", ""


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench() as found:
        yield found


@pytest.fixture
def there(_running: Bench) -> Bench:
    _running.forget_subscriptions()
    return _running


def watched(there: Bench, state: str) -> str:
    """A workitem in `state` that ALICE is subscribed to, with what she was told so far forgotten."""
    uid = there.in_state(state)
    assert there.scu.subscribe(uid, "ALICE") == 0x0000
    there.settle()
    there.alice.told.clear()
    return uid


def told(there: Bench, uid: str) -> list[tuple[int, str]]:
    """Event types, with the state where there is one."""
    there.settle()
    return [(one.kind, one.information.get("ProcedureStepState", "")) for one in there.alice.about(uid)]


def without(keyword: str) -> Dataset:
    ds = performed()
    del ds.UnifiedProcedureStepPerformedProcedureSequence[0][keyword]
    return ds


@pytest.mark.parametrize(
    "keyword",
    [
        "PerformedStationNameCodeSequence",
        "PerformedProcedureStepStartDateTime",
        "PerformedProcedureStepEndDateTime",
        "PerformedWorkitemCodeSequence",
    ],
)
@pytest.mark.parametrize("is_empty", [False, True])
def test_each_attribute_of_completed(there: Bench, keyword: str, is_empty: bool) -> None:
    uid = there.in_state("IN PROGRESS")
    ds = without(keyword)
    if is_empty:
        empty = [] if keyword.endswith("Sequence") else ""
        setattr(ds.UnifiedProcedureStepPerformedProcedureSequence[0], keyword, empty)
    assert there.scu.set(uid, ds, RIGHT) == 0x0000
    assert there.scu.change_state(uid, "COMPLETED", RIGHT) == 0xC304
    assert there.scu.status.ErrorComment == f"missing: {keyword}"
    assert there.scu.set(uid, performed(), RIGHT) == 0x0000
    assert there.scu.change_state(uid, "COMPLETED", RIGHT) == 0x0000


def test_the_output_must_be_there_already_when_it_is_set(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS")
    assert there.scu.set(uid, without("OutputInformationSequence"), RIGHT) == 0x0121
    assert "OutputInformationSequence" in there.scu.status.ErrorComment


def test_nothing_at_all_names_the_first(there: Bench) -> None:
    uid = there.in_state("IN PROGRESS")
    assert there.scu.change_state(uid, "COMPLETED", RIGHT) == 0xC304
    assert there.scu.status.ErrorComment.startswith("missing: PerformedStationNameCodeSequence")
    assert len(there.scu.status.ErrorComment) <= 64
    assert there.scu.change_state(uid, "CANCELED", RIGHT) == 0xC304
    comment = there.scu.status.ErrorComment
    assert comment == "missing: ProcedureStepDiscontinuationReasonCodeSequence"


PERSON_CODE = {"HumanPerformerCodeSequence": [code("1", "99LOC", "One")]}
PERSON_NAME = {"HumanPerformerName": "One^Some"}


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ({**PERSON_CODE, **PERSON_NAME}, 0x0000),
        (PERSON_CODE, 0x0000),  # the name is not known
        (PERSON_NAME, 0x0000),
        ({"HumanPerformerOrganization": "House"}, 0xC304),
        ({}, 0xC304),
    ],
    ids=["both", "code", "name", "neither", "empty"],
)
def test_a_human_performer_who_is_known_is_named(there: Bench, person: dict[str, Any], status: int) -> None:
    uid = there.in_state("IN PROGRESS")
    ds = performed()
    ds.UnifiedProcedureStepPerformedProcedureSequence[0].ActualHumanPerformersSequence = [dataset(**person)]
    assert there.scu.set(uid, ds, RIGHT) == 0x0000
    assert there.scu.change_state(uid, "COMPLETED", RIGHT) == status
    if status != 0x0000:
        assert there.scu.status.ErrorComment == "missing: HumanPerformerCodeSequence"


@pytest.mark.parametrize("given", ["", "20260102030405+0000"])
def test_the_scp_fills_in_when_it_was_canceled(there: Bench, given: str) -> None:
    uid = there.in_state("IN PROGRESS")
    ds = discontinued()
    if given:
        ds.ProcedureStepProgressInformationSequence[0].ProcedureStepCancellationDateTime = given
    assert there.scu.set(uid, ds, RIGHT) == 0x0000
    assert there.scu.change_state(uid, "CANCELED", RIGHT) == 0x0000
    [item] = there.read(uid).ProcedureStepProgressInformationSequence
    assert item.ProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110514"
    if given:
        assert item.ProcedureStepCancellationDateTime == given
    else:
        assert len(str(item.ProcedureStepCancellationDateTime)) == len("20260102030405+0000")


def test_a_refused_end_changes_nothing(there: Bench) -> None:
    uid = watched(there, "IN PROGRESS")
    before = there.read(uid)
    assert there.scu.change_state(uid, "CANCELED", RIGHT) == 0xC304
    assert there.read(uid) == before
    assert told(there, uid) == []


def test_lenient_final() -> None:
    with bench(leniency=Leniency(final=True)) as there:
        done = there.in_state("IN PROGRESS")
        assert there.scu.change_state(done, "COMPLETED", RIGHT) == 0x0000
        for given, expected in ((None, "110513"), (discontinued(), "110514")):
            uid = there.in_state("IN PROGRESS")
            if given is not None:
                assert there.scu.set(uid, given, RIGHT) == 0x0000
            assert there.scu.change_state(uid, "CANCELED", RIGHT) == 0x0000
            [item] = there.read(uid).ProcedureStepProgressInformationSequence
            [reason] = item.ProcedureStepDiscontinuationReasonCodeSequence
            assert (reason.CodeValue, bool(item.ProcedureStepCancellationDateTime)) == (expected, True)
        assert there.scu.change_state(there.in_state("IN PROGRESS"), "COMPLETED", WRONG) == 0xC301
        uid = there.in_state("IN PROGRESS")
        assert there.scu.set(uid, without("OutputInformationSequence"), RIGHT) == 0x0000
        assert there.scu.set(uid, dataset(SOPInstanceUID="1.2"), RIGHT) == 0x0105


def test_lenient_lock() -> None:
    with bench(leniency=Leniency(lock=True)) as there:
        for tuid in (WRONG, NONE):
            uid = there.in_state("IN PROGRESS")
            assert there.scu.set(uid, performed(), tuid) == 0x0000
            assert there.scu.change_state(uid, "COMPLETED", tuid) == 0x0000
            assert there.scu.change_state(uid, "COMPLETED", tuid) == 0xB306
            assert there.scu.set(uid, dataset(ProcedureStepLabel="New"), tuid) == 0xC300
        assert there.scu.change_state(there.created(), "IN PROGRESS", NONE) == 0xC301
        assert there.scu.change_state(there.in_state("IN PROGRESS"), "COMPLETED", NONE) == 0xC304
