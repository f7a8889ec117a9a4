"""Files that are dropped on the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget


def dropped_files(data: QMimeData) -> tuple[Path, ...]:
    """The local files in what is dragged; none when there is anything else among it."""
    urls = data.urls()
    if not urls or not all(url.isLocalFile() for url in urls):
        return ()
    paths = tuple(Path(url.toLocalFile()) for url in urls)
    return paths if all(path.is_file() for path in paths) else ()


class DropTarget(QObject):
    """Lets files be dropped on a widget as long as `is_open` says so."""

    def __init__(
        self, target: QWidget, take: Callable[[Sequence[Path]], None], is_open: Callable[[], bool]
    ) -> None:
        super().__init__(target)
        self._take = take
        self._is_open = is_open
        target.setAcceptDrops(True)
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in (QEvent.Type.DragEnter, QEvent.Type.Drop) or not isinstance(event, QDropEvent):
            return False
        paths = dropped_files(event.mimeData()) if self._is_open() else ()
        if not paths:
            return False
        event.acceptProposedAction()
        if kind == QEvent.Type.Drop:
            self._take(paths)
        return True
