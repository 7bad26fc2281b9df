"""Life cycle of the background process."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from local.aws import Cloud
from local.emulator import process


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for stack in ("local", "other"):
        process.stop(tmp_path, stack)


def ended(pid: int, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not process._alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_it_starts_once_and_is_found_again(root: Path) -> None:
    first, fresh = process.ensure(root, "local")
    again, fresh_again = process.ensure(root, "local")
    assert (fresh, fresh_again) == (True, False)
    assert first == again == process.find(root, "local")
    identity = Cloud(first.endpoint).control("GET", "identity")
    assert identity["instance"] == first.instance
    assert (identity["stack"], identity["root"]) == ("local", str(root))
    assert identity["started_at"].endswith("+00:00")


def test_it_listens_on_the_loopback_only(root: Path) -> None:
    emulator, _ = process.ensure(root, "local")
    port = int(emulator.endpoint.rsplit(":", 1)[1])
    listening = Path("/proc/net/tcp").read_text().splitlines() if Path("/proc/net/tcp").exists() else []
    places = [line.split()[1] for line in listening if line.split()[1].endswith(f":{port:04X}")]
    assert [place for place in places if not place.startswith("0100007F")] == []


def test_starts_at_the_same_moment_start_only_one(root: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: process.ensure(root, "local"), range(4)))
    assert len({emulator.instance for emulator, _ in found}) == 1
    assert [fresh for _, fresh in found].count(True) == 1


def test_after_a_kill_the_next_start_is_a_new_instance_with_nothing_in_it(root: Path) -> None:
    first, _ = process.ensure(root, "local")
    Cloud(first.endpoint).client("kms").create_key()
    os.kill(first.pid, signal.SIGKILL)
    assert ended(first.pid, 5)
    assert process.pid_file(root, "local").exists()
    assert process.find(root, "local") is None
    second, fresh = process.ensure(root, "local")
    assert fresh
    assert second.instance != first.instance
    assert Cloud(second.endpoint).control("GET", "inventory") == {}


def test_stop_ends_it_and_cleans_up(root: Path) -> None:
    emulator, _ = process.ensure(root, "local")
    assert process.stop(root, "local")
    assert ended(emulator.pid, 0.5)
    assert not process.pid_file(root, "local").exists()
    assert not process.stop(root, "local")


@pytest.mark.slow
def test_a_suspended_emulator_is_replaced_not_waited_for(root: Path) -> None:
    first, _ = process.ensure(root, "local")
    os.kill(first.pid, signal.SIGSTOP)
    second, fresh = process.ensure(root, "local")
    assert fresh
    assert second.pid != first.pid
    assert ended(first.pid, 5)


def test_two_roots_and_two_stacks_have_their_own(tmp_path: Path, root: Path) -> None:
    neighbour = tmp_path / "neighbour"
    try:
        mine, _ = process.ensure(root, "local")
        other, _ = process.ensure(root, "other")
        theirs, _ = process.ensure(neighbour, "local")
        Cloud(mine.endpoint).client("sqs").create_queue(QueueName="mine")
        assert Cloud(other.endpoint).control("GET", "inventory") == {}
        assert Cloud(theirs.endpoint).control("GET", "inventory") == {}
        assert len({mine.pid, other.pid, theirs.pid}) == 3
    finally:
        process.stop(neighbour, "local")


def test_anothers_emulator_behind_our_pid_file_is_not_ours(tmp_path: Path, root: Path) -> None:
    neighbour = tmp_path / "neighbour"
    try:
        theirs, _ = process.ensure(neighbour, "local")
        ours = process.pid_file(root, "local")
        ours.parent.mkdir(parents=True)
        ours.write_text(process.pid_file(neighbour, "local").read_text())
        assert process.find(root, "local") is None
        mine, fresh = process.ensure(root, "local")
        assert fresh
        assert mine.pid != theirs.pid
        assert process.find(neighbour, "local") == theirs
        assert process.stop(root, "local")
        assert process.find(neighbour, "local") == theirs
    finally:
        process.stop(neighbour, "local")


def test_a_recycled_pid_and_port_are_not_taken_for_ours_nor_harmed(root: Path) -> None:
    class Foreign(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"instance": "x", "stack": "local", "root": "elsewhere"}')

        def log_message(self, *_: object) -> None: ...

    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    server = HTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        note = process.pid_file(root, "local")
        note.parent.mkdir(parents=True)
        note.write_text(json.dumps({"pid": bystander.pid, "port": server.server_port, "instance": "x"}))
        assert process.find(root, "local") is None
        emulator, fresh = process.ensure(root, "local")
        assert fresh
        assert emulator.pid != bystander.pid
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
        server.shutdown()
        server.server_close()


def test_a_broken_pid_file_is_no_obstacle(root: Path) -> None:
    note = process.pid_file(root, "local")
    note.parent.mkdir(parents=True)
    note.write_text('{"pid": ')
    assert process.ensure(root, "local")[1]


def test_it_ends_when_its_pid_file_goes(root: Path) -> None:
    emulator, _ = process.ensure(root, "local")
    process.pid_file(root, "local").unlink()
    assert ended(emulator.pid, 6)


def test_a_start_that_fails_shows_what_the_log_says(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PROJECT", root)
    with pytest.raises(
        process.EmulatorError, match=r"ended while starting(.|\n)*local\.emulator(.|\n)*emulator\.log"
    ):
        process.ensure(root, "local")


def test_the_users_own_aws_settings_do_not_reach_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999999999999")
    monkeypatch.setenv("AWS_PROFILE", "production")
    emulator, _ = process.ensure(root, "local")
    monkeypatch.delenv("AWS_PROFILE")
    assert Cloud(emulator.endpoint).client("sts").get_caller_identity()["Account"] == "123456789012"


def test_it_outlives_the_command_that_started_it(root: Path) -> None:
    imports = "from pathlib import Path; from local.emulator import process"
    code = f"{imports}; process.ensure(Path({str(root)!r}), 'local')"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(process.__file__).parents[2])
    emulator = process.find(root, "local")
    assert emulator
    assert os.getsid(emulator.pid) == emulator.pid
    with socket.create_connection(("127.0.0.1", int(emulator.endpoint.rsplit(":", 1)[1]))):
        pass
