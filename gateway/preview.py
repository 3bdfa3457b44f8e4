"""The text of a message as a page that loads nothing and runs nothing.

Used to look at a message that Odoo could not process, so it accepts any bytes: it always returns
a page, never raises, and never returns more than some hundred kilobytes. HTML is reduced to an
allow-list of what a reader needs; the page must be served with a Content-Security-Policy
nevertheless.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.parser import BytesParser
from email.policy import Compat32
from functools import cached_property
from html import escape

from lxml import etree

from .charsets import decode
from .envelope import decode_field
from .file_names import safe_name
from .fingerprint import split_header

# A longer text is not read here.
LONGEST_TEXT = 300_000
# A character takes at most four bytes.
LONGEST_CONTENT = 4 * LONGEST_TEXT
# Types and names are read from these, in quadratic time.
LONGEST_FIELD = 2000
# Anything beyond this is attachments, of which only the names are shown.
LONGEST_MAIL = 8_000_000
MOST_PARTS = 100

ALLOWED_TAGS = frozenset(
    "a abbr address b big blockquote br caption center cite code col colgroup dd del div dl dt "
    "em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong "
    "sub sup table tbody td tfoot th thead tr tt u ul var".split()
)
VOID_TAGS = frozenset({"br", "col", "hr", "img"})
# Elements whose content is not for readers either.
SILENT_TAGS = frozenset(
    {
        "head",
        "script",
        "style",
        "title",
        "noscript",
        "template",
        "object",
        "svg",
        "math",
        "iframe",
        "textarea",
        "select",
        "button",
    }
)
ALLOWED_ATTRIBUTES = frozenset(
    "align alt bgcolor border cellpadding cellspacing color colspan dir face height lang "
    "rowspan size start style type valign width".split()
)
# A style that contains a URL, or hides one behind an escape or a comment.
_STYLE_WITH_ADDRESS = re.compile(r"[\\(@]|/\*|:\s*fixed", re.IGNORECASE)
_DATA_IMAGE = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp);base64,[a-z0-9+/=\s]*\Z", re.IGNORECASE
)

_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><style>
body {{ font: 14px/1.5 system-ui, sans-serif; margin: 12px; color: #111; background: #fff;
        overflow-wrap: anywhere; }}
pre {{ white-space: pre-wrap; font: 13px/1.5 ui-monospace, monospace; }}
a {{ color: #0a6; }}
footer {{ margin-top: 24px; border-top: 1px solid #ccc; padding-top: 8px; color: #555; }}
</style></head><body>{body}</body></html>"""


def preview(raw: bytes, words: Mapping[str, str]) -> str:
    """Return the page for a message.

    :param raw: the message
    :param words: translated texts: ``empty`` if there is no text, and ``cut`` if not
        everything is shown
    :return: HTML
    """
    parts = list(_read_parts(raw[:LONGEST_MAIL]))
    body = _body(parts, words)
    if len(raw) > LONGEST_MAIL and words["cut"] not in body:
        body += _note(words["cut"])
    page = _PAGE.format(body=body + _attachments(parts))
    # Names still contain bytes that no charset could decode, as lone surrogates.
    return page.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True)
class Part:
    """A leaf of a message: type in lower case, file name, and decoded content."""

    content_type: str
    name: str
    content: bytes
    charset: str

    @property
    def is_text(self) -> bool:
        return self.content_type in ("text/plain", "text/html") and not self.name

    @cached_property
    def text(self) -> str:
        """The beginning of the text."""
        return decode(self.content, self.charset or "utf-8", LONGEST_CONTENT).replace("\0", "")

    @property
    def is_cut(self) -> bool:
        return len(self.content) > LONGEST_CONTENT or len(self.text) > LONGEST_TEXT


class _Bounded(Compat32):
    """The parser's usual policy, limited to the beginning of each header field."""

    def header_source_parse(self, sourcelines):
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_FIELD]


def _read_parts(raw):
    """Yield the leaves of a message; one that cannot be parsed is a single plain text."""
    try:
        message = BytesParser(policy=_Bounded()).parsebytes(raw)
    except (MessageError, RecursionError, LookupError, ValueError):
        yield Part("text/plain", "", raw[split_header(raw)[1] :], "")
        return
    # An explicit stack: a message can be nested deeper than Python's recursion limit.
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part, seen = waiting.pop(), seen + 1
        if part.is_multipart():
            waiting.extend(reversed(part.get_payload()))
        else:
            yield _leaf(part)


def _leaf(part):
    return Part(
        content_type=part.get_content_type(),
        name=_filename(part),
        content=_content(part),
        charset=_charset(part),
    )


def _filename(part):
    try:
        name = part.get_param("filename", None, "content-disposition")
        name = part.get_param("name", "") if name is None else name
    except (LookupError, ValueError, TypeError):
        return ""
    if isinstance(name, tuple):
        # It names its own charset (RFC 2231).
        charset, _language, value = name
        octets = value.encode("latin-1", "replace")
        return decode(octets, charset or "ascii", LONGEST_FIELD).replace("\0", "").strip()
    try:
        return decode_field(name)
    except UnicodeEncodeError:
        return name.replace("\0", "")


def _content(part):
    try:
        return part.get_payload(decode=True) or b""
    except (LookupError, ValueError, TypeError):
        return b""


def _charset(part):
    try:
        charset = part.get_param("charset", "")
    except (LookupError, ValueError, TypeError):
        return ""
    return str(charset[2] if isinstance(charset, tuple) else charset)


def _body(parts, words):
    """Return the text of a message: as HTML if there is any, else as plain text."""
    texts = [part for part in parts if part.is_text and part.text.strip()]
    chosen = next((part for part in texts if part.content_type == "text/html"), None)
    chosen = chosen or next(iter(texts), None)
    if not chosen:
        return _note(words["empty"])
    shown = chosen.text[:LONGEST_TEXT]
    is_html = chosen.content_type == "text/html"
    body = clean_html(shown) if is_html else f"<pre>{escape(shown)}</pre>"
    return body + (_note(words["cut"]) if chosen.is_cut else "")


def _attachments(parts):
    """Return the names of the attachments, or an empty string."""
    lines = [
        f"<div>{escape(safe_name(part.name) if part.name else part.content_type)} "
        f"({escape(part.content_type)}, {len(part.content):,} B)</div>"
        for part in parts
        if not part.is_text and (part.name or part.content)
    ]
    return f"<footer>{''.join(lines)}</footer>" if lines else ""


def _note(text):
    return f"<p><em>{escape(text)}</em></p>"


def clean_html(text: str) -> str:
    """Return HTML reduced to text, formatting and embedded pictures."""
    # Bytes with an explicit charset: what the message declares inside is ignored.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError, AssertionError):
        root = None
    if root is None:
        # Even the most tolerant parser finds no element; the source can still be read.
        return f"<pre>{escape(text)}</pre>"
    return "".join(_clean(root))


def _clean(root):
    """Yield the allowed pieces of a tree, without recursion."""
    silent = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if silent is None and tag in SILENT_TAGS:
                silent = element
            if silent is None:
                yield _start(tag, element) + escape(element.text or "")
        else:
            if silent is None and tag in ALLOWED_TAGS - VOID_TAGS:
                yield f"</{tag}>"
            if silent is element:
                silent = None
            if silent is None:
                yield escape(element.tail or "")


def _start(tag, element):
    if tag not in ALLOWED_TAGS:
        return ""
    return f"<{tag}{''.join(_attributes(tag, element.items()))}>"


def _attributes(tag, attributes):
    """Yield the allowed attributes; a link shows its target instead of leading there."""
    for name, value in attributes:
        if name == "style" and _STYLE_WITH_ADDRESS.search(value):
            continue
        if name in ALLOWED_ATTRIBUTES:
            yield f' {name}="{escape(value)}"'
        elif tag == "a" and name == "href":
            yield f' title="{escape(value)}"'
        elif tag == "img" and name == "src" and _DATA_IMAGE.match(value):
            yield f' src="{escape(value)}"'
