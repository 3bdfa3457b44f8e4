"""Which waiting message is next: turns of senders and conversations, order, and constant cost."""

import threading

import pytest
from mails import mail
from serving import count, take_in

from odoo import sql_db

from environment import databases
from environment.places import ADDON

LOG = "mail_postmaster_message"
# What one claim may read, however many messages wait.
MOST_ROWS = 100


def store(database, *raws):
    with database.env() as env:
        take_in(env, raws)


def claim(database, after=None):
    """Claim the next message, for an hour; return its subject, or None."""
    with database.env() as env:
        mail_id = env["mail.postmaster.pipeline"]._claim_next(after=after)
    return mail_id and database.query(
        f"UPDATE {LOG} SET next_attempt = next_attempt + interval '1 hour' "
        f"WHERE id = {mail_id} RETURNING subject"
    )


def settle(database, subject):
    """Write the outcome of a message as a process that dies right afterwards."""
    database.query(
        f"UPDATE {LOG} SET state = 'delivered', next_attempt = NULL WHERE subject = '{subject}'"
    )


def thread(length, name="thread", sender="Jane Doe <jane@customer.test>", references=1):
    """Return messages that each name the first, and further ones if requested."""
    names = " ".join(f"<{name}.{number}@customer.test>" for number in range(references))
    return [
        mail(subject=f"{name} {number}", sender=sender, headers=f"References: {names}")
        for number in range(length)
    ]


def each_alone(length, name, sender):
    return [mail(subject=f"{name} {number}", sender=sender) for number in range(length)]


def rows_read(database, work):
    """Return how many rows of the log a function of a cursor session reads."""
    from odoo.addons.mail_postmaster.context_keys import CURSOR_SESSION
    from odoo.addons.mail_postmaster.pipeline.cursor_session import FRESH, CursorSession

    def read():
        return int(
            database.query(
                "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables "
                f"WHERE relname = '{LOG}'"
            )
        )

    def report(session):
        with session.transaction(database.registry, FRESH) as cr:
            cr.execute("SELECT pg_stat_force_next_flush()")

    # Other sessions report what they have read when they end.
    sql_db.close_db(database.name)
    with CursorSession() as session:
        report(session)
        before = read()
        with database.env(context={CURSOR_SESSION: session}) as env:
            work(env)
        report(session)
        return read() - before


@pytest.mark.parametrize("references", [1, 50])
@pytest.mark.parametrize("in_work", [False, True], ids=["waiting", "in work"])
def test_a_claim_reads_few_rows_of_a_long_conversation(gateway, references, in_work):
    store(gateway, *thread(1000, references=references))
    if in_work:
        assert claim(gateway) == "thread 0"
    read = rows_read(gateway, lambda env: env["mail.postmaster.pipeline"]._claim_next())
    assert read < MOST_ROWS
    assert count(gateway, "attempts = 1") == 1


def test_a_claim_reads_few_rows_of_many_conversations(gateway):
    store(gateway, *(mail(subject=f"{number}") for number in range(1000)))
    assert rows_read(gateway, lambda env: env["mail.postmaster.pipeline"]._claim_next()) < MOST_ROWS


def test_intake_reads_few_rows_of_a_long_conversation(gateway):
    store(gateway, *thread(1000, references=50))
    assert rows_read(gateway, lambda env: take_in(env, thread(1, references=50))) < MOST_ROWS


def test_senders_take_turns(gateway):
    store(gateway, *each_alone(20, "many", "many@customer.test"))
    assert [claim(gateway), claim(gateway)] == ["many 0", "many 1"]
    store(
        gateway,
        *each_alone(2, "few", "few@customer.test"),
        mail(subject="one", sender="one@customer.test"),
    )
    assert [claim(gateway) for _number in range(7)] == [
        "many 2",
        "few 0",
        "one",
        "many 3",
        "few 1",
        "many 4",
        "many 5",
    ]


def test_messages_without_a_sender_are_one_sender(gateway):
    store(gateway, *each_alone(20, "null", ""))
    store(gateway, mail(subject="one"))
    assert [claim(gateway) for _number in range(3)] == ["null 0", "one", "null 1"]


def test_a_conversation_of_many_senders_has_one_turn_in_each_round(gateway):
    store(
        gateway,
        *(
            raw
            for number in range(20)
            for raw in thread(1, name=f"list {number}", sender=f"{number}@list.test", references=0)
        ),
        *each_alone(3, "other", "other@customer.test"),
    )
    gateway.query(f"UPDATE {LOG} SET state = 'delivered'")
    store(
        gateway,
        *(
            mail(
                subject=f"list {number}",
                sender=f"{number}@list.test",
                headers="References: <root@list.test>",
            )
            for number in range(20)
        ),
    )
    store(gateway, *each_alone(3, "other", "other@customer.test"))
    claimed = []
    for _number in range(6):
        claimed.append(claim(gateway))
        settle(gateway, claimed[-1])
    assert claimed.index("other 2") <= 5
    assert [name for name in claimed if name.startswith("list")] == ["list 0", "list 1", "list 2"]


def test_a_sender_whose_messages_fail_does_not_pass_others(gateway):
    store(gateway, *each_alone(5, "broken", "broken@customer.test"))
    while claim(gateway):
        pass
    with gateway.env() as env:
        pipeline = env["mail.postmaster.pipeline"]
        for row in env["mail.postmaster.message"].search([]):
            fail(pipeline, row)
    store(gateway, mail(subject="new", sender="new@customer.test"))
    gateway.query(
        f"UPDATE {LOG} SET next_attempt = now() AT TIME ZONE 'UTC' - interval '1 minute' "
        "WHERE state = 'retry'"
    )
    claimed = [claim(gateway) for _number in range(6)]
    assert claimed.index("new") <= 1
    assert None not in claimed


def fail(pipeline, row):
    """Record a failed attempt."""
    from odoo.addons.mail_postmaster.gateway import states
    from odoo.addons.mail_postmaster.pipeline.attempt import Attempt
    from odoo.addons.mail_postmaster.pipeline.mail import Mail
    from odoo.addons.mail_postmaster.pipeline.submission import LMTP, Submission
    from odoo.addons.mail_postmaster.rules.verdict import Reason

    values = {
        "id": row.id,
        "mail_key": row.mail_key,
        "digest": row.digest,
        "recipients": row.recipients,
    }
    submission = Submission(raw=b"", entry_model="mail.thread", source=LMTP)
    attempt = Attempt(Mail.of(values, submission, is_joined=False))
    pipeline._settle(attempt, Reason(states.RETRY, "failed"), 1, None)


def test_a_forged_message_in_a_long_conversation_delays_nobody(gateway):
    store(gateway, *thread(50, name="flood", sender="many@customer.test"))
    store(gateway, mail(subject="forged", headers="References: <flood.0@customer.test>"))
    store(gateway, mail(subject="order"), mail(subject="other", sender="other@customer.test"))
    assert {claim(gateway) for _number in range(3)} == {"flood 0", "order", "other"}


def test_a_conversation_and_a_sender_alternate(gateway):
    store(gateway, *thread(5, name="long", sender="many@customer.test"))
    store(gateway, *each_alone(5, "other", "other@customer.test"))
    claimed, after = [], None
    for _number in range(6):
        claimed.append(claim(gateway, after))
        settle(gateway, claimed[-1])
        after = int(gateway.query(f"SELECT id FROM {LOG} WHERE subject = '{claimed[-1]}'"))
    assert sum(name.startswith("long") for name in claimed) == 3


def test_a_retry_does_not_wait_behind_messages_that_are_held_back(gateway):
    store(gateway, *thread(200, name="flood", sender="many@customer.test"))
    assert claim(gateway) == "flood 0"
    store(gateway, mail(subject="retry"))
    gateway.query(
        f"UPDATE {LOG} SET next_attempt = now() AT TIME ZONE 'UTC' - interval '1 hour' "
        "WHERE attempts = 0"
    )
    gateway.query(
        f"UPDATE {LOG} SET state = 'retry', failures = 1, attempts = 1, "
        "next_attempt = now() AT TIME ZONE 'UTC' WHERE subject = 'retry'"
    )
    assert claim(gateway) == "retry"


@pytest.mark.parametrize(
    "headers",
    [
        # Each names only the one before.
        ["", "In-Reply-To: <0@x.test>", "In-Reply-To: <1@x.test>", "In-Reply-To: <2@x.test>"],
        # The list was truncated at its beginning.
        [
            "",
            "References: <0@x.test>",
            "References: <z@x.test> <1@x.test>",
            "References: <2@x.test>",
        ],
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_replies_wait_for_what_they_answer(gateway, headers, together):
    raws = [
        mail(subject=f"{number}", message_id=f"<{number}@x.test>", headers=header)
        for number, header in enumerate(headers)
    ]
    for batch in [raws] if together else [[raw] for raw in raws]:
        store(gateway, *batch)
    for number in range(len(raws)):
        assert [claim(gateway), claim(gateway)] == [f"{number}", None]
        settle(gateway, f"{number}")


def test_the_next_of_a_conversation_is_called_after_the_one_before(gateway):
    store(gateway, *thread(3))
    store(gateway, *each_alone(5, "other", "other@customer.test"))
    assert claim(gateway) == "thread 0"
    settle(gateway, "thread 0")
    after = int(gateway.query(f"SELECT id FROM {LOG} WHERE subject = 'thread 0'"))
    assert claim(gateway, after) in ("other 0", "thread 1")
    assert count(gateway, "subject = 'thread 1' AND (next_attempt IS NULL OR attempts = 1)") == 1


def test_a_claim_waits_for_no_lock_of_others(gateway):
    store(gateway, *thread(2), mail(subject="other", sender="other@customer.test"))
    assert claim(gateway) == "thread 0"
    settle(gateway, "thread 0")
    after = int(gateway.query(f"SELECT id FROM {LOG} WHERE subject = 'thread 0'"))
    with gateway.registry.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {LOG} WHERE subject = 'thread 1' FOR UPDATE")
        gateway.query(f"ALTER DATABASE {gateway.name} SET lock_timeout = '2s'")
        assert claim(gateway, after) == "other"


def test_a_short_lock_of_another_claim_does_not_cost_the_attempt(gateway):
    store(gateway, *thread(1))
    with gateway.env() as env:
        mail_id = env["mail.postmaster.pipeline"]._claim_next()
    other = gateway.registry.cursor()
    other.execute(f"SELECT id FROM {LOG} WHERE id = {mail_id} FOR UPDATE")
    release = threading.Timer(0.05, other.close)
    release.start()
    with gateway.env() as env:
        env["mail.postmaster.pipeline"]._process_stored(mail_id)
    release.join()
    assert count(gateway, "state NOT IN ('received', 'retry')") == 1


def test_a_call_locks_no_message_in_work(gateway):
    store(gateway, *thread(3))
    assert claim(gateway) == "thread 0"
    after = int(gateway.query(f"SELECT id FROM {LOG} WHERE subject = 'thread 2'"))
    with gateway.registry.cursor() as cursor:
        cursor.execute("SELECT mail_postmaster_claim_next(%s, '5 seconds')", [after])
        gateway.query(f"SELECT id FROM {LOG} WHERE subject = 'thread 0' FOR UPDATE NOWAIT")


def test_a_call_that_was_lost_is_made_up_for_in_seconds(gateway):
    store(gateway, *thread(2))
    assert claim(gateway) == "thread 0"
    # Other messages are ready all the time, and the process dies with its call.
    settle(gateway, "thread 0")
    store(gateway, *each_alone(30, "other", "other@customer.test"))
    gateway.query(f"UPDATE {LOG} SET next_attempt = next_attempt - interval '10 seconds'")
    claimed = [claim(gateway) for _number in range(30)]
    assert "thread 1" in claimed


def test_messages_that_waited_before_an_upgrade_keep_their_order(gateway):
    chain = [
        mail(
            subject=f"thread {number}",
            message_id=f"<{number}@x.test>",
            headers=f"In-Reply-To: <{number - 1}@x.test>" if number else "",
        )
        for number in range(3)
    ]
    store(gateway, *chain, mail(subject="alone", sender="alone@customer.test"))
    # As the previous version stored them: the own number, then what it replies to.
    gateway.query(f"""
        ALTER TABLE {LOG} ADD COLUMN conversation bigint[];
        UPDATE {LOG} AS mail SET next_attempt = now() AT TIME ZONE 'UTC', turn = 0,
            conversation = array_remove(ARRAY[message_number, (
                SELECT message_number FROM {LOG} AS answered
                WHERE mail.subject LIKE 'thread%' AND answered.subject
                    = 'thread ' || (right(mail.subject, 1)::integer - 1)
            )], NULL) WHERE subject LIKE 'thread%';
        UPDATE {LOG} SET conversation = ARRAY[message_number],
            next_attempt = now() AT TIME ZONE 'UTC', turn = 0 WHERE subject = 'alone';
        UPDATE {LOG} SET message_number = NULL, conversation_key = NULL;
        UPDATE ir_module_module SET latest_version = '19.0.1.0.0' WHERE name = 'mail_postmaster'
    """)
    gateway.forget()
    databases.install(gateway.name, [ADDON], databases.LOGS / "test_claims.log", "-u", ADDON)
    assert sorted([claim(gateway), claim(gateway)]) == ["alone", "thread 0"]
    for number in range(2):
        assert claim(gateway) is None
        settle(gateway, f"thread {number}")
        assert claim(gateway) == f"thread {number + 1}"
