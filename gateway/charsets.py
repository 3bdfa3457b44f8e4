"""Decode bytes in the charset a message names, with bounded work.

A message may name any codec that Python knows. Some are not charsets (``zlib`` unpacks a bomb),
and one takes quadratic time (``punycode``).
"""

import codecs
import re

LONGEST_NAME = 40

# Python's names. All of these take linear time.
_CHARSETS = re.compile(
    r"(?:ascii|utf-(?:7|8|16|32)(?:-sig|-[bl]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|mac-\w+|gb2312|gbk|"
    r"gb18030|hz|big5(?:hkscs)?|shift_jis\w*|euc_\w+|iso2022_\w+|johab|tis-620|ptcp154|kz1048|"
    r"hp-roman8|palmos)"
)


# Python's name of a charset, and the larger one that programs mean by it: their text has letters
# that only the larger one contains (WHATWG Encoding Standard, section 4.2).
_LARGER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "johab": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "iso8859-1": "cp1252",
}
# In latin-1 these are control characters that do not occur in text; in windows-1252, quotes and
# dashes.
_NOT_LATIN = re.compile(rb"[\x80-\x9f]")


def decode(content: bytes, charset: str, most: int) -> str:
    """Return the beginning of a text, decoded.

    :param content: the encoded text
    :param charset: the charset the message names; if it is unknown or the text violates it,
        the text is decoded as latin-1
    :param most: maximum number of bytes to decode
    """
    beginning = content[:most]
    try:
        decoder = codecs.getincrementaldecoder(_known(charset))
        # The last character may be incomplete after a cut.
        return decoder("strict").decode(beginning, final=len(content) <= most)
    except (LookupError, ValueError):
        return beginning.decode("latin-1")


def read_text(content: bytes, charset: str) -> tuple[str, str, bool]:
    """Return ``(text, charset used, whether it is the named one)``.

    :param content: the encoded text
    :param charset: the charset the message names. Text that violates it is decoded as UTF-8
        if that succeeds, which is rare for other text, then in the larger charset meant by the
        name, else as windows-1252, which people mean by another Western charset or none
    """
    for name in (charset, "utf-8", _larger(charset), "cp1252"):
        try:
            known = _known(name)
            if known == "iso8859-1" and _NOT_LATIN.search(content):
                continue
            return content.decode(known, "strict"), name, name == charset
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1"), "latin-1", False


def _larger(charset):
    """Return the charset that extends this one, or the same if there is none."""
    try:
        known = _known(charset)
    except (LookupError, ValueError):
        return charset
    return _LARGER.get(known, charset)


def is_charset(name: str) -> bool:
    """Return whether Python knows a charset of this name."""
    try:
        return bool(_known(name))
    except (LookupError, ValueError):
        return False


def _known(charset):
    """Return Python's name of a charset.

    :raises LookupError: if it is not a charset
    """
    if len(charset) > LONGEST_NAME:
        raise LookupError("too long")
    name = codecs.lookup(charset).name
    if not _CHARSETS.fullmatch(name):
        raise LookupError(name)
    return name
