"""Every place that bypasses access rights is listed and justified.

The two tables are in docs/security.md: superuser mode, and SQL bypassing the ORM. A use that is
added, moved or removed fails here until its reason is documented, or its line is removed.
"""

import ast
import re
from pathlib import Path

from odoo.tests import BaseCase, tagged

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "docs" / "security.md"
# Files that Odoo does not load, and the part without a database (tests/gateway/test_imports.py).
OUTSIDE = {"tests", "dev", "gateway"}

SUDO, SQL = "sudo()", "SQL"
CALLS = {
    "sudo": SUDO,
    "with_user": SUDO,
    "execute": SQL,
    "executemany": SQL,
    "execute_values": SQL,
    "copy_expert": SQL,
    "copy_from": SQL,
    "copy_to": SQL,
    "execute_query": SQL,
    "execute_query_dict": SQL,
}
CONSTANTS = {"SUPERUSER_ID"}
OPTIONS = {"su", "compute_sudo", "related_sudo", "bypass_search_access"}
# | `file` | `function`, `function` | why |
LINE = re.compile(r"^\| `(?P<file>[\w/.-]+\.py)` \| (?P<functions>`[^|]+`) \| (?P<why>[^|]+) \|$")


class Finder(ast.NodeVisitor):
    """Collects ``(name of the function, kind)`` of what bypasses access rights."""

    def __init__(self):
        self._function = ""
        self.found = set()

    def visit_FunctionDef(self, node):
        outer, self._function = self._function, node.name
        self.generic_visit(node)
        self._function = outer

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Call(self, node):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in CALLS:
            self._add(CALLS[name])
        for option in node.keywords:
            if option.arg in OPTIONS and not _is_false(option.value):
                self._add(SUDO)
        self.generic_visit(node)

    def visit_Name(self, node):
        if node.id in CONSTANTS:
            self._add(SUDO)

    def visit_Attribute(self, node):
        if node.attr in CONSTANTS:
            self._add(SUDO)
        self.generic_visit(node)

    def _add(self, kind):
        self.found.add((self._function, kind))


def _is_false(node):
    return isinstance(node, ast.Constant) and not node.value


def uses(source):
    """Return the set of ``(function, kind)`` in a source text."""
    finder = Finder()
    finder.visit(ast.parse(source))
    return finder.found


def uses_of_the_addon():
    """Return the set of ``(file, function, kind)`` in all code that Odoo loads."""
    return {
        (path.relative_to(ROOT).as_posix(), function, kind)
        for folder in sorted(ROOT.iterdir())
        if folder.name not in OUTSIDE and not folder.name.startswith(".")
        for path in (folder.rglob("*.py") if folder.is_dir() else [folder])
        if path.suffix == ".py"
        for function, kind in uses(path.read_text())
    }


def listed():
    """Return ``{(file, function, kind): reason}`` of the tables."""
    lines, kind = {}, None
    for line in TABLES.read_text().splitlines():
        if line.startswith("#"):
            kind = next((kind for kind in (SUDO, SQL) if kind in line), None)
        elif kind and (match := LINE.match(line)):
            for function in re.findall(r"`(\w+)`", match["functions"]):
                lines[match["file"], function, kind] = match["why"]
    return lines


@tagged("post_install", "-at_install")
class TestPrivileges(BaseCase):
    def test_every_use_is_listed(self):
        table = listed()
        missing = uses_of_the_addon() - table.keys()
        self.assertFalse(missing, f"Write into {TABLES.name} why these are needed.")
        self.assertGreater(len(table), 50)

    def test_every_line_is_a_use(self):
        self.assertFalse(listed().keys() - uses_of_the_addon(), "Take these lines away.")

    def test_every_use_is_justified(self):
        for use, why in listed().items():
            with self.subTest(use=use):
                self.assertGreater(len(why.split()), 3)

    def test_what_is_found(self):
        for source, kind in (
            ("self.sudo()", SUDO),
            ("records.mapped('x').sudo(True).write({})", SUDO),
            ("self.env(su=True)", SUDO),
            ("Environment(cr, uid, {}, su=flag)", SUDO),
            ("self.with_user(other)", SUDO),
            ("x = api.SUPERUSER_ID", SUDO),
            ("x = SUPERUSER_ID", SUDO),
            ("name = fields.Char(compute='_x', compute_sudo=True)", SUDO),
            ("name = fields.Many2one('x', bypass_search_access=True)", SUDO),
            ("cr.execute('SELECT 1')", SQL),
            ("self.env.execute_query(SQL('SELECT 1'))", SQL),
            ("execute_values(cr, query, rows)", SQL),
            ("cr.copy_expert(query, file)", SQL),
        ):
            with self.subTest(source):
                self.assertEqual(
                    uses(f"class A:\n    def method(self):\n        {source}"), {("method", kind)}
                )
        for source in ("self.env(su=False)", "if self.env.su: pass", "related_sudo = False"):
            with self.subTest(source):
                self.assertFalse(uses(source))
