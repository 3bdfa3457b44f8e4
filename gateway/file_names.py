"""Names of attachments that lead nowhere and pass for nothing else.

A name is what the sender typed. It ends up in a zip archive, in a header field, on a screen and
on somebody's disk, so it is a *terminal component only* (RFC 2183 section 2.3): no folder, no
control character, nothing that turns the direction of writing around to hide an extension, no
device of Windows, and no more than a file system takes.
"""

import re

NAMELESS = "attachment"
# Of most file systems (NAME_MAX of Linux), in octets of UTF-8.
LONGEST_NAME = 255
# Longer than this after the last dot is no extension.
LONGEST_EXTENSION = 20
# Beyond, nobody reads; what follows must not cost time either.
LONGEST_INPUT = 100_000

_BLANKS = re.compile(r"\s+")
# Controls, half characters, and what sets the direction (Unicode Standard Annex 9): the
# extension of "invoice<U+202E>fdp.exe" is shown as pdf.
_UNSEEN = re.compile(
    "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
_DRIVE = re.compile(r"\A(?:[A-Za-z]:)+")
# "Naming Files, Paths, and Namespaces" of Windows: with any extension, too.
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:\.|\Z)", re.I)


def safe_name(name):
    """Return the name of an attachment as a file may have it.

    :param str name: as the mail says, or None
    :return: text that is not empty; the same for itself, and for names that people give
    """
    text = _BLANKS.sub(" ", str(name or "")[:LONGEST_INPUT])
    text = _UNSEEN.sub("", text)
    text = text.rstrip(" ./\\")
    text = _DRIVE.sub("", text.replace("\\", "/").rpartition("/")[2], count=1).strip(" ")
    if _DEVICE.match(text):
        text = f"_{text}"
    return _shortened(text) or NAMELESS


def _shortened(text):
    """Return a text in at most :data:`LONGEST_NAME` octets, with its extension."""
    octets = text.encode()
    if len(octets) <= LONGEST_NAME:
        return text
    stem, dot, extension = text.rpartition(".")
    tail = (dot + extension).encode()
    if not stem or len(tail) > LONGEST_EXTENSION:
        stem, tail = text, b""
    head = stem.encode()[: LONGEST_NAME - len(tail)].decode("utf-8", "ignore")
    return head.rstrip(" .") + tail.decode()
