"""What clients of other makers do on the wire, to which the SCP must not react slowly or wrongly."""

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from tests.support.plain_scu import dataset
from tests.support.raw_scu import (
    C_FIND,
    COMMAND,
    LAST,
    PULL,
    RawScu,
    associated,
    command,
    data_pdu,
    element,
    pdv,
)
from tests.support.running_scp import AET, Bench, bench

PATIENT_ID = 0x00100020


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as running:
        yield running


def seconds_of_a_search(scu: RawScu, message_id: int) -> float:
    """With command and data set given to the kernel one by one."""
    began = time.monotonic()
    asked = command(C_FIND, message_id, PULL, has_data=True)
    scu.raw.sendall(data_pdu(pdv(3, COMMAND | LAST, asked)))
    scu.raw.sendall(data_pdu(pdv(3, LAST, element(PATIENT_ID, b"NOBODY"))))
    fields, _ = scu.read_message()
    assert struct.unpack("<H", fields[0x0900])[0] == 0x0000
    return time.monotonic() - began


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="the system acknowledges as it likes")
def test_a_client_that_leaves_nagles_algorithm_on_does_not_wait_for_delayed_acknowledgements(
    there: Bench,
) -> None:
    """As pynetdicom and dcmjs-dimse: their data set waits until the command set is acknowledged."""
    with associated(there.port, AET) as scu:
        scu.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        taken = [seconds_of_a_search(scu, number) for number in range(1, 41)]
    assert min(taken[20:]) < 0.03, "the system delays acknowledgements by 40 ms at least"


@pytest.mark.filterwarnings("ignore:The value for the data element .0008,1160. exceeds")
def test_a_list_that_is_too_long_for_its_vr_is_kept(there: Bench) -> None:
    """Explicit VR has 16 bits for the length of IS: pydicom writes it as UN, as PS3.5 6.2.2 says."""
    frames = [str(number) for number in range(20_000)]
    uid = there.created(
        InputInformationSequence=[
            dataset(
                TypeOfInstances="DICOM",
                StudyInstanceUID="1.2.3",
                SeriesInstanceUID="1.2.4",
                ReferencedSOPSequence=[
                    dataset(
                        ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2",
                        ReferencedSOPInstanceUID="1.2.5",
                        ReferencedFrameNumber=frames,
                    )
                ],
                DICOMRetrievalSequence=[dataset(RetrieveAETitle="PACS")],
            )
        ]
    )
    read = there.read(uid).InputInformationSequence[0].ReferencedSOPSequence[0]
    assert read[0x00081160].VR == "UN"
    assert read[0x00081160].value.decode().rstrip().split("\\") == frames
