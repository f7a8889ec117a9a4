"""A machine that lacks something is told one sentence and the command that mends it."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import setup_env

ROOT = Path(__file__).parents[1]
NO_EGL = "ImportError: libEGL.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH on which there is an apt-get and nothing else."""
    return _path_with(monkeypatch, tmp_path, "apt-get")


def _path_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *programs: str) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in programs:
        (folder / program).write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
        (folder / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _message(raised: pytest.ExceptionInfo[setup_env.Missing]) -> str:
    return str(raised.value)


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_another_python_is_refused(version: tuple[int, int]) -> None:
    with pytest.raises(
        setup_env.Missing, match=r"needs Python 3\.11, 3\.12 or 3\.13.*\n.*make PYTHON=python3\.11"
    ):
        setup_env.check_version(version)


@pytest.mark.parametrize("version", setup_env.SUPPORTED)
def test_a_supported_python_is_taken(version: tuple[int, int]) -> None:
    setup_env.check_version(version)


def test_a_python_without_ensurepip_is_told_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))
    with pytest.raises(setup_env.Missing) as raised:
        setup_env.check_venv_module()
    assert "no venv module" in _message(raised) and "apt install make python3-venv" in _message(raised)


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    # Not below tmp_path, which nobody but its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="read-only "))
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:  # root may write everywhere, so look with the eyes of somebody else
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.rmdir()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the modes of folders are those of Unix")
def test_a_folder_without_write_permission_is_named_with_the_command(read_only_folder: Path) -> None:
    with pytest.raises(setup_env.Missing) as raised:
        setup_env.check_writable(read_only_folder)
    assert f"No permission to write in {read_only_folder}" in _message(raised)
    assert f"""sudo chown -R "$(id -u)" '{read_only_folder}'""" in _message(raised)


def test_a_writable_folder_is_taken(tmp_path: Path) -> None:
    setup_env.check_writable(tmp_path)


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    venv = tmp_path / ".venv"
    venv.mkdir()
    (venv / "letters.txt").write_text("precious", encoding="ascii")
    with pytest.raises(setup_env.Missing, match=r"is no Python environment.*\n.*mv "):
        setup_env.create(venv)
    assert (venv / "letters.txt").read_text(encoding="ascii") == "precious"


def test_an_environment_is_made_and_known_again_until_it_is_moved(tmp_path: Path) -> None:
    venv = tmp_path / ".venv"
    assert not setup_env.usable(venv)
    setup_env.create(venv)
    assert setup_env.usable(venv)
    venv.rename(tmp_path / "moved")
    assert not setup_env.usable(tmp_path / "moved")


def test_a_ready_environment_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="ascii")
    (tmp_path / ".venv").mkdir()
    mark = tmp_path / ".venv" / ".ready"
    mark.write_text(setup_env.fingerprint(tmp_path), encoding="ascii")
    setup_env.make_ready(tmp_path)
    assert [path.name for path in (tmp_path / ".venv").iterdir()] == [".ready"]
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'other'\n", encoding="ascii")
    assert mark.read_text(encoding="ascii") != setup_env.fingerprint(tmp_path)


def test_packages_that_cannot_be_installed_show_the_words_of_pip(tmp_path: Path) -> None:
    python = _fake_python(tmp_path, "ERROR: Could not find a version")
    with pytest.raises(
        setup_env.Missing, match=r"Could not find a version\n.*could not be installed.*\n.*make test"
    ):
        setup_env.install(python.parents[1], tmp_path)


@pytest.mark.usefixtures("debian")
def test_a_qt_without_its_library_is_told_the_package(tmp_path: Path) -> None:
    with pytest.raises(setup_env.Missing) as raised:
        setup_env.check_qt(_fake_python(tmp_path, NO_EGL), setup_env.OFFSCREEN_PROBE)
    assert _message(raised).startswith(
        "Qt needs libEGL.so.1 (Debian package libegl1), which this machine lacks.\n"
    )
    assert _message(raised).endswith(setup_env.apt_line())


def _fake_python(folder: Path, says: str) -> Path:
    """A program in place of Python that says why it cannot go on."""
    python = folder / "fake" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit 1\n", encoding="ascii")
    python.chmod(0o755)
    return python


@pytest.mark.usefixtures("debian")
def test_a_library_beyond_the_line_is_added_to_it() -> None:
    message = setup_env.qt_message("OSError: libfreetype.so.6: cannot open shared object file: No such file")
    assert message.endswith(f"{setup_env.apt_line()} libfreetype6")


@pytest.mark.usefixtures("debian")
def test_an_unknown_failure_of_qt_is_shown_as_it_is() -> None:
    message = setup_env.qt_message("Fatal: no idea\n")
    assert message.startswith("Fatal: no idea\nQt does not start") and setup_env.apt_line() in message


def test_a_system_without_apt_is_told_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _path_with(monkeypatch, tmp_path)
    message = setup_env.qt_message(NO_EGL)
    assert "libEGL.so.1" in message and "package manager of this system" in message


def test_this_machine_starts_qt() -> None:
    setup_env.check_qt(Path(sys.executable), setup_env.OFFSCREEN_PROBE)


def test_the_readme_and_the_message_give_the_same_line() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"sudo {setup_env.apt_line()}\n" in readme


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed here")
def test_make_without_a_fitting_python_says_so(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("make", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    shutil.copy(ROOT / "Makefile", tmp_path)
    environment = {"PATH": str(programs)}
    ended = subprocess.run(
        ["make", "test"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert ended.returncode == 2
    assert "UPS Desk needs Python 3.11, 3.12 or 3.13" in ended.stderr
    assert "apt install python3 python3-venv" in ended.stderr
    assert not (tmp_path / ".venv").exists()
