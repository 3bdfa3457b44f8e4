"""Headers as programs send them, with example addresses."""

TRACE = b"""\
Delivered-To: sales@example.com
Received: from mx.example.org (mx.example.org [192.0.2.1])
 by mail.example.com (Postfix) with ESMTPS id 4F2C1
 for <sales@example.com>; Fri, 20 Nov 2026 10:00:00 +0100 (CET)
"""

OUR_NOTIFICATION = b"<839120.1763629200.1-openerp-7-crm.lead@odoo.example.com>"


def crlf(header):
    """Return a header with the line endings used in transit."""
    return header.replace(b"\n", b"\r\n")


# --- Replies by programs ------------------------------------------------------------

EXCHANGE_ONLINE_OUT_OF_OFFICE = crlf(
    b"Return-Path: <>\n"
    + TRACE
    + b"""\
From: Jane Doe <jane@example.org>
To: Sales <sales@example.com>
Subject: Automatic reply: Offer S00012
Thread-Topic: Automatic reply: Offer S00012
Thread-Index: AQHbQ0fQk1n9aY1fEk+2rKq3uT0J5A==
Date: Fri, 20 Nov 2026 09:00:00 +0000
Message-ID: <9d1b6c1f0a7e4a7c@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
References: """
    + OUR_NOTIFICATION
    + b"""
In-Reply-To: """
    + OUR_NOTIFICATION
    + b"""
X-MS-Has-Attach:
X-Auto-Response-Suppress: All
X-MS-Exchange-Inbox-Rules-Loop: jane@example.org
X-MS-TNEF-Correlator:
auto-submitted: auto-generated
x-ms-exchange-generated-message-source: Mailbox Rules Agent
Content-Type: multipart/alternative; boundary="_000_9d1b_"
MIME-Version: 1.0
"""
)

# The subject is the person's own, in a language that is not in the list.
EXCHANGE_ONLINE_RULE_REPLY = EXCHANGE_ONLINE_OUT_OF_OFFICE.replace(
    b"Automatic reply: Offer S00012", b"Thanks, we have it"
)

EXCHANGE_2003_OUT_OF_OFFICE = crlf(
    TRACE
    + b"""\
X-MimeOLE: Produced By Microsoft Exchange V6.5
Content-class: urn:content-classes:message
MIME-Version: 1.0
Content-Type: text/plain; charset="iso-8859-1"
Subject: Out of Office AutoReply: Offer
Date: Fri, 20 Nov 2026 10:00:00 +0100
Message-ID: <A1B2C3D4@exchange.example.org>
X-MS-Has-Attach:
X-MS-TNEF-Correlator:
From: "Doe, Jane" <jane@example.org>
To: <sales@example.com>
"""
)

GMAIL_VACATION = crlf(
    b"Return-Path: <>\n"
    + TRACE
    + b"""\
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=20230601; b=abc
MIME-Version: 1.0
From: Jane Doe <jane@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0100
X-Autoreply: yes
Auto-Submitted: auto-replied
Precedence: bulk
In-Reply-To: """
    + OUR_NOTIFICATION
    + b"""
References: """
    + OUR_NOTIFICATION
    + b"""
Message-ID: <CAK0example@mail.gmail.com>
Subject: On holiday Re: Offer
To: sales@example.com
Content-Type: text/plain; charset="UTF-8"
"""
)

LOTUS_OUT_OF_OFFICE = crlf(
    TRACE
    + b"""\
Auto-Submitted: auto-generated
From: Jane Doe <jane@example.org>
To: sales@example.com
Message-ID: <OF1E2D3C4B.5A697887-ONC1257E9D@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0100
Subject: AUTO: Jane Doe ist =?ISO-8859-1?Q?au=DFer_Haus?= (=?ISO-8859-1?Q?R=FCckkehr?= am
 24.11.2026)
X-MIMETrack: Serialize by Router on HUB1/Example(Release 9.0.1FP8|February 23, 2017) at
 20.11.2026 10:00:01
MIME-Version: 1.0
Content-type: text/plain; charset=ISO-8859-1
"""
)

# An agent of release 7 adds no header field.
LOTUS_7_OUT_OF_OFFICE = crlf(
    TRACE
    + b"""\
Subject: Jane Doe is out of the office.
From: Jane Doe <jane@example.org>
To: sales@example.com
Message-ID: <OF00112233.44556677-ON85257E9D@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0100
MIME-Version: 1.0
X-MIMETrack: Serialize by Router on HUB1/Example(Release 7.0.3|September 26, 2007)
Content-type: text/plain; charset=US-ASCII
"""
)

PIGEONHOLE_VACATION = crlf(
    b"Return-Path: <>\n"
    + TRACE
    + b"""\
X-Sieve: Pigeonhole Sieve 0.5.21 (f6cd4b8e)
Message-ID: <dovecot-sieve-1763629200-12345-0@mx.example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0100
From: <jane@example.org>
To: <sales@example.com>
Subject: Auto: Offer
References: """
    + OUR_NOTIFICATION
    + b"""
In-Reply-To: """
    + OUR_NOTIFICATION
    + b"""
Auto-Submitted: auto-replied (vacation)
Precedence: bulk
X-Auto-Response-Suppress: All
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
"""
)

CPANEL_AUTORESPONDER = crlf(
    b"Return-Path: <jane@example.org>\n"
    + TRACE
    + b"""\
Date: Fri, 20 Nov 2026 09:00:00 GMT
From: "Jane Doe" <jane@example.org>
Message-Id: <1763629200.0uM133YdFfxHyZPR@server.example.org>
Precedence: auto_reply
Subject: Thank you for your email.
To: sales@example.com
X-Autorespond: Offer
X-Loop: sales@example.com
X-Precedence: auto_reply
Mime-Version: 1.0
Content-Type: text/plain; charset=utf-8
X-AntiAbuse: This header was added to track abuse
"""
)

# What remains of a reply sent to a mailing list (vger.kernel.org passes it on like this).
CPANEL_AUTORESPONDER_ON_A_LIST = CPANEL_AUTORESPONDER + crlf(b"""\
Precedence: bulk
X-Mailing-List: dev@lists.example.org
List-Id: <dev.lists.example.org>
List-Unsubscribe: <mailto:dev+unsubscribe@lists.example.org>
""")

POSTFIX_BOUNCE = crlf(
    b"Return-Path: <>\n"
    + TRACE
    + b"""\
Date: Fri, 20 Nov 2026 10:00:00 +0100 (CET)
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: sales@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F2C1.1763629200/mx.example.org"
Message-Id: <20261120090000.4F2C1@mx.example.org>
"""
)

EXCHANGE_BOUNCE = crlf(
    b"Return-Path: <>\n"
    + TRACE
    + b"""\
From: <postmaster@example.org>
To: <sales@example.com>
Subject: Undeliverable: Offer
X-MS-Exchange-Message-Is-Ndr:
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="b688ae68-97c9-434e-8b45-5e0c0c9b8f52"
Message-ID: <b688ae68@exchange.example.org>
"""
)

# Outlook and Thunderbird only state the type.
READ_RECEIPT = crlf(
    b"Return-Path: <jane@example.org>\n"
    + TRACE
    + b"""\
Message-ID: <3d1f0b2c@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0100
From: Jane Doe <jane@example.org>
To: sales@example.com
Subject: Return Receipt (displayed) - Offer
MIME-Version: 1.0
References: """
    + OUR_NOTIFICATION
    + b"""
Content-Type: multipart/report; boundary="mdn1";
 report-type="disposition-notification"
"""
)

# --- Other messages by programs -----------------------------------------------------

# Since 2025 Exchange Online marks a person's message like this if an inbox rule forwards it.
EXCHANGE_ONLINE_FORWARD = crlf(
    b"Return-Path: <jane@example.org>\n"
    + TRACE
    + b"""\
From: John Roe <john@example.org>
To: Sales <sales@example.com>
Subject: FW: Where is my order?
Date: Fri, 20 Nov 2026 09:00:00 +0000
Message-ID: <0b1c2d3e4f5a@AM0PR01MB0002.eurprd01.prod.exchangelabs.com>
X-MS-Exchange-Inbox-Rules-Loop: jane@example.org
auto-submitted: auto-generated
x-ms-exchange-generated-message-source: Mailbox Rules Agent
MIME-Version: 1.0
"""
)

ZENDESK = crlf(
    b"Return-Path: <support@example.org>\n"
    + TRACE
    + b"""\
Date: Fri, 20 Nov 2026 09:00:00 +0000
From: Example Support <support@example.org>
Reply-To: Example Support <support+id4X2Y@example.org>
To: sales@example.com
Message-ID: <4X2YABCDEF_691edb90a_sprut@zendesk.com>
In-Reply-To: """
    + OUR_NOTIFICATION
    + b"""
Subject: [Request received] Offer
X-Delivery-Context: event-id-1234567890
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: All
X-Mailer: Zendesk Mailer
X-Zendesk-From-Account-Id: 1a2b3c
Content-Type: multipart/alternative; boundary="--==_mimepart_1"
"""
)

FRESHDESK = crlf(
    b"Return-Path: <bounces@mail.example.org>\n"
    + TRACE
    + b"""\
Date: Fri, 20 Nov 2026 09:00:00 +0000
From: Example Helpdesk <help@example.org>
To: sales@example.com
Message-ID: <691edb90.helpdesk@example.org>
Subject: Ticket Received - Offer
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: DR, RN, OOF, AutoReply
Content-Type: text/html; charset=UTF-8
"""
)

CRON = crlf(
    b"Return-Path: <root@server.example.org>\n"
    + TRACE
    + b"""\
From: root@server.example.org (Cron Daemon)
To: sales@example.com
Subject: Cron <root@server> test -x /usr/sbin/backup && backup
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
X-Cron-Env: <SHELL=/bin/sh>
X-Cron-Env: <HOME=/root>
Message-Id: <20261120090000.AAAA@server.example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0100 (CET)
"""
)

MONITORING = crlf(
    b"Return-Path: <nagios@server.example.org>\n"
    + TRACE
    + b"""\
Subject: ** PROBLEM Service Alert: web1/HTTP is CRITICAL **
To: <sales@example.com>
Auto-Submitted: auto-notified; owner-email="ops@example.org"
Message-Id: <20261120090000.BBBB@server.example.org>
From: nagios@server.example.org (nagios)
"""
)

ABUSE_REPORT = crlf(
    b"Return-Path: <feedback@example.org>\n"
    + TRACE
    + b"""\
From: Abuse <feedback@example.org>
To: sales@example.com
Subject: Email Feedback Report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="arf"
"""
)

MARKETING = crlf(
    b"Return-Path: <bounce-123@news.example.org>\n"
    + TRACE
    + b"""\
From: Example Shop <shop@news.example.org>
To: sales@example.com
Subject: 20 % off
Message-ID: <promo.123@news.example.org>
List-Unsubscribe: <https://news.example.org/u/123>, <mailto:u-123@news.example.org>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Feedback-ID: 123:campaign:example
MIME-Version: 1.0
"""
)

# --- Lists --------------------------------------------------------------------------

MAILMAN_POST = crlf(
    b"Return-Path: <dev-bounces@lists.example.org>\n"
    + TRACE
    + b"""\
From: Jane Doe <jane@example.org>
To: dev@lists.example.org
Date: Fri, 20 Nov 2026 10:00:00 +0100
Message-ID: <6a7b8c@example.org>
Subject: [Dev] Re: Release
X-BeenThere: dev@lists.example.org
X-Mailman-Version: 2.1.39
Precedence: list
List-Id: Developers <dev.lists.example.org>
List-Unsubscribe: <mailto:dev-request@lists.example.org?subject=unsubscribe>
List-Post: <mailto:dev@lists.example.org>
Errors-To: dev-bounces@lists.example.org
Sender: "Dev" <dev-bounces@lists.example.org>
"""
)

GOOGLE_GROUP_POST = crlf(
    b"Return-Path: <team+bncBC123@example.org>\n"
    + TRACE
    + b"""\
X-BeenThere: team@example.org
From: Jane Doe <jane@example.net>
To: team@example.org
Subject: Where is my order?
Message-ID: <CAK1example@mail.gmail.com>
X-Original-Sender: jane@example.net
Precedence: list
Mailing-list: list team@example.org; contact team+owners@example.org
List-ID: <team.example.org>
List-Post: <https://groups.google.com/a/example.org/group/team/post>, <mailto:team@example.org>
"""
)

GITHUB_NOTIFICATION = crlf(
    b"Return-Path: <noreply@github.com>\n"
    + TRACE
    + b"""\
Date: Fri, 20 Nov 2026 01:00:00 -0800
From: Jane Doe <notifications@github.com>
Reply-To: example/project <reply+ABC@reply.github.com>
To: example/project <project@noreply.github.com>
Message-ID: <example/project/issues/1/123@github.com>
In-Reply-To: <example/project/issues/1@github.com>
Subject: Re: [example/project] It breaks (Issue #1)
Precedence: list
X-GitHub-Sender: jane
List-ID: example/project <project.example.github.com>
List-Archive: https://github.com/example/project
List-Unsubscribe: <https://github.com/notifications/unsubscribe-auth/ABC>
X-Auto-Response-Suppress: All
"""
)

# --- People -------------------------------------------------------------------------

PEOPLE = {
    "Outlook": crlf(
        b"Return-Path: <jane@example.org>\n"
        + TRACE
        + b"""\
From: Jane Doe <jane@example.org>
To: Sales <sales@example.com>
Subject: RE: Offer S00012
Thread-Topic: Offer S00012
Thread-Index: AQHbQ0fQk1n9aY1fEk+2rKq3uT0J5LK0
Date: Fri, 20 Nov 2026 09:00:00 +0000
Message-ID: <AM0PR01MB0001A1@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
References: """
        + OUR_NOTIFICATION
        + b"""
In-Reply-To: """
        + OUR_NOTIFICATION
        + b"""
Accept-Language: en-US
X-MS-Has-Attach:
X-MS-TNEF-Correlator:
x-ms-exchange-messagesentrepresentingtype: 1
Content-Type: multipart/alternative; boundary="_000_AM0_"
"""
    ),
    # Redirected by an inbox rule of the receiver.
    "Outlook, redirected": crlf(
        b"Return-Path: <jane@example.org>\n"
        + TRACE
        + b"""\
From: Jane Doe <jane@example.org>
To: Info <info@example.com>
Subject: Where is my order?
Resent-From: <info@example.com>
X-MS-Exchange-Inbox-Rules-Loop: info@example.com
X-MS-Exchange-Transport-Rules-Loop: 1
Message-ID: <AM0PR01MB0001B2@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
"""
    ),
    "Gmail": crlf(
        b"Return-Path: <jane@example.org>\n"
        + TRACE
        + b"""\
X-Google-Smtp-Source: AGHT+IE
MIME-Version: 1.0
From: Jane Doe <jane@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0100
X-Gm-Features: AWmQ_bk
Message-ID: <CAK2example@mail.gmail.com>
Subject: =?UTF-8?Q?Frage_zum_Angebot_=F0=9F=99=82?=
To: sales@example.com
Content-Type: multipart/mixed; boundary="000000000000abc"
"""
    ),
    "Thunderbird": crlf(
        b"Return-Path: <jane@example.org>\n"
        + TRACE
        + b"""\
Message-ID: <2b3c4d5e-6f70-8192-a3b4-c5d6e7f80910@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0100
MIME-Version: 1.0
User-Agent: Mozilla Thunderbird
Content-Language: de-DE
From: Jane Doe <jane@example.org>
To: sales@example.com
Disposition-Notification-To: Jane Doe <jane@example.org>
Subject: Anfrage
"""
    ),
    "Apple Mail": crlf(
        b"Return-Path: <jane@example.org>\n"
        + TRACE
        + b"""\
From: Jane Doe <jane@example.org>
Content-Type: text/plain; charset=utf-8
Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))
Subject: Out of office furniture
Message-Id: <0A1B2C3D-1111-2222-3333-444455556666@example.org>
X-Mailer: Apple Mail (2.3774.600.62)
To: sales@example.com
"""
    ),
    "Lotus Notes": crlf(
        TRACE
        + b"""\
To: sales@example.com
MIME-Version: 1.0
Subject: Bestellung
From: Jane Doe <jane@example.org>
Message-ID: <OFAABBCCDD.EEFF0011-ONC1257E9D@example.org>
X-MIMETrack: Serialize by Router on HUB1/Example(Release 9.0.1FP8|February 23, 2017)
X-KeepSent: AABBCCDD:EEFF0011-C1257E9D; type=4; name=$KeepSent
X-Mailer: IBM Notes Release 9.0.1FP8 February 23, 2017
"""
    ),
    "Odoo": crlf(
        b"Return-Path: <bounce@example.org>\n"
        + TRACE
        + b"""\
Message-Id: <839120.1763629200.2-openerp-9-sale.order@odoo.example.org>
References: <839119.1763629100.2-openerp-9-sale.order@odoo.example.org>
Subject: Re: Offer
From: "Jane Doe" <jane@example.org>
Reply-To: "Example" <catchall@example.org>
To: sales@example.com
X-Odoo-Objects: sale.order-9
"""
    ),
    # RFC 3834 section 5: a person wrote it, and the field says so.
    "who says so": crlf(
        TRACE
        + b"""\
From: Jane Doe <jane@example.org>
Subject: Out of Office: who stands in?
Auto-Submitted: no
"""
    ),
    "in a thread that a program began": crlf(
        b"Return-Path: <jane@example.org>\n"
        + TRACE
        + b"""\
From: Jane Doe <jane@example.org>
To: Sales <sales@example.com>
Subject: RE: Automatic reply: Offer S00012
Message-ID: <AM0PR01MB0001C3@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
In-Reply-To: <9d1b6c1f0a7e4a7c@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
References: """
        + OUR_NOTIFICATION
        + b"""
 <9d1b6c1f0a7e4a7c@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
"""
    ),
}
