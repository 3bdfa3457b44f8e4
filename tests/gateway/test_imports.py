import ast
from pathlib import Path

from odoo.tests import BaseCase

GATEWAY = Path(__file__).resolve().parents[2] / "gateway"
# Each imports from itself and from those before it.
ORDER = (
    "gateway",
    "policy",
    "rules",
    "words",
    "shortcuts",
    "pipeline",
    "models",
    "fetching",
    "controllers",
    "importing",
    "daemon",
)


class TestImports(BaseCase):
    def test_gateway_does_not_import_odoo(self):
        modules = sorted(GATEWAY.rglob("*.py"))
        self.assertGreater(len(modules), 5)
        for module in modules:
            for node in ast.walk(ast.parse(module.read_text())):
                names = [alias.name for alias in getattr(node, "names", [])]
                if isinstance(node, ast.ImportFrom):
                    depth = len(module.relative_to(GATEWAY).parts)
                    self.assertLessEqual(
                        node.level, depth, f"{module.name} imports from outside gateway"
                    )
                    names = [node.module or ""]
                if isinstance(node, ast.Import | ast.ImportFrom):
                    for name in names:
                        self.assertNotEqual(name.split(".")[0], "odoo", f"{module.name}: {name}")

    def test_docstring_is_the_map(self):
        page = (GATEWAY / "__init__.py").read_text()
        for module in (*GATEWAY.glob("[a-z]*.py"), *GATEWAY.glob("[a-z]*/")):
            self.assertIn(f"``{module.stem}``", page)

    def test_docstrings_of_folders_are_maps(self):
        pages = list(GATEWAY.glob("*/__init__.py"))
        self.assertTrue(pages)
        for page in pages:
            for module in page.parent.glob("[a-z]*.py"):
                self.assertIn(f"``{module.stem}``", page.read_text())

    def test_imports_between_folders_go_one_way(self):
        root = GATEWAY.parent
        for position, folder in enumerate(ORDER):
            modules = sorted((root / folder).rglob("*.py"))
            self.assertTrue(modules)
            for module in modules:
                for imported in _folders_imported(module, root):
                    if imported in ORDER:
                        with self.subTest(module=str(module.relative_to(root)), of=imported):
                            self.assertLessEqual(ORDER.index(imported), position)

    def test_what_extends_a_model_imports_the_one_that_defines_it(self):
        """Odoo builds models in the order in which their modules are imported."""
        root = GATEWAY.parent
        modules = [
            path
            for path in sorted(root.rglob("*.py"))
            if not {"tests", "dev", "migrations", ".odoo"} & set(path.relative_to(root).parts)
        ]
        defined, extended = {}, []
        for module in modules:
            for name, parents in _models(ast.parse(module.read_text())):
                if name and name not in parents:
                    defined[name] = module
                extended += [(module, parent) for parent in parents]
        self.assertGreater(len(defined), 20)
        for module, parent in extended:
            definer = defined.get(parent)
            if definer and definer != module:
                with self.subTest(module=str(module.relative_to(root)), extends=parent):
                    self.assertIn(definer, _modules_imported(module, root))


def _models(tree):
    """Yield ``(_name or None, [models of _inherit])`` of each model that a module has."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            values = {
                member.targets[0].id: ast.literal_eval(member.value)
                for member in node.body
                if isinstance(member, ast.Assign)
                and isinstance(member.targets[0], ast.Name)
                and member.targets[0].id in ("_name", "_inherit")
            }
            inherited = values.get("_inherit") or []
            parents = [inherited] if isinstance(inherited, str) else inherited
            yield values.get("_name"), parents


def _modules_imported(module, root):
    """Return the files that a module imports, directly or by what it imports."""
    found, waiting = set(), [module]
    while waiting:
        one = waiting.pop()
        folder = one.parent.relative_to(root).parts
        for node in ast.walk(ast.parse(one.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                above = folder[: len(folder) - node.level + 1]
                base = root.joinpath(*above, *(node.module or "").split("."))
                names = [base.with_suffix(".py")] if node.module else []
                names += [base / f"{alias.name}.py" for alias in node.names]
                new = {name for name in names if name.is_file()} - found
                found |= new
                waiting += new
    return found


def _folders_imported(module, root):
    """Yield the top folders of this addon from which a module imports."""
    folder = module.parent.relative_to(root).parts
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = folder[: len(folder) - node.level + 1]
            names = (node.module or "").split(".") if node.module else []
            ends = [[alias.name] for alias in node.names] if not names else [names]
            yield from (path[0] for end in ends if (path := [*above, *end]))
