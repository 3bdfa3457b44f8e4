"""Core's notices to the sender of a message: once, and following the policy on notices."""

from ..gateway import states


def tell(thread, attempt, email_from, body_html, mail_values, core):
    """Send the sender of a message one notice per subject, however many copies arrive.

    :param core: function of a thread, a text and values that sends the notice
    """
    answers = thread.env["mail.postmaster.answer"]
    why = answers._reason_not_to_answer(attempt)
    # Recorded as delivered from the start, so that no attempt sends the notice again.
    notice = f"answer:{attempt.notice.about or ''}"
    pipeline = thread.env["mail.postmaster.pipeline"]
    if not why and not pipeline._claim(attempt, [notice], state=states.DELIVERED):
        why = thread.env._("a notice about this message was already sent")
    if why:
        attempt.ledger.miss("answer", why=why)
        return
    attempt.ledger.hit("answer")
    if answers._is_careful():
        env, body_html, mail_values = answers._rewrite(attempt, email_from, body_html, mail_values)
        thread = thread.with_env(env)
        automatic = thread.env["mail.postmaster.answer"]._automatic_values(attempt)
        mail_values = {**mail_values, **automatic}
    core(thread, body_html, mail_values)
