"""How the command line is read: argparse, one clear line for each mistake, readers of values."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from upsdesk import __version__
from upsdesk.cli.exits import UsageError

Value = TypeVar("Value")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and takes no abbreviated options: scripts outlive them."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help lists the options)")


class VersionAction(argparse.Action):
    """Prints the version, also when nobody reads it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        with suppress(OSError):
            print(f"upsdesk {__version__}", flush=True)
        parser.exit()


def reading(parse: Callable[[str], Value]) -> Callable[[str], Value]:
    """`parse` as the type of an option: its ValueError becomes the line that the user reads."""

    def read(text: str) -> Value:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def seconds(text: str) -> float:
    """A positive number of seconds; raise ValueError otherwise."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise ValueError(f"{text!r} is no number of seconds above 0")
    return number


def seconds_or_zero(text: str) -> float:
    """A number of seconds, 0 included; raise ValueError otherwise."""
    return 0.0 if text.strip() in ("0", "0.0") else seconds(text)


def positive(text: str) -> int:
    """A whole number above 0; raise ValueError otherwise."""
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise ValueError(f"{text!r} is no whole number above 0")
    return int(text)


def percent(text: str) -> float:
    """0 to 100; raise ValueError otherwise."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise ValueError(f"{text!r} is no percentage from 0 to 100")
    return number


def status_code(text: str) -> int:
    """A status of up to four hex digits; raise ValueError otherwise."""
    digits = text.removeprefix("0x").removeprefix("0X")
    if not 1 <= len(digits) <= 4 or any(char not in "0123456789abcdefABCDEF" for char in digits):
        raise ValueError(f"{text!r} is no status: up to four hex digits are needed, such as C307")
    return int(digits, 16)
