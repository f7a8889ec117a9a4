"""Work that can wait: in its order, in short slices, one after the other."""

from pytestqt.qtbot import QtBot

from tests.ui.worklist.values import key
from upsdesk.ui.worklist.row import Row
from upsdesk.ui.worklist.slices import Slices, Turns


def test_one_slice_at_a_time_and_fewer_when_the_loop_is_busy() -> None:
    turns = Turns()
    assert turns.wait(10.0, 10.001) == 0
    assert 0.008 < turns.wait(10.002, 10.002) < 0.02, "another one waits for its end and a pause"
    assert turns.wait(10.02, 10.05) == 0, "late"
    assert turns.wait(10.06, 10.06) > 0.03, "because the loop has other work: none for longer"
    assert turns.wait(10.2, 10.2) == 0


def test_two_works_share_the_loop(qtbot: QtBot) -> None:
    done: dict[str, list[int]] = {"a": [], "b": []}
    both = [Slices(lambda rows, name=name: done[name].extend(row.number for row in rows)) for name in "ab"]
    rows = [Row(key(number), number) for number in range(40)]
    for one in both:
        one.add(rows[:30])
        one.add(rows[30:])
    qtbot.waitUntil(lambda: len(done["a"]) == len(done["b"]) == 40)
    assert done["a"] == done["b"] == list(range(40))
    both[0].hold(True)
    for one in both:
        one.add(rows)
    qtbot.waitUntil(lambda: len(done["b"]) == 80)
    assert len(done["a"]) == 40
    both[0].hold(False)
    qtbot.waitUntil(lambda: len(done["a"]) == 80)
