"""`scp-status`: who would be told, from the store of a server that runs, and of one that has ended."""

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import free_port, wait_until_listening
from tests.cli.running import finish, start, upsdesk
from tests.support.plain_scu import PlainListener
from tests.support.waiting import wait_until

START = ["--set", "ScheduledProcedureStepStartDateTime=20261119"]


def test_receivers_filters_locks_and_deliveries(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    alice = PlainListener("ALICE").start()
    peers = ["--peer", f"ALICE@127.0.0.1:{alice.port}", "--peer", f"AWAY@127.0.0.1:{free_port()}"]
    process = start("scp", "STATUS:0", "--store", store, *peers, "--until-stdin-closes")
    try:
        address = wait_until_listening(process)
        uid = upsdesk("create", address, "--set", "ProcedureStepLabel=One", *START).out.strip()
        to_alice, to_away = ["--receiving-ae", "ALICE"], ["--receiving-ae", "AWAY"]
        assert upsdesk("subscribe", address, *to_alice).status == 0
        assert upsdesk("subscribe", address, *to_away, "--iuid", uid, "--deletion-lock").status == 0
        filtered = ["--filter", "-q", "ScheduledProcedureStepPriority=HIGH"]
        assert upsdesk("subscribe", address, *to_away, *filtered).status == 0

        def receivers() -> dict[str, dict[str, object]]:
            found = upsdesk("scp-status", "--store", store, "--format", "json")
            assert found.status == 0, found.err
            return {one["receiving_aet"]: one for one in found.object["receivers"]}

        wait_until(lambda: receivers()["ALICE"]["queued"] == 0, 10, "ALICE has been told")
        wait_until(lambda: receivers()["AWAY"]["error"], 10, "AWAY could not be told")
    finally:
        ran = finish(process)
        alice.stop()
    assert ran.status == 0
    found = receivers()
    assert (found["ALICE"]["global"], found["ALICE"]["global_lock"]) == ("all", False)
    assert found["ALICE"]["sent"] == 2 + len(alice.about(uid))  # RESTARTED, GOING DOWN
    assert found["ALICE"]["delivered_at"]
    assert found["AWAY"]["filter"] == {"00741200": {"vr": "CS", "Value": ["HIGH"]}}
    assert (found["AWAY"]["workitems"], found["AWAY"]["locks"], found["AWAY"]["delivered_at"]) == (1, 1, None)
    assert "nothing listens there" in str(found["AWAY"]["error"])
    ended = upsdesk("scp-status", "--store", f"sqlite:///{store}", "--format", "json").object
    told = [{"receiving_aet": "ALICE", "lock": False}, {"receiving_aet": "AWAY", "lock": True}]
    assert ended["workitems"] == [{"sop_instance_uid": uid, "state": "SCHEDULED", "told": told}]

    table = upsdesk("scp-status", "--store", store).out
    head, *rows = table.splitlines()
    assert head.split("  ")[0] == "Receiving AE"
    assert rows[0].split()[:4] == ["ALICE", "all", "new", "ones"]
    assert "Filter of AWAY: ScheduledProcedureStepPriority=HIGH" in rows
    assert rows[-1].split("  ") == ["SCHEDULED", uid, "ALICE, AWAY (lock)"]


def test_nobody(tmp_path: Path) -> None:
    store = tmp_path / "empty.sqlite"
    process = start("scp", "EMPTY:0", "--store", store, "--until-stdin-closes")
    wait_until_listening(process)
    assert upsdesk("scp-status", "--store", store).out == "Nobody is subscribed, and no reports wait.\n"
    assert finish(process).status == 0


@pytest.mark.parametrize("kind", ["missing", "folder", "text", "foreign", "empty", "memory"])
def test_no_store_is_one_sentence(tmp_path: Path, kind: str) -> None:
    store = tmp_path / "store"
    if kind == "folder":
        store.mkdir()
    elif kind == "text":
        store.write_text("No database at all, but long enough to look like the head of one. " * 20)
    elif kind == "empty":
        store.touch()
    elif kind == "foreign":
        with sqlite3.connect(store) as connection:
            connection.execute("CREATE TABLE other (a)")
        connection.close()
    ran = upsdesk("scp-status", "--store", ":memory:" if kind == "memory" else store)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert "Traceback" not in ran.err


def test_the_store_has_to_be_named() -> None:
    assert upsdesk("scp-status").status == 2
