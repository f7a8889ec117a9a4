"""Decides what pynetdicom may not do here: log values, wait for ever, or die in a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading
import time
import warnings
from contextlib import suppress
from functools import partial
from typing import Any

import pydicom.config
from pynetdicom import _config
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.pdu_primitives import A_P_ABORT, P_DATA
from pynetdicom.transport import AssociationSocket

_POLITE = 0.3
"""Seconds that a peer gets to take leave before its socket is shut (abort alone hung 15 s on half a PDU)."""
_LAST_WAIT = 1.0
INVALID_PDU = 0x05
"""A-P-ABORT, reason "unexpected PDU parameter": what came was no valid PDU or message (PS3.8 Table 9-26)."""

_lock = threading.Lock()
_is_configured = False


def configure() -> None:
    """Set what pydicom and pynetdicom keep per process; call it before the first association.

    Both would log data sets, and pynetdicom formats a copy of each C-FIND response whatever the log level.
    Values that break a rule are shown to the user, not refused by the library.
    """
    global _is_configured  # noqa: PLW0603 - these settings are global in the libraries
    with _lock:
        if _is_configured:
            return
        _config.LOG_HANDLER_LEVEL = "none"
        _config.LOG_REQUEST_IDENTIFIERS = False
        _config.LOG_RESPONSE_IDENTIFIERS = False
        _config.CODECS = ("ascii", "utf-8", "latin-1")
        pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
        pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
        # Their warnings would end on standard error, and some quote what came.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"(pydicom|pynetdicom)(\.|$)")
        for name in ("pynetdicom", "pydicom"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        AssociationSocket._shutdown_socket = _shut_and_close  # type: ignore[method-assign, assignment]
        _is_configured = True


def _shut_and_close(wrapper: AssociationSocket) -> None:
    """As pynetdicom's, which leaves a socket open when the peer was quicker and shutting it fails."""
    connection = wrapper.socket
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            connection.close()


def raw_socket(assoc: Association) -> socket.socket | None:
    """The TCP socket of an association, while it has one."""
    wrapper = assoc.dul.socket
    return wrapper.socket if wrapper is not None else None


def shut(assoc: Association) -> None:
    """Shut the TCP connection both ways, which wakes a thread that waits in it."""
    connection = raw_socket(assoc)
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def guard(assoc: Association) -> None:
    """Make a new association bounded and quiet; call it before its threads start."""
    assoc.dimse = _Dimse(assoc)
    assoc.dul.daemon = True
    assoc.dul.run = partial(_run_dul, assoc)  # type: ignore[method-assign]
    assoc.kill = partial(_kill, assoc)  # type: ignore[method-assign]


class _Dimse(DIMSEServiceProvider):
    """Treats a message that cannot be read as an invalid PDU; a traceback would end the thread."""

    def get_msg(self, block: bool = False) -> Any:
        """As pynetdicom's, but its reactor gets nothing: what comes is for who waits for it.

        The reactor is told to pause before a request is sent, yet it may already be past that check, and on a
        busy machine it then takes the response and drops it.
        """
        if not block:
            return None, None
        return super().get_msg(block)

    def receive_primitive(self, primitive: P_DATA) -> None:
        # One fragment at a time: of a PDU with the end of one message and the beginning of the next, which
        # PS3.8 Annex E allows, pynetdicom would take the first message and drop the rest.
        try:
            for fragment in primitive.presentation_data_value_list:
                one = P_DATA()
                one.presentation_data_value_list.append(fragment)
                super().receive_primitive(one)
        except Exception:
            # Whatever a peer sends must not end the thread; AA-8 then aborts.
            self.dul.event_queue.put("Evt19")


def _run_dul(assoc: Association) -> None:
    try:
        assoc.dul.run_reactor()
    except Exception:
        # The state machine raises on PDUs with values that it does not know. Nothing can be sent any more.
        _wake(assoc, INVALID_PDU)
        shut(assoc)
        connection = raw_socket(assoc)
        if connection is not None:
            connection.close()


def _wake(assoc: Association, reason: int) -> None:
    """Let whoever waits for an answer, of the association or of an operation, find out that there is none."""
    primitive = A_P_ABORT()
    primitive.provider_reason = reason
    assoc.dul.to_user_queue.put(primitive)
    assoc.dimse.msg_queue.put((None, None))
    wrapper = assoc.dul.socket
    if wrapper is not None:
        # Who has just asked for the association waits, without an end, for word that the connection stands.
        wrapper._ready.set()


def _kill(assoc: Association) -> None:
    """End both threads of an association within about a second, whatever the peer does."""
    _stop_reactor(assoc)
    _wait_idle(assoc)
    assoc.dul.kill_dul()
    if not _has_ended(assoc.dul, 0.02):
        shut(assoc)
        _has_ended(assoc.dul, _LAST_WAIT)


def _stop_reactor(assoc: Association) -> None:
    assoc._reactor_checkpoint.set()
    assoc._kill = True
    assoc.is_established = False
    assoc._is_paused = True


def _wait_idle(assoc: Association) -> None:
    """Give the state machine time to say goodbye and close its socket."""
    dul, deadline = assoc.dul, time.monotonic() + _POLITE
    while dul.is_alive() and not dul._kill_thread and dul.state_machine.current_state != "Sta1":
        if time.monotonic() >= deadline:
            return
        time.sleep(0.002)


def _has_ended(thread: threading.Thread, timeout: float) -> bool:
    if thread is not threading.current_thread() and thread.is_alive():
        thread.join(timeout)
    return not thread.is_alive()


def abort(assoc: Association) -> None:
    """Send A-ABORT where that is possible, and end it within about half a second. Any thread."""
    with suppress(Exception):  # the state machine may be anywhere; what follows ends it in any case
        assoc.abort(block=False)
    _stop_reactor(assoc)
    _wait_idle(assoc)
    assoc.dul.kill_dul()
    _wake(assoc, reason=0x00)
    if not _has_ended(assoc.dul, 0.02):
        shut(assoc)
    _has_ended(assoc.dul, _LAST_WAIT)
    connection = raw_socket(assoc)
    if connection is not None:
        shut(assoc)
        with suppress(OSError):
            connection.close()
    _has_ended(assoc, _LAST_WAIT)
