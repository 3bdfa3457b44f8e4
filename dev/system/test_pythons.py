"""On which Pythons the suite ``pythons`` runs, and its output for missing ones."""

from pathlib import Path

import pytest

from environment import pythons, virtual
from environment.progress import Stop

USUAL = "3.11.7 (main)"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Function that sets which Pythons exist, as ``{name: full version}``."""

    def install(versions):
        for name in versions:
            (tmp_path / name).touch()
        known = {str(tmp_path / name): full for name, full in versions.items()}
        known[str(pythons.PYTHON)] = USUAL

        def version(python):
            if str(python) not in known:
                raise Stop("It does not start.")
            return known[str(python)]

        monkeypatch.setattr(virtual, "version", version)
        monkeypatch.setattr(virtual, "is_complete", lambda python: True)
        monkeypatch.setattr(virtual, "SYSTEM_PYTHON", tmp_path / "python3")
        monkeypatch.setattr(pythons, "supported", lambda: ((3, 10), (3, 13)))
        monkeypatch.setattr(pythons, "_candidates", lambda name: [tmp_path / f"python{name}"])

    return install


def test_system_and_newest(machine):
    machine({"python3": "3.11.2 (Debian)", "python3.13": "3.13.0 (main)", "python3.14": "3.14.0"})
    found, missing = pythons.others()
    assert {full: Path(python).name for full, python in found.items()} == {
        "3.11.2 (Debian)": "python3",
        "3.13.0 (main)": "python3.13",
    }
    assert missing == []


def test_nothing_but_the_usual_one(machine):
    machine({"python3": USUAL})
    found, missing = pythons.others()
    assert found == {}
    assert "is the Python of the suite gateway" in missing[0]
    assert missing[1:] == ["There is no Python 3.13, the newest for Odoo 19."]


def test_newest_that_is_here(machine):
    machine({"python3": "3.9.2 (Debian)", "python3.12": "3.12.1 (main)"})
    found, missing = pythons.others()
    assert list(found) == ["3.12.1 (main)"]
    assert len(missing) == 2
