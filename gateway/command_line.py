"""Values of options on the command line."""


def natural(text: str) -> int:
    """Return a number without sign.

    :raises ValueError: for any other text
    """
    if not text.isascii() or not text.isdigit():
        raise ValueError
    return int(text)
