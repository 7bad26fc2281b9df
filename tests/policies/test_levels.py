"""Profiles: which level each control has in each stack, and what a file may say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.controls.control import Severity, Verdict
from policies.controls.registry import CONTROLS
from policies.errors import PolicyPackError
from policies.evaluation import evaluate
from policies.levels import DIRECTORY, Level, Setting, for_stack, main, names, profile
from tests.policies.graph_support import BY_ID, graph
from tests.policies.protocol_support import ROOT, Res, running_pack
from tests.policies.stack_support import changed, without

LEVELS = dict.fromkeys([severity.value for severity in Severity], "mandatory")
KMS = BY_ID["DL-KMS-01"]


def folder(tmp_path: Path, **files: Any) -> Path:
    given = {
        "base": {"levels": LEVELS, "unverified": "warn"},
        "stacks": {"stacks": {}, "default": {"profile": "base"}},
        **files,
    }
    for name, content in given.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return tmp_path


def test_there_are_two_profiles_and_every_stack_of_the_project_holds_one() -> None:
    assert names() == ["baseline", "regulated"]
    assert for_stack("prod").name == "regulated"
    named = yaml.safe_load((DIRECTORY / "stacks.yaml").read_text())["stacks"]
    assert set(named) == {file.name.split(".")[1] for file in ROOT.glob("Pulumi.*.yaml")}


def test_stack_that_nobody_named_is_judged_as_production() -> None:
    assert for_stack("anything").settings == for_stack("prod").settings


def test_regulated_stops_at_everything_and_baseline_at_all_but_low() -> None:
    regulated, baseline = profile("regulated"), profile("baseline")
    for control in CONTROLS:
        assert regulated.of(control).level == ("advisory" if control.advisory else "mandatory")
        assert regulated.of(control).unverified_fails is not control.advisory
        low = control.advisory or control.severity is Severity.LOW
        assert baseline.of(control) == Setting(Level.ADVISORY if low else Level.MANDATORY, False)


def test_default_key_policy_of_aws_informs_others_and_binds_the_stacks_of_the_lake() -> None:
    control = BY_ID["DL-KMS-13"]
    assert profile("regulated").of(control).level is Level.ADVISORY
    for stack in ("dev", "local", "prod", "anything"):
        assert for_stack(stack).of(control).level is Level.MANDATORY


SHARING: dict[str, dict[str, Any]] = {
    "stacks": {
        "main": {"profile": "base"},
        "beside": {"profile": "base", "account_settings_of": "main"},
    },
    "default": {"profile": "base"},
}


def test_settings_of_an_account_are_asked_of_the_stack_that_makes_them(tmp_path: Path) -> None:
    held = folder(tmp_path, stacks=SHARING)
    beside, main_ = for_stack("beside", CONTROLS, held), for_stack("main", CONTROLS, held)
    stack = without("settings", "catalog")
    stack.append(Res("aws:glue/catalogDatabase:CatalogDatabase", "db", {"name": "raw"}))
    for control in (BY_ID["DL-GLUE-23"], BY_ID["DL-LF-11"]):
        (asked,) = evaluate(control, graph(stack), main_.owner(control)).of(Verdict.FAIL)
        outcome = evaluate(control, graph(stack), beside.owner(control))
        assert outcome.of(Verdict.FAIL) == ()
        (left,) = outcome.of(Verdict.NOT_APPLICABLE)
        assert left.resource == asked.resource
        assert "stack 'main' makes the settings of the account" in left.what
    bad = changed("settings", admins=[])
    assert evaluate(BY_ID["DL-LF-11"], graph(bad), "main").of(Verdict.FAIL), "what it does set is judged"
    crypto = changed("catalog", dataCatalogEncryptionSettings={})
    assert evaluate(BY_ID["DL-GLUE-06"], graph(crypto), "main").of(Verdict.FAIL)


@pytest.mark.parametrize("owner", ["beside", "nobody", "third", 7, None])
def test_settings_are_left_to_a_stack_that_makes_them_only(tmp_path: Path, owner: Any) -> None:
    stacks = {**SHARING["stacks"], "third": {"profile": "base", "account_settings_of": owner}}
    held = folder(tmp_path, stacks={**SHARING, "stacks": stacks})
    with pytest.raises(PolicyPackError, match="which does not make them"):
        for_stack("third", CONTROLS, held)


def test_engine_is_told_whose_the_settings_are(tmp_path: Path) -> None:
    stack = without("settings")
    configuration = for_stack("beside", CONTROLS, folder(tmp_path, stacks=SHARING)).configuration()
    assert configuration["lf-has-admins"]["accountSettingsOf"] == "main"
    of_account = {control.name for control in CONTROLS if control.of_account}
    assert {name for name, given in configuration.items() if "accountSettingsOf" in given} == of_account
    with running_pack(tmp_path / "report.json") as pack:
        pack.configure(configuration)
        entry = pack.analyze_stack(stack).control("DL-LF-11")
        assert entry["findings"] == []
        assert entry["verdicts"]["NOT_APPLICABLE"] == 1
        pack.configure({})
        assert pack.analyze_stack(stack).control("DL-LF-11")["findings"]


def test_controls_are_set_by_id_or_name_in_a_profile_and_in_a_stack(tmp_path: Path) -> None:
    base = {
        "levels": LEVELS,
        "unverified": "warn",
        "controls": {"DL-KMS-01": "advisory", "s3-versioning": {"unverified": "fail"}},
    }
    stacks = {
        "stacks": {"test": {"profile": "base", "controls": {"kms-rotation": "disabled"}}},
        "default": {"profile": "base"},
    }
    directory = folder(tmp_path, base=base, stacks=stacks)
    assert for_stack("other", directory=directory).of(KMS) == Setting(Level.ADVISORY, False)
    assert for_stack("test", directory=directory).of(KMS) == Setting(Level.DISABLED, False)
    assert for_stack("test", directory=directory).of(BY_ID["DL-S3-06"]) == Setting(Level.MANDATORY, True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "no mapping"),
        ({"levels": LEVELS, "unverified": "warn", "control": {}}, "'control' means nothing"),
        ({"levels": {**LEVELS, "grave": "mandatory"}, "unverified": "warn"}, "'grave' means nothing"),
        ({"levels": {"low": "advisory"}, "unverified": "warn"}, "'None' is no level"),
        ({"levels": LEVELS}, "unverified is 'None'"),
        (
            {"levels": LEVELS, "unverified": "warn", "controls": {"kms-rotat": "advisory"}},
            "no control 'kms-rotat'",
        ),
        ({"levels": LEVELS, "unverified": "warn", "controls": {"DL-KMS-01": "off"}}, "'off' is no level"),
        (
            {
                "levels": LEVELS,
                "unverified": "warn",
                "controls": {"DL-KMS-01": "advisory", "kms-rotation": "mandatory"},
            },
            "set twice",
        ),
    ],
    ids=str,
)
def test_profile_that_cannot_be_meant_is_refused(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(PolicyPackError, match=re.escape(says)):
        for_stack("dev", directory=folder(tmp_path, base=content))


def test_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PolicyPackError, match="baseline, regulated"):
        profile("strict")


def test_configuration_is_what_pulumi_takes_and_covers_every_control(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["prod"]) == 0
    configuration = json.loads(capsys.readouterr().out)
    assert set(configuration) == {control.name for control in CONTROLS} | {"stop-before-create"}
    assert configuration["kms-rotation"] == {"enforcementLevel": "mandatory", "unverified": "fail"}
    assert main(["--profile", "baseline"]) == 0
    configuration = json.loads(capsys.readouterr().out)
    assert configuration["kms-rotation"]["unverified"] == "warn"


def test_control_that_only_informs_does_not_stop_a_creation(tmp_path: Path) -> None:
    base = {"levels": LEVELS, "unverified": "warn", "controls": {"DL-KMS-01": "advisory"}}
    lenient = for_stack("dev", directory=folder(tmp_path, base=base)).configuration()
    assert "kms-rotation" in lenient["stop-before-create"]["skip"]
    assert "kms-rotation" not in profile("regulated").configuration()["stop-before-create"]["skip"]


def test_pack_starts_with_the_profile_of_the_stack_that_the_engine_names(tmp_path: Path) -> None:
    with running_pack(tmp_path / "r.json", PULUMI_STACK="prod") as pack:
        prod = pack.info().initialConfig
        assert pack.analyze_stack(changed("key", enableKeyRotation=False), "prod").mandatory()
    with running_pack(tmp_path / "r.json", PULUMI_STACK="dev") as pack:
        dev = pack.info().initialConfig
    assert prod["kms-rotation"].properties["unverified"] == "fail"
    assert dev["kms-rotation"].properties["unverified"] == "warn"
    lows = {c.name for c in CONTROLS if c.severity is Severity.LOW or c.advisory}
    lows -= {"kms-default-delegation"}
    advisory = {name for name, config in dev.items() if config.enforcementLevel == 0}
    assert advisory == lows
