import posixpath
import re
import unicodedata

from odoo.addons.mail_postmaster.gateway.file_names import LONGEST_NAME, NAMELESS, safe_name

from .timing import GrowthCase


class TestFileNames(GrowthCase):
    def test_names_that_people_give_stay(self):
        for name in (
            "invoice.pdf",
            "Angebot 12 (neu).docx",
            "Übersicht – März.xlsx",
            "価格表.pdf",
            ".gitignore",
            "a.b.c.tar.gz",
            "50% & more #1.txt",
            "Re: hello.eml",
            "no extension",
            "عرض سعر.pdf",
            "नमस्ते.txt",
            "console.log",
            "communism.pdf",
            "☃.png",
            "-rf",
        ):
            with self.subTest(name):
                self.assertEqual(safe_name(name), name)

    def test_names_that_lead_elsewhere(self):
        for name, expected in (
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\windows\\system.ini", "system.ini"),
            ("C:\\Users\\me\\invoice.pdf", "invoice.pdf"),
            ("C:invoice.pdf", "invoice.pdf"),
            ("\\\\server\\share\\a.pdf", "a.pdf"),
            ("a/b/", "b"),
            ("..", NAMELESS),
            (".", NAMELESS),
            ("/", NAMELESS),
            ("../", NAMELESS),
            ("", NAMELESS),
            (None, NAMELESS),
            (" ", NAMELESS),
            ("\0", NAMELESS),
            (".. / ..", NAMELESS),
            # A control character does not hide the name around it.
            (".\0./a", "a"),
            ("..\r\n/a", "a"),
        ):
            with self.subTest(name):
                self.assertEqual(safe_name(name), expected)

    def test_names_that_pass_for_something_else(self):
        for name, expected in (
            ("invoice\u202efdp.exe", "invoicefdp.exe"),
            ("\u2067invoice\u2069.pdf", "invoice.pdf"),
            ("in\u200bvoice.pdf", "invoice.pdf"),
            ("invoice.pdf" + " " * 200 + ".exe", "invoice.pdf .exe"),
            ("a.pdf\r\nContent-Type: text/html", "html"),
            ("a.exe.", "a.exe"),
            ("a.exe . .", "a.exe"),
            ("a\tb.pdf", "a b.pdf"),
            ("a\u2028b.pdf", "a b.pdf"),
            ("\ud800.pdf", ".pdf"),
        ):
            with self.subTest(name):
                self.assertEqual(safe_name(name), expected)

    def test_devices_of_windows(self):
        for name in ("CON", "con.txt", "NUL.tar.gz", "Com1", "lpt9.pdf", "AUX .txt", "COM¹.txt"):
            with self.subTest(name):
                self.assertEqual(safe_name(name), f"_{name}")

    def test_length(self):
        for name, end in (
            ("a" * 1000 + ".pdf", ".pdf"),
            ("ü" * 1000 + ".pdf", "ü.pdf"),
            ("a" * 1000, "a"),
            ("a." + "b" * 1000, "b"),
            ("☃" * 85 + "." + "☃", ".☃"),
            ("." * 999 + "a", "a"),
        ):
            with self.subTest(name[:9]):
                safe = safe_name(name)
                self.assertLessEqual(len(safe.encode()), LONGEST_NAME)
                self.assertTrue(safe.endswith(end))

    def test_any_name(self):
        """No character makes a name unsafe in any position, and the function is idempotent."""
        for number in (*range(0x3000), *range(0xD7F0, 0xE010), *range(0xFE00, 0x10010), 0xE0001):
            letter = chr(number)
            for name in (letter, f"a{letter}b.pdf", f"..{letter}x", f"{letter}..", f"x{letter}"):
                safe = safe_name(name)
                self.assertTrue(safe)
                self.assertEqual(safe_name(safe), safe)
                self.assertEqual(posixpath.basename(safe), safe)
                self.assertNotIn(safe, (".", ".."))
                self.assertFalse(re.search(r"[\\/\r\n\0]", safe))
                self.assertFalse({"Cc", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, safe)))
                self.assertFalse(
                    {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
                    & set(map(unicodedata.bidirectional, safe))
                )

    def test_time(self):
        for piece in ("/", "\\", ".", " ", "\u202e", "a:", "CON", "\0"):
            with self.subTest(piece=piece):
                self.assertGrowsWithSize(safe_name, piece.__mul__, 100_000)
