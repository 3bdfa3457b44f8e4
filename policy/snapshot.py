"""The policies of a database as they are at one moment."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

from ..gateway import retries
from .settings import (
    CHOICES,
    LONGEST_NUMBER,
    NUMBERS,
    RECORD_LIMIT,
    RECORD_MINUTES,
    RETRY_MINUTES,
    SCOPED,
    Setting,
)


class Policies:
    """Bounded values of the settings; an invalid value written past the checks gives the default.

    :param texts: ``{key: text}`` of the System Parameters; None or False for no text
    """

    def __init__(self, texts: Mapping[str, str | Literal[False] | None]) -> None:
        self._texts = MappingProxyType(dict(texts))
        self._numbers = {key: _number(key, self._texts.get(key)) for key in NUMBERS}
        self._choices = {key: _choice(key, self._texts.get(key)) for key in CHOICES}

    def text(self, key: str) -> str:
        """Return the text of a parameter, empty if it is not set."""
        return self._texts.get(key) or ""

    def number(self, key: str) -> int:
        """Return the number of a parameter, within its bounds (:data:`settings.NUMBERS`)."""
        return self._numbers[key]

    def choice(self, key: str) -> str:
        """Return one of the choices of a parameter (:data:`settings.CHOICES`)."""
        return self._choices[key]

    def setting(self, name: str, alias, domain) -> Setting:
        """Return the :class:`Setting` of a field of ``mail.postmaster.scope``.

        :param alias: a ``mail.alias``, or an empty recordset
        :param domain: its ``mail.alias.domain``, or that of the recipient; or empty
        """
        for origin, scope in (("alias", alias), ("domain", domain)):
            if value := scope and scope[name]:
                return Setting(value, origin)
        return self._of_database(SCOPED[name])

    def _of_database(self, key):
        if key in CHOICES:
            return Setting(self.choice(key), "database")
        if key in (RECORD_LIMIT, RECORD_MINUTES) and not self.limits_records:
            return Setting(None, "database")
        return Setting(self.number(key), "database")

    @property
    def limits_records(self) -> bool:
        """Whether the database limits the records that one alias creates."""
        return bool(self.text(RECORD_LIMIT) or self.text(RECORD_MINUTES))

    @property
    def retry_minutes(self) -> str:
        """The text of the waiting times after each failure."""
        text = self.text(RETRY_MINUTES) or retries.DEFAULT_SCHEDULE
        try:
            retries.parse_schedule(text)
        except ValueError:
            return retries.DEFAULT_SCHEDULE
        return text

    @property
    def retry_schedule(self) -> tuple[timedelta, ...]:
        """The waiting times after each failure."""
        return retries.parse_schedule(self.retry_minutes)


def _number(key, text):
    default, smallest, largest = NUMBERS[key]
    text = str(text or default).strip()
    if not text.isascii() or not text.isdigit():
        return default
    if len(text) > LONGEST_NUMBER:
        return largest
    return min(max(int(text), smallest), largest)


def _choice(key, text):
    value = str(text or "").strip()
    return value if value in CHOICES[key] else CHOICES[key][0]
