"""Filtered global subscriptions of a running SCP: they match as a C-FIND does (PS3.4 CC.2.3.1)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.plain_scu import FILTERED, GLOBAL, WATCH, code, dataset
from tests.support.running_scp import Bench, bench


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench() as found:
        yield found


@pytest.fixture
def there(_running: Bench) -> Bench:
    _running.forget_subscriptions()
    return _running


def subscription(there: Bench, uid: str, aet: str = "ALICE") -> str:
    """How the AE stands to one workitem, by the function that says who would be told."""
    found = [one.lock for one in there.scp.subscribers() if (one.uid, one.aet) == (uid, aet)]
    return "none" if not found else "with lock" if found[0] else "without lock"


def test_filtered_subscription(there: Bench) -> None:
    station = {"ScheduledStationNameCodeSequence": [dataset(CodeValue="FX9")]}
    here = {"ScheduledStationNameCodeSequence": [code("FX9", "99LOC", "FX9")]}
    old, other = there.created(**here), there.created()
    assert there.scu.subscribe(FILTERED, "ALICE", "TRUE", **station) == 0x0000
    new, another = there.created(**here), there.created()
    standings = [subscription(there, uid) for uid in (old, other, new, another)]
    assert standings == ["with lock", "none", "with lock", "none"]
    assert [one.kind for one in there.alice.wait_for(old, 1)] == [1]
    assert [one.kind for one in there.alice.wait_for(new, 2)] == [1, 5]
    [one] = [one for one in there.scp.subscribers() if one.uid is None]
    assert (one.aet, one.lock, one.is_filtered) == ("ALICE", True, True)


def test_a_filter_needs_a_key(there: Bench) -> None:
    assert there.scu.subscribe(FILTERED, "ALICE") == 0x0115


MEETS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("value", {"WorklistLabel": "RT"}, {"WorklistLabel": "RT"}),
    ("wildcard", {"ProcedureStepLabel": "Lung*"}, {"ProcedureStepLabel": "Lung nodules"}),
    ("name", {"PatientName": "müller*"}, {"PatientName": "Müller^Jörg"}),
    (
        "range",
        {"ScheduledProcedureStepStartDateTime": "20260105-20260106"},
        {"ScheduledProcedureStepStartDateTime": "20260106120000"},
    ),
    (
        "code",
        {"ScheduledWorkitemCodeSequence": [dataset(CodeValue="110004", CodingSchemeDesignator="DCM")]},
        {"ScheduledWorkitemCodeSequence": [code("110004", "DCM", "Computer Aided Detection")]},
    ),
    ("state", {"ProcedureStepState": "SCHEDULED", "WorklistLabel": "RT"}, {"WorklistLabel": "RT"}),
]


@pytest.mark.parametrize(("keys", "values"), [one[1:] for one in MEETS], ids=[one[0] for one in MEETS])
def test_filters(there: Bench, keys: dict[str, Any], values: dict[str, Any]) -> None:
    old, other = there.created(**values), there.created()
    filtering = dataset(ReceivingAE="ALICE", DeletionLock="FALSE", **keys)
    filtering.SpecificCharacterSet = "ISO_IR 192"
    assert there.scu.act(FILTERED, 3, filtering, context=WATCH) == 0x0000
    new, another = there.created(**values), there.created()
    standings = [subscription(there, uid) for uid in (old, other, new, another)]
    assert standings == ["without lock", "none", "without lock", "none"]
    assert there.alice.wait_for(new, 1)[0].kind == 1
    there.settle()
    assert there.alice.about(old) == []  # no initial report without a lock
    assert there.scu.request_cancel(old) == 0x0000
    assert [one.kind for one in there.alice.wait_for(old, 2)] == [1, 1]


def test_what_stops_matching_stays_subscribed(there: Bench) -> None:
    assert there.scu.subscribe(FILTERED, "ALICE", WorklistLabel="RT") == 0x0000
    uid = there.created(WorklistLabel="RT")
    assert there.scu.set(uid, dataset(WorklistLabel="CT")) == 0x0000
    assert subscription(there, uid) == "without lock"


def test_what_matches_only_later_is_not_subscribed(there: Bench) -> None:
    assert there.scu.subscribe(FILTERED, "ALICE", WorklistLabel="RT") == 0x0000
    uid = there.created(WorklistLabel="CT")
    assert there.scu.set(uid, dataset(WorklistLabel="RT")) == 0x0000
    assert subscription(there, uid) == "none"


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"WorklistLabel": ""},
        {"WorklistLabel": "*"},
        {"ProcedureStepProgressInformationSequence": [dataset(ProcedureStepProgress="5")]},
        {"ScheduledProcedureStepStartDateTime": "soon"},
        {"WorklistLabel": ["RT", "CT"]},
    ],
    ids=["none", "universal", "any text", "not a key", "no date", "two values"],
)
def test_keys_that_are_none(there: Bench, keys: dict[str, Any]) -> None:
    assert there.scu.subscribe(FILTERED, "ALICE", **keys) == 0x0115
    assert there.scp.subscribers() == ()


def test_one_global_subscription_each_and_the_later_one_counts(there: Bench) -> None:
    assert there.scu.subscribe(GLOBAL, "ALICE", "TRUE") == 0x0000
    assert there.scu.subscribe(FILTERED, "ALICE", "FALSE", WorklistLabel="RT") == 0x0000
    uid, other = there.created(WorklistLabel="RT"), there.created(WorklistLabel="CT")
    assert (subscription(there, uid), subscription(there, other)) == ("without lock", "none")
    assert there.scu.subscribe(GLOBAL, "ALICE", "TRUE") == 0x0000
    assert (subscription(there, uid), subscription(there, other)) == ("without lock", "with lock")
