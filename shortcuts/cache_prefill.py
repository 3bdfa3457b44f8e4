"""Put columns that core reads for each message into its cache beforehand."""

from collections.abc import Iterable, Mapping

from odoo import models

from . import is_on

IS_ON = is_on("cache_prefill")


def columns(model: models.BaseModel) -> list[str]:
    """Return the names of the columns that are read together and are the same for all readers.

    Translations depend on the reader's language, and other values on the reader's company.
    """
    return [
        name
        for name, field in model._fields.items()
        if name != "id"
        and field.store
        and field.column_type
        and field.prefetch is True
        and not field.translate
        and not field.company_dependent
    ]


def read_columns(records) -> dict[str, list]:
    """Return ``{column: values}`` of records, in their order, as Odoo's cache has them."""
    names = columns(records)
    records.fetch(names)
    caches = {name: records._fields[name]._get_cache(records.env) for name in names}
    return {name: [cache[record_id] for record_id in records.ids] for name, cache in caches.items()}


def put_into_cache(records, values_by_column: Mapping[str, Iterable]) -> None:
    """Mark columns as read in a transaction; what it has read or written itself stays.

    :param values_by_column: values in the order of the records, as Odoo's cache has them
    """
    if not IS_ON:
        return
    for name, values in values_by_column.items():
        records._fields[name]._insert_cache(records, values)
