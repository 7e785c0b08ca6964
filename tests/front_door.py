"""A person at the terminal: what is typed, what is said, what is complained of."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import lettera

LETTER = """OSPEDALE SAN LIBERALE
RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA
Si dimette in data 05/05/2016 il Sig. CERASUOLO EMILIO
nato il 14/11/1943, ricoverato dal 27/04/2016

Motivo del ricovero
Stenosi aortica severa
Cenni anamnestici
Ex fumatore, stop nel 1990.
Nega diabete.
Terapia domiciliare
Lasix 25 mg 1 cp ore 8
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Types a command line in an empty folder; exit code, what was said, what was complained of."""
    monkeypatch.chdir(tmp_path)

    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lettera", *words])
        with pytest.raises(SystemExit) as end:
            lettera.main()
            sys.exit(0)
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return typed
