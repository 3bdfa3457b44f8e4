"""Output of the result: one line for each record that a message reached, its reason below."""

from dataclasses import dataclass

COLUMNS = (("STATE", 9), ("FROM", 27), ("TO", 30), ("RECORD", 20), ("LINK", 0))


@dataclass(frozen=True)
class Row:
    """The outcome of a message for one recipient; all values are texts.

    :param link: path below the address of the web server
    """

    state: str
    sender: str
    recipient: str
    reason: str
    record: str
    link: str


def render(rows, address):
    """Return the table as text.

    :param address: address of the web server, for the links
    """
    widths = [width for _title, width in COLUMNS]
    lines = [_line([title for title, _width in COLUMNS], widths)]
    for row in rows:
        cells = (row.state, row.sender, row.recipient, row.record, f"{address}{row.link}")
        lines.append(_line(cells, widths))
        lines.append(f"{'':11}{row.reason}")
    return "\n".join(lines)


def _line(cells, widths):
    padded = (_cell(cell, width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _cell(text, width):
    """Return the text in a column; a width of 0 leaves it unchanged."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text or "-")
    if width and len(shown) > width:
        shown = shown[: width - 1] + "…"
    return shown.ljust(width)
