"""What the texts of a message cost core, in the time of what it does with a normal tag.

Core reads HTML in :func:`odoo.tools.mail.html_sanitize`, three times for a normal record: when it
parses the message, and when the bodies of the message and of the record are written. Most of the
time goes into elements and their attributes. The rest is here because it grows with a square, so
that 100 kB are enough to occupy core for minutes:

====================== ===================================================================
what                   where core takes time
====================== ===================================================================
element, attribute     ``lxml_html_clean`` and ``tag_quote``, in Python
dropped elements       ``drop_tag`` looks for the element among its siblings, and moves its
                       children
quotes                 ``tag_quote`` marks all siblings after ``yahoo_quoted``, and asks each
                       child of a marked container about all its siblings
quoted lines           ``tag_quote`` copies the rest of a text for each group of lines that
                       begin with ``>``, in plain text as well
nested texts           ``tag_quote`` reads the text of an element after a quote, of which that
                       of its children is a part
``<`` without ``>``    ``html_normalize`` searches for the end from each of them
style, comments, links regular expressions of ``lxml_html_clean`` and ``_Cleaner`` that search
                       for an end which does not come, or that begin at each letter
====================== ===================================================================

The unit is ten microseconds on a normal processor. It is measured as core reads HTML, with the
events of the same parser, and only once: the time grows with the size of the text, and counting
ends as soon as ``at_most`` is exceeded.

Not done here: the number of times that core reads the text of several parts
(:mod:`~.limits`), and the nesting of elements, which the caller gets to know.
"""

import re
from collections.abc import Callable
from contextlib import suppress

from lxml import etree
from lxml.html import defs

# How often core reads the HTML of a message, see above.
READINGS = 3
_ELEMENT, _DROP, _ATTRIBUTE, _LINK = 4, 3, 1, 3
# Characters per unit: of a style, of a link, of another attribute.
_OF_STYLE, _OF_LINK, _OF_VALUE = 12, 512, 128
# Steps per unit: of a regular expression; of a search among siblings, in libxml2 and in Python;
# of copying the rest of a text, and of finding the place of the copy; of replacing something in a
# text; of reading a text again; of moving an element to its grandparent.
_SCANNED, _PASSED, _MARKED, _COPIED, _INSERTED = 400, 3000, 4, 6000, 240
_REPLACED, _READ_AGAIN, _MOVED = 5000, 2000, 16
_CHUNK = 65536

# What core takes out of a document and leaves the content of.
_DROPPED = frozenset(
    "html head body title iframe embed layer object param form blink marquee".split()
)
_KNOWN = defs.tags | frozenset(
    "article bdi section header footer hgroup nav aside figure main".split()
)
_LINKS = frozenset((*defs.link_attrs, "archive", "content"))
# Outlook writes many of these; html_normalize removes them first.
_REMOVED = "o:"
_ALL_AFTER = re.compile("yahoo_quoted|stopSpelling")
_IN_PARENT = re.compile("gmail_extra|SkyDrivePlaceholder")
_SIGNATURE = re.compile(r"(?:^|\n)--\s?$")
_QUOTED_LINES = re.compile(r"(?:\n>[^\n\r]*)+")
_LONG_NAME = re.compile(r"[\w\s-]{200,}")
_CONDITION = re.compile(r"\[if\s+", re.IGNORECASE)
_ENCODING = re.compile(r"\sencoding=")


def of_plain_text(text: str) -> int:
    """Return the units of a text that core puts into one element."""
    return _of_quoted_lines(text)


def of_html(text: str, at_most: int, enter: Callable[[int], None] = lambda level: None) -> int:
    """Return the units of HTML.

    :param at_most: counting may end above this
    :param enter: called with the level of each element; what it raises is passed on
    """
    units = _of_unclosed(text, "<", ">", _of_encodings)
    if units > at_most:
        return units
    weigher = _Weigher(units, enter)
    parser = etree.HTMLParser(target=weigher, encoding="utf-8", huge_tree=True)
    octets = text.encode("utf-8", "replace")
    # lxml does not build a tree of what it cannot read.
    with suppress(etree.LxmlError, ValueError, AssertionError):
        for start in range(0, len(octets), _CHUNK):
            parser.feed(octets[start : start + _CHUNK])
            if weigher.units > at_most:
                break
        else:
            parser.close()
    return weigher.units


class _Element:
    """An open element.

    :ivar children: number of its children, including those of dropped ones
    :ivar dropped: how many of them are dropped
    :ivar marks: places among them after which all are marked
    :ivar is_container: whether each of them is compared with all others
    :ivar text: pieces of the text before its first child, then None
    """

    __slots__ = ("children", "dropped", "is_container", "is_dropped", "marks", "tag", "text")

    def __init__(self, tag):
        self.tag = tag
        self.is_dropped = tag in _DROPPED or tag not in _KNOWN
        self.children = self.dropped = 0
        self.marks = []
        self.is_container = False
        self.text = []


class _Weigher:
    """An lxml target that adds up the units of a document."""

    def __init__(self, units, enter):
        self.units = units
        self._enter = enter
        # The root has a parent and a grandparent, so that every element has.
        self._open = [_Element(""), _Element("")]
        # Steps that are too small to be units.
        self._read_again = 0

    def start(self, tag, attributes):
        if tag.startswith(_REMOVED):
            return
        parent = self._open[-1]
        if _SIGNATURE.search(self._end_text(parent)):
            self._open[-2].is_container = True
        element = _Element(tag)
        self._open.append(element)
        self._enter(len(self._open) - 2)
        parent.children += 1
        self.units += _ELEMENT
        if element.is_dropped:
            parent.dropped += 1
            self.units += _DROP
        if attributes:
            self._weigh_attributes(parent, element, attributes)

    def end(self, tag):
        if tag.startswith(_REMOVED):
            return
        element = self._open.pop()
        self._end_text(element)
        parent = self._open[-1]
        self.units += self._of_siblings(element)
        if element.is_dropped:
            self.units += element.children // _MOVED
            parent.children += element.children
            parent.dropped += element.dropped

    def data(self, text):
        element = self._open[-1]
        if element.text is not None:
            element.text.append(text)
        self._read_again += len(text) * len(self._open)
        self.units += self._read_again // _READ_AGAIN
        self._read_again %= _READ_AGAIN

    def comment(self, text):
        self._end_text(self._open[-1])
        self.units += _ATTRIBUTE + sum(
            len(found[0]) * len(text) // _SCANNED for found in _CONDITION.finditer(text)
        )

    def pi(self, _target, _text=None):
        self.units += _ATTRIBUTE

    def close(self):
        while len(self._open) > 2:
            self.end("")

    def _weigh_attributes(self, parent, element, attributes):
        for name, value in attributes.items():
            self.units += _ATTRIBUTE
            if name == "style":
                self.units += len(value) // _OF_STYLE + _of_style(value)
            elif name in _LINKS:
                self.units += _LINK + len(value) // _OF_LINK + _of_pictures(value)
            else:
                self.units += len(value) // _OF_VALUE
        names = f"{attributes.get('class', '')} {attributes.get('id', '')}"
        if _ALL_AFTER.search(names):
            parent.marks.append(parent.children)
        if _IN_PARENT.search(names):
            parent.is_container = True
        if "data-o-mail-quote-container" in attributes:
            element.is_container = True

    def _end_text(self, element):
        """Weigh and return the text before the first child, once: empty if it is known."""
        text, element.text = "".join(element.text or ()), None
        if text:
            self.units += _of_quoted_lines(text)
            if element.tag == "style":
                self.units += _of_style(text)
        return text

    def _of_siblings(self, element):
        children = element.children
        pairs = children * children if element.is_container else 0
        pairs += sum(children - place for place in element.marks)
        return pairs // _MARKED + element.dropped * children // _PASSED


def _of_unclosed(text, opening, closing, repeated=lambda piece: 1):
    """Return the units of a search for ``closing`` from each ``opening``."""
    steps = 0
    for piece in text.split(closing):
        if count := piece.count(opening):
            steps += count * len(piece) * repeated(piece)
    return steps // _SCANNED // 2


def _of_encodings(piece):
    return 1 + len(_ENCODING.findall(piece))


def _of_style(text):
    """Return the units of a ``style``, the attribute or the element."""
    names = sum(len(found) ** 2 for found in _LONG_NAME.findall(text))
    # Each is replaced in the whole text.
    replaced = (text.count("/*") + text.count("url(") + text.count("@import")) * len(text)
    return (
        _of_unclosed(text, "(", ")")
        + 2 * _of_unclosed(text, "/*", "*/")
        + names // _SCANNED
        + replaced // _REPLACED
    )


def _of_pictures(link):
    return link.lower().count("data:image/") * len(link) // _SCANNED // 4


def _of_quoted_lines(text):
    if ">" not in text:
        return 0
    count = sum(1 for _found in _QUOTED_LINES.finditer(text))
    return count * len(text) // _COPIED + count * count // _INSERTED
