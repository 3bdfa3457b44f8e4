"""What of a log of Odoo a person wants to see."""

import re

ODOO_LINE = re.compile(r"^\d{4}-\S+ \S+ \d+ (\w+) ")
TROUBLE = {"WARNING", "ERROR", "CRITICAL"}


def worth_reading(text, lines=80):
    """Return the part of a log that tells what went wrong.

    Odoo logs thousands of lines: of those, warnings and errors with what follows them up
    to the next line. Of everything else, the end.
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
