"""claim, progress, complete and cancel: read first, check, act; exit 4 when nothing is sent."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Scp
from tests.cli.running import Ran, upsdesk

STATION = "WS1^99LOC^Workstation 1"
WORK = "121726^DCM^RT Treatment with Internal Verification"
REASON = "110513^DCM^Discontinued for unspecified reason"
STATE, PROGRESS, PERFORMED = "00741000", "00741002", "00741216"


def attributes(scp: Scp, uid: str) -> dict[str, dict[str, list[dict[str, dict[str, list[object]]]]]]:
    found: dict[str, dict[str, list[dict[str, dict[str, list[object]]]]]] = upsdesk(
        "get", scp.address, "--iuid", uid
    ).lines[0]
    return found


def act(scp: Scp, verb: str, uid: str, *more: str) -> Ran:
    return upsdesk(verb, scp.address, "--iuid", uid, "--format", "json", *more)


def test_the_whole_job(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    claimed = act(scp, "claim", uid)
    assert claimed.status == 0, claimed.err
    assert (claimed.object["operation"], claimed.object["status"]) == ("claim", "0000")
    lock = claimed.object["transaction_uid"]
    assert lock in upsdesk("vault", "list", "--reveal").out

    reported = act(scp, "progress", uid, "--percent", "40", "--description", "Half way")
    assert reported.status == 0, reported.err
    assert "transaction_uid" not in reported.object
    item = attributes(scp, uid)[PROGRESS]["Value"][0]
    assert [float(str(value)) for value in item["00741004"]["Value"]] == [40.0]
    assert item["00741006"]["Value"] == ["Half way"]

    done = act(scp, "complete", uid, "--performed-station", STATION, "--performed-work-type", WORK)
    assert done.status == 0, done.err
    assert attributes(scp, uid)[STATE]["Value"] == ["COMPLETED"]
    performed = attributes(scp, uid)[PERFORMED]["Value"][0]
    assert performed["00404028"]["Value"][0]["00080100"]["Value"] == ["WS1"]  # type: ignore[index]
    assert performed["00404050"]["Value"]
    assert performed["00404051"]["Value"]
    assert upsdesk("vault", "list").out == ""


def test_complete_sets_what_the_line_adds_inside_a_sequence(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    assert act(scp, "claim", uid).status == 0
    comment = "UnifiedProcedureStepPerformedProcedureSequence/CommentsOnThePerformedProcedureStep=As planned"
    given = ["--performed-station", STATION, "--performed-work-type", WORK, "--percent", "100"]
    ran = act(scp, "complete", uid, *given, "--performer", "MD7^99LOC^Meyer", "--set", comment)
    assert ran.status == 0, ran.err
    found = attributes(scp, uid)
    performed = found[PERFORMED]["Value"][0]
    assert performed["00400280"]["Value"] == ["As planned"]
    assert performed["00404028"]["Value"][0]["00080100"]["Value"] == ["WS1"]  # type: ignore[index]
    assert performed["00404035"]["Value"]
    assert [float(str(value)) for value in found[PROGRESS]["Value"][0]["00741004"]["Value"]] == [100.0]


def test_plain_text_never_shows_the_lock(scp: Scp, new_item: Callable[..., str]) -> None:
    ran = upsdesk("claim", scp.address, "--iuid", new_item(), "-vv")
    assert ran.status == 0, ran.err
    lock = upsdesk("vault", "list", "--reveal", "--format", "json").object[0]["transaction_uid"]
    assert lock not in ran.out + ran.err


def test_cancel_with_its_reason(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    assert act(scp, "claim", uid).status == 0
    ran = act(scp, "cancel", uid)
    assert (ran.status, ran.object["status"]) == (4, None)
    assert "ProcedureStepDiscontinuationReasonCodeSequence" in ran.err
    assert "--reason-code" in ran.object["next_step"]
    ran = act(scp, "cancel", uid, "--reason-code", REASON, "--reason", "machine down")
    assert ran.status == 0, ran.err
    assert attributes(scp, uid)[STATE]["Value"] == ["CANCELED"]


def test_claim_of_what_another_system_holds_is_not_sent(
    scp: Scp, new_item: Callable[..., str], tmp_path: Path
) -> None:
    uid = new_item()
    assert act(scp, "claim", uid, "--data-dir", str(tmp_path)).status == 0
    ran = act(scp, "claim", uid)
    assert (ran.status, ran.object["status"], ran.object["category"]) == (4, None, "none")
    assert "Another system" in ran.object["meaning"]
    assert upsdesk("vault", "list").out == ""
    forced = act(scp, "claim", uid, "--force")
    assert (forced.status, forced.object["status"]) == (1, "C301")
    assert upsdesk("vault", "list").out == ""


def test_progress_before_the_start_is_not_sent(scp: Scp, new_item: Callable[..., str]) -> None:
    ran = act(scp, "progress", new_item(), "--percent", "5")
    assert ran.status == 4
    assert "Start it first" in ran.err


def test_complete_lists_what_is_missing_and_sends_nothing(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    assert act(scp, "claim", uid).status == 0
    before = attributes(scp, uid)
    ran = act(scp, "complete", uid)
    assert (ran.status, ran.object["status"]) == (4, None)
    assert "PerformedStationNameCodeSequence" in ran.err
    assert attributes(scp, uid) == before


def test_complete_with_force_lets_the_peer_decide(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    assert act(scp, "claim", uid).status == 0
    ran = act(scp, "complete", uid, "--force")
    assert (ran.status, ran.object["status"]) == (1, "C304")
    assert uid in upsdesk("vault", "list").out


def test_unknown_workitem(scp: Scp) -> None:
    ran = act(scp, "claim", "1.2.3.4.5")
    assert (ran.status, ran.object["status"]) == (1, "C307")


def test_claim_subscribes_when_a_receiver_is_named(scp: Scp, new_item: Callable[..., str]) -> None:
    ran = act(scp, "claim", new_item(), "--receiving-ae", scp.receiver)
    assert (ran.status, ran.err) == (0, "")
    # One that the server does not know: said, and no other exit status.
    ran = act(scp, "claim", new_item(), "--receiving-ae", "NOBODY")
    assert ran.status == 0
    assert "C308" in ran.err
    assert len(ran.err.splitlines()) == 1
    ran = act(scp, "claim", new_item(), "--receiving-ae", "NOBODY", "--no-subscribe")
    assert (ran.status, ran.err) == (0, "")


def test_nobody_there() -> None:
    ran = upsdesk("claim", "UPSSCP@127.0.0.1:1", "--iuid", "1.2.3", "--format", "json")
    assert (ran.status, ran.object["status"], ran.object["category"]) == (3, None, "none")
    assert upsdesk("vault", "list").out == ""


def test_window_and_command_line_may_share_a_folder(scp: Scp, new_item: Callable[..., str]) -> None:
    from upsdesk.services.desk_file import DeskFile

    folder = Path(os.environ["UPSDESK_DATA_DIR"])
    assert act(scp, "claim", new_item()).status == 0
    held_open = DeskFile(folder / "desk.sqlite")
    try:
        assert act(scp, "claim", new_item()).status == 0
        assert len(held_open.entries()) == 2
    finally:
        held_open.close()
