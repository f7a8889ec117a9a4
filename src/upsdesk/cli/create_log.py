"""The file of `create --resume`: which rows of a list are done, and with which UIDs the others go on."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

from upsdesk.cli.exits import UsageError
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import SopInstanceUid


class Step(Enum):
    """How far a row has come."""

    SENDING = "sending"
    """Written before it is sent; without a later line nobody knows what came of it."""
    CREATED = "created"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run left of a row."""

    uid: SopInstanceUid
    step: Step


class CreateLog:
    """One line of JSON a step, synced before a row is sent. It holds UIDs and no patient data.

    A row is known again by what it says, so that rows may be added to the list or moved in it.
    """

    def __init__(self, path: Path) -> None:
        """Read what is there; raise UsageError for a file that cannot be read, or is none."""
        self._path = path
        self._known: dict[str, Known] = {}
        self._seen: Counter[str] = Counter()
        self._file: IO[str] | None = None
        try:
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {path}: {error}") from None
        for number, line in enumerate(lines, start=1):
            try:
                found = json.loads(line)
                known = Known(SopInstanceUid.parse(found["sop_instance_uid"]), Step(found["step"]))
                self._known[str(found["row"])] = known
            except (ValueError, TypeError, KeyError):
                if number < len(lines):  # the last line may be cut off by the end that is resumed from
                    raise UsageError(f"{path} is no file of --resume: line {number} is not of one") from None

    def row_of(self, elements: Elements, uid: SopInstanceUid | None) -> str:
        """The name of a row: what it says, and the how manieth that says so."""
        from upsdesk.dicom.datasets import to_json

        said = json.dumps([to_json(elements), uid], sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(said.encode("utf-8", errors="surrogatepass")).hexdigest()[:32]
        self._seen[digest] += 1
        return f"{digest}-{self._seen[digest]}"

    def known(self, row: str) -> Known | None:
        """What an earlier run left of it."""
        return self._known.get(row)

    def note(self, row: str, uid: SopInstanceUid, step: Step) -> None:
        """Write a step and sync it; raise UsageError when the disk refuses, before anything is sent."""
        line = json.dumps({"row": row, "sop_instance_uid": uid, "step": step.value})
        try:
            if self._file is None:
                self._file = self._open()
            self._file.write(line + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UsageError(f"cannot write {self._path}: {error.strerror or error}") from None

    def _open(self) -> IO[str]:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        file = os.fdopen(handle, "r+", encoding="utf-8")
        text = file.read()
        whole = text[: text.rfind("\n") + 1]  # without a line that was cut off
        file.seek(len(whole.encode()))
        file.truncate()
        return file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
