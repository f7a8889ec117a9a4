"""The README's commands exist: each example line parses, each make target is in the Makefile."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from upsdesk.cli.main import VERBS
from upsdesk.cli.parser import Parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = [
    line
    for line in README.replace("\\\n", "").splitlines()
    if line.startswith("upsdesk ") and "`" not in line
]


def test_the_examples_were_found() -> None:
    assert len(EXAMPLES) > 10


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_is_a_valid_command_line(line: str) -> None:
    _, verb, *arguments = shlex.split(line)
    parser = Parser(prog=f"upsdesk {verb}", description=VERBS[verb].summary)
    importlib.import_module(f"upsdesk.cli.{VERBS[verb].module}").configure(parser)
    assert parser.parse_args(arguments)


TARGETS = sorted(set(re.findall(r"(?:^|`)make ([a-z]+)\b", README, re.MULTILINE)))


@pytest.mark.parametrize("target", TARGETS)
def test_a_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
