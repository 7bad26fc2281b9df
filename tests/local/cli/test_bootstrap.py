"""`./lake` from nothing: which Python it takes, what it says when there is none, and how it makes `.venv`."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from local import bootstrap

ROOT = Path(__file__).parents[3]
TOOLS = ("sh", "dirname", "readlink", "cmp", "cat", "env", "sleep")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with a command line that prints how it was started, and a lock without packages."""
    root = tmp_path / "clone"
    (root / "local").mkdir(parents=True)
    (root / "tools").mkdir()
    shutil.copy2(ROOT / "lake", root / "lake")
    shutil.copy2(ROOT / "local" / "bootstrap.py", root / "local" / "bootstrap.py")
    (root / "local" / "cli.py").write_text(
        "import os, sys\nprint('cli', *sys.argv[1:])\nprint('cwd', os.getcwd())\nprint('path', sys.path[0])\n"
        "print('bytecode', sys.dont_write_bytecode, sys.pycache_prefix)\n"
    )
    (root / "requirements.lock").write_text("# no packages\n")
    (root / "tools" / "requirements-bootstrap.lock").write_text("# no packages\n")
    return root


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH with the base tools and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def script(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def real_python(folder: Path, name: str = "python3") -> None:
    script(folder / name, f'exec {sys.executable} "$@"')


def ready(clone: Path) -> None:
    """Give the clone an environment that needs nothing."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    real_python(clone / ".venv" / "bin", "python")
    shutil.copy(clone / "requirements.lock", clone / ".venv" / "lake.lock")


def lake(clone: Path, path: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": str(path), "HOME": str(clone.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(options.get("start", clone / "lake")), *arguments]
    cwd = str(options.get("cwd", clone))
    return subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=60
    )


def test_without_python_it_names_the_packages_to_install(clone: Path, path: Path) -> None:
    done = lake(clone, path, "demo")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "no Python is on PATH" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_an_old_python_is_named_with_its_version(clone: Path, path: Path) -> None:
    script(path / "python3", "echo 3.9.2")
    done = lake(clone, path, "demo")
    assert done.returncode == 1
    assert "python3 is 3.9.2" in done.stderr


def test_a_newer_python_behind_an_old_one_is_taken(clone: Path, path: Path) -> None:
    script(path / "python3", "echo 3.10.14")
    script(path / "python3.12", f'echo "$@" > {clone}/started; test "$1" = -I || echo 3.12.1')
    lake(clone, path, "demo")
    assert (clone / "started").read_text().startswith("-I ")


def test_a_missing_ensurepip_says_which_package_to_install(clone: Path, path: Path) -> None:
    block = (
        "import sys, runpy\\nsys.modules['ensurepip'] = None\\nsys.argv = sys.argv[1:]\\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    script(
        path / "python3",
        f'if [ "$1" = -I ]; then shift; exec {sys.executable} -c "$(printf "{block}")" "$@"; fi\n'
        f'exec {sys.executable} "$@"',
    )
    done = lake(clone, path, "demo")
    assert done.returncode == 1
    assert "`ensurepip` is missing" in done.stderr
    assert "python3-venv" in done.stderr
    assert not (clone / ".venv").exists()


def test_when_nothing_changed_it_starts_at_once_without_a_word(clone: Path, path: Path) -> None:
    ready(clone)
    done = lake(clone, path, "put", "a file", "--date=x")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "cli put a file --date=x" in done.stdout


def test_it_keeps_the_users_folder_and_finds_the_clone_through_a_link(
    clone: Path, path: Path, tmp_path: Path
) -> None:
    ready(clone)
    (tmp_path / "elsewhere" / "local").mkdir(parents=True)
    (tmp_path / "elsewhere" / "local" / "cli.py").write_text("print('the wrong one')")
    (tmp_path / "link").symlink_to("clone/lake")
    done = lake(clone, path, start=tmp_path / "link", cwd=tmp_path / "elsewhere")
    assert f"cwd {tmp_path / 'elsewhere'}" in done.stdout
    assert f"path {clone}" in done.stdout


def test_bytecode_is_kept_where_python_keeps_it(clone: Path, path: Path) -> None:
    ready(clone)
    assert "bytecode False None" in lake(clone, path).stdout


def test_clones_with_one_lock_share_an_environment_of_the_users_cache(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def create(environment: Path) -> None:
        made.append(environment)
        (environment / "bin").mkdir(parents=True)
        (environment / "bin" / "python").symlink_to(sys.executable)

    monkeypatch.setattr(bootstrap, "_create", create)
    monkeypatch.setattr(bootstrap, "_install", lambda *_: None)
    second = tmp_path / "second"
    shutil.copytree(clone, second)
    for each in (clone, second):
        bootstrap.main(each)
    assert (clone / ".venv").resolve() == (second / ".venv").resolve() == made[0]
    assert made[0].is_relative_to(tmp_path / "cache")
    (second / "requirements.lock").write_text("# other packages\n")
    bootstrap.main(second)
    assert (second / ".venv").resolve() == made[1] != made[0]
    assert (clone / ".venv" / "lake.lock").read_text() == "# no packages\n"
    shutil.rmtree(made[0])
    bootstrap.main(clone)
    assert (clone / ".venv" / "bin" / "python").exists()


def test_without_a_cache_the_environment_is_the_clones_own(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(environment: Path) -> None:
        (environment / "bin").mkdir(parents=True)
        (environment / "bin" / "python").symlink_to(sys.executable)

    monkeypatch.setattr(bootstrap, "_create", create)
    monkeypatch.setattr(bootstrap, "_install", lambda *_: None)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    bootstrap.main(clone)
    assert not (clone / ".venv").is_symlink()
    assert (clone / ".venv" / "lake.lock").is_file()


@pytest.mark.parametrize("broken", ["changed lock", "no stamp", "python removed"])
def test_a_changed_or_unfinished_environment_is_brought_up_to_date(
    clone: Path, path: Path, broken: str
) -> None:
    ready(clone)
    script(path / "python3", f'case $1 in -I) echo "$@" > {clone}/started; exit 1;; *) echo 3.12.1;; esac')
    if broken == "changed lock":
        (clone / "requirements.lock").write_text("# other packages\n")
    elif broken == "no stamp":
        (clone / ".venv" / "lake.lock").unlink()
    else:
        (clone / ".venv" / "bin" / "python").unlink()
    done = lake(clone, path, "status")
    assert "bootstrap.py" in (clone / "started").read_text()
    assert done.returncode == 1
    assert "cli" not in done.stdout


@pytest.mark.slow
def test_an_environment_that_was_interrupted_anywhere_is_finished(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in the packages, then in the interpreter's own folder: each next start finishes."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (clone / ".venv").mkdir()
    (clone / ".venv" / "half").write_text("made")
    stamp = clone / ".venv" / "lake.lock"

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "_install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.main(clone)
    assert not stamp.exists()
    bootstrap.main(clone)
    assert stamp.read_text() == "# no packages\n"
    assert not (clone / ".venv" / "half").exists()
    capfd.readouterr()
    bootstrap.main(clone)
    assert capfd.readouterr().err == ""


def test_two_starts_at_once_make_one_environment(
    clone: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def create(environment: Path) -> None:
        made.append(environment)
        (environment / "bin").mkdir(parents=True)
        (environment / "bin" / "python").symlink_to(sys.executable)

    monkeypatch.setattr(bootstrap, "_create", create)
    monkeypatch.setattr(bootstrap, "_install", lambda *_: None)
    shared = cache / "energy-trading-datalake" / "python"
    shared.mkdir(parents=True)
    with (shared / "environment.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        starts = [threading.Thread(target=bootstrap.main, args=(clone,)) for _ in range(2)]
        for start in starts:
            start.start()
        assert not made
    for start in starts:
        start.join(10)
    assert len(made) == 1


def test_a_failing_uv_falls_back_to_pip_with_the_same_lock(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], environ: dict[str, str] | None = None) -> None:
        ran.append(command)
        if "sync" in command:
            raise bootstrap.BootstrapError("uv cannot reach the index")

    monkeypatch.setattr(bootstrap, "_run", run)
    monkeypatch.setattr(bootstrap, "_pip_settings", lambda _: {})
    bootstrap._install(clone, clone / ".venv", clone / "requirements.lock")
    assert ran[-1][1:3] == ["-m", "pip"]
    assert "--require-hashes" in ran[-1]
    assert ran[-1][-1] == str(clone / "requirements.lock")
    assert "uv cannot reach the index" in capfd.readouterr().err


def test_the_users_pip_settings_reach_uv_and_uvs_own_stay(tmp_path: Path) -> None:
    pip = {
        "index-url": "https://packages.test/simple",
        "extra-index-url": "https://one.test https://two.test",
        "cert": "/etc/company.pem",
        "find-links": f"{tmp_path} {tmp_path / 'missing'} https://wheels.test",
        "timeout": "99",
    }
    settings = bootstrap.uv_settings(pip, {"UV_HTTP_TIMEOUT": "5"})
    assert settings["UV_DEFAULT_INDEX"] == "https://packages.test/simple"
    assert settings["UV_INDEX"] == "https://one.test https://two.test"
    assert settings["SSL_CERT_FILE"] == "/etc/company.pem"
    assert settings["UV_FIND_LINKS"] == f"{tmp_path},https://wheels.test"
    assert "UV_HTTP_TIMEOUT" not in settings


def test_pips_settings_are_read_as_pip_ranks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://global.test\ntimeout = 7\n[install]\nindex-url = https://install.test\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    assert bootstrap._pip_settings(sys.executable)["index-url"] == "https://install.test"
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment.test")
    settings = bootstrap._pip_settings(sys.executable)
    assert settings["index-url"] == "https://environment.test"
    assert settings["timeout"] == "7"
