"""Size limits of a message, and whether it exceeds them.

Each limit stops a message for which some step of core takes minutes, takes gigabytes of memory,
or recurses until Python stops it. A message above a limit is held for review; none is refused or
lost. Normal messages stay far below. The reasons for the numbers:

================ ====================================================================
limit            reason for the limit and its value
================ ====================================================================
raw_bytes        core needs some 15 times the size of a message in memory. No large server
                 accepts more than 150 MB (Microsoft 365), most accept 25
lines            the parser makes an object of each, and compares it with the boundary of
                 every multipart around it: every four levels count as one more line, also
                 of what comes before the first part and after the last.
                 150 MB of base64 have 2 million lines
header_bytes     of the message or one of its parts. A message that has passed many filters
                 has some 50 kB
header_fields    the same; a message that has passed many filters has 200
field_bytes      the longest field: a list of 2,000 recipients has 120 kB
comment_levels   nested parentheses in one field, for each of which Python's address parser
                 recurses; people use one or two
field_effort     Python's parser of addresses and of Content fields takes time that grows
                 with the square of what it reads at once: an address, or a whole field.
                 This is the sum of these squares: 2,000 recipients have 20 million, 500
                 attachments 90, and 100 million take at most two seconds. In other
                 fields time grows with the square of the number of words
parameters       ``; name=value`` in Content fields of all parts: 0.1 ms per read, and core
                 reads each a dozen times
addresses        in all fields: the senders' own servers stop at 500 to 2,000
references       Message-Ids in References and In-Reply-To
parts            including multiparts; those of attached messages count
levels           nested parts: the parser recurses for each level
attachments      a record and a file each
text_parts       core concatenates their text, and reads all of it again for each
text_bytes       of these texts, each counted as often as core reads it, with what it
                 writes for ``<``, ``>`` and ``&``: 10 MB take two seconds
decoded_bytes    of everything core turns into attachments: a message in a message in a message
                 is one attachment for each level
nested_bytes     of messages that are attached to attached messages: core writes each again
                 on every level. 20 MB take two seconds. A message of 20 MB may be forwarded
                 as an attachment twice, one of 10 MB three times
html_bytes       of HTML, each counted as often as core reads it
html_tags        opening and closing tags of HTML, each counted as often as core cleans
                 it: the number for which HTML is still read to find the two below
text_effort      what core does with texts, weighed by the kind of element, by attributes
                 and by what takes it quadratic time (:mod:`~.text_effort`), each as often
                 as core cleans it: 200,000 take at most two seconds, and are a table of
                 5,000 rows and 9 columns
html_levels      nested elements: beyond 256, libxml2 silently drops the rest of the
                 message
================ ====================================================================

Limits are checked from cheap to expensive, and the first one exceeded ends the count, so that the
time is proportional to the size of the message. Python's parser gets only headers that are within
the limits, one at a time.

Not checked: the content of attachments. Odoo does not unpack them on receipt.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from . import mime, text_effort
from .charsets import decode
from .fingerprint import LONGEST_HEADER

MEGABYTE = 1_000_000


class Bounds(NamedTuple):
    """The default of a limit, and the range in which an administrator may set it."""

    default: int
    smallest: int
    largest: int


LIMITS = {
    "raw_bytes": Bounds(150 * MEGABYTE, 100_000, 2000 * MEGABYTE),
    "lines": Bounds(3_000_000, 10_000, 100_000_000),
    "header_bytes": Bounds(500_000, 10_000, LONGEST_HEADER),
    "header_fields": Bounds(2000, 100, 20_000),
    "field_bytes": Bounds(200_000, 5000, LONGEST_HEADER),
    "field_effort": Bounds(100 * MEGABYTE, MEGABYTE, 10_000 * MEGABYTE),
    "comment_levels": Bounds(50, 5, 100),
    "parameters": Bounds(5000, 100, 100_000),
    "addresses": Bounds(2000, 50, 100_000),
    "references": Bounds(2000, 50, 100_000),
    "parts": Bounds(1000, 20, 20_000),
    "levels": Bounds(30, 5, 200),
    "attachments": Bounds(500, 10, 20_000),
    "text_parts": Bounds(500, 10, 20_000),
    "text_bytes": Bounds(12 * MEGABYTE, MEGABYTE, 2000 * MEGABYTE),
    "decoded_bytes": Bounds(150 * MEGABYTE, 100_000, 2000 * MEGABYTE),
    "nested_bytes": Bounds(20 * MEGABYTE, 100_000, 2000 * MEGABYTE),
    "html_bytes": Bounds(12 * MEGABYTE, 100_000, 500 * MEGABYTE),
    "html_tags": Bounds(200_000, 5000, 10_000_000),
    "text_effort": Bounds(200_000, 5000, 10_000_000),
    # The limit of libxml2; anything deeper would be lost.
    "html_levels": Bounds(250, 50, 250),
}
DEFAULTS = {name: bounds.default for name, bounds in LIMITS.items()}

_ADDRESS_FIELDS = frozenset(
    (
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "return-path",
        "delivered-to",
        "resent-from",
        "resent-sender",
        "resent-to",
        "resent-cc",
        "resent-bcc",
        "resent-reply-to",
        "errors-to",
        "disposition-notification-to",
    )
)
# In addition to the Content fields.
_STRUCTURED_FIELDS = frozenset(("message-id", "date", "resent-date", "mime-version"))
_REFERENCE_FIELDS = frozenset(("references", "in-reply-to"))

_FIELD_START = re.compile(rb"(?:[\r\n]|\A)(?![ \t\r\n]|\Z)")
_BLANK_LINE = re.compile(rb"(?:\r\n|\r|\n)[\r\n]+")
_DASHED_LINE = re.compile(rb"--(?<=[\r\n]--)")
_DIVIDED = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|([,;])', re.DOTALL)
_PARENTHESIS = re.compile(r"[()]")
# A comment takes as long to read as this many additional characters.
_COMMENT_LENGTH = 4
# Comparing a line with one more boundary takes a fraction of the time to store it.
_LEVELS_PER_LINE = 4
# A field of words takes as long as an address field of a tenth of that length; an encoded word as
# long as six. Core reads a subject four times.
_WORDS = 10
_ENCODED_WORD = 6
_READINGS = 4
# Characters that are longer in HTML, and by how much.
_ESCAPED = {b"<": 3, b">": 3, b"&": 4}
_TEXT_TYPES = ("text/plain", "text/html")


class Excess(NamedTuple):
    """The limit that a message exceeds.

    :param name: a key of :data:`LIMITS`
    :param count: the number found, as far as counted
    :param most: the number allowed
    """

    name: str
    count: int
    most: int

    @property
    def reason(self) -> str:
        return f"limit_{self.name}"


def exceeded(raw: bytes, limits: Mapping[str, int] | None = None) -> Excess | None:
    """Return the first :class:`Excess` of a message, or None.

    :param raw: the message, whatever its bytes
    :param limits: ``{name: most}`` in place of the defaults
    """
    counter = _Counter({**DEFAULTS, **(limits or {})})
    try:
        counter.count(raw)
    except _Exceeded as stop:
        return stop.excess
    return None


class _Exceeded(Exception):
    def __init__(self, excess):
        super().__init__(excess)
        self.excess = excess


class _Counter:
    def __init__(self, limits):
        self._limits = limits
        self.counts = dict.fromkeys(LIMITS, 0)
        self._lines = self._compared = 0
        # The text that core has concatenated so far.
        self._text = self._tags = self._effort = 0

    def count(self, raw):
        self._at_least("raw_bytes", len(raw))
        self._lines = _count_lines(raw, 0, len(raw))
        self._at_least("lines", self._lines)
        place = depth = 0
        for part, is_over in mime.walk(raw):
            position = part.end if is_over else part.start
            self._count_compared(raw, place, position, depth)
            place, depth = max(place, position), part.level - is_over
            if is_over:
                self._count_content(raw, part)
            else:
                self._count_part(part)

    def _count_compared(self, raw, start, end, levels):
        """Count lines for the levels of multiparts that the parser compares them with."""
        self._compared += levels * _count_lines(raw, start, end)
        self._at_least("lines", self._lines + self._compared // _LEVELS_PER_LINE)

    def _at_least(self, name, number):
        if number > self.counts[name]:
            self.counts[name] = number
            if number > self._limits[name]:
                raise _Exceeded(Excess(name, number, self._limits[name]))

    def _add(self, name, number=1):
        self._at_least(name, self.counts[name] + number)

    # --- Headers ----------------------------------------------------------------------

    def _count_part(self, part):
        self._add("parts")
        self._at_least("levels", part.level)
        self._at_least("header_bytes", len(part.header))
        # Checked before the header is parsed.
        self._at_least("header_fields", len(_FIELD_START.findall(part.header)))
        for name, value in part.head.raw_items():
            self._count_field(name.lower(), str(value))

    def _count_field(self, name, value):
        self._at_least("field_bytes", len(value))
        self._count_comments(value)
        if name.startswith("content-"):
            self._add("parameters", value.count(";"))
        if name.startswith("content-") or name in _STRUCTURED_FIELDS:
            self._add("field_effort", _effort(value))
        elif name not in _ADDRESS_FIELDS:
            self._add("field_effort", _effort_of_words(value))
        if name in _REFERENCE_FIELDS:
            self._add("references", value.count("<"))
        if name in _ADDRESS_FIELDS:
            for address in _divide(value):
                self._add("addresses")
                self._add("field_effort", _effort(address))

    def _count_comments(self, value):
        if value.count("(") <= self.counts["comment_levels"]:
            return
        depth = 0
        for found in _PARENTHESIS.finditer(value):
            depth = max(depth + (1 if found[0] == "(" else -1), 0)
            self._at_least("comment_levels", depth)

    # --- Contents ---------------------------------------------------------------------

    def _count_content(self, raw, part):
        if part.content_type == mime.DELIVERY_STATUS:
            self._count_blocks(raw, part)
        elif part.is_message:
            self._count_attachment(part)
            if part.messages:
                self._add("nested_bytes", _decoded_size(part))
        elif not part.is_multipart:
            self._count_leaf(raw, part)

    def _count_blocks(self, raw, part):
        """Count what the parser makes messages of: blocks, and what looks like a part in them."""
        for divider in (_BLANK_LINE, _DASHED_LINE):
            for _found in divider.finditer(raw, part.start, part.end):
                self._add("parts")
                self._add("text_parts")

    def _count_attachment(self, part):
        self._add("attachments")
        self._add("decoded_bytes", _decoded_size(part))

    def _count_leaf(self, raw, part):
        is_body = part.level == 0 and part.content_type.startswith("text/")
        if is_body or part.content_type in _TEXT_TYPES and not _is_named(part):
            self._count_text(raw, part, is_html=part.content_type != "text/plain")
        else:
            self._count_attachment(part)

    def _count_text(self, raw, part, is_html):
        """Count a text as often as core reads it: together with all texts before it."""
        self._add("text_parts")
        size = _decoded_size(part)
        content = mime.decoded(raw[part.start : part.end], part.encoding)
        if not is_html:
            size += sum(content.count(mark) * length for mark, length in _ESCAPED.items())
        self._text += size
        self._add("text_bytes", self._text)
        charset = part.ask(lambda head: head.get_param("charset", "utf-8"), "utf-8")
        text = decode(content, str(charset), len(content))
        if not is_html:
            self._count_effort(text_effort.of_plain_text(text))
            return
        self._add("html_bytes", self._text)
        self._tags += text.count("<")
        self._add("html_tags", self._tags)
        left = self._limits["text_effort"] - self.counts["text_effort"]
        self._count_effort(text_effort.of_html(text, left, self._enter))

    def _enter(self, level):
        self._at_least("html_levels", level)

    def _count_effort(self, units):
        """Count the effort for a text: core reads those before it again, once of several times."""
        self._add("text_effort", units + self._effort // text_effort.READINGS)
        self._effort += units


def _count_lines(raw, start, end):
    return (
        raw.count(b"\n", start, end) + raw.count(b"\r", start, end) - raw.count(b"\r\n", start, end)
    )


def _divide(value):
    """Yield the texts between the commas of a field, even if empty."""
    start = 0
    for found in _DIVIDED.finditer(value):
        if found[1]:
            yield value[start : found.start()]
            start = found.end()
    yield value[start:]


def _effort(value):
    """Return the effort to read a text, in squares of its length."""
    return (len(value) + _COMMENT_LENGTH * value.count("(")) ** 2


def _effort_of_words(value):
    """Return the effort to read a text of words as often as core does, in the same unit."""
    words = len(value.split()) + _ENCODED_WORD * value.count("=?")
    return _READINGS * (words // _WORDS) ** 2


def _decoded_size(part):
    size = part.end - part.start
    return size * 3 // 4 if part.encoding == "base64" else size


def _is_named(part):
    """Return whether core treats a text as an attachment."""
    return part.ask(_names_a_file, False)


def _names_a_file(head):
    disposition = str(head.get("content-disposition", "")).strip()
    return bool(head.get_filename()) or disposition.startswith("attachment")
