"""Every cell of the table of N-ACTION statuses against a running SCP (PS3.4 CC.2.1.4, CC.2.2.4, CC.2.3.4)."""

from collections.abc import Callable, Iterator

import pytest
from pydicom.dataset import Dataset

from tests.support.plain_scu import (
    FILTERED,
    GLOBAL,
    PULL,
    PUSH,
    QUERY,
    WATCH,
    dataset,
    discontinued,
    performed,
)
from tests.support.running_scp import Bench, bench

RIGHT, WRONG = "1.9.1", "1.9.2"
CHANGE, CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND = 1, 2, 3, 4, 5


@pytest.fixture(scope="module")
def _running() -> Iterator[Bench]:
    with bench() as found:
        yield found


@pytest.fixture
def there(_running: Bench) -> Bench:
    _running.forget_subscriptions()
    return _running


Scenario = Callable[[Bench], int]
"""Brings the SCP to the answer; returns its status."""


def to(target: str, tuid: str, state: str, change: Callable[[], Dataset] | None = None) -> Scenario:
    """Change the state of a workitem that is in `state`, after an N-SET of `change`."""

    def act(there: Bench) -> int:
        uid = there.in_state(state)
        if change is not None:
            assert there.scu.set(uid, change(), RIGHT) == 0x0000
        return there.scu.change_state(uid, target, tuid)

    return act


def ask(state: str, context: str = WATCH, *, subscribed: bool = False) -> Scenario:
    """Request the cancellation of a workitem that is in `state`."""

    def act(there: Bench) -> int:
        uid = there.in_state(state)
        if subscribed:
            assert there.scu.subscribe(uid, "ALICE") == 0x0000
        return there.scu.act(uid, CANCEL, None, context=context)

    return act


def watch(kind: int, instance: str = "", aet: str = "ALICE", **more: str) -> Scenario:
    """Actions 3 to 5; on a new workitem when no instance is given."""

    def act(there: Bench) -> int:
        arguments = dataset(
            ReceivingAE=aet, **({"DeletionLock": "FALSE"} | more if kind == SUBSCRIBE else {})
        )
        return there.scu.act(instance or there.created(), kind, arguments, context=WATCH)

    return act


def action(kind: int, context: str, instance: str = "") -> Scenario:
    def act(there: Bench) -> int:
        arguments = dataset(ProcedureStepState="IN PROGRESS", TransactionUID=RIGHT, ReceivingAE="ALICE")
        return there.scu.act(instance or there.created(), kind, arguments, context=context)

    return act


UNKNOWN = "1.2.3.999999"

STATUSES: dict[tuple[int, int], dict[str, Scenario]] = {
    # 0000
    (0x0000, CHANGE): {
        "claim": to("IN PROGRESS", RIGHT, "SCHEDULED"),
        "complete": to("COMPLETED", RIGHT, "IN PROGRESS", performed),
        "cancel": to("CANCELED", RIGHT, "IN PROGRESS", discontinued),
    },
    (0x0000, CANCEL): {
        "scheduled, on Watch": ask("SCHEDULED"),
        "scheduled, on Push": ask("SCHEDULED", PUSH),
        "in progress": ask("IN PROGRESS", subscribed=True),
    },
    (0x0000, SUBSCRIBE): {
        "one": watch(SUBSCRIBE),
        "one with lock": watch(SUBSCRIBE, DeletionLock="TRUE"),
        "all": watch(SUBSCRIBE, GLOBAL),
        "all with lock": watch(SUBSCRIBE, GLOBAL, DeletionLock="TRUE"),
        "filtered": watch(SUBSCRIBE, FILTERED, WorklistLabel="RT"),
    },
    (0x0000, UNSUBSCRIBE): {
        "one": watch(UNSUBSCRIBE),
        "all": watch(UNSUBSCRIBE, GLOBAL),
        "filtered": watch(UNSUBSCRIBE, FILTERED),
    },
    (0x0000, SUSPEND): {"all": watch(SUSPEND, GLOBAL), "filtered": watch(SUSPEND, FILTERED)},
    # Warnings
    (0xB304, CHANGE): {"canceled already": to("CANCELED", RIGHT, "CANCELED")},
    (0xB304, CANCEL): {"canceled already": ask("CANCELED")},
    (0xB306, CHANGE): {"completed already": to("COMPLETED", RIGHT, "COMPLETED")},
    # Failures
    (0xC300, CHANGE): {
        "completed to canceled": to("CANCELED", RIGHT, "COMPLETED"),
        "canceled to completed": to("COMPLETED", RIGHT, "CANCELED"),
        "completed to in progress": to("IN PROGRESS", RIGHT, "COMPLETED"),
        "canceled to in progress": to("IN PROGRESS", RIGHT, "CANCELED"),
    },
    (0xC301, CHANGE): {
        "claim without": to("IN PROGRESS", "", "SCHEDULED"),
        "claim of another's": to("IN PROGRESS", WRONG, "IN PROGRESS"),
        "complete with the wrong one": to("COMPLETED", WRONG, "IN PROGRESS"),
        "cancel without": to("CANCELED", "", "IN PROGRESS"),
    },
    (0xC302, CHANGE): {"claimed already": to("IN PROGRESS", RIGHT, "IN PROGRESS")},
    (0xC303, CHANGE): {"back": to("SCHEDULED", RIGHT, "IN PROGRESS")},
    (0xC304, CHANGE): {
        "complete": to("COMPLETED", RIGHT, "IN PROGRESS"),
        "cancel": to("CANCELED", RIGHT, "IN PROGRESS"),
    },
    (0xC307, CHANGE): {"unknown": action(CHANGE, PULL, UNKNOWN), "global": action(CHANGE, PULL, GLOBAL)},
    (0xC307, CANCEL): {"unknown": action(CANCEL, WATCH, UNKNOWN), "global": action(CANCEL, PUSH, GLOBAL)},
    (0xC307, SUBSCRIBE): {"unknown": watch(SUBSCRIBE, UNKNOWN)},
    (0xC307, UNSUBSCRIBE): {"unknown": watch(UNSUBSCRIBE, UNKNOWN)},
    (0xC307, SUSPEND): {"unknown": watch(SUSPEND, UNKNOWN)},
    (0xC308, SUBSCRIBE): {
        "one": watch(SUBSCRIBE, aet="STRANGER"),
        "all": watch(SUBSCRIBE, GLOBAL, "STRANGER"),
        "filtered": watch(SUBSCRIBE, FILTERED, "STRANGER", WorklistLabel="RT"),
    },
    (0xC308, UNSUBSCRIBE): {
        "one": watch(UNSUBSCRIBE, aet="STRANGER"),
        "all": watch(UNSUBSCRIBE, GLOBAL, "STRANGER"),
    },
    (0xC308, SUSPEND): {"all": watch(SUSPEND, GLOBAL, "STRANGER")},
    (0xC310, CHANGE): {
        "complete": to("COMPLETED", RIGHT, "SCHEDULED"),
        "cancel": to("CANCELED", RIGHT, "SCHEDULED"),
    },
    (0xC311, CANCEL): {"completed": ask("COMPLETED")},
    (0xC312, CANCEL): {"nobody listens": ask("IN PROGRESS")},
    (0xC314, SUSPEND): {"one": watch(SUSPEND)},
}
"""By status and action: ways to get it. A cell of the Standard's table that is not here is one of NEVER."""

NEVER: dict[tuple[int, int], str] = {
    (0xB301, SUBSCRIBE): "no deletion lock is refused",
    (0xB301, UNSUBSCRIBE): "no lock is asked for",
    (0xB301, SUSPEND): "no lock is asked for",
    (0xC313, CANCEL): "the SCP is never the performer",
    (0xC314, SUBSCRIBE): "every instance can be subscribed to",
    (0xC314, UNSUBSCRIBE): "every instance can be unsubscribed from",
    (0xC315, SUBSCRIBE): "the SCP sends event reports",
    (0xC315, UNSUBSCRIBE): "the SCP sends event reports",
    (0xC315, SUSPEND): "the SCP sends event reports",
    (0x0124, CHANGE): "nobody is refused by authorization",
    (0x0124, CANCEL): "nobody is refused by authorization",
    (0x0124, SUBSCRIBE): "nobody is refused by authorization",
    (0x0124, UNSUBSCRIBE): "nobody is refused by authorization",
    (0x0124, SUSPEND): "nobody is refused by authorization",
}

# Typed out from the table: the statuses of each column.
TABLE: dict[int, set[int]] = {
    CHANGE: {
        *(0x0000, 0xB304, 0xB306, 0xC300, 0xC301, 0xC302, 0xC303, 0xC304, 0xC307, 0xC310),
        0x0124,
    },
    CANCEL: {0x0000, 0xB304, 0xC307, 0xC311, 0xC312, 0xC313, 0x0124},
    SUBSCRIBE: {0x0000, 0xB301, 0xC307, 0xC308, 0xC314, 0xC315, 0x0124},
    UNSUBSCRIBE: {0x0000, 0xB301, 0xC307, 0xC308, 0xC314, 0xC315, 0x0124},
    SUSPEND: {0x0000, 0xB301, 0xC307, 0xC308, 0xC314, 0xC315, 0x0124},
}


def test_every_cell_of_the_table_is_met() -> None:
    cells = {(status, kind) for kind, statuses in TABLE.items() for status in statuses}
    assert cells == set(STATUSES) | set(NEVER)
    assert not set(STATUSES) & set(NEVER)


@pytest.mark.parametrize(
    ("status", "kind", "name"),
    [(status, kind, name) for (status, kind), ways in STATUSES.items() for name in ways],
    ids=lambda value: f"{value:04X}" if isinstance(value, int) and value > 9 else str(value),
)
def test_status(there: Bench, status: int, kind: int, name: str) -> None:
    assert STATUSES[status, kind][name](there) == status
    command = there.scu.command
    assert command.ActionTypeID == kind
    assert command.AffectedSOPClassUID == "1.2.840.10008.5.1.4.34.6.1"
    assert ("ErrorComment" in command) is (status != 0x0000)
    assert len(command.get("ErrorComment", "")) <= 64


@pytest.mark.parametrize("kind", [CHANGE, CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND, 6, 0])
@pytest.mark.parametrize(
    ("context", "offered", "refusal"),
    [
        (PUSH, {CANCEL}, 0x0123),
        (PULL, {CHANGE}, 0x0123),
        (WATCH, {CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND}, 0x0123),
        (QUERY, set(), 0x0211),
    ],
    ids=["Push", "Pull", "Watch", "Query"],
)
def test_actions_of_a_context(there: Bench, context: str, offered: set[int], refusal: int, kind: int) -> None:
    status = action(kind, context)(there)
    if kind in offered:
        # What is missing among its arguments is another matter.
        expected = {SUBSCRIBE: 0x0115, SUSPEND: 0xC314}.get(kind, 0x0000)
        assert status == expected
    else:
        assert status == refusal
