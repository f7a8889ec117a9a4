"""Values that the tests of services share."""

from datetime import UTC, datetime
from pathlib import Path

from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid, WorkitemKey
from upsdesk.domain.peer import Peer, Timeouts
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.desk_file import VaultEntry

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PEER = Peer(
    PeerId("s-1"),
    AeTitle("UPSSCP"),
    "127.0.0.1",
    11112,
    name="Test server",
    timeouts=Timeouts(connect=2, acse=2, dimse=2, network=4, release=1),
)


def key_of(number: int, peer: Peer = PEER) -> WorkitemKey:
    return WorkitemKey(peer.id, SopInstanceUid(f"1.2.3.{number}"))


def workitem_elements(
    state: ProcedureStepState = ProcedureStepState.SCHEDULED,
    *,
    name: str = "Novak^Jana",
    patient_id: str = "PAT-1",
    label: str = "Treatment",
    start: str = "20260304100000+0000",
) -> Elements:
    """What a peer returns for a workitem with the columns of the table."""
    return Elements(
        [
            element(tags.SOP_CLASS_UID, "1.2.840.10008.5.1.4.34.6.1"),
            element(tags.PROCEDURE_STEP_STATE, state.value),
            element(tags.SCHEDULED_PROCEDURE_STEP_PRIORITY, "MEDIUM"),
            element(tags.PROCEDURE_STEP_LABEL, label),
            element(tags.INPUT_READINESS_STATE, "READY"),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, start),
            element(tags.PATIENT_NAME, name),
            element(tags.PATIENT_ID, patient_id),
            element(tags.PATIENT_BIRTH_DATE, "19620410"),
            element(tags.PATIENT_SEX, "F"),
        ]
    )


def vault_entry(number: int, lock: str = "2.25.1", peer: Peer = PEER) -> VaultEntry:
    return VaultEntry(
        key=key_of(number, peer),
        called_aet=peer.called_aet,
        host=peer.host,
        port=peer.port,
        calling_aet=peer.calling_aet,
        transaction_uid=TransactionUid(lock),
        patient=PatientFacts("Novak^Jana", "PAT-1", "19620410", "F"),
        label="Treatment",
        station="FX1",
        claimed_at=NOW,
    )


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777
