"""Texts of senders in a spreadsheet, where they must not become formulas."""

import re

# What spreadsheets begin a formula with, also in full width, and what they skip before it.
_FORMULA = re.compile(r"[\t\r\n ]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def as_text(value: object) -> object:
    """Return a value of a cell; a text that would be a formula gets an apostrophe before it.

    A program that opens the file shows the apostrophe. Done twice, it changes nothing more.
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
