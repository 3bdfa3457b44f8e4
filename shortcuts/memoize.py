"""Make lookups that core repeats for one message only once.

Core looks up the contact of a sender, the alias domains and its own addresses three to six times
for one message. A result is kept for one attempt, and only as long as nothing it depends on was
written in that transaction: until then the snapshot cannot give a different one.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar

from ..context_keys import ATTEMPT
from . import is_on

_T = TypeVar("_T")
IS_ON = is_on("memoize")
CHANGED = "mail_postmaster_changed"


def memoize_for_attempt(env, model: str, question: Hashable, ask: Callable[[], _T]) -> _T:
    """Return the result of ``ask``, or its earlier result in the same attempt.

    :param env: the environment; other users may see other records
    :param model: the model that the result depends on
    :param question: identifies the lookup
    :param ask: its result must not be modified
    """
    attempt = env.context.get(ATTEMPT)
    if not IS_ON or not attempt or has_changed(env, model):
        return ask()
    companies = tuple(env.context.get("allowed_company_ids") or ())
    key = (
        model,
        question,
        env.uid,
        env.su,
        companies,
        env.context.get("active_test", True),
        id(env.cr),
    )
    if key not in attempt.memo:
        attempt.memo[key] = ask()
    return attempt.memo[key]


def note_change(env, model: str) -> None:
    """Record that records of a model were written: from now on each lookup is made.

    Kept with the cursor and not with the attempt, because a write may lack its context.
    """
    env.cr.cache.setdefault(CHANGED, set()).add(model)


def has_changed(env, model: str) -> bool:
    """Return whether records of a model were written in this transaction."""
    return model in env.cr.cache.get(CHANGED, ())
