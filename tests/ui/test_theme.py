"""The themes keep their contrast, the style sheet draws what it promises, the fonts cover the names."""

import re
from collections.abc import Callable, Iterator

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QImage, QRawFont
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSlider,
    QSpinBox,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from upsdesk import resources
from upsdesk.ui import theme

STATES = ("scheduled", "in_progress", "completed", "canceled")
TEXTS = ("text", "text_2", "text_3", "accent", *STATES, "error", "high", "warning")
GROUNDS = (
    "surface",
    "panel",
    "chrome",
    "raised",
    "hover",
    "pressed",
    "segment",
    "selection",
    "banner",
    "flash",
    "flash_row",
    "completed_ground",
    "removed_ground",
    "error_ground",
    "warning_ground",
)
NAMES = (
    "Novák, Jana",
    "García Márquez, Lucía",
    "O’Brien, Siobhán",
    "Öztürk, Ayşe",
    "Nguyễn, Thị Mai",
    "Łukasiewicz, Żaneta",
    "Þórsdóttir, Guðrún",
    "Ковалёва, Анна",
    "Παπαδόπουλος, Ελένη",
    "山田 太郎",
    "ﾔﾏﾀﾞ ﾀﾛｳ",
    "やまだ たろう",
    "髙橋 﨑子",
    "田中 花",
    "洪 吉洞",
    "홍 길동",
    "김 민서",
    "王小明",
    "王小东",
    "محمد علي",
    "דוד כהן",
    "สมชาย ใจดี",
)


@pytest.fixture(params=theme.THEME_NAMES)
def applied(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[theme.Theme]:
    """The application in each theme, and as it was afterwards."""
    theme.load_fonts()
    chosen = theme.load_theme(request.param)
    theme.apply_theme(qapp, chosen)
    yield chosen
    theme.apply_theme(qapp, theme.load_theme("light"))


@pytest.mark.parametrize("name", theme.THEME_NAMES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_text_is_readable_on_every_ground(name: str, ground: str) -> None:
    chosen = theme.load_theme(name)
    ratios = {text: theme.contrast(chosen.colour(text), chosen.colour(ground)) for text in TEXTS}
    assert min(ratios.values()) >= 4.5, ratios


@pytest.mark.parametrize("name", theme.THEME_NAMES)
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("on_accent", "accent", 4.5),
        ("on_accent", "accent_hover", 4.5),
        ("on_accent", "accent_pressed", 4.5),
        ("tooltip_text", "tooltip", 4.5),
        ("focus", "surface", 3.0),
        ("focus", "chrome", 3.0),
        ("focus", "panel", 3.0),
        ("field_border", "surface", 3.0),
        ("qa_frame", "surface", 4.5),
    ],
)
def test_marks_and_pairs_are_visible(name: str, text: str, ground: str, least: float) -> None:
    chosen = theme.load_theme(name)
    assert theme.contrast(chosen.colour(text), chosen.colour(ground)) >= least


def test_contrast_of_known_pairs() -> None:
    assert theme.contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21.0)
    assert theme.contrast(QColor("#ffffff"), QColor("#ffffff")) == pytest.approx(1.0)
    assert theme.contrast(QColor("#767676"), QColor("#ffffff")) == pytest.approx(4.54, abs=0.01)


def test_an_unknown_theme_and_an_unknown_role_are_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"themes/sepia\.toml"):
        theme.load_theme("sepia")
    with pytest.raises(KeyError, match="mauve"):
        theme.load_theme("light").colour("mauve")


@pytest.mark.parametrize("name", theme.THEME_NAMES)
def test_small_pictures_of_a_theme_have_its_colours(name: str) -> None:
    palette = {theme.load_theme(name).colour(role).name().upper() for role in theme.colour_roles()}
    pictures = sorted(resources.path("themes", name).glob("*.svg"))
    assert [file.name for file in pictures] == [
        file.name for file in sorted(resources.path("themes", "light").glob("*.svg"))
    ]
    for file in pictures:
        used = {text.upper() for text in re.findall(r"#[0-9A-Fa-f]{6}", file.read_text(encoding="utf-8"))}
        assert used
        assert used <= palette, file.name


def test_the_application_takes_palette_and_font(applied: theme.Theme, qapp: QApplication) -> None:
    assert theme.current() == applied
    assert qapp.palette().window().color() == applied.surface
    assert qapp.font().pixelSize() == 13
    assert applied.accent.name() in qapp.styleSheet()


def test_changing_the_theme_is_told_and_seen(qapp: QApplication, qtbot: QtBot) -> None:
    theme.apply_theme(qapp, theme.load_theme("light"))
    field = QLineEdit()
    qtbot.addWidget(field)
    field.resize(120, 28)
    assert field.grab().toImage().pixelColor(60, 5) == theme.load_theme("light").surface
    with qtbot.waitSignal(theme.notifier().changed, timeout=1000):
        theme.apply_theme(qapp, theme.load_theme("dark"))
    assert field.grab().toImage().pixelColor(60, 5) == theme.load_theme("dark").surface
    theme.apply_theme(qapp, theme.load_theme("light"))


def _button(role: str | None = None, **properties: bool) -> QPushButton:
    made = QPushButton("Start")
    if role:
        made.setProperty("role", role)
    for name, value in properties.items():
        made.setProperty(name, value)
    return made


def _list() -> QListWidget:
    made = QListWidget()
    made.addItems(["One", "Two"])
    return made


def _tabs() -> QTabBar:
    made = QTabBar()
    made.addTab("Activity")
    made.addTab("Messages")
    return made


def _combo() -> QComboBox:
    made = QComboBox()
    made.addItem("HIGH")
    return made


CONTROLS: dict[str, Callable[[], QWidget]] = {
    "button": _button,
    "primary": lambda: _button("primary"),
    "quiet": lambda: _button("quiet"),
    "chip": lambda: _button("chip"),
    "danger": lambda: _button("danger"),
    "link": lambda: _button("link"),
    "nav": lambda: _button("nav"),
    "forbidden": lambda: _button(forbidden=True),
    "forbidden primary": lambda: _button("primary", forbidden=True),
    "tool button": QToolButton,
    "line edit": QLineEdit,
    "text edit": QPlainTextEdit,
    "combo box": _combo,
    "spin box": QSpinBox,
    "date": QDateTimeEdit,
    "check box": lambda: QCheckBox("FX1"),
    "radio button": lambda: QRadioButton("One"),
    "slider": lambda: QSlider(Qt.Orientation.Horizontal),
    "list": _list,
    "tabs": _tabs,
}


def _count(image: QImage, colour: QColor) -> int:
    wanted = colour.rgb()
    return sum(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height()))


def _changed(before: QImage, after: QImage) -> int:
    both = ((x, y) for x in range(before.width()) for y in range(before.height()))
    return sum(before.pixel(x, y) != after.pixel(x, y) for x, y in both)


@pytest.mark.parametrize("kind", CONTROLS)
def test_the_focus_is_shown(kind: str, applied: theme.Theme, qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    other, control = QPushButton("Other"), CONTROLS[kind]()
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    column = QVBoxLayout(page)
    column.addWidget(other)
    column.addWidget(control)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    other.setFocus(Qt.FocusReason.TabFocusReason)
    without = page.grab(control.geometry()).toImage()
    control.setFocus(Qt.FocusReason.TabFocusReason)
    assert control.hasFocus()
    with_focus = page.grab(control.geometry()).toImage()
    assert _count(with_focus, applied.focus) >= 40, "too little of the focus colour"
    assert _changed(without, with_focus) >= 40, "it looks the same without the focus"


def test_a_forbidden_button_looks_disabled(applied: theme.Theme, qtbot: QtBot) -> None:
    button = _button()
    qtbot.addWidget(button)
    before = button.grab().toImage()
    theme.set_property(button, "forbidden", True)
    after = button.grab().toImage()
    assert button.isEnabled()
    assert _count(before, applied.text) > _count(after, applied.text)
    assert button.palette().buttonText().color() == applied.disabled


@pytest.mark.parametrize(
    ("properties", "pixels", "weight"),
    [
        ({"caption": True}, 11, QFont.Weight.Normal),
        ({"small": True}, 12, QFont.Weight.Normal),
        ({"heading": True}, 15, QFont.Weight.DemiBold),
        ({"title": True}, 18, QFont.Weight.DemiBold),
        ({"hero": True}, 20, QFont.Weight.DemiBold),
        ({"strong": True}, 13, QFont.Weight.DemiBold),
    ],
)
def test_labels_have_the_sizes_of_the_house(
    properties: dict[str, bool],
    pixels: int,
    weight: QFont.Weight,
    applied: theme.Theme,
    qtbot: QtBot,
) -> None:
    label = QLabel("Novák, Jana")
    qtbot.addWidget(label)
    for name, value in properties.items():
        label.setProperty(name, value)
    label.ensurePolished()
    assert label.font().pixelSize() == pixels
    assert label.font().weight() == weight
    digits = QFontMetrics(label.font())
    assert digits.horizontalAdvance("1111") == digits.horizontalAdvance("0000")


@pytest.mark.parametrize(
    ("control", "height"),
    [
        (_button, theme.GRID.button),
        (lambda: _button("primary"), theme.GRID.button),
        (lambda: _button("chip"), theme.GRID.chip),
        (QLineEdit, theme.GRID.field),
        (_combo, theme.GRID.field),
        (QSpinBox, theme.GRID.field),
    ],
)
def test_controls_have_the_heights_of_the_grid(
    control: Callable[[], QWidget], height: int, applied: theme.Theme, qtbot: QtBot
) -> None:
    made = control()
    qtbot.addWidget(made)
    made.ensurePolished()
    assert made.sizeHint().height() == height


def test_fonts_are_ours_in_three_weights(qapp: QApplication) -> None:
    families = theme.load_fonts()
    assert {"Inter", "JetBrains Mono", "UPS Desk CJK", "UPS Desk Arabic"} <= set(families)
    for weight in (400, 500, 600):
        found = QFontInfo(theme.font(13, weight))
        assert found.family() == "Inter"
        assert found.weight() == weight
    assert QFontInfo(theme.font(12, mono=True)).family() == "JetBrains Mono"


@pytest.mark.parametrize("name", NAMES)
def test_every_character_of_a_name_has_a_glyph(name: str, qapp: QApplication) -> None:
    fonts = [QRawFont(str(file), 13.0) for file in resources.path("fonts").glob("*.[ot]tf")]
    missing = [char for char in name if not any(font.supportsCharacter(ord(char)) for font in fonts)]
    assert not missing


def test_every_font_has_its_licence_beside_it() -> None:
    folder = resources.path("fonts")
    told = (folder / "README.md").read_text(encoding="utf-8")
    for file in folder.glob("*.[ot]tf"):
        line = next(line for line in told.splitlines() if file.name in line)
        licence = re.findall(r"`([\w-]+-OFL\.txt)`", line)
        assert licence
        assert "SIL OPEN FONT LICENSE" in (folder / licence[0]).read_text(encoding="utf-8")
    assert sum(file.stat().st_size for file in folder.iterdir()) < 4_000_000


def test_a_theme_cannot_be_changed_by_accident() -> None:
    with pytest.raises(AttributeError):
        theme.load_theme("light").dark = True  # type: ignore[misc]


def test_another_theme_leaves_the_style_itself_alone(qapp: QApplication) -> None:
    theme.apply_theme(qapp, theme.load_theme("light"))
    style = qapp.style()
    theme.apply_theme(qapp, theme.load_theme("dark"))
    theme.apply_theme(qapp, theme.load_theme("light"))
    assert shiboken6.isValid(style)
    assert shiboken6.getCppPointer(qapp.style()) == shiboken6.getCppPointer(style)
