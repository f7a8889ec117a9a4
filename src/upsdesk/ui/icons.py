"""Icons and glyphs: SVG files of resources/icons, coloured from the theme.

``set_icon`` is the usual way: it remembers name and colour role on the button, action or label and draws
the icon anew when the theme changes. ``pixmap`` and ``paint`` are for delegates and other painting code;
they read the theme at the time of the call. ``app`` is the application's icon and keeps its own colours.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QWidget

from upsdesk import resources
from upsdesk.ui import theme

Colour = QColor | str | None
Holder = QAbstractButton | QAction | QLabel

_NAME, _ROLE, _SIZE, _FORBIDDEN = "iconName", "iconRole", "iconSizePx", "forbidden"
_GAP = 3
_pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}


def names() -> tuple[str, ...]:
    """The names of all icons and glyphs, sorted."""
    return tuple(sorted(file.stem for file in resources.path("icons").glob("*.svg")))


def resolve(colour: Colour) -> QColor:
    """A colour from None (text 2), a role of the theme (``"accent"``), any QColor name, or a QColor.

    Raises ValueError for a text that is neither.
    """
    if colour is None:
        return theme.current().text_2
    if isinstance(colour, QColor):
        return colour
    if colour in theme.colour_roles():
        return theme.current().colour(colour)
    made = QColor(colour)
    if not made.isValid():
        raise ValueError(f"{colour!r} is neither a role of the theme nor a colour")
    return made


def pixmap(name: str, colour: Colour = None, size: int = 16, dpr: float | None = None) -> QPixmap:
    """The icon as a square picture of ``size`` device-independent pixels.

    ``dpr`` is the device pixel ratio (default: the highest of the screens). Raises FileNotFoundError for an
    unknown name.
    """
    ratio = dpr if dpr is not None else max(_ratios())
    key = (name, resolve(colour).name(QColor.NameFormat.HexArgb), size, ratio)
    found = _pixmaps.get(key)
    if found is None:
        found = _pixmaps[key] = _render(*key)
    return found


def icon(name: str, colour: Colour = None, size: int = 16) -> QIcon:
    """The icon in the colour, and in the disabled colour for disabled controls.

    It keeps the theme's colours of now; see ``set_icon`` for one that follows the theme.
    """
    return _icon(name, colour, size, 0)


def set_icon(holder: Holder, name: str, colour: str | None = None, size: int = 16) -> None:
    """Give a button, action or label an icon that follows the theme.

    ``colour`` is a role of the theme; None is text 2, or the text's colour on a primary or danger button.
    A button whose property ``forbidden`` is true shows the disabled colour. Set a push button's text and
    role before its icon.
    """
    _follow_theme()
    holder.setProperty(_NAME, name)
    holder.setProperty(_ROLE, colour)
    holder.setProperty(_SIZE, size)
    _redraw(holder)


def set_forbidden(button: QAbstractButton, forbidden: bool) -> None:
    """Draw a button as disabled while it keeps taking the focus, so that it can tell its reason."""
    theme.set_property(button, _FORBIDDEN, forbidden)
    if button.property(_NAME):
        _redraw(button)


def paint(painter: QPainter, rect: QRectF, name: str, colour: Colour = None) -> None:
    """Paint the icon into the rectangle, at the painter's own resolution. For delegates."""
    device = painter.device()
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    picture = pixmap(name, colour, max(1, round(min(rect.width(), rect.height()))), ratio)
    painter.drawPixmap(rect.toRect().topLeft(), picture)


def clear_cache() -> None:
    """Forget the pictures drawn so far."""
    _pixmaps.clear()


def _icon(name: str, colour: Colour, size: int, gap: int) -> QIcon:
    made = QIcon()
    for ratio in _ratios():
        normal = _padded(pixmap(name, colour, size, ratio), gap)
        made.addPixmap(normal, QIcon.Mode.Normal)
        made.addPixmap(normal, QIcon.Mode.Selected)  # or Qt tints it with the selection
        made.addPixmap(_padded(pixmap(name, theme.current().disabled, size, ratio), gap), QIcon.Mode.Disabled)
    return made


def _padded(picture: QPixmap, gap: int) -> QPixmap:
    """The picture with empty room at its right: style sheets cannot widen the 4 px between icon and text."""
    if not gap:
        return picture
    ratio = picture.devicePixelRatio()
    made = QPixmap(QSize(picture.width() + round(gap * ratio), picture.height()))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return made


@cache
def _source(name: str) -> str:
    return resources.read_text("icons", f"{name}.svg")


def _render(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    wanted = QColor(colour)
    text = _source(name).replace("currentColor", wanted.name())
    renderer = QSvgRenderer(QByteArray(text.encode("utf-8")))
    if not renderer.isValid():
        raise ValueError(f"The icon {name} is no SVG that Qt can draw.")
    edge = max(1, round(size * ratio))
    made = QPixmap(QSize(edge, edge))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(wanted.alphaF())
    renderer.render(painter, QRectF(0, 0, edge, edge))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


def _ratios() -> list[float]:
    """The device pixel ratios in use, and 1: what a window may be drawn or grabbed at."""
    return sorted({1.0, *(screen.devicePixelRatio() for screen in QGuiApplication.screens())})


def _redraw(holder: Holder) -> None:
    name, role, size = holder.property(_NAME), holder.property(_ROLE), holder.property(_SIZE)
    if isinstance(holder, QLabel):
        holder.setPixmap(pixmap(name, role, size))
        return
    if holder.property(_FORBIDDEN):
        role = "disabled"
    elif role is None and holder.property("role") == "primary":
        role = "on_accent"
    elif role is None and holder.property("role") == "danger":
        role = "error"
    if isinstance(holder, QAbstractButton):
        gap = _GAP if isinstance(holder, QPushButton) and holder.text() else 0
        holder.setIcon(_icon(name, role, size, gap))
        holder.setIconSize(QSize(size + gap, size))
    else:
        holder.setIcon(icon(name, role, size))


@cache
def _follow_theme() -> None:
    theme.notifier().changed.connect(_theme_changed)


def _theme_changed() -> None:
    clear_cache()
    holders: set[Holder] = set()
    for widget in QApplication.allWidgets():
        holders.update(action for action in _actions(widget) if action.property(_NAME))
        if isinstance(widget, (QAbstractButton, QLabel)) and widget.property(_NAME):
            holders.add(widget)
    for holder in holders:
        _redraw(holder)


def _actions(widget: QWidget) -> list[QAction]:
    return [
        *widget.actions(),
        *widget.findChildren(QAction, options=Qt.FindChildOption.FindDirectChildrenOnly),
    ]
