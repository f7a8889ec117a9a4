"""The rotated log file: what happened, without patient data and without Transaction UIDs."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import re
import sys
from pathlib import Path

from upsdesk.services.files import prepare_folder

LOGGER = "upsdesk"
_BYTES = 1_000_000
_KEPT = 5
# A Person Name as DICOM writes it: what slips into an error text of a library must not reach the disk.
_NAME = re.compile(r"[^\W\d_][\w .'-]*\^[\w .'^=-]*")


class _WithoutPatientData(logging.Filter):
    """Lets texts through, and of values only those that cannot carry a data set."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _NAME.sub("(name)", record.getMessage())
        record.args = None
        if record.exc_info is not None and record.exc_info[0] is not None:
            # The text of an exception may quote a value; its type and place are enough to find the fault.
            error, frame = record.exc_info[0], record.exc_info[2]
            while frame is not None and frame.tb_next is not None:
                frame = frame.tb_next
            place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else "?"
            record.msg = f"{record.msg} [{error.__name__} at {place}]"
            record.exc_info = None
            record.exc_text = None
        return True


class _PrivateRotatingFile(logging.handlers.RotatingFileHandler):
    _is_told = False

    def _open(self):  # type: ignore[no-untyped-def]
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk is said once, not with a traceback for each line that it does not take."""
        if not self._is_told and sys.stderr is not None:
            self._is_told = True
            reason = sys.exc_info()[1]
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"upsdesk: {self.baseFilename} cannot be written ({reason}).\n")


def start_log(folder: Path) -> logging.Logger:
    """Log to `folder`/logs/upsdesk.log, readable by its owner only; once per process. Raise OSError."""
    logger = logging.getLogger(LOGGER)
    stop_log()
    path = prepare_folder(folder / "logs") / "upsdesk.log"
    handler = _PrivateRotatingFile(path, maxBytes=_BYTES, backupCount=_KEPT)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(_WithoutPatientData())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger


def stop_log() -> None:
    """Close the file."""
    logger = logging.getLogger(LOGGER)
    for handler in tuple(logger.handlers):
        if isinstance(handler, _PrivateRotatingFile):
            logger.removeHandler(handler)
            handler.close()
