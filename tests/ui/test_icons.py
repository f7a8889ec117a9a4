"""Every icon that the design names is there, is drawn in the theme's colour, and follows the theme."""

import re

import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QAction, QColor, QIcon, QImage, QPainter
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from upsdesk import resources
from upsdesk.ui import icons, theme

ICONS = [
    "activity",
    "arrow-down-up",
    "arrow-left",
    "arrow-right",
    "arrow-up",
    "book-open",
    "braces",
    "calendar-clock",
    "calendar-days",
    "check",
    "chevron-down",
    "circle-alert",
    "circle-check",
    "circle-slash",
    "clock",
    "clock-alert",
    "columns-3",
    "copy",
    "cpu",
    "eye",
    "eye-off",
    "filter",
    "gauge",
    "git-compare",
    "hand",
    "inbox",
    "info",
    "key-round",
    "list-checks",
    "list-end",
    "loader-circle",
    "locate",
    "lock",
    "menu",
    "octagon-x",
    "package-check",
    "pause",
    "pencil",
    "play",
    "plus",
    "radiation",
    "radio",
    "redo-2",
    "refresh-cw",
    "repeat",
    "rotate-ccw",
    "rows-3",
    "rss",
    "save",
    "search",
    "search-x",
    "send",
    "server",
    "settings",
    "shield-alert",
    "square-arrow-out-up-right",
    "square-pen",
    "sun-moon",
    "trash-2",
    "trending-up",
    "triangle-alert",
    "undo-2",
    "unplug",
    "user-round",
    "users-round",
    "wand-sparkles",
    "x",
]
GLYPHS = [
    "state-scheduled",
    "state-in-progress",
    "state-completed",
    "state-canceled",
    "state-pending",
    "priority-high",
    "priority-medium",
    "priority-low",
    "input-ready",
    "input-incomplete",
    "input-unavailable",
    "lamp-good",
    "lamp-warning",
    "lamp-bad",
]


def _painted(image: QImage) -> list[QColor]:
    """The pixels that are fully covered."""
    points = ((x, y) for x in range(image.width()) for y in range(image.height()))
    colours = (image.pixelColor(x, y) for x, y in points)
    return [colour for colour in colours if colour.alpha() == 255]


@pytest.fixture(params=theme.THEME_NAMES)
def applied(request: pytest.FixtureRequest, qapp: QApplication) -> theme.Theme:
    chosen = theme.load_theme(request.param)
    theme.apply_theme(qapp, chosen)
    return chosen


@pytest.mark.parametrize("name", [*ICONS, *GLYPHS])
def test_an_icon_is_drawn_in_the_colour_asked_for(name: str, applied: theme.Theme) -> None:
    image = icons.pixmap(name, "accent", 24, 2.0).toImage()
    assert image.size() == QSize(48, 48)
    solid = _painted(image)
    assert len(solid) > 30
    assert {colour.name() for colour in solid} == {applied.accent.name()}


@pytest.mark.parametrize("name", [*ICONS, *GLYPHS])
def test_an_icon_keeps_inside_its_grid(name: str, qapp: QApplication) -> None:
    image = icons.pixmap(name, "text", 24, 4.0).toImage()
    edge = image.width() - 1
    border = [(i, j) for i in range(edge + 1) for j in (0, edge)]
    touched = [
        at for at in border if image.pixelColor(*at).alpha() or image.pixelColor(*reversed(at)).alpha()
    ]
    assert not touched


@pytest.mark.parametrize("name", [*ICONS, *GLYPHS])
def test_an_icon_has_no_colour_of_its_own(name: str) -> None:
    text = resources.read_text("icons", f"{name}.svg")
    assert 'viewBox="0 0 24 24"' in text
    assert "currentColor" in text
    assert not re.search(r"#[0-9a-fA-F]{3,6}|style=|gradient", text)


def test_no_two_icons_look_the_same(qapp: QApplication) -> None:
    seen: dict[bytes, str] = {}
    for name in icons.names():
        data = bytes(icons.pixmap(name, "text", 16, 1.0).toImage().constBits())
        assert data not in seen, f"{name} looks like {seen[data]}"
        seen[data] = name


def test_the_application_icon_has_its_own_colours(qapp: QApplication) -> None:
    image = icons.pixmap("app", None, 64, 1.0).toImage()
    assert len({colour.name() for colour in _painted(image)}) > 3


def test_disabled_is_drawn_in_the_disabled_colour(applied: theme.Theme) -> None:
    made = icons.icon("lamp-good", "completed")
    normal = made.pixmap(QSize(16, 16), 1.0, QIcon.Mode.Normal).toImage().pixelColor(8, 8)
    disabled = made.pixmap(QSize(16, 16), 1.0, QIcon.Mode.Disabled).toImage().pixelColor(8, 8)
    selected = made.pixmap(QSize(16, 16), 1.0, QIcon.Mode.Selected).toImage().pixelColor(8, 8)
    assert normal == selected == applied.completed
    assert disabled == applied.disabled


def test_an_icon_is_crisp_at_twice_the_size(qapp: QApplication) -> None:
    picture = icons.pixmap("search", None, 16, 2.0)
    assert picture.size() == QSize(32, 32)
    assert picture.devicePixelRatio() == 2.0


def test_unknown_names_and_colours_are_refused(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError, match="no-such"):
        icons.pixmap("no-such")
    with pytest.raises(ValueError, match="mauvish"):
        icons.pixmap("search", "mauvish")


def test_paint_fills_the_rectangle_of_a_delegate(applied: theme.Theme) -> None:
    image = QImage(40, 40, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(applied.surface)
    painter = QPainter(image)
    icons.paint(painter, QRectF(10, 10, 14, 14), "input-ready", "scheduled")
    painter.end()
    assert image.pixelColor(17, 17) == applied.scheduled
    assert image.pixelColor(5, 5) == applied.surface
    assert image.pixelColor(30, 30) == applied.surface


def _middle(icon: QIcon) -> QColor:
    return icon.pixmap(QSize(16, 16), 1.0).toImage().pixelColor(8, 8)


def test_set_icon_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    light, dark = theme.load_theme("light"), theme.load_theme("dark")
    theme.apply_theme(qapp, light)
    page = QWidget()
    qtbot.addWidget(page)
    button, label, action = QPushButton(page), QLabel(page), QAction(page)
    for holder in (button, label, action):
        icons.set_icon(holder, "lamp-good", "completed")
    assert _middle(button.icon()) == light.completed
    theme.apply_theme(qapp, dark)
    try:
        assert _middle(button.icon()) == dark.completed
        assert _middle(action.icon()) == dark.completed
        middle = label.pixmap().toImage()
        assert middle.pixelColor(middle.width() // 2, middle.height() // 2) == dark.completed
    finally:
        theme.apply_theme(qapp, light)


def test_a_forbidden_button_greys_its_icon_and_keeps_the_focus(applied: theme.Theme, qtbot: QtBot) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    icons.set_icon(button, "lamp-good", "completed")
    icons.set_forbidden(button, True)
    assert _middle(button.icon()) == applied.disabled
    assert button.isEnabled()
    icons.set_forbidden(button, False)
    assert _middle(button.icon()) == applied.completed


def test_a_primary_button_has_its_icon_in_the_colour_of_its_text(applied: theme.Theme, qtbot: QtBot) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    button.setProperty("role", "primary")
    icons.set_icon(button, "lamp-good")
    assert _middle(button.icon()) == applied.on_accent
