"""Wrong usage is one clear line and exit status 2; help and version need nothing heavy."""

import subprocess
import sys

import pytest

from tests.cli.running import upsdesk
from upsdesk.cli.main import VERBS

HEAVY = ("PySide6", "shiboken6", "qasync", "pynetdicom", "pydicom", "sqlalchemy")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["find"], "PEER"),
        (["nonsense"], "no verb 'nonsense'"),
        (["find", "A@h:1", "--unknown"], "--unknown"),
        (["find", "A@h:1", "--lim", "1"], "--lim"),
        (["find", "A@h:1", "--limit", "0"], "'0'"),
        (["find", "A@h:1", "--dimse-timeout", "-1"], "'-1'"),
        (["find", "A@h:1", "--format", "yaml"], "yaml"),
        (["find", "A@h:99999"], "99999"),
        (["find", "A@h:1", "--via", "push"], "push"),
        (["find", "A@h:1", "--format", "dicom"], "-o DIR"),
        (["find", "A@h:1", "-o", "somewhere"], "-o DIR"),
        (["find", "TITLE_THAT_IS_TOO_LONG@h:1"], "TITLE_THAT_IS_TOO_LONG"),
        (["get", "A@h:1"], "--iuid"),
        (["get", "A@h:1", "--iuid", "1.02"], "'1.02' is no UID"),
        (["create", "A@h:1", "-f", "missing.json"], "missing.json: The file cannot be read"),
        (["create", "A@h:1", "--template", "x"], "there is no template 'x'; there are: 3d-processing"),
        (["create", "A@h:1", "--template", "cad", "-f", "x"], "give one of them"),
        (["create", "A@h:1", "--resume", "x"], "--resume is for the rows of -f"),
        (["set", "A@h:1", "--iuid", "1.2", "-f", "missing.json"], "missing.json: The file cannot be read"),
        (["set", "A@h:1", "--iuid", "1.2"], "--set"),
        (["chstate", "A@h:1", "--iuid", "1.2"], "--state"),
        (["reqcancel", "A@h:1", "--iuid", "1.2", "--reason-code", "x"], "VALUE^SCHEME^MEANING"),
        (["suspend", "A@h:1", "--iuid", "1.2"], "--iuid"),
        (["listen", "A"], "AET@host:PORT"),
        (["listen", "A:1", "--status", "XYZ"], "'XYZ'"),
        (["scp", "A:0", "--lenient", "all"], "--lenient"),
        (["scp", "A:0", "--seed", "real"], "real"),
        (["vault"], "list"),
        (["find", "A@h:1", "--tls"], "--tls"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_error_is_one_line_and_exit_2(line: list[str], told: str) -> None:
    ran = upsdesk(*line)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("upsdesk")
    assert told in ran.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert upsdesk(verb, "--help").status == 0
    assert f"upsdesk {verb}" in capsys.readouterr().out


def test_verbs_that_are_not_built_are_not_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert upsdesk("--help").status == 0
    told = capsys.readouterr().out
    assert "reqcancel" in told
    for verb in ("doctor", "stats"):
        assert verb not in told
        assert upsdesk(verb).status == 2


@pytest.mark.parametrize("line", [["--version"], ["--help"], ["find", "--help"], ["find"], ["scp", "--help"]])
def test_starts_without_anything_heavy(line: list[str]) -> None:
    program = (
        "import sys\n"
        "from upsdesk.cli.main import main\n"
        f"main({line!r})\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=30
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("line", [["listen", "DESK:0", "--timeout", "0.01"], ["echo", "X@127.0.0.1:1"]])
def test_the_network_works_without_the_libraries(line: list[str]) -> None:
    program = (
        "import sys\n"
        "from upsdesk.cli.main import main\n"
        f"main({line!r})\n"
        "sys.exit('loaded' if {'pydicom', 'pynetdicom'} & set(sys.modules) else 0)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=30
    )
    assert ran.returncode == 0, ran.stderr


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert upsdesk("--version").status == 0
    assert capsys.readouterr().out == f"upsdesk {version('upsdesk')}\n"


def test_common_options_may_stand_before_the_verb(tmp_path) -> None:  # type: ignore[no-untyped-def]
    ran = upsdesk("--data-dir", tmp_path, "vault", "list")
    assert (ran.status, ran.out) == (0, "")
