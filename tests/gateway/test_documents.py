"""What the developers' pages say about files is true."""

import ast
import re
from pathlib import Path

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.rules import table

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
# `models/mail_postmaster_{message,raw}.py`, `controllers/inbound*.py`
FILE = re.compile(r"`((?:[a-z_]+/)+[\w{},*.-]+\.(?:py|xml|eml|json|md|sql))`")
BRACES = re.compile(r"\{([^}]*)\}")
FOLDERS = ("pipeline", "policy", "rules", "shortcuts", "words", "fetching")


def variants(text):
    """Return the paths that a text with braces stands for."""
    found = BRACES.search(text)
    if not found:
        return [text]
    ends = [text[: found.start()] + word + text[found.end() :] for word in found[1].split(",")]
    return [one for end in ends for one in variants(end)]


class TestDocuments(BaseCase):
    def test_every_file_that_is_named_is_there(self):
        named = {(page.name, path) for page in PAGES for path in FILE.findall(page.read_text())}
        self.assertGreater(len(named), 60)
        for page, text in sorted(named):
            for path in variants(text):
                with self.subTest(page=page, path=path):
                    self.assertTrue(list(ROOT.glob(path)))

    def test_every_page_is_in_the_list_of_pages(self):
        listed = (ROOT / "docs" / "README.md").read_text()
        for page in (ROOT / "docs").glob("*.md"):
            if page.name != "README.md":
                self.assertIn(f"]({page.name})", listed)

    def test_docstrings_of_folders_are_maps(self):
        for folder in FOLDERS:
            page = (ROOT / folder / "__init__.py").read_text()
            for module in (ROOT / folder).glob("[a-z]*.py"):
                self.assertIn(f"``{module.stem}``", page)

    def test_every_method_of_the_adapter_is_named(self):
        page = (ROOT / "docs" / "architecture.md").read_text()
        source = (ROOT / "models" / "core" / "mail_thread.py").read_text()
        adapter = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
        methods = [node.name for node in adapter.body if isinstance(node, ast.FunctionDef)]
        self.assertGreater(len(methods), 20)
        for name in methods:
            self.assertIn(f"`{name}`", page)

    def test_the_tables_of_rules_are_complete_and_in_order(self):
        names = [rule.name for rule in (*table.BEFORE_ROUTING, *table.AFTER_ROUTING)]
        page = (ROOT / "docs" / "loops.md").read_text()
        shown = re.findall(r"^\|[^|`]*\| `(\w+)` \|", page, re.MULTILINE)
        self.assertEqual(shown, names)
        names += [rule.name for rule in table.BEFORE_OUR_NOTICE]
        self.assertEqual(re.findall(r"^``(\w+)``  +", table.__doc__, re.MULTILINE), names)

    def test_every_rule_has_a_file_of_its_name(self):
        for rule in (*table.BEFORE_ROUTING, *table.AFTER_ROUTING, *table.CATCHALL):
            self.assertTrue((ROOT / "rules" / f"{rule.name}.py").exists(), rule.name)
