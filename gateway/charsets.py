"""Text out of bytes in the charset a mail names, with a bound on the work.

A mail may name any codec that Python knows. Some are no charsets (``zlib`` unpacks a bomb),
one takes time that grows with the square of its input (``punycode``).
"""

import codecs
import re

LONGEST_NAME = 40

# By their names in Python. All of these take time in proportion to their input.
_CHARSETS = re.compile(
    r"(?:ascii|utf-(?:7|8|16|32)(?:-sig|-[bl]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|mac-\w+|gb2312|gbk|"
    r"gb18030|hz|big5(?:hkscs)?|shift_jis\w*|euc_\w+|iso2022_\w+|johab|tis-620|ptcp154|kz1048|"
    r"hp-roman8|palmos)"
)


# A charset by its name in Python, and the one that programs mean by it: what they write has
# letters that only the larger one has (WHATWG Encoding Standard, section 4.2).
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
# In latin-1 these are control characters that no text has, and in windows-1252 quotes and dashes.
_NOT_LATIN = re.compile(rb"[\x80-\x9f]")


def decode(content, charset, most):
    """Return the beginning of a text.

    :param bytes content: the text as it was sent
    :param str charset: the name the mail gives it; what is no charset, or one the mail does
        not keep to, is read as latin-1
    :param int most: how many bytes are read at most
    """
    beginning = content[:most]
    try:
        decoder = codecs.getincrementaldecoder(_known(charset))
        # Where it was cut, the last character may lack an end.
        return decoder("strict").decode(beginning, final=len(content) <= most)
    except (LookupError, ValueError):
        return beginning.decode("latin-1")


def read_text(content, charset):
    """Return ``(text, charset it was read in, whether that is the one named)``.

    :param bytes content: the text as it was sent
    :param str charset: the name the mail gives it. Text that is none of it is read as UTF-8
        where it is that, which hardly any other text is, then in the larger charset that is meant
        by the name, else as windows-1252, which is what people mean who name another Western
        charset or none
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
    """Return the charset that has all letters of one and more; the same where there is none."""
    try:
        known = _known(charset)
    except (LookupError, ValueError):
        return charset
    return _LARGER.get(known, charset)


def is_charset(name):
    """Tell whether Python knows a charset of this name."""
    try:
        return bool(_known(name))
    except (LookupError, ValueError):
        return False


def _known(charset):
    """Return Python's name of a charset.

    :raises LookupError: when it is none
    """
    if len(charset) > LONGEST_NAME:
        raise LookupError("too long")
    name = codecs.lookup(charset).name
    if not _CHARSETS.fullmatch(name):
        raise LookupError(name)
    return name
