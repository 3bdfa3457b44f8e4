"""The parts of a mail as Python's parser will divide it, in one pass and without recursion.

The limits count what core is about to make, so each rule here is one of
:meth:`email.feedparser.FeedParser._parsegen`, odd ones included: a header ends at the first
line that is no field; a boundary ends every part inside its own; the same boundary further in
divides nothing; only a line that is nothing but the boundary divides. A reader of its own, as
``reports.parts`` is, would see other parts in a mail that was written to be misread.

That parser checks each line against each boundary and calls itself for each level. Here a
line is looked up in a set, and only the headers are handed to Python's parser.

What this does not do: decode (:func:`decoded` does that for one part), or keep the parts.
"""

import binascii
import quopri
import re
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP, compat32
from functools import cached_property

from .identity import LONGEST_HEADER

# What Python's reader of header fields raises on odd ones, as seen in 3.10 to 3.13.
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

# The lookbehinds stand after the dashes, so that the search is one for a fixed text.
_DASHED = re.compile(rb"--(?<![^\r\n]--)([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_NO_FIELD = re.compile(rb"(?<![^\r\n])(?<!\r(?=\n))(?!From |[!-9;-~]*:|[ \t])")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")

_LEAF, _PREAMBLE, _INSIDE, _EPILOGUE = range(4)


class Part:
    """A mail, or a part of one.

    :param bytes header: as it was sent
    :param int level: how many parts it stands in
    :param int start: where its content begins
    :param str default_type: its type when it names none
    """

    def __init__(self, header, level, start, default_type):
        self.header = header
        self.level = level
        self.start = start
        # Known when it is over.
        self.end = start
        self._default_type = default_type
        self._state = _LEAF
        self._delimiters = ()

    @cached_property
    def head(self):
        """The header as core's parser reads it, an :class:`~email.message.EmailMessage`."""
        # The parser that core uses reads the type at once, however long it is.
        fields = BytesHeaderParser(policy=compat32).parsebytes(self.header)
        head = EmailMessage(policy=SMTP)
        for name, value in fields.raw_items():
            head.set_raw(name, value)
        head.set_default_type(self._default_type)
        return head

    def ask(self, question, default):
        """Return what the header answers, or a default where it is too odd to be read.

        :param question: function of :attr:`head`
        """
        try:
            return question(self.head)
        except ODD_HEADER:
            return default

    @cached_property
    def content_type(self):
        return self.ask(EmailMessage.get_content_type, self._default_type)

    @property
    def is_multipart(self):
        return self.content_type.startswith("multipart/")

    @property
    def is_message(self):
        """Whether its content is read as a mail."""
        return self.content_type.startswith("message/") and self.content_type != DELIVERY_STATUS

    @cached_property
    def encoding(self):
        """The transfer encoding, lower case."""
        return str(self.ask(lambda head: head.get("content-transfer-encoding", ""), "")).lower()


def walk(raw):
    """Yield ``(part, is_over)`` for each :class:`Part`, when it begins and when it is over.

    Before the type of a part is asked for, whoever iterates sees its header and may stop.

    :param bytes raw: the mail
    """
    yield from _Walk(raw).events()


class _Walk:
    def __init__(self, raw):
        self._raw = raw
        # The parts that are not over, the outermost first.
        self._open = []
        # The texts after two dashes that divide something at this place.
        self._names = set()

    def events(self):
        yield from self._begin(0)
        for line in _DASHED.finditer(self._raw):
            name = line[1].rstrip(b" \t")
            if name in self._names and line.start() >= self._open[-1].start:
                yield from self._divide(line, name)
        yield from self._close(0, len(self._raw))

    def _begin(self, start, default_type="text/plain"):
        """Open a part; inside a ``message`` type begins another one at once."""
        is_message = True
        while is_message:
            header_end = self._header_end(start)
            line_end = _LINE_END.match(self._raw, header_end)
            part = Part(
                self._raw[start:header_end],
                len(self._open),
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
        # A boundary with a colon in it looks like a field.
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
        # Between two boundary lines in succession there is no part.
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
        """Return the place of the part that a boundary divides: the innermost that is begun."""
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
    """Return the boundary of a multipart, or None where nothing can divide it."""
    boundary = part.ask(EmailMessage.get_boundary, None) if part.is_multipart else None
    try:
        return None if boundary is None else boundary.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        # The parser reads lines as ASCII, and this is none.
        return None


class _FieldsReadOnce:
    """A :class:`~email.headerregistry.HeaderRegistry` that remembers what it has read."""

    def __init__(self, registry):
        self._registry = registry
        self._fields = {}

    def __getitem__(self, name):
        return self._registry[name]

    def __call__(self, name, value):
        if (name, value) not in self._fields:
            self._fields[name, value] = self._registry(name, value)
        return self._fields[name, value]


def read_fields_once(message):
    """Let the fields of a parsed mail be read once each, and not each time they are asked for.

    :param message: an :class:`~email.message.EmailMessage`
    """
    fields = _FieldsReadOnce(message.policy.header_factory)
    policy = message.policy.clone(header_factory=fields)
    for part in message.walk():
        part.policy = policy


def decoded(content, encoding):
    """Return content without its transfer encoding; what is no such encoding stays as it is.

    :param bytes content: as it was sent
    :param str encoding: ``Content-Transfer-Encoding``, lower case
    """
    if encoding == "base64":
        letters = _NOT_BASE64.sub(b"", content)
        # A single letter left over is no byte.
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    return content
