"""The parts of a message as bytes, one level at a time.

Python's parser reads a whole message at once: it recurses for each level, it parses the blocks of
a ``message/delivery-status`` part as messages even if they are in base64, and it reads all of a
returned message, of which only the header matters here. So Python's parser gets only headers, and
this module splits the rest.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from html import unescape
from itertools import islice

from ..charsets import decode
from ..envelope import decode_field, read_fields
from ..fingerprint import split_header
from ..mime import decoded
from ..preview import clean_html

# The machine-readable part precedes the returned message, which may be very large.
LONGEST_REPORT = 4_000_000
LONGEST_HEADER = 200_000
# A type is parsed in quadratic time.
LONGEST_FIELD = 2000
# The limit in RFC 2046 section 5.1.1 is 70; some use more.
LONGEST_BOUNDARY = 200
MOST_PARTS = 50
MOST_LEVELS = 5
# In bytes, before HTML markup is removed.
LONGEST_SOURCE = 200_000

_NO_HEADER = re.compile(rb"\r?\n")
_BLOCK_TAG = re.compile(r"</?(?:br|p|div|tr|td|table|h\d|li|ul|ol|pre|hr|blockquote)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
# For bytes that no charset could decode; databases reject them.
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Part:
    """A message or a part of one.

    :param fields: ``{lower-case name: [values as the parser returns them]}``
    :param content: content after the header, encoded as sent
    """

    fields: dict[str, list[str]]
    content: bytes

    def field(self, name: str) -> str:
        """Return the topmost field of this name, decoded; ``""`` if there is none."""
        values = self.fields.get(name)
        return decode_field(values[0][:LONGEST_FIELD]) if values else ""

    @cached_property
    def content_type(self) -> str:
        """The type in lower case; ``text/plain`` if there is none (RFC 2045 section 5.2)."""
        # If the semicolon before a parameter is missing, the type ends at the blank.
        return self._typed.get_content_type().split()[0]

    @property
    def is_multipart(self) -> bool:
        return self.content_type.startswith("multipart/")

    def parameter(self, name: str) -> str:
        """Return a parameter of the type; ``""`` if there is none that can be read."""
        try:
            value = self._typed.get_param(name, "")
        except (LookupError, ValueError, TypeError):
            return ""
        return str(value[2] if isinstance(value, tuple) else value)

    @cached_property
    def _typed(self):
        message = Message()
        for value in self.fields.get("content-type", ())[:1]:
            message["Content-Type"] = value[:LONGEST_FIELD]
        return message

    @cached_property
    def children(self) -> tuple["Part", ...]:
        """The parts of a multipart, at most some dozens."""
        boundary = self.parameter("boundary").rstrip()[:LONGEST_BOUNDARY]
        if not self.is_multipart or not boundary:
            return ()
        return tuple(map(read_part, _divide(self.content, boundary)))

    def data(self, most: int) -> bytes:
        """Return the beginning of the content, decoded.

        :param most: maximum number of bytes
        """
        encoding = self.field("content-transfer-encoding").strip().lower()
        # Its encoded form is not longer than this.
        return decoded(self.content[: 3 * most], encoding)[:most]

    def text(self, most: int) -> str:
        """Return the beginning of a text part, without the markup of HTML.

        :param most: maximum number of characters
        """
        content = self.data(LONGEST_SOURCE)
        text = decode(content, self.parameter("charset") or "utf-8", LONGEST_SOURCE)
        if self.content_type == "text/html":
            text = _without_markup(text)
        return _NOT_TEXT.sub("", text).replace("\r\n", "\n").strip()[:most]


def read_part(raw: bytes) -> Part:
    """Return the :class:`Part` of a message, or of a part between boundaries."""
    empty = _NO_HEADER.match(raw)
    header, start = (b"", empty.end()) if empty else split_header(raw)
    return Part(read_fields(header[:LONGEST_HEADER], str), raw[start:])


def containers(mail: Part) -> Iterator[Part]:
    """Yield the multiparts of a message, outermost first, without those of attached messages."""
    level = [mail]
    for _depth in range(MOST_LEVELS):
        level = [part for part in level if part.is_multipart]
        yield from level
        level = [child for part in level for child in part.children][:MOST_PARTS]


def readable_text(parts: Iterable[Part], most: int) -> str:
    """Return the first text in these parts, if any, preferring plain text to HTML.

    :param most: maximum number of characters
    """
    texts = [leaf for part in parts for leaf in _leaves(part) if _is_text(leaf)]
    plain = [leaf for leaf in texts if leaf.content_type != "text/html"]
    for leaf in (*plain, *texts):
        text = leaf.text(most)
        if text:
            return text
    return ""


def _leaves(part):
    waiting, leaves = [(part, 0)], []
    while waiting and len(leaves) < MOST_PARTS:
        current, level = waiting.pop()
        if not current.is_multipart or not current.children:
            leaves.append(current)
        elif level < MOST_LEVELS:
            waiting.extend((child, level + 1) for child in reversed(current.children))
    return leaves


def _is_text(leaf):
    # A multipart without parts lost its boundaries in transit; its content can still be read.
    return leaf.is_multipart or leaf.content_type in ("text/plain", "text/html")


def _divide(content, boundary):
    """Yield the content between the lines of a boundary (RFC 2046 section 5.1.1)."""
    octets = re.escape(boundary.encode("utf-8", "surrogateescape"))
    lines = re.compile(rb"^--" + octets + rb"(--)?[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
    start = None
    for line in islice(lines.finditer(content), MOST_PARTS):
        if start is not None:
            yield content[start : line.start()]
        start = line.end()
        if line[1]:
            return
    if start is not None:
        yield content[start:]


def _without_markup(text):
    # The result is well formed, so each tag ends at its own bracket.
    return unescape(_TAG.sub("", _BLOCK_TAG.sub("\n", clean_html(text))))
