"""The tour as a person runs it without a display: every step verified, a picture of each, nothing left."""

import json
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.journeys.programs import program

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
]
STEPS = [
    *("start", "search", "filter", "select", "new", "edit", "conflict", "draft"),
    *("clone", "template", "claim", "progress"),
    *("live", "ask-to-cancel", "hand-over", "complete"),
    *("checklist", "cancel", "cancel-requested", "dark"),
]


def _colours(picture: QImage) -> int:
    """How many colours a coarse grid of pixels has: an empty window has a handful."""
    return len(
        {picture.pixel(x, y) for x in range(0, picture.width(), 5) for y in range(0, picture.height(), 3)}
    )


def test_the_tour_verifies_every_step(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "99-old.png").write_bytes(b"of an earlier tour")
    (pictures / "notes.txt").write_text("not ours")
    no_screen = {"QT_QPA_PLATFORM": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with program("demo", "--tour", pictures, data_dir=tmp_path / "data", environment=no_screen) as tour:
        status = tour.wait(240)
        assert tour.below() == {}
    told = json.loads((pictures / "tour.json").read_text(encoding="utf-8"))
    assert status == 0, tour.out + tour.err
    assert [entry["step"] for entry in told] == STEPS
    assert all(set(entry) == {"step", "ok", "detail", "picture"} for entry in told)
    assert [entry for entry in told if entry["ok"] is not True] == []
    assert len(tour.out.splitlines()) == len(STEPS)
    assert str(pictures) in tour.err
    details = {entry["step"]: entry["detail"] for entry in told}
    for step in set(STEPS) - {"start", "search", "filter", "select", "draft", "dark"}:
        assert details[step].startswith("at the server: "), step
    assert (pictures / "notes.txt").exists()
    assert sorted(path.name for path in pictures.glob("*.png")) == [entry["picture"] for entry in told]
    for entry in told:
        picture = QImage(str(pictures / entry["picture"]))
        assert (picture.width(), picture.height()) == (1440, 900)
        assert _colours(picture) > 40, f"{entry['picture']} shows next to nothing"
    light, dark = (QImage(str(pictures / told[at]["picture"])).pixelColor(400, 300) for at in (0, -1))
    assert light.lightness() > 200 > 90 > dark.lightness()
    # All that the demo wrote is in its own folder.
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["demo"]
