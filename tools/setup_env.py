"""Makes the environment that the make targets run in, or names the one command that mends what is missing.

Run by the Makefile with a Python that it has found; needs nothing but the standard library. Exits with 0 when
the environment is ready and with 1 after one message otherwise.
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

SUPPORTED = ((3, 11), (3, 12), (3, 13))

QT_PACKAGES = Path(__file__).resolve().parents[1] / "resources" / "debian-packages-of-qt.txt"
"""What Qt needs of Debian; the program names the same packages when Qt cannot be loaded."""

PACKAGE_OF = {
    "libEGL": "libegl1",
    "libGL": "libgl1",
    "libGLX": "libglx0",
    "libOpenGL": "libopengl0",
    "libX11": "libx11-6",
    "libX11-xcb": "libx11-xcb1",
    "libdbus-1": "libdbus-1-3",
    "libfontconfig": "libfontconfig1",
    "libfreetype": "libfreetype6",
    "libglib-2.0": "libglib2.0-0",
    "libgthread-2.0": "libglib2.0-0",
    "libxcb-cursor": "libxcb-cursor0",
    "libxcb-icccm": "libxcb-icccm4",
    "libxcb-keysyms": "libxcb-keysyms1",
    "libxcb-shape": "libxcb-shape0",
    "libxkbcommon": "libxkbcommon0",
    "libxkbcommon-x11": "libxkbcommon-x11-0",
}
"""Debian package of each library that Qt loads from the system, by its name before `.so`."""

OFFSCREEN_PROBE = "from PySide6.QtWidgets import QApplication; QApplication([])"
WINDOW_PROBE = (
    "import ctypes, pathlib, PySide6.QtWidgets\n"
    "plugins = pathlib.Path(PySide6.__file__).parent / 'Qt' / 'plugins' / 'platforms'\n"
    "ctypes.CDLL(str(plugins / 'libqxcb.so'))"
)


class Missing(Exception):
    """Something that the machine lacks: the text is a sentence and the command that mends it."""


@cache
def apt_line() -> str:
    """The one line of the README, which a test compares with this one."""
    return " ".join(["apt install make python3-venv", *QT_PACKAGES.read_text(encoding="ascii").split()])


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 ready, 1 after one message on standard error."""
    parser = argparse.ArgumentParser(description="Makes .venv ready for the make targets.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1], help="the checkout")
    parser.add_argument("--window", action="store_true", help="also check what a window on the screen needs")
    options = parser.parse_args(arguments)
    try:
        make_ready(options.root.resolve())
        if options.window and sys.platform == "linux" and os.environ.get("DISPLAY"):
            check_qt(_python_of(options.root / ".venv"), WINDOW_PROBE)
    except Missing as missing:
        print(f"\n{missing}", file=sys.stderr)
        return 1
    return 0


def make_ready(root: Path) -> None:
    """Leaves `root`/.venv complete. Does nothing when it is already. Raises Missing."""
    check_version()
    venv, mark = root / ".venv", root / ".venv" / ".ready"
    wanted = fingerprint(root)
    if _read(mark) == wanted:
        return
    check_writable(root)
    check_venv_module()
    if not usable(venv):
        create(venv)
    install(venv, root)
    if sys.platform == "linux":
        check_qt(_python_of(venv), OFFSCREEN_PROBE)
    mark.write_text(wanted, encoding="ascii")


def fingerprint(root: Path) -> str:
    """Changes when the environment has to be made again: dependencies, Python or the folder have changed."""
    parts = [(root / "pyproject.toml").read_bytes(), platform.python_version().encode(), os.fsencode(root)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def check_version(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Raises Missing when this Python is not one that UPS Desk runs on."""
    if version not in SUPPORTED:
        raise Missing(
            f"UPS Desk needs Python 3.11, 3.12 or 3.13; {sys.executable} is {version[0]}.{version[1]}.\n"
            "Name another one:  make PYTHON=python3.11 ..."
        )


def check_writable(root: Path) -> None:
    """Raises Missing when the environment cannot be written into the checkout."""
    effective = os.access in os.supports_effective_ids
    for folder in (root, root / ".venv"):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
            raise Missing(
                f"No permission to write in {folder}, where the environment is made.\n"
                f'Make it yours:  sudo chown -R "$(id -u)" {shlex.quote(str(root))}'
            )


def check_venv_module() -> None:
    """Raises Missing when Python cannot make environments: Debian keeps that in a package of its own."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Missing(
            f"{sys.executable} has no venv module (with ensurepip), which makes the environment.\n"
            f"Install it:  {_sudo()}{apt_line()}"
        )


def usable(venv: Path) -> bool:
    """Whether `venv` is an environment of this Python version, made in this folder, that still runs."""
    python = _python_of(venv)
    # A moved environment runs, but its programs still point to the old place.
    if not python.exists() or not _read(venv / "pyvenv.cfg").rstrip().endswith(str(venv)):
        return False
    question = "import sys, pip; print(sys.prefix, *sys.version_info[:2], sep='\\n')"
    answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False)
    return answer.stdout.split("\n")[:3] == [str(venv), *map(str, sys.version_info[:2])]


def create(venv: Path) -> None:
    """Makes a new environment in place of an old or broken one. Raises Missing."""
    if venv.exists() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").exists():
        raise Missing(
            f"{venv} is there, but is no Python environment, and is left alone.\n"
            f"Move it away:  mv {shlex.quote(str(venv))} {shlex.quote(str(venv) + '.old')}"
        )
    print(f"Making the environment {venv} with Python {platform.python_version()} ...", flush=True)
    # The Python that runs this may be the old environment's own; what replaces it stands on the one below.
    base = getattr(sys, "_base_executable", sys.executable)
    made = _run([base, "-m", "venv", "--clear", str(venv)])
    if made.returncode:
        raise Missing(
            f"{_last_lines(made.stdout)}\nPython could not make the environment; its words are above.\n"
            f"Free space there, then clear it away and repeat:  rm -rf {shlex.quote(str(venv))}"
        )


def install(venv: Path, root: Path) -> None:
    """Installs UPS Desk from the checkout, and the packages that it and its tests need. Raises Missing."""
    print("Installing the packages (the first time this takes some minutes) ...", flush=True)
    command = [str(_python_of(venv)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = _run([*command, "--no-input", "--editable", f"{root}[dev]"])
    if installed.returncode:
        raise Missing(
            f"{_last_lines(installed.stdout)}\nThe packages could not be installed; pip's words are above.\n"
            "Look at the network (or the proxy in HTTPS_PROXY), then repeat:  make test"
        )


def check_qt(python: Path, probe: str) -> None:
    """Runs `probe` in a child, because a Qt that cannot start ends its process. Raises Missing."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    child = _run([str(python), "-c", probe], environment)
    if child.returncode:
        raise Missing(qt_message(child.stdout))


def qt_message(output: str) -> str:
    """The sentence and the command for what a Qt that did not start has printed."""
    missing = re.search(r"(lib[\w.+-]+?)\.so[\w.]*: cannot open shared object file", output)
    if missing is None:
        return f"{_last_lines(output)}\nQt does not start; its words are above.\nTry:  {_sudo()}{apt_line()}"
    library = missing.group(0).partition(":")[0]
    if shutil.which("apt-get") is None:
        return (
            f"Qt needs {library}, which this machine lacks.\n"
            "Install it with the package manager of this system; on Debian it is:  " + apt_line()
        )
    package = PACKAGE_OF.get(missing.group(1))
    line = apt_line()
    command = line if package is None or f" {package} " in f"{line} " else f"{line} {package}"
    of_package = f" (Debian package {package})" if package else ""
    return f"Qt needs {library}{of_package}, which this machine lacks.\nInstall it:  {_sudo()}{command}"


def _sudo() -> str:
    return "" if os.name == "nt" or os.geteuid() == 0 else "sudo "


def _python_of(venv: Path) -> Path:
    return venv / "bin" / "python"


def _run(
    command: Sequence[str], environment: "dict[str, str] | None" = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _last_lines(text: str, count: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-count:])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


if __name__ == "__main__":
    sys.exit(main())
