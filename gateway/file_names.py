"""Safe names for attachments: no paths and no disguised extensions.

The sender chooses the name. It is used in zip archives, in header fields, on screens and on the
user's disk, so it is reduced to a *terminal component only* (RFC 2183 section 2.3): no folder, no
control character, no change of text direction that hides an extension, no Windows device name,
and no more than a file system accepts.
"""

import re

NAMELESS = "attachment"
# Of most file systems (NAME_MAX of Linux), in octets of UTF-8.
LONGEST_NAME = 255
# More characters after the last dot are not an extension.
LONGEST_EXTENSION = 20
# Users do not read beyond this, and the rest must not cost time.
LONGEST_INPUT = 100_000

_BLANKS = re.compile(r"\s+")
# Control characters, lone surrogates, and direction marks (Unicode Standard Annex 9): the
# extension of "invoice<U+202E>fdp.exe" is displayed as pdf.
_UNSEEN = re.compile(
    "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
_DRIVE = re.compile(r"\A(?:[A-Za-z]:)+")
# "Naming Files, Paths, and Namespaces" of Windows: with any extension, too.
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:\.|\Z)", re.I)


def safe_name(name: str | None) -> str:
    """Return a safe file name for an attachment.

    :param name: the name in the message, or None
    :return: text that is not empty; safe names are returned unchanged
    """
    text = _BLANKS.sub(" ", str(name or "")[:LONGEST_INPUT])
    text = _UNSEEN.sub("", text)
    text = text.rstrip(" ./\\")
    text = _DRIVE.sub("", text.replace("\\", "/").rpartition("/")[2], count=1).strip(" ")
    if _DEVICE.match(text):
        text = f"_{text}"
    return _shortened(text) or NAMELESS


def _shortened(text):
    """Return a text shortened to :data:`LONGEST_NAME` octets, with its extension."""
    octets = text.encode()
    if len(octets) <= LONGEST_NAME:
        return text
    stem, dot, extension = text.rpartition(".")
    tail = (dot + extension).encode()
    if not stem or len(tail) > LONGEST_EXTENSION:
        stem, tail = text, b""
    head = stem.encode()[: LONGEST_NAME - len(tail)].decode("utf-8", "ignore")
    return head.rstrip(" .") + tail.decode()
