"""No active content of a message reaches a screen: with a real browser and a listener.

Each guard (the cleaned page, its policy, its frame) is tested alone; without any of them, the
listener is contacted: a test that cannot fail proves nothing.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from ..controllers import mail as controller
from ..gateway import preview
from .reports_common import JANE, JOHN, sample_report
from .screens_common import DOMAIN, ReceivedMail

# {spy} is the URL of the listener. Each one requests it, runs something, or leads away.
ACTIVE = (
    '<img src="{spy}/img">',
    '<img srcset="{spy}/srcset 1x">',
    '<img src=x onerror="{steal}">',
    '<picture><source srcset="{spy}/source"><img src="{spy}/picture"></picture>',
    '<p style="background: url({spy}/style)">x</p>',
    '<p style="background: u\\72 l({spy}/escaped)">x</p>',
    "<p style=\"background-image: image-set('{spy}/set' 1x)\">x</p>",
    '<p style="width: 9px; height: 9px; content: url({spy}/content)">x</p>',
    "<style>@import '{spy}/import'; p {{ background: url({spy}/sheet) }}</style>",
    "<style>@font-face {{ font-family: f; src: url({spy}/font) }} p {{ font-family: f }}</style>",
    '<link rel="stylesheet" href="{spy}/link">',
    '<link rel="preload" as="image" href="{spy}/pre">',
    '<link rel="icon" href="{spy}/icon">',
    '<link rel="prefetch" href="{spy}/fetch">',
    "<script>{steal}</script>",
    '<script src="{spy}/script"></script>',
    '<svg onload="{steal}"><image href="{spy}/svg"/><script>{steal}</script>'
    '<use href="{spy}/use#x"/></svg>',
    '<math><mtext><img src="{spy}/math"></mtext></math>',
    '<iframe src="{spy}/iframe"></iframe>',
    '<iframe srcdoc="<img src={spy}/srcdoc>"></iframe>',
    '<object data="{spy}/object"></object>',
    '<embed src="{spy}/embed">',
    '<video src="{spy}/video" poster="{spy}/poster" autoplay></video>',
    '<audio src="{spy}/audio" autoplay></audio>',
    '<input type="image" src="{spy}/input">',
    '<table background="{spy}/table"><tr><td background="{spy}/td">x</table>',
    '<form id="f" action="{spy}/form"><input autofocus onfocus="this.form.submit()"></form>',
    '<details open ontoggle="{steal}">x</details>',
    '<marquee onstart="{steal}">x</marquee>',
    # Markup whose meaning changes when it is parsed a second time.
    '<svg></p><style><a id="</style><img src={spy}/mutated onerror={steal}>">',
    '<noscript><p title="</noscript><img src={spy}/noscript>"></noscript>',
    "<!--><img src={spy}/comment>-->",
    "<![CDATA[><img src={spy}/cdata>]]>",
    "<xmp><img src={spy}/xmp></xmp>",
    "<textarea><img src={spy}/textarea></textarea>",
    '<a title="</a><img src={spy}/attribute>">x</a>',
    '<img alt="`><img src={spy}/backtick>">',
    '<base href="{spy}/">',
    '<body background="{spy}/body" onload="{steal}">',
    '<meta http-equiv="refresh" content="0;url={spy}/refresh">',
)
# Shows a page in a frame, waits until its requests are complete, and reports that.
SHOW = """
    const frame = document.createElement("iframe");
    %s
    frame.onload = () => setTimeout(() => console.log("test successful"), 1500);
    frame.src = "/postmaster/mail/%s/preview";
    document.body.append(frame);
"""
NAMES = "<img src={spy}/name onerror={steal}>"


class Listener(ThreadingHTTPServer):
    """Answers all requests and records them."""

    daemon_threads = True

    def __init__(self):
        self.asked = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    do_POST = do_HEAD = do_OPTIONS = do_GET

    def log_message(self, *args):
        """The tests report the requests."""


@tagged("post_install", "-at_install")
class TestActiveContent(HttpCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.env["mail.postmaster.message"].search([]).unlink()
        cls.env.ref("base.user_admin").company_ids += cls.company

    def setUp(self):
        super().setUp()
        self.listener = Listener()
        self.addCleanup(self.listener.server_close)
        self.addCleanup(self.listener.shutdown)

    def fetch_proxy(self, url):
        """Requests of the browser to other hosts."""
        self.listener.asked.append(url)
        return super().fetch_proxy(url)

    def filled(self, text):
        spy = self.listener.address
        return text.format(spy=spy, steal=f"fetch('{spy}/steal')")

    def hostile(self, html):
        name = self.filled(NAMES)
        return (
            f'From: "{name}" <ann@customer.test>\r\nTo: "{name}" <desks@{DOMAIN}>\r\n'
            f"Subject: Hostile {name}\r\nMessage-Id: <hostile-{name}@customer.test>\r\n"
            "Content-Type: multipart/mixed; boundary=b0b\r\n\r\n--b0b\r\n"
            f"Content-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b0b\r\n"
            f'Content-Type: image/png; name="{name}.png"\r\n\r\nx\r\n--b0b--\r\n'
        ).encode()

    def show(self, mail, *guards):
        """Show the preview of a message with some of its guards, and return the requests."""
        self.listener.asked.clear()
        headers = [("Content-Type", "text/html; charset=utf-8")]
        unclean = patch.object(preview, "clean_html", lambda text: text)
        unbound = patch.object(controller, "PREVIEW_HEADERS", headers)
        if "cleaned" not in guards:
            unclean.start()
            self.addCleanup(unclean.stop)
        if "policy" not in guards:
            unbound.start()
            self.addCleanup(unbound.stop)
        frame = 'frame.setAttribute("sandbox", "");' if "frame" in guards else ""
        self.browser_js(
            "/web/login?debug=0",
            SHOW % (frame, mail.id),
            login="admin",
            ready="document.readyState === 'complete'",
        )
        for guard in (unclean, unbound):
            # Stopping a listener that was not started does nothing.
            guard.stop()
        return [
            path for path in self.listener.asked if "fonts.g" not in path and "favicon" not in path
        ]

    def test_guards_of_the_preview(self):
        mail = self.receive(self.hostile("<p>Good morning</p>" + self.filled("".join(ACTIVE))))
        self.assertTrue(mail)
        for guards in (("cleaned", "policy", "frame"), ("cleaned",)):
            with self.subTest(guards=guards):
                self.assertEqual(self.show(mail, *guards), [])
        with self.subTest("the listener hears"):
            asked = set(self.show(mail))
            self.assertIn("/img", asked)
            self.assertIn("/steal", asked)
            self.assertGreater(len(asked), 10)

    def test_policy_alone(self):
        """If the cleaning misses something, the browser loads and runs none of it."""
        mail = self.receive(self.hostile(self.filled("".join(ACTIVE))))
        self.assertEqual(self.show(mail, "policy"), [])

    def test_frame_alone_runs_nothing(self):
        mail = self.receive(self.hostile(self.filled("".join(ACTIVE))))
        asked = self.show(mail, "frame")
        self.assertIn("/img", asked)
        self.assertNotIn("/steal", asked)

    def test_names_on_our_screens(self):
        """Subject, sender, recipient, Message-Id and file name are text everywhere."""
        self.make_broken_alias("desks")
        mail = self.receive(self.hostile("<p>Good morning</p>" + self.filled("".join(ACTIVE))))
        self.assertEqual(mail.state, "parked")
        self.start_tour("/odoo/postmaster", "mail_postmaster_hostile_mail", login="admin")
        # Other paths are requested by Odoo itself.
        self.assertEqual([path for path in self.listener.asked if path.startswith("/")], [])

    def test_what_a_server_reports(self):
        """A server's text is shown as text in a received message and in the addon's notes."""
        self.env["mail.postmaster.policy"].apply_preset("recommended")
        for name, value in (("bounces", "2"), ("spread", "0")):
            self.env["ir.config_parameter"].set_param(f"mail.postmaster.blacklist.{name}", value)
        markup = self.filled(NAMES)
        partners = self.env["res.partner"]
        record = partners.create({"name": "Quotation"})
        customers = partners.create(
            [
                {"name": f"Lost Customer {markup}", "email": JANE},
                {"name": f"Reading Customer {markup}", "email": JOHN},
            ]
        )
        for number in (1, 2):
            sent = record.message_post(
                body="Our offer",
                partner_ids=customers.ids,
                subtype_xmlid="mail.mt_comment",
            )
            sent.notification_ids.write({"notification_status": "sent"})
            self.receive(
                sample_report("gmail_failed", sent, number=number).replace(
                    b"5.1.1 The email account",
                    b"5.1.1 " + markup.encode(),
                )
            )
        self.receive(
            sample_report("thunderbird_read", sent, number=3).replace(
                JANE.encode(),
                JOHN.encode(),
            )
        )
        notes = sent.notification_ids.mapped("postmaster_note")
        self.assertTrue(any("<img" in note for note in notes), "The report has the markup.")
        blacklisted = self.env["mail.blacklist"].search([("email", "=", JANE)])
        self.assertTrue(blacklisted, "Two reports are enough here.")
        for message in blacklisted.message_ids + customers.message_ids:
            self.assertNotIn("<img", message.body)
        # The one of the two that the tour opens.
        (record.message_ids - sent).unlink()
        self.start_tour(f"/odoo/res.partner/{record.id}", "mail_postmaster_reports", login="admin")
        self.assertEqual([path for path in self.listener.asked if path.startswith("/")], [])
