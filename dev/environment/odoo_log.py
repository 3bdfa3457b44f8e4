"""The relevant part of an Odoo log."""

import re

ODOO_LINE = re.compile(r"^\d{4}-\S+ \S+ \d+ (\w+) ")
TROUBLE = {"WARNING", "ERROR", "CRITICAL"}


def worth_reading(text, lines=80):
    """Return the part of a log that shows what went wrong.

    Odoo logs thousands of lines. From these, return warnings and errors with what follows up to
    the next line; from any other log, return the end.
    """
    all_lines = text.rstrip().splitlines()
    if not all_lines or not ODOO_LINE.match(all_lines[-1]):
        return "\n".join(all_lines[-lines:])
    kept, keep = [], False
    for line in all_lines:
        found = ODOO_LINE.match(line)
        keep = found[1] in TROUBLE if found else keep
        if keep:
            kept.append(line)
    return "\n".join(kept[-lines:])
