"""The parts of a message as Python's parser will split it, in one pass and without recursion.

The limits count what core will create, so each rule here is one of
:meth:`email.feedparser.FeedParser._parsegen`, including the unusual ones: a header ends at the
first line that is not a field; a boundary ends every part inside its own; the same boundary on an
inner level splits nothing; only a line that consists of the boundary splits. An independent
parser, like ``reports.parts``, would see other parts in a message written to be misread.

That parser compares each line with each boundary and recurses for each level. Here a line is
looked up in a set, and only headers are passed to Python's parser.

Not done here: decoding (:func:`decoded` does that for one part) and keeping the parts.
"""

import binascii
import quopri
import re
from collections.abc import Callable, Iterator
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP, compat32
from functools import cached_property
from typing import TypeVar

from .fingerprint import LONGEST_HEADER

_T = TypeVar("_T")

# What Python's header parser raises on malformed fields, as observed in 3.10 to 3.13.
ODD_HEADER = (
    MessageError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    RecursionError,
    UnboundLocalError,
)
DELIVERY_STATUS = "message/delivery-status"

# The lookbehinds follow the dashes, so that the search is for a fixed text.
_DASHED = re.compile(rb"--(?<![^\r\n]--)([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_NO_FIELD = re.compile(rb"(?<![^\r\n])(?<!\r(?=\n))(?!From |[!-9;-~]*:|[ \t])")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")

_LEAF, _PREAMBLE, _INSIDE, _EPILOGUE = range(4)


class Part:
    """A message or a part of one.

    :param header: header as sent
    :param level: number of parts it is nested in
    :param messages: number of attached messages among them
    :param start: offset of its content
    :param default_type: type if the header names none
    """

    def __init__(
        self, header: bytes, level: int, messages: int, start: int, default_type: str
    ) -> None:
        self.header = header
        self.level = level
        self.messages = messages
        self.start = start
        # Known when the part ends.
        self.end = start
        self._default_type = default_type
        self._state = _LEAF
        self._delimiters = ()

    @cached_property
    def head(self) -> EmailMessage:
        """The header as core's parser reads it."""
        # The parser that core uses reads the type immediately, however long it is.
        fields = BytesHeaderParser(policy=compat32).parsebytes(self.header)
        head = EmailMessage(policy=SMTP)
        for name, value in fields.raw_items():
            head.set_raw(name, value)
        head.set_default_type(self._default_type)
        return head

    def ask(self, question: Callable[[EmailMessage], _T], default: _T) -> _T:
        """Return the result for the header, or a default if it is too malformed to be read.

        :param question: function of :attr:`head`
        """
        try:
            return question(self.head)
        except ODD_HEADER:
            return default

    @cached_property
    def content_type(self) -> str:
        return self.ask(EmailMessage.get_content_type, self._default_type)

    @property
    def is_multipart(self) -> bool:
        return self.content_type.startswith("multipart/")

    @property
    def is_message(self) -> bool:
        """Whether the content is parsed as a message."""
        return self.content_type.startswith("message/") and self.content_type != DELIVERY_STATUS

    @cached_property
    def encoding(self) -> str:
        """The transfer encoding in lower case."""
        return str(self.ask(lambda head: head.get("content-transfer-encoding", ""), "")).lower()


def walk(raw: bytes) -> Iterator[tuple[Part, bool]]:
    """Yield ``(part, is_over)`` at the begin and at the end of each :class:`Part`.

    The consumer sees the header of a part before its type is parsed, and may stop there.

    :param raw: the message
    """
    yield from _Walk(raw).events()


class _Walk:
    def __init__(self, raw):
        self._raw = raw
        # The open parts, outermost first.
        self._open = []
        # The texts after two dashes that split at this position.
        self._names = set()

    def events(self):
        yield from self._begin(0)
        for line in _DASHED.finditer(self._raw):
            name = line[1].rstrip(b" \t")
            if name in self._names and line.start() >= self._open[-1].start:
                yield from self._divide(line, name)
        yield from self._close(0, len(self._raw))

    def _begin(self, start, default_type="text/plain"):
        """Open a part; a ``message`` type immediately opens another inside it."""
        is_message = True
        while is_message:
            header_end = self._header_end(start)
            line_end = _LINE_END.match(self._raw, header_end)
            outer = self._open[-1] if self._open else None
            part = Part(
                self._raw[start:header_end],
                len(self._open),
                outer.messages + outer.is_message if outer else 0,
                line_end.end() if line_end else header_end,
                default_type,
            )
            self._open.append(part)
            yield part, False
            is_message, start, default_type = part.is_message, part.start, "text/plain"
        boundary = _boundary(part)
        if boundary is not None:
            part._state, part._delimiters = _PREAMBLE, (boundary, boundary + b"--")
        self._note_names()

    def _header_end(self, start):
        limit = start + LONGEST_HEADER + 1
        found = _NO_FIELD.search(self._raw, start, limit)
        end = found.start() if found else min(limit, len(self._raw))
        self._note_names()
        # A boundary that contains a colon looks like a field.
        for line in _DASHED.finditer(self._raw, start, end):
            if line[1].rstrip(b" \t") in self._names:
                return line.start()
        return end

    def _divide(self, line, name):
        index = self._divided(name)
        yield from self._close(index + 1, line.start())
        part, end = self._open[index], line.end()
        if name == part._delimiters[1]:
            part._state = _EPILOGUE
            self._note_names()
            return
        part._state = _INSIDE
        # There is no part between two consecutive boundary lines.
        names = set(part._delimiters) - self._outer_names(index)
        while (line := _DASHED.match(self._raw, end)) and line[1].rstrip(b" \t") in names:
            end = line.end()
        is_digest = part.content_type == "multipart/digest"
        yield from self._begin(end, "message/rfc822" if is_digest else "text/plain")

    def _outer_names(self, index):
        return {
            name
            for part in self._open[:index]
            if part._state == _INSIDE
            for name in part._delimiters
        }

    def _divided(self, name):
        """Return the index of the part that a boundary splits: the innermost open one."""
        for index in reversed(range(len(self._open))):
            part = self._open[index]
            if part._state == _INSIDE and name in part._delimiters:
                return index
        return len(self._open) - 1

    def _close(self, index, end):
        while len(self._open) > index:
            part = self._open.pop()
            part.end = max(part.start, end)
            yield part, True

    def _note_names(self):
        self._names = self._outer_names(len(self._open)).union(
            *(part._delimiters for part in self._open[-1:] if part._state == _PREAMBLE)
        )


def _boundary(part):
    """Return the boundary of a multipart, or None if nothing can split it."""
    boundary = part.ask(EmailMessage.get_boundary, None) if part.is_multipart else None
    try:
        return None if boundary is None else boundary.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        # The parser reads lines as ASCII, and this is not ASCII.
        return None


class _FieldsReadOnce:
    """A :class:`~email.headerregistry.HeaderRegistry` that caches parsed fields."""

    def __init__(self, registry):
        self._registry = registry
        self._fields = {}

    def __getitem__(self, name):
        return self._registry[name]

    def __call__(self, name, value):
        if (name, value) not in self._fields:
            self._fields[name, value] = self._registry(name, value)
        return self._fields[name, value]


def read_fields_once(message: EmailMessage) -> None:
    """Make each field of a parsed message be read only once instead of on every access."""
    fields = _FieldsReadOnce(message.policy.header_factory)
    policy = message.policy.clone(header_factory=fields)
    for part in message.walk():
        part.policy = policy


def decoded(content: bytes, encoding: str) -> bytes:
    """Return content without its transfer encoding; an unknown encoding changes nothing.

    :param content: content as sent
    :param encoding: ``Content-Transfer-Encoding`` in lower case
    """
    if encoding == "base64":
        letters = _NOT_BASE64.sub(b"", content)
        # A single remaining letter is not a byte.
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    return content
