import sys
from importlib.util import module_from_spec, spec_from_file_location
from unittest import SkipTest
from unittest.mock import patch

from odoo.tests import BaseCase

from . import properties


class TestWithoutHypothesis(BaseCase):
    """Without the library, property tests can be imported, and are skipped."""

    def setUp(self):
        super().setUp()
        spec = spec_from_file_location("properties_without", properties.__file__)
        self.module = module_from_spec(spec)
        with patch.dict(sys.modules, {"hypothesis": None}):
            spec.loader.exec_module(self.module)

    def test_strategies_can_be_written_down(self):
        st = self.module.st
        words = st.lists(st.text("ab") | st.binary().map(len) | "x", max_size=2).filter(bool)
        made = st.composite(lambda draw: draw(words))() | (None | words)
        self.assertIs(made, st)

    def test_test_is_skipped_with_the_reason(self):
        given, settings, st = self.module.given, self.module.settings, self.module.st

        for decorator in (settings(self.module.CASES, max_examples=2), self.module.CASES):

            @decorator
            @self.module.example("a")
            @given(st.text(), other=st.none())
            def test(text, other):
                self.fail("It needs the library.")

            with self.assertRaisesRegex(SkipTest, "library hypothesis is not installed"):
                test()
