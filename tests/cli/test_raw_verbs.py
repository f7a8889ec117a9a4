"""Raw verbs against the embedded server: what is sent, what is printed, what the vault keeps."""

import json
import os
import re
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Scp
from tests.cli.running import upsdesk
from upsdesk.bootstrap.core import new_uid
from upsdesk.domain.keys import SopInstanceUid

SHAPE = [
    "operation",
    "peer",
    "sop_instance_uid",
    "status",
    "category",
    "meaning",
    "next_step",
    "error_comment",
    "context",
    "elapsed_ms",
]
START = "ScheduledProcedureStepStartDateTime=20261119093000+0100"
MINIMUM = ["--set", "ProcedureStepLabel=CLI", "--set", START]
STATE, LABEL = "00741000", "00741204"


def vault_uids() -> list[str]:
    return [line.split("\t")[0] for line in upsdesk("vault", "list").out.splitlines()]


def state_of(scp: Scp, uid: str) -> str:
    found = upsdesk("get", scp.address, "--iuid", uid, "-r", "ProcedureStepState").lines
    return str(found[0][STATE]["Value"][0])


def test_echo_tells_what_was_negotiated(scp: Scp) -> None:
    ran = upsdesk("echo", scp.address)
    assert ran.status == 0
    for words in ("0000", "Pull", "Push", "Watch", "Query", "max PDU", "ms", "TLS"):
        assert words in ran.out


def test_echo_as_json(scp: Scp) -> None:
    found = upsdesk("echo", scp.address, "--format", "json").object
    assert list(found)[: len(SHAPE)] == SHAPE
    assert (found["operation"], found["status"], found["category"]) == ("echo", "0000", "success")
    assert found["sop_instance_uid"] is None
    assert found["negotiated"]["contexts"]["Pull"]


def test_create_prints_the_uid_on_both_streams(scp: Scp) -> None:
    ran = upsdesk("create", scp.address, *MINIMUM)
    uid = SopInstanceUid.parse(ran.out.strip())
    assert ran.status == 0
    assert f"creating {uid}" in ran.err
    found = upsdesk("get", scp.address, "--iuid", uid).lines[0]
    assert found[LABEL]["Value"] == ["CLI"]
    assert found[STATE]["Value"] == ["SCHEDULED"]


def test_create_with_a_given_uid_twice_is_refused_by_the_peer(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    ran = upsdesk("create", scp.address, *MINIMUM, "--iuid", uid, "--format", "json")
    assert (ran.status, ran.object["status"], ran.object["category"]) == (1, "0111", "failure")
    assert ran.object["sop_instance_uid"] == uid
    assert ran.object["context"] == "Push"


def test_create_without_label_is_not_sent(scp: Scp) -> None:
    ran = upsdesk("create", scp.address, "--set", START)
    assert (ran.status, ran.out) == (4, "")
    assert "ProcedureStepLabel" in ran.err
    assert "creating" not in ran.err


def test_create_refused_here_as_json(scp: Scp) -> None:
    ran = upsdesk("create", scp.address, "--set", START, "--format", "json")
    assert ran.status == 4
    assert list(ran.object) == SHAPE
    assert (ran.object["status"], ran.object["category"]) == (None, "none")


def test_create_with_force_lets_the_peer_decide(scp: Scp) -> None:
    ran = upsdesk("create", scp.address, "--set", START, "--force", "--format", "json")
    assert ran.status == 1
    assert ran.object["status"] in ("0120", "0121")


def test_create_exact_adds_nothing(scp: Scp) -> None:
    line = ["create", scp.address, *MINIMUM, "--exact"]
    assert upsdesk(*line).status == 4
    forced = upsdesk(*line, "--force", "--format", "json")
    assert (forced.status, forced.object["status"]) == (1, "0120")


def test_create_sends_another_state_as_it_is_given(scp: Scp) -> None:
    ran = upsdesk(
        "create", scp.address, *MINIMUM, "--set", "ProcedureStepState=COMPLETED", "--format", "json"
    )
    assert (ran.status, ran.object["status"]) == (1, "C309")


def test_create_may_leave_the_uid_to_the_scp(scp: Scp) -> None:
    ran = upsdesk("create", scp.address, *MINIMUM, "--scp-uid")
    assert ran.status == 0
    assert upsdesk("get", scp.address, "--iuid", ran.out.strip()).status == 0


def test_create_without_a_uid_when_none_may_be_made(scp: Scp) -> None:
    ran = upsdesk("create", scp.address, *MINIMUM, "--no-auto-uid")
    assert (ran.status, ran.out) == (4, "")


def test_create_with_a_given_uid_when_none_may_be_made(scp: Scp) -> None:
    uid = new_uid()
    ran = upsdesk("create", scp.address, *MINIMUM, "--no-auto-uid", "--iuid", uid)
    assert (ran.status, ran.out) == (0, f"{uid}\n"), ran.err


def test_create_with_a_forbidden_attribute_is_not_sent(scp: Scp) -> None:
    ran = upsdesk("create", scp.address, *MINIMUM, "--set", "SOPInstanceUID=1.2.3")
    assert ran.status == 4
    assert "SOPInstanceUID" in ran.err


def test_get_as_json_puts_the_data_set_into_attributes(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item("Łódź 東京")
    found = upsdesk("get", scp.address, "--iuid", uid, "--format", "json").object
    assert list(found) == [*SHAPE, "attributes"]
    assert found["attributes"][LABEL]["Value"] == ["Łódź 東京"]
    assert found["peer"] == scp.address


def test_get_of_some_attributes(scp: Scp, new_item: Callable[..., str]) -> None:
    ran = upsdesk("get", scp.address, "--iuid", new_item(), "-r", "ProcedureStepLabel", "-r", "00741000")
    assert {STATE, LABEL} <= set(ran.lines[0])
    assert "00100010" not in ran.lines[0]


def test_get_all_never_returns_the_lock(scp: Scp, new_item: Callable[..., str]) -> None:
    ran = upsdesk("get", scp.address, "--iuid", new_item(), "--all")
    assert ran.status == 0
    assert "00081195" not in ran.lines[0]


@pytest.mark.parametrize("name", ["table", "csv", "xml"])
def test_get_in_other_formats(scp: Scp, new_item: Callable[..., str], name: str) -> None:
    ran = upsdesk("get", scp.address, "--iuid", new_item("Formats"), "--format", name)
    assert ran.status == 0
    assert "ProcedureStepLabel" in ran.out
    assert "Formats" in ran.out


def test_get_of_an_unknown_workitem(scp: Scp) -> None:
    ran = upsdesk("get", scp.address, "--iuid", "1.2.3.4")
    assert (ran.status, ran.out) == (1, "")
    assert "C307" in ran.err
    as_json = upsdesk("get", scp.address, "--iuid", "1.2.3.4", "--format", "json")
    assert (as_json.status, as_json.object["status"]) == (1, "C307")
    assert "attributes" not in as_json.object
    assert as_json.object["next_step"]


def test_nested_return_key_of_get_is_a_usage_error(scp: Scp) -> None:
    ran = upsdesk("get", scp.address, "--iuid", "1.2", "-r", "ReferencedRequestSequence/AccessionNumber")
    assert ran.status == 2


def test_set_changes_exactly_what_is_given(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    ran = upsdesk("set", scp.address, "--iuid", uid, "--set", "ProcedureStepLabel=After")
    assert ran.status == 0, ran.err
    assert upsdesk("get", scp.address, "--iuid", uid).lines[0][LABEL]["Value"] == ["After"]


def test_claim_is_in_the_vault_and_used_by_what_follows(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    assert upsdesk("chstate", scp.address, "--iuid", uid, "--state", "IN PROGRESS").status == 0
    assert vault_uids() == [uid]
    assert (
        upsdesk("set", scp.address, "--iuid", uid, "--set", "ProcedureStepLabel=X", "--no-vault").status == 1
    )
    ran = upsdesk("set", scp.address, "--iuid", uid, "--set", "ProcedureStepLabel=Held")
    assert ran.status == 0, ran.err
    assert "vault" in ran.err
    # The final state lacks its attributes: the peer says so, and the lock is kept.
    ran = upsdesk("chstate", scp.address, "--iuid", uid, "--state", "COMPLETED", "--format", "json")
    assert (ran.status, ran.object["status"]) == (1, "C304")
    assert vault_uids() == [uid]


def test_vault_shows_locks_only_when_asked(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    upsdesk("chstate", scp.address, "--iuid", uid, "--state", "IN PROGRESS", "--tuid", "1.2.3.777")
    listed = upsdesk("vault", "list")
    assert re.fullmatch(rf"{uid}\t{scp.address}\t\d{{4}}-\d\d-\d\dT.*\n", listed.out)
    assert "1.2.3.777" not in listed.out
    assert upsdesk("vault", "list", "--reveal").out.rstrip().endswith("\t1.2.3.777")
    assert "transaction_uid" not in upsdesk("vault", "list", "--format", "json").object[0]
    assert (
        upsdesk("vault", "list", "--reveal", "--format", "json").object[0]["transaction_uid"] == "1.2.3.777"
    )


def test_vault_file_is_the_owners_only(scp: Scp, new_item: Callable[..., str]) -> None:
    upsdesk("chstate", scp.address, "--iuid", new_item(), "--state", "IN PROGRESS")
    folder = Path(os.environ["UPSDESK_DATA_DIR"])
    assert stat.S_IMODE((folder / "desk.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_claim_without_vault_keeps_nothing(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    line = ["chstate", scp.address, "--iuid", uid, "--state", "IN PROGRESS", "--no-vault"]
    assert upsdesk(*line).status == 1  # no Transaction UID at all: C301
    assert upsdesk(*line, "--tuid", "1.2.3.4.5").status == 0
    assert vault_uids() == []
    assert state_of(scp, uid) == "IN PROGRESS"


def test_second_claimer_is_refused_and_keeps_no_lock(
    scp: Scp, new_item: Callable[..., str], tmp_path: Path
) -> None:
    uid = new_item()
    line = ["chstate", scp.address, "--iuid", uid, "--state", "IN PROGRESS"]
    assert upsdesk(*line).status == 0
    other = upsdesk(*line, "--data-dir", tmp_path, "--format", "json")
    assert (other.status, other.object["status"]) == (1, "C301")
    assert upsdesk("vault", "list", "--data-dir", tmp_path).out == ""


def test_final_state_empties_the_vault(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    upsdesk("chstate", scp.address, "--iuid", uid, "--state", "IN PROGRESS")
    reason = "ProcedureStepProgressInformationSequence/ProcedureStepDiscontinuationReasonCodeSequence"
    ran = upsdesk(
        *["set", scp.address, "--iuid", uid],
        *["--set", f"{reason}/CodeValue=110513", "--set", f"{reason}/CodingSchemeDesignator=DCM"],
        *["--set", f"{reason}/CodeMeaning=Discontinued for unspecified reason"],
    )
    assert ran.status == 0, ran.err
    ran = upsdesk("chstate", scp.address, "--iuid", uid, "--state", "CANCELED")
    assert ran.status == 0, ran.err
    assert vault_uids() == []
    assert state_of(scp, uid) == "CANCELED"


def test_illegal_change_is_sent_and_answered_by_the_peer(scp: Scp, new_item: Callable[..., str]) -> None:
    ran = upsdesk(
        *["chstate", scp.address, "--iuid", new_item(), "--state", "COMPLETED", "--tuid", "1.2.3"],
        *["--format", "json"],
    )
    assert (ran.status, ran.object["status"]) == (1, "C310")
    assert ran.object["context"] == "Pull"


def test_reqcancel_before_the_start_cancels(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    ran = upsdesk(
        *["reqcancel", scp.address, "--iuid", uid, "--reason", "patient ill"],
        *["--reason-code", "110513^DCM^Discontinued for unspecified reason"],
        *["--contact-name", "Front desk", "--contact-uri", "tel:+491234"],
    )
    assert ran.status == 0, ran.err
    assert state_of(scp, uid) == "CANCELED"
    again = upsdesk("reqcancel", scp.address, "--iuid", uid, "--exact", "--format", "json")
    assert (again.status, again.object["status"], again.object["category"]) == (0, "B304", "warning")


def test_subscriptions(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item()
    own = ["--receiving-ae", scp.receiver]
    for line in (
        ["subscribe", scp.address, "--iuid", uid, "--deletion-lock", *own],
        ["unsubscribe", scp.address, "--iuid", uid, "--aet", scp.receiver],
        ["subscribe", scp.address, *own],
        ["suspend", scp.address, *own],
        ["unsubscribe", scp.address, *own],
    ):
        ran = upsdesk(*line, "--format", "json")
        assert ran.status == 0, ran.err
        assert ran.object["context"] == "Watch"
        assert ran.object["operation"] == line[0]


def test_unknown_receiver(scp: Scp) -> None:
    ran = upsdesk("subscribe", scp.address, "--receiving-ae", "NOBODY")
    assert ran.status == 1
    assert "C308" in ran.err


def test_filter_and_keys_belong_together(scp: Scp) -> None:
    assert upsdesk("subscribe", scp.address, "--filter").status == 2
    assert upsdesk("subscribe", scp.address, "-q", "PatientID=1").status == 2


def test_wrong_context_is_the_peers_to_refuse(scp: Scp, new_item: Callable[..., str]) -> None:
    ran = upsdesk(
        *["set", scp.address, "--iuid", new_item(), "--set", "ProcedureStepLabel=X"],
        *["--via", "watch", "--format", "json"],
    )
    assert ran.status == 1
    assert ran.object["context"] == "Watch"


def test_v_shows_association_and_status_but_no_patient_data(scp: Scp, new_item: Callable[..., str]) -> None:
    uid = new_item("Verbose", "--set", "PatientName=Geheim^Gerda")
    ran = upsdesk("get", scp.address, "--iuid", uid, "-v")
    assert "0000" in ran.err
    assert "max PDU" in ran.err
    assert "Geheim" not in ran.err
    assert "Geheim" in upsdesk("get", scp.address, "--iuid", uid, "-vv").err


def test_vv_shows_what_an_action_carries(scp: Scp, new_item: Callable[..., str]) -> None:
    line = ["reqcancel", scp.address, "--iuid", new_item(), "--reason", "Gerda went home"]
    ran = upsdesk(*line, "-vv")
    assert ran.status == 0
    assert "ReasonForCancellation" in ran.err and "Gerda went home" in ran.err
    ran = upsdesk(*line, "-v")
    assert "Gerda" not in ran.err


def test_lock_is_not_printed_by_raw_verbs(scp: Scp, new_item: Callable[..., str]) -> None:
    line = ["chstate", scp.address, "--iuid", new_item(), "--state", "IN PROGRESS", "--format", "json", "-vv"]
    ran = upsdesk(*line)
    with sqlite3.connect(Path(os.environ["UPSDESK_DATA_DIR"]) / "desk.sqlite") as file:
        ((lock,),) = file.execute("SELECT transaction_uid FROM vault").fetchall()
    file.close()
    assert lock not in ran.out + ran.err
    assert "transaction_uid" not in json.loads(ran.out)
