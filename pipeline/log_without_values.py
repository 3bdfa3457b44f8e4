"""Keep the content of messages out of the server's log, even if a statement fails.

Core logs a statement that fails, and at debug level every statement, with its values: the subject,
the text and the addresses of a message from which a record is created. While a message is being
processed, they are omitted, in this thread only; the message itself records what went wrong, for
its administrators.
"""

import functools
import logging
import threading
import traceback
from collections.abc import Callable

_state = threading.local()


def without_values(method: Callable) -> Callable:
    """Keep the values of statements out of the log while a method processes a message."""

    @functools.wraps(method)
    def wrapped(*args, **kwargs):
        outer = getattr(_state, "is_on", False)
        _state.is_on = True
        try:
            return method(*args, **kwargs)
        finally:
            _state.is_on = outer

    return wrapped


def frames(error: BaseException) -> str:
    """Return where an exception was raised, without its text, which may quote a message."""
    places = "".join(traceback.format_tb(error.__traceback__))
    return f"{places}{type(error).__name__}"


class _ExceptionFilter(logging.Filter):
    """Reduces an exception that core logs while fetching to its class and where it was raised.

    Its text may come from a login or a statement. The texts of our own errors are safe.
    """

    def filter(self, record):
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            said = f": {error}" if getattr(error, "is_safe", False) else ""
            record.exc_text = f"{frames(error)}{said}"
            record.exc_info = None
        return True


class _Filter(logging.Filter):
    """Keeps the numbers in a log record of core's cursor, and removes all other values."""

    def filter(self, record):
        if getattr(_state, "is_on", False) and isinstance(record.args, tuple):
            record.args = tuple(map(_without_values, record.args))
        return True


def _without_values(value):
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, BaseException):
        constraint = getattr(getattr(value, "diag", None), "constraint_name", None)
        return " ".join(filter(None, (type(value).__name__, constraint)))
    return "(omitted: a message was being processed)"


def _add_once(logger_name, kind):
    """Add a filter, replacing one of the same class from before the module was reloaded."""
    logger = logging.getLogger(logger_name)
    for known in [known for known in logger.filters if type(known).__name__ == kind.__name__]:
        logger.removeFilter(known)
    logger.addFilter(kind())


def install_filters() -> None:
    """Omit values from core's logs, from now on in this process."""
    _add_once("odoo.sql_db", _Filter)
    _add_once("odoo.addons.mail.models.fetchmail", _ExceptionFilter)
