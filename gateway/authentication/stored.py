"""Results as JSON: the keys of a domain change, and what was found when a mail came does not."""

from .results import Result, Results

# Of each, more than any server writes.
MOST_RESULTS = 30
MOST_PROPERTIES = 20
LONGEST_TEXT = 300


def to_json(results):
    """Return results as what JSON and a database can hold.

    :param results: a :class:`~.results.Results`
    """
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


def from_json(content):
    """Return the :class:`~.results.Results` that :func:`to_json` was given, or None for others."""
    try:
        found = tuple(
            Result(one["method"], one["result"], dict(one["properties"]), one["comment"])
            for one in content["found"]
        )
        return Results(content["source"], content["judge"], found)
    except (TypeError, KeyError, ValueError):
        return None


def _text(text):
    """Return a text as PostgreSQL takes it: without NUL and halves of characters."""
    return text[:LONGEST_TEXT].replace("\0", "").encode("utf-8", "replace").decode()
