"""What an error text may contain: never a credential.

The text of an exception can contain anything the code was handling: a :exc:`UnicodeEncodeError`
during login contains the password, a PostgreSQL error the values of a row, an HTTP client error
the URL with user and password. So the text is not shown, stored or logged. Only the class name is
used and, for a few classes whose text comes from a server, the operating system or a sentence
written for users, that text without known credentials.
"""

import base64
import binascii
import imaplib
import poplib
import re
import ssl
import traceback
from collections.abc import Collection

MASK = "…"
# Shorter ones are part of many words, and are masked only as whole words.
SHORTEST_PART = 4
WORDS_OF_SERVERS = (imaplib.IMAP4.error, poplib.error_proto, ssl.SSLError)
# Modules whose OSError texts come from the operating system; libraries put URLs into theirs.
SYSTEM = {"builtins", "socket", "ssl"}
SCREENS = "odoo.exceptions"
LONGEST = 1000
_CREDENTIALS_OF_URL = re.compile(r"(?<=://)[^/\s@]*@")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")


def name(error: BaseException) -> str:
    """Return the name of the class of an exception."""
    return type(error).__qualname__


def words(error: BaseException, secrets: Collection[str] = (), users: Collection[str] = ()) -> str:
    """Return the text of an exception if it is known to be harmless, else ``""``.

    :param secrets: passwords and tokens that may have been used
    :param users: user names that may have been used
    """
    text = _own_words(error) or ""
    return without_credentials(text, secrets, users)[:LONGEST]


def sentence(
    error: BaseException, secrets: Collection[str] = (), users: Collection[str] = ()
) -> str:
    """Return the class name and, if harmless, the text of an exception."""
    return ": ".join(filter(None, (name(error), words(error, secrets, users))))


def short_sentence(
    error: BaseException, secrets: Collection[str] = (), users: Collection[str] = ()
) -> str:
    """Return the text of an exception for users, or its class name if there is none."""
    return words(error, secrets, users) or name(error)


def report(error: BaseException | None) -> str:
    """Return a traceback with safe sentences instead of the texts, first exception on top."""
    parts = []
    while error is not None and len(parts) < LONGEST:
        places = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"{places}{sentence(error)}{_names_of_database(error)}\n")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nDuring the handling of this exception:\n".join(reversed(parts))


def safe_error(error: BaseException, text: str) -> BaseException:
    """Return an exception of the same kind whose text is known to be harmless.

    If the class takes other arguments, return an instance of one of its base classes.
    """
    for kind in type(error).__mro__:
        try:
            safe = kind(text)
            # For code that may log it unchanged.
            safe.is_safe = True
        except Exception:  # noqa: BLE001, S112  classes take what they like
            continue
        return safe
    return RuntimeError(text)


def without_credentials(
    text: str, secrets: Collection[str] = (), users: Collection[str] = ()
) -> str:
    """Return a text with known credentials and credentials in URLs masked.

    A server may send a NUL, which PostgreSQL does not store as text.
    """
    text = _CREDENTIALS_OF_URL.sub(f"{MASK}@", text.replace("\0", r"\0"))
    octets = [secret.encode("utf-8", "surrogatepass") for secret in secrets if secret]
    text = _BASE64.sub(lambda match: MASK if _encodes(match[0], octets) else match[0], text)
    for spelling in _spellings(secrets):
        text = _masked(text, spelling, is_part=len(spelling) >= SHORTEST_PART)
    for spelling in _spellings(users):
        text = _masked(text, spelling, is_part=False)
    return text


def _masked(text, spelling, is_part):
    pattern = re.escape(spelling)
    if not is_part:
        pattern = rf"(?<!\w){pattern}(?!\w)"
    return re.sub(pattern, MASK, text, flags=re.IGNORECASE)


def _own_words(error):
    """Return the text of an exception of a class known to be harmless, or None."""
    if any(base.__module__ == SCREENS for base in type(error).__mro__):
        return _text(error.args[:1])
    if type(error) is Exception:
        # The base class itself carries a sentence that a programmer wrote for users.
        return _text(error.args)
    is_systems = isinstance(error, OSError) and type(error).__module__ in SYSTEM
    if is_systems or isinstance(error, WORDS_OF_SERVERS):
        words_of_system = getattr(error, "strerror", None)
        return words_of_system if isinstance(words_of_system, str) else _text(error.args)
    return None


def _text(arguments):
    return " ".join(
        argument.decode("utf-8", "replace") if isinstance(argument, bytes) else str(argument)
        for argument in arguments
    )


def _names_of_database(error):
    """Return the names in a PostgreSQL error, whose text quotes values."""
    facts = getattr(error, "diag", None)
    names = [
        f"{kind} {getattr(facts, f'{kind}_name')}"
        for kind in ("table", "column", "constraint")
        if getattr(facts, f"{kind}_name", None)
    ]
    return f" ({', '.join(names)})" if names else ""


def _spellings(texts):
    """Return the forms in which libraries or servers may quote texts, longest first."""
    spellings = set()
    for text in filter(None, texts):
        octets = text.encode("utf-8", "surrogatepass")
        quoted = text.replace("\\", r"\\").replace('"', r"\"")
        for spelling in (text, quoted, octets.decode("latin-1"), octets.decode("ascii", "replace")):
            # Includes representations: imaplib reports a BAD as that of a list of bytes.
            spellings |= {spelling, repr(spelling)[1:-1], ascii(spelling)[1:-1]}
        spellings |= {repr(octets)[2:-1], repr(quoted.encode("utf-8", "surrogatepass"))[2:-1]}
        spellings.add("".join(f"%{octet:02X}" if octet > 127 else chr(octet) for octet in octets))
    return sorted(spellings, key=len, reverse=True)


def _encodes(text, octets):
    """Return whether a text is Base64 that contains a secret, as SASL sends it."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return False
    parts = decoded.split(b"\0")
    return any(secret in (decoded if len(secret) >= SHORTEST_PART else parts) for secret in octets)
