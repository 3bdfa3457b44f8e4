"""What core's code has to be for this addon, and that each of its methods is overridden once.

Digests are compared by ``make test`` alone, against the Odoo that the addon was tested with. In
another Odoo the code may differ, and most changes do no harm.
"""

import inspect
import json
from pathlib import Path

from odoo.tests import TransactionCase, tagged

from . import core_contract

DIGESTS = Path(__file__).parent / "data" / "core_contract.json"


class CoreContractCase(TransactionCase):
    def setUp(self):
        super().setUp()
        self.overridden = core_contract.overridden()

    def core_methods(self):
        """Yield ``(model, method, definitions, why)`` of all that is relied on."""
        for (model, name), files in self.overridden.items():
            if model in self.env and (found := core_contract.of_core(self.env, model, name)):
                if callable(getattr(type(self.env[model]), name, None)):
                    yield model, name, found, ", ".join(files)
        for (model, name), why in core_contract.RELIED_ON.items():
            yield model, name, core_contract.of_core(self.env, model, name), why


@tagged("post_install", "-at_install")
class TestCoreContract(CoreContractCase):
    def test_a_method_is_defined_once_for_a_model(self):
        """So the order in which classes are loaded decides nothing."""
        self.assertGreater(len(self.overridden), 300)
        for (model, name), files in self.overridden.items():
            with self.subTest(model=model, name=name):
                self.assertEqual(len(files), 1, files)

    def test_methods_of_threads_are_overridden_in_the_adapter(self):
        for (model, name), files in self.overridden.items():
            if model == "mail.thread":
                with self.subTest(name=name):
                    self.assertEqual(files, ["models/core/mail_thread.py"])

    def test_everything_relied_on_is_there(self):
        for model, name, found, why in self.core_methods():
            with self.subTest(model=model, name=name, why=why):
                self.assertTrue(found)
        for path, why in core_contract.FUNCTIONS.items():
            with self.subTest(path=path, why=why):
                self.assertTrue(callable(core_contract.function(path)))

    def test_texts_that_are_compared_are_those_of_core(self):
        for (model, name, text), why in core_contract.TEXTS.items():
            with self.subTest(model=model, name=name, why=why):
                [method] = core_contract.of_core(self.env, model, name)
                self.assertIn(text, inspect.getsource(method))

    def test_overrides_take_what_core_passes(self):
        for (model, name), _files in self.overridden.items():
            if model not in self.env:
                continue
            for core in core_contract.of_core(self.env, model, name):
                if inspect.isfunction(core):
                    ours = getattr(type(self.env[model]), name)
                    with self.subTest(model=model, name=name):
                        self.assertLessEqual(_named(core), _named(ours) | _any(ours, core))


@tagged("-standard", "core_digests", "post_install", "-at_install")
class TestCoreDigests(CoreContractCase):
    def test_code_of_core_is_the_one_that_was_read(self):
        read = json.loads(DIGESTS.read_text())
        now = {
            f"{model}.{name}": core_contract.digest(*filter(inspect.isfunction, found))
            for model, name, found, _why in self.core_methods()
        } | {
            path: core_contract.digest(core_contract.function(path))
            for path in core_contract.FUNCTIONS
        }
        whys = {f"{model}.{name}": why for model, name, _found, why in self.core_methods()}
        for name in sorted(now.keys() | read.keys()):
            with self.subTest(name=name):
                why = whys.get(name) or core_contract.FUNCTIONS.get(name)
                self.assertEqual(
                    now.get(name),
                    read.get(name),
                    f"Read {name} of this Odoo again; here it matters to: {why}. "
                    f"Then write {now.get(name)!r} into {DIGESTS.name}.",
                )


def _named(method):
    """Return the names of the parameters that a method can be given."""
    return set(inspect.signature(inspect.unwrap(method)).parameters)


def _any(ours, core):
    """Return the names that our method takes without naming them."""
    kinds = {one.kind for one in inspect.signature(inspect.unwrap(ours)).parameters.values()}
    return _named(core) if inspect.Parameter.VAR_KEYWORD in kinds else set()
