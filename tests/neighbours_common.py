"""Another addon, whose class stands above or below those of this addon."""

from contextlib import contextmanager

OURS = "odoo.addons.mail_postmaster."
ADDON = "odoo.addons.postmaster_neighbour.models.mail_thread"


@contextmanager
def neighbour(env, model, definition, is_above):
    """Put a class among the definitions of a model, as loading an addon does.

    :param definition: a class whose methods call ``super()``
    :param is_above: whether that addon is loaded after this one, so that its methods run first
    """
    model_class = type(env[model])
    for method in vars(definition).values():
        if callable(method):
            method.__module__ = ADDON
    bases = model_class.__bases__
    ours = [place for place, base in enumerate(bases) if base.__module__.startswith(OURS)]
    place = 0 if is_above else ours[-1] + 1
    model_class.__bases__ = (*bases[:place], definition, *bases[place:])
    try:
        yield
    finally:
        model_class.__bases__ = bases
