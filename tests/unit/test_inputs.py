"""Faults of settings and access matrix are told together, whatever is wrong with either."""

from pathlib import Path
from typing import Any

import pytest

from components import access_matrix, inputs, settings
from components.access_matrix import AccessMatrixError
from components.settings import Settings, SettingsError, parse
from etl.catalog import Zone, tables
from tests.unit.recorder import stack_config

TABLES = {zone: tables(zone) for zone in Zone}


@pytest.fixture
def matrix_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "access_matrix.yaml"
    file.write_text(access_matrix.FILE.read_text())
    monkeypatch.setattr(access_matrix, "FILE", file)
    return file


def given(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    def load() -> Settings:
        return parse("prod", {**stack_config("prod"), **changes})

    monkeypatch.setattr(settings, "load", load)


def test_good_files_are_read(matrix_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    read, matrix = inputs.read(TABLES)
    assert read.stack == "prod"
    assert [persona.name for persona in matrix.personas] == list(access_matrix.PERSONAS)


def test_faults_of_both_files_are_told_at_once(matrix_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **{"aws:region": "eu-west-9"})
    matrix_file.write_text(matrix_file.read_text().replace("  data-science:", "  traders:"))
    with pytest.raises(inputs.InputsError) as caught:
        inputs.read(TABLES)
    for named in ("eu-west-9", "personas.traders", "Pulumi.prod.yaml", "access_matrix.yaml"):
        assert named in str(caught.value)


def test_one_faulty_file_is_told_as_itself(matrix_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    matrix_file.write_text("personas: [")
    with pytest.raises(AccessMatrixError, match="YAML"):
        inputs.read(TABLES)
    matrix_file.write_text((Path(access_matrix.__file__).with_suffix(".yaml")).read_text())
    given(monkeypatch, **{"aws:region": "eu-west-9"})
    with pytest.raises(SettingsError, match="eu-west-9"):
        inputs.read(TABLES)
