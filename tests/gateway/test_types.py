"""The public functions of some folders are annotated."""

import ast
from pathlib import Path

from odoo.tests import BaseCase

ROOT = Path(__file__).resolve().parents[2]
# Folder, and the names of parameters in it that have no annotation. They stand for records and
# environments of Odoo, and for what a folder must not import from ``pipeline/``: the facts that it
# collects for the rules, and the outcomes of a report. A name that also stands for something else
# in its folder, such as a parsed message, always has an annotation.
FOLDERS = {
    "gateway": frozenset(),
    "policy": frozenset({"alias", "domain", "env"}),
    "rules": frozenset({"facts", "message", "target"}),
    "words": frozenset({"outcomes"}),
    "shortcuts": frozenset({"env", "records", "thread"}),
    "pipeline": frozenset({"alias", "env", "thread"}),
}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
IMPLICIT = ("self", "cls")

EXAMPLE = """
def typed(text: str, *more: int, **options: object) -> None: ...
def untyped(first, /, second, *more, third, **options) -> None: ...
def returning(text: str): ...
def of_record(env) -> None: ...
def _private(text): ...
if True:
    def conditional(text: str): ...
class Public:
    def __init__(self, text): ...
    def __len__(self): ...
    @property
    def name(self): ...
    async def method(self, text: str):
        def inside(text): ...
class _Private:
    def method(self, text): ...
class Model(models.AbstractModel):
    def method(self, text): ...
"""


class TestTypes(BaseCase):
    def test_public_functions_are_annotated(self):
        missing = []
        for folder, untyped in FOLDERS.items():
            modules = sorted((ROOT / folder).rglob("*.py"))
            self.assertTrue(modules, folder)
            for module in modules:
                place = module.relative_to(ROOT)
                found = unannotated(module.read_text(), untyped)
                missing += [f"{place}:{line} {name}: {what}" for line, name, what in found]
        self.assertFalse(missing, "\n".join(["Annotations are missing:", *missing]))

    def test_names_without_annotation_are_in_use(self):
        for folder, untyped in FOLDERS.items():
            sources = [module.read_text() for module in (ROOT / folder).rglob("*.py")]
            found = [what for source in sources for _line, _name, what in unannotated(source)]
            self.assertEqual({what for what in found if what != "return"}, untyped, folder)

    def test_what_is_missing_is_found(self):
        self.assertEqual(
            list(unannotated(EXAMPLE, {"env"})),
            [
                (3, "untyped", "first"),
                (3, "untyped", "second"),
                (3, "untyped", "third"),
                (3, "untyped", "more"),
                (3, "untyped", "options"),
                (4, "returning", "return"),
                (8, "conditional", "return"),
                (10, "Public.__init__", "text"),
                (10, "Public.__init__", "return"),
                (13, "Public.name", "return"),
                (14, "Public.method", "return"),
            ],
        )


def unannotated(source, untyped=frozenset()):
    """Yield ``(line, function, parameter or "return")`` of each annotation that is missing.

    :param untyped: names of parameters that need none
    """
    for name, function in _public_functions(ast.parse(source)):
        for parameter in _parameters(function.args):
            if parameter.annotation is None and parameter.arg not in (*IMPLICIT, *untyped):
                yield function.lineno, name, parameter.arg
        if function.returns is None:
            yield function.lineno, name, "return"


def _public_functions(node, prefix=""):
    """Yield ``(name, function)`` of the public functions and methods; constructors are public."""
    for child in ast.iter_child_nodes(node):
        name = getattr(child, "name", None)
        if isinstance(child, FUNCTION):
            if not name.startswith("_") or name == "__init__":
                yield prefix + name, child
        elif isinstance(child, ast.ClassDef):
            if not name.startswith("_") and not _is_model(child):
                yield from _public_functions(child, f"{prefix}{name}.")
        else:
            yield from _public_functions(child, prefix)


def _is_model(node):
    """Return whether a class is a model of Odoo, whose methods take and return records."""
    return any(ast.unparse(base).startswith("models.") for base in node.bases)


def _parameters(arguments):
    named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return [*named, *filter(None, (arguments.vararg, arguments.kwarg))]
