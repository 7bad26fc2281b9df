"""The real engine, the real pack: a broken program is stopped with every finding on its resource."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from local.aws import Cloud
from local.emulator import process
from local.engine.binary import Engine
from local.engine.embedded import Embedded
from local.engine.errors import PolicyViolation
from tests.local.clone_support import ROOT

FIXTURE = ROOT / "tests" / "policies" / "fixtures" / "ten_faults"


def test_ten_faults_are_stopped_with_ten_findings(tmp_path: Path, pulumi_engine: Engine) -> None:
    program = tmp_path / "program"
    shutil.copytree(FIXTURE, program)
    (program / "Pulumi.local.yaml").write_text(
        'config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["123456789012"]\n', encoding="utf-8"
    )
    stack = Embedded(tmp_path, program, ROOT / "policies", pulumi_engine)
    try:
        with pytest.raises(PolicyViolation) as stopped:
            stack.up()
        emulator = process.find(tmp_path, "local")
        assert emulator is not None
        found = Counter(
            (violation.urn.rpartition("::")[2], match[0])
            for violation in stopped.value.violations
            if violation.mandatory and (match := re.search(r"DL-[A-Z0-9]+-\d+", violation.message))
        )
        expected = json.loads((FIXTURE / "expected.json").read_text(encoding="utf-8"))
        assert found == Counter(expected.items())
        assert len(stopped.value.violations) == 10
        assert Cloud(emulator.endpoint).control("GET", "inventory") == {}, "nothing was made"
    finally:
        process.stop(tmp_path, "local")
