"""Plans of the searches of the hot path and of the views, with 300,000 messages in the log."""

import re

from . import databases

ROWS = 300_000

FILL = """
INSERT INTO mail_postmaster_message (
    intake_key, message_id, mail_key, digest, email_from, email_normalized, recipients,
    subject, size, source, state, reason_code, attempts, failures, received_count, raw_kept,
    create_date, settled_at, next_attempt, company_id
)
SELECT 'k' || n, '<' || n || '@x.test>', '<' || n || '@x.test>', md5(n::text),
    'Customer ' || n, 'c' || n % 5000 || '@x.test', 'sales@example.com', 'Subject ' || n, 4000,
    'fetch',
    CASE WHEN n % 1000 = 0 THEN 'parked' WHEN n % 3000 = 1 THEN 'retry' ELSE 'delivered' END,
    'record_created', 1, 0, 1, n > 280000,
    now() - (300000 - n) * interval '1 minute', now() - (300000 - n) * interval '1 minute',
    now() + interval '1 hour', 1
FROM generate_series(1, {rows}) AS n;
INSERT INTO mail_postmaster_delivery (mail_id, mail_key, target, state, model, res_id)
SELECT id, mail_key, 'alias:1', state, 'crm.lead', id FROM mail_postmaster_message;
ANALYZE mail_postmaster_message; ANALYZE mail_postmaster_delivery;
"""

QUERIES = {
    "lock before an attempt": """
        SELECT COALESCE(released, false) OR EXISTS (
            SELECT 1 FROM mail_postmaster_delivery WHERE mail_key = mail.mail_key)
        FROM mail_postmaster_message AS mail
        WHERE id = 150000 AND state = ANY('{received,retry}') FOR UPDATE OF mail SKIP LOCKED""",
    "intake: the same bytes again": """
        SELECT id FROM mail_postmaster_message WHERE intake_key = 'k150000'""",
    "next message of the scheduled action": """
        SELECT id FROM mail_postmaster_message
        WHERE state IN ('received', 'retry') AND next_attempt <= now() AT TIME ZONE 'UTC'
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED""",
    "from a chatter message": """
        SELECT mail_id FROM mail_postmaster_delivery WHERE mail_message_id = 4711""",
    "deliveries of a message": """
        SELECT id FROM mail_postmaster_delivery WHERE mail_id = 150000""",
    "first page of the list": """
        SELECT id FROM mail_postmaster_message ORDER BY id DESC LIMIT 80""",
    "needs attention": """
        SELECT count(*) FROM mail_postmaster_message WHERE state = 'parked'""",
    "by Message-Id": """
        SELECT id FROM mail_postmaster_message WHERE message_id = '<150000@x.test>'""",
    "by sender": """
        SELECT id FROM mail_postmaster_message WHERE email_normalized = 'c77@x.test'
        ORDER BY id DESC LIMIT 80""",
    "content to remove": """
        SELECT id FROM mail_postmaster_message
        WHERE raw_kept AND state = ANY('{delivered,ignored,refused}')
            AND settled_at < (now() AT TIME ZONE 'UTC') - 7 * interval '1 day'
        ORDER BY id LIMIT 1000""",
}


def main():
    databases.prepare()
    with databases.environment(databases.OURS) as env:
        env.cr.execute(FILL.format(rows=ROWS))
    print(f"{ROWS} messages in the log\n\n{'search':36}{'ms':>8}  plan")
    with databases.environment(databases.OURS) as env:
        for title, query in QUERIES.items():
            env.cr.execute("EXPLAIN (ANALYZE, TIMING OFF) " + query)
            plan = [line for (line,) in env.cr.fetchall()]
            milliseconds = float(re.search(r"Execution Time: ([\d.]+)", plan[-1]).group(1))
            scans = re.findall(
                r"((?:Index|Seq|Bitmap)[\w ]*Scan)[\w ]*? (?:using (\S+)|on (\S+))", "\n".join(plan)
            )
            used = ", ".join(" ".join(filter(None, scan)) for scan in scans)
            print(f"{title:36}{milliseconds:8.2f}  {used}")


main()
