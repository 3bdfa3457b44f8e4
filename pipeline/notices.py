"""What core tells the sender of a message: once, and as the policy on notices wants it."""

from ..gateway import states


def tell(thread, attempt, email_from, body_html, mail_values, core):
    """Answer the sender of one message once about one thing, whatever the number of its copies.

    :param core: function of a thread, a text and values, that sends
    """
    answers = thread.env["mail.postmaster.answer"]
    why = answers._reason_not_to_answer(attempt)
    # Delivered from the start: a notice is not given a second time by any attempt.
    notice = f"answer:{attempt.answers_about or ''}"
    pipeline = thread.env["mail.postmaster.pipeline"]
    if not why and not pipeline._claim(attempt, [notice], state=states.DELIVERED):
        why = thread.env._("this mail was answered before")
    if why:
        attempt.trace.miss("answer", why=why)
        return
    attempt.trace.hit("answer")
    if answers._is_careful():
        env, body_html, mail_values = answers._rewrite(attempt, email_from, body_html, mail_values)
        thread = thread.with_env(env)
        automatic = thread.env["mail.postmaster.answer"]._automatic_values(attempt)
        mail_values = {**mail_values, **automatic}
    core(thread, body_html, mail_values)
