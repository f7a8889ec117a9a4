"""One window per data folder: a second start finds the first window, also while that is only just opening."""

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from upsdesk.ui.single_instance import RaiseServer, raise_first_window


def test_a_window_that_is_only_just_opening_is_waited_for(
    tmp_path: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    raised: list[bool] = []
    servers: list[RaiseServer] = []
    pauses = 0

    def open_meanwhile() -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 3:
            servers.append(RaiseServer(tmp_path, lambda: raised.append(True)))

    assert raise_first_window(tmp_path, pause=open_meanwhile)
    qtbot.waitUntil(lambda: raised == [True])
    assert pauses == 3
    servers[0].close()
    assert not raise_first_window(tmp_path, pause=lambda: None)
