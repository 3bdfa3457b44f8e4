"""The parts of a file that people read; the rest is crossed out, to keep line numbers.

In Python these are comments, docstrings, and string literals that contain a blank or are a
capitalized word; in XML and HTML text, comments and the attributes that are shown; in Markdown
everything. Code in backticks is not text.

Text that continues after the end of a line or a literal stays connected; text with code in between
is separated: code is replaced by marks, everything else by blanks.
"""

import io
import re
import tokenize
from pathlib import PurePath

CODE = re.compile(r"(`+)(?!`)[^`\n]*(?:\n[^`\n]*)?\1")
MARK = "\N{MIDDLE DOT}"
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LITERAL = re.compile(r"[a-zA-Z]*('''|\"\"\"|'|\")(.*)\1", re.DOTALL)
# Several words, or a label of one word.
TEXT = re.compile(r"\s|^[A-Z][a-z]+$")
ESCAPED = re.compile(r"\\.", re.DOTALL)
# Names for values: "%(name)s", "{name}".
PLACEHOLDER = re.compile(r"%\(\w+\)|\{(?:[^{}]|\{[^{}]*\})*\}")
STYLE = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL)
# Not a comment. Values of attributes may contain a ">": domains of views do.
TAG = re.compile(r"<[^!<](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
SHOWN = re.compile(
    r"\s(?:alt|confirm|help|placeholder|string|summary|title)=(?:\"([^\"]*)\"|'([^']*)')"
)
FSTRING_START = getattr(tokenize, "FSTRING_START", None)
FSTRING_END = getattr(tokenize, "FSTRING_END", None)


def readable(name, source):
    """Return the source with only the text that is read, or None for an unknown kind of file.

    :param name: path of the file, whose suffix determines the kind
    """
    reader = KINDS.get(PurePath(name).suffix)
    if not reader and source.startswith("#!") and "python" in source.partition("\n")[0]:
        reader = _python
    return CODE.sub(_crossed_out, reader(source)) if reader else None


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def _cross_out(text):
    return re.sub(r"\S", MARK, text)


def _crossed_out(match):
    return _cross_out(match[0])


def _markdown(source):
    return FENCED.sub(_crossed_out, source)


def _markup(source):
    return TAG.sub(_shown_attributes, STYLE.sub(_crossed_out, source))


def _shown_attributes(tag):
    """Return a tag of which only the values of the attributes that are shown are left."""
    shown = (found.span(found.lastindex) for found in SHOWN.finditer(tag[0]))
    return _only(tag[0], ((start, stop, tag[0][start:stop]) for start, stop in shown), _blank)


def _only(source, passages, without):
    """Return the source with nothing but some passages of it.

    :param passages: ``(start, stop, text in its place)`` in their order
    :param without: function of a text between them that returns what stands there instead
    """
    parts, end = [], 0
    for start, stop, text in passages:
        parts += [without(source[end:start]), text]
        end = stop
    return "".join((*parts, without(source[end:])))


def _python(source):
    starts = [0]
    for line in io.StringIO(source):
        starts.append(starts[-1] + len(line))
    places = (
        (is_comment, *(starts[line - 1] + column for line, column in ends))
        for is_comment, *ends in _passages(source)
    )
    passages = (
        (start, stop, _comment(source[start:stop]) if is_comment else _literal(source[start:stop]))
        for is_comment, start, stop in places
    )
    return _only(source, passages, _cross_out)


def _passages(source):
    """Yield ``(is it a comment, first position, last position)`` of comments and literals.

    Since Python 3.12 the parts of an f-string are tokens, of which the outermost are a literal.
    """
    opened = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == FSTRING_START:
            opened.append(token.start)
        elif token.type == FSTRING_END:
            start = opened.pop()
            if not opened:
                yield False, start, token.end
        elif not opened and token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.type == tokenize.COMMENT, token.start, token.end


def _comment(source):
    return source.replace("#", " ")


def _literal(source):
    """Return what a string literal says, nothing when it is a name or a key."""
    found = LITERAL.fullmatch(source)
    if not TEXT.search(found[2]):
        return _cross_out(source)
    said = ESCAPED.sub(lambda match: _blank(match[0]), PLACEHOLDER.sub(_crossed_out, found[2]))
    return _blank(source[: found.start(2)]) + said + _blank(source[found.end(2) :])


KINDS = {
    ".md": _markdown,
    ".html": _markup,
    ".xml": _markup,
    ".py": _python,
}
