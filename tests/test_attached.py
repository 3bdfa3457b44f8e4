"""Attachments: safe file names, and signatures that can still be verified."""

import hashlib
import io
import zipfile
from base64 import b64decode, b64encode
from datetime import datetime, timedelta, timezone

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from odoo.http import Request
from odoo.tests import HttpCase, tagged

from ..gateway.file_names import safe_name
from .screens_common import DOMAIN, ReceivedMail

NAMES = (
    "../../../../tmp/escaped.txt",
    "..\\..\\escaped.txt",
    "/etc/escaped.txt",
    "C:\\escaped.txt",
    "invoice\u202efdp.exe",
    "a\r\nSet-Cookie: stolen=1\r\n\r\n<b>.txt",
    'a"; filename="b.html',
    "CON.txt",
    "x" * 400 + ".txt",
    "nul\0byte.txt",
    "<img src=x onerror=alert(1)>.txt",
    "..",
    "",
)
TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nI agree to pay 100 \xe2\x82\xac.\r\n"


class Signer:
    """A signer with a separate key and certificate."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ann")])
        now = datetime.now(timezone.utc)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )

    def sign(self, content, *options):
        """Return a CMS signature of some bytes, in DER."""
        builder = (
            pkcs7.PKCS7SignatureBuilder()
            .set_data(content)
            .add_signer(
                self.certificate,
                self.key,
                hashes.SHA256(),
            )
        )
        return builder.sign(
            serialization.Encoding.DER,
            [pkcs7.PKCS7Options.Binary, *options],
        )

    def verify(self, signature, content=None):
        """Raise unless a CMS signature is ours and covers these or its own bytes (RFC 5652)."""
        signed = cms.ContentInfo.load(signature)["content"]
        content = signed["encap_content_info"]["content"].native if content is None else content
        signer = signed["signer_infos"][0]
        digests = [
            attribute["values"][0].native
            for attribute in signer["signed_attrs"]
            if attribute["type"].native == "message_digest"
        ]
        if digests != [hashlib.sha256(content).digest()]:
            raise ValueError("Something else was signed.")
        self.key.public_key().verify(
            signer["signature"].native,
            signer["signed_attrs"].untag().dump(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )


def mail(content_type, body, number, **fields):
    head = {
        "From": "Ann <ann@customer.test>",
        "To": f"contacts@{DOMAIN}",
        "Subject": "Signed",
        "Message-Id": f"<attached-{number}@customer.test>",
        "MIME-Version": "1.0",
        "Content-Type": content_type,
        **fields,
    }
    header = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return header.encode("utf-8") + b"\r\n" + body


def signed_part(raw):
    """Return ``(signed bytes, signature part)`` of a multipart/signed message."""
    _head, signed, signature, _end = raw.split(b"--b0b")
    # The line end before a boundary belongs to the boundary (RFC 2046 section 5.1.1).
    return signed.removeprefix(b"\r\n").removesuffix(b"\r\n"), signature


@tagged("post_install", "-at_install")
class TestAttached(HttpCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.make_alias("contacts")
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.admin = cls.make_user("admin-x", "mail_postmaster.group_admin")

    def delivered(self, raw):
        row = self.receive(raw)
        self.assertEqual(row.state, "delivered", row.error)
        self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)
        return row, row.delivery_ids.mail_message_id.attachment_ids

    # --- File names --------------------------------------------------------------------

    def with_names(self, names):
        parts = b"".join(
            b"--b0b\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Disposition: attachment; filename*=utf-8''"
            + "".join(f"%{octet:02X}" for octet in name.encode()).encode()
            + b"\r\n\r\ncontent\r\n"
            for name in names
        )
        return mail("multipart/mixed; boundary=b0b", parts + b"--b0b--\r\n", len(names))

    def test_names_lead_nowhere(self):
        for preset in ("recommended", "odoo"):
            self.env["mail.postmaster.policy"].apply_preset(preset)
            row, attachments = self.delivered(self.with_names(NAMES * (1 + (preset == "odoo"))))
            self.assertGreaterEqual(len(attachments), len(NAMES))
            for name in attachments.mapped("name"):
                with self.subTest(name, preset=preset):
                    self.assertEqual(name, safe_name(name))
            self.assertEqual(row.trace_lines[-1]["hit"], True)
            told = " ".join(line["text"] for line in row.trace_lines)
            self.assertIn("../../../../tmp/escaped.txt is not a valid file name", told)

    def test_names_in_headers_and_archives_of_core(self):
        """Core writes a name into an archive unchanged."""
        _row, attachments = self.delivered(self.with_names(NAMES))
        self.authenticate("admin", "admin")
        for attachment in attachments:
            response = self.url_open(f"/web/content/{attachment.id}?download=true")
            with self.subTest(attachment.name):
                self.assertEqual(response.status_code, 200)
                self.assertNotIn("stolen", response.headers.get("Set-Cookie", ""))
                self.assertNotIn("stolen", response.cookies)
                disposition = response.headers["Content-Disposition"]
                self.assertTrue(disposition.startswith("attachment"))
                self.assertNotIn("..", disposition)
        response = self.url_open(
            "/mail/attachment/zip",
            data={
                "file_ids": ",".join(map(str, attachments.ids)),
                "zip_name": "all.zip",
                "csrf_token": Request.csrf_token(self),
            },
        )
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            names = archive.namelist()
        self.assertEqual(len(names), len(attachments))
        for name in names:
            self.assertNotRegex(name, r"[\\/\0-\x1f]|^\.\.?$")

    # --- Signatures --------------------------------------------------------------------

    def signed_mail(self, number=1):
        signer = Signer()
        signature = signer.sign(TEXT, pkcs7.PKCS7Options.DetachedSignature)
        body = (
            b"An S/MIME signed mail\r\n--b0b\r\n" + TEXT + b"\r\n--b0b\r\n"
            b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
            b"Content-Transfer-Encoding: base64\r\n"
            b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n'
            + b64encode(signature)
            + b"\r\n--b0b--\r\n"
        )
        content_type = (
            'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; '
            'boundary="b0b"'
        )
        return signer, mail(content_type, body, number)

    def assert_verifies(self, signer, raw):
        content, part = signed_part(raw)
        signer.verify(b64decode(part.partition(b"\r\n\r\n")[2]), content)
        with self.assertRaises(ValueError):
            signer.verify(b64decode(part.partition(b"\r\n\r\n")[2]), content + b"!")

    def test_signature_of_the_download_verifies(self):
        signer, raw = self.signed_mail()
        row, _attachments = self.delivered(raw)
        self.authenticate(self.admin.login, self.admin.login)
        downloaded = self.url_open(f"/postmaster/mail/{row.id}/raw").content
        self.assert_verifies(signer, downloaded)

    def test_signature_in_the_conversation_verifies(self):
        """Also for users who are not administrators, and after the log entry has been deleted."""
        signer, raw = self.signed_mail()
        row, attachments = self.delivered(raw)
        self.env.cr.execute("DELETE FROM mail_postmaster_raw WHERE message_id = %s", [row.id])
        self.assertEqual(sorted(attachments.mapped("name")), ["original_email.eml", "smime.p7s"])
        original = attachments.filtered(lambda one: one.name == "original_email.eml")
        self.assertEqual(original.raw, raw)
        user = self.make_user("sales-x", "base.group_user")
        self.authenticate(user.login, user.login)
        response = self.url_open(f"/web/content/{original.id}?download=true")
        self.assert_verifies(signer, response.content)
        detached = attachments - original
        signer.verify(detached.raw, signed_part(raw)[0])

    def test_original_is_kept_once_and_by_the_policy(self):
        _signer, raw = self.signed_mail(2)
        self.env["fetchmail.server"].browse(self.server.id).original = True
        _row, attachments = self.delivered(raw)
        self.assertEqual(attachments.mapped("name").count("original_email.eml"), 1)
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        _row, attachments = self.delivered(self.signed_mail(3)[1])
        self.assertEqual(attachments.mapped("name"), ["smime.p7s"])

    def test_opaque_signature_verifies(self):
        """application/pkcs7-mime: the attachment has the whole message (RFC 8551 section 3.5.2)."""
        signer = Signer()
        signature = signer.sign(TEXT)
        _row, attachments = self.delivered(
            mail(
                'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"',
                b64encode(signature),
                4,
                **{"Content-Transfer-Encoding": "base64"},
            )
        )
        self.assertEqual(attachments.mapped("name"), ["smime.p7m"])
        self.assertEqual(attachments.raw, signature)
        signer.verify(attachments.raw)

    def test_openpgp(self):
        """PGP/MIME (RFC 3156): signed bytes are kept as sent, encrypted content is attached."""
        armoured = b"\r\n".join(
            (
                b"-----BEGIN PGP MESSAGE-----",
                b"",
                b"hQEMA+x",
                b"=AbCd",
                b"-----END PGP MESSAGE-----",
            )
        )
        body = (
            b"--b0b\r\n" + TEXT + b"\r\n--b0b\r\nContent-Type: application/pgp-signature; "
            b"name=signature.asc\r\n\r\n" + armoured + b"\r\n--b0b--\r\n"
        )
        raw = mail('multipart/signed; protocol="application/pgp-signature"; boundary=b0b', body, 5)
        _row, attachments = self.delivered(raw)
        contents = {one.name: one.raw for one in attachments}
        self.assertEqual(contents["original_email.eml"], raw)
        self.assertEqual(contents["signature.asc"], armoured)
        self.assertEqual(signed_part(contents["original_email.eml"])[0], TEXT)
        body = (
            b"--b0b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b0b\r\n"
            b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n"
            + armoured
            + b"\r\n--b0b--\r\n"
        )
        raw = mail(
            'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b0b', body, 6
        )
        _row, attachments = self.delivered(raw)
        self.assertIn(armoured, attachments.mapped("raw"))
