"""Results as JSON. The keys of a domain change; the results at arrival stay."""

from typing import Any

from .results import Result, Results

# Limits above what any server writes.
MOST_RESULTS = 30
MOST_PROPERTIES = 20
LONGEST_TEXT = 300


def to_json(results: Results) -> dict[str, Any]:
    """Return results as values that JSON and a database can store."""
    return {
        "source": results.source,
        "judge": _text(results.judge),
        "found": [
            {
                "method": _text(one.method),
                "result": _text(one.result),
                "properties": {
                    _text(name): _text(value)
                    for name, value in list(one.properties.items())[:MOST_PROPERTIES]
                },
                "comment": _text(one.comment),
            }
            for one in results.found[:MOST_RESULTS]
        ],
    }


def from_json(content: Any) -> Results | None:
    """Return the :class:`~.results.Results` passed to :func:`to_json`, or None for other values."""
    try:
        found = tuple(
            Result(one["method"], one["result"], dict(one["properties"]), one["comment"])
            for one in content["found"]
        )
        return Results(content["source"], content["judge"], found)
    except (TypeError, KeyError, ValueError):
        return None


def _text(text):
    """Return text that PostgreSQL accepts: without NUL and lone surrogates."""
    return text[:LONGEST_TEXT].replace("\0", "").encode("utf-8", "replace").decode()
