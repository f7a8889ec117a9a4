"""The demo's folder is made anew at each start, and nobody else's folder is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from upsdesk.bootstrap import window
from upsdesk.bootstrap.demo import DemoError, empty_folder, own_folder


def test_what_an_earlier_demo_left_is_removed(tmp_path: Path) -> None:
    folder = own_folder(tmp_path)
    assert folder == tmp_path / "demo" and folder.stat().st_mode & 0o777 == 0o700
    (folder / "window.lock").touch()
    (folder / "worklist.sqlite").touch()
    (folder / "logs").mkdir()
    (folder / "logs" / "upsdesk.log").touch()
    (folder / "link").symlink_to(tmp_path)
    assert own_folder(tmp_path) == folder
    empty_folder(folder, "window.lock")
    assert [entry.name for entry in folder.iterdir()] == ["window.lock"]
    assert own_folder(tmp_path) == folder


def test_a_folder_of_somebody_elses_is_refused_and_kept(tmp_path: Path) -> None:
    theirs = tmp_path / "demo"
    theirs.mkdir()
    theirs.chmod(0o755)
    (theirs / "thesis.txt").write_text("all of it")
    with pytest.raises(DemoError, match=r"demo holds files .*thesis\.txt.* --data-dir"):
        own_folder(tmp_path)
    assert [entry.name for entry in theirs.iterdir()] == ["thesis.txt"]
    assert theirs.stat().st_mode & 0o777 == 0o755


def test_a_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").touch()
    with pytest.raises(OSError):
        own_folder(tmp_path)


@pytest.mark.parametrize("run", [window.run_window, window.run_demo])
def test_a_data_folder_that_cannot_be_used_is_named(tmp_path: Path, run: Callable[[Path], int]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(window.CannotOpen, match=r"The data folder .*file.* cannot be used .* --data-dir"):
        run(tmp_path / "file")


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "window.lock").mkdir()
    with pytest.raises(window.CannotOpen, match=r"The data folder .* cannot be used"):
        window.run_window(tmp_path)
