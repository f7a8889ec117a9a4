"""Which instance a file holds: its four UIDs and its patient, read from its head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from upsdesk.domain.instances import Instance
from upsdesk.domain.workitem import PatientFacts

_ASKED = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
)
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")


class NoInstance(Exception):
    """The file holds no composite instance; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class FilesRead:
    """What several files hold. `others` are no instances, `problems` says why, for the first ones."""

    instances: tuple[Instance, ...] = ()
    others: int = 0
    problems: tuple[str, ...] = ()
    is_cut: bool = False
    """There were more files than are read."""


def read_instance(path: Path) -> Instance:
    """The instance in a DICOM file (PS3.10); raise NoInstance."""
    try:
        # What stands in it is needed, whatever is wrong with the rest of the file.
        head = dcmread(path, stop_before_pixels=True, specific_tags=list(_ASKED))
        uids = [str(head.get(keyword, "") or "") for keyword in _UIDS]
        patient = _patient(head)
    except InvalidDicomError as error:
        raise NoInstance(f"{path.name} is no DICOM file") from error
    except OSError as error:
        raise NoInstance(f"{path.name} cannot be read ({error.strerror or error})") from error
    except Exception as error:  # a parser of foreign files meets whatever there is
        raise NoInstance(f"{path.name} is damaged ({type(error).__name__})") from error
    missing = [keyword for keyword, uid in zip(_UIDS, uids, strict=True) if not uid]
    if missing:
        raise NoInstance(f"{path.name} has no {missing[0]}")
    study, series, sop_class, uid = uids
    return Instance(study, series, sop_class, uid, patient)


def _patient(head: Dataset) -> PatientFacts:
    texts = (str(head.get(keyword, "") or "") for keyword in _ASKED[5:])
    return PatientFacts(*texts)


def read_instances(paths: Iterable[Path], *, most: int, most_problems: int = 3) -> FilesRead:
    """The instances in files and in folders with all that is below them, each once."""
    found: dict[Instance, None] = {}
    others = 0
    problems: list[str] = []
    for number, path in enumerate(_files(paths)):
        if number >= most:
            return FilesRead(tuple(found), others, tuple(problems), is_cut=True)
        try:
            found[read_instance(path)] = None
        except NoInstance as error:
            others += 1
            if len(problems) < most_problems:
                problems.append(str(error))
    return FilesRead(tuple(found), others, tuple(problems))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.is_file())
        else:
            yield path
