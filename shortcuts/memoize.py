"""Questions that core asks several times about one mail, answered once.

Core looks for the contact of a sender, for its alias domains and for its own addresses three to
six times on the way of one mail. An answer is kept for one attempt, and only as long as nothing
it depends on was written in that transaction: until then its snapshot can give no other.
"""

from ..pipeline.attempt import ATTEMPT
from . import ARE_ON

CHANGED = "mail_postmaster_changed"


def memoize_for_attempt(env, model, question, ask):
    """Return what ``ask`` answers, or what it has answered before in the same attempt.

    :param env: who asks: others may see other records
    :param str model: the model that is asked about
    :param question: hashable, names the question
    :param ask: function without arguments; what it returns is not to be changed
    """
    attempt = env.context.get(ATTEMPT)
    if not ARE_ON or not attempt or has_changed(env, model):
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
    if key not in attempt.answers:
        attempt.answers[key] = ask()
    return attempt.answers[key]


def note_change(env, model):
    """Note that records of a model were written: from here on each question is asked.

    Kept with the cursor and not with the attempt: a write need not carry its context.
    """
    env.cr.cache.setdefault(CHANGED, set()).add(model)


def has_changed(env, model):
    """Tell whether records of a model were written in this transaction."""
    return model in env.cr.cache.get(CHANGED, ())
