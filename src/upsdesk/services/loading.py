"""Loads pydicom late, and once, whichever thread needs it first."""

from __future__ import annotations

import importlib
import threading

_MODULES = ("datasets", "dictionary", "scu", "probe")
_lock = threading.Lock()
_is_loaded = threading.Event()


def load_dicom() -> None:
    """Import what services use of `upsdesk.dicom`; to be called before each late import of it.

    pydicom's modules import each other in a circle. Of two threads that import it at the same moment, Python
    hands one a half-made module (ImportError) rather than let both wait for ever.
    """
    if _is_loaded.is_set():
        return
    with _lock:
        for name in _MODULES:
            importlib.import_module(f"upsdesk.dicom.{name}")
        _is_loaded.set()
