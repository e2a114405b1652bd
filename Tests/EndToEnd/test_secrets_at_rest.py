"""Secrets on the disk: encrypted, with keys that can be changed, and lost."""
import base64
import os
import random
import signal
import subprocess
import time

from segler import BINARY, eventually, run

WORD = "correct-horse-battery-staple"


def secret(name, value=WORD):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"password": value}}


def on_disk(server, word=WORD):
    """Files of the data directory that hold the word, plain or in base64."""
    words = [word.encode(), base64.b64encode(word.encode())]
    return [path for path in server.data.rglob("*") if path.is_file() and not path.name.startswith("test-")
            and any(word in path.read_bytes() for word in words)]


def create(server, *names):
    for name in names:
        assert server.api.post("/api/v1/namespaces/default/secrets", secret(name)).status == 201


def value(server, name):
    data = server.api.get(f"/api/v1/namespaces/default/secrets/{name}").json["data"]["password"]
    return base64.b64decode(data).decode()


def keys(server):
    return (server.data / "secrets.keys").read_text().splitlines()


def rotate(server):
    return run(BINARY, "secrets", "rotate", "--data-dir", server.data)


def test_nothing_of_a_secret_can_be_read_on_the_disk(own_server):
    own_server.start()
    create(own_server, "one", "two")
    server_data = own_server.data
    assert oct((server_data / "secrets.keys").stat().st_mode & 0o777) == "0o600"
    assert oct(server_data.stat().st_mode & 0o777) == "0o700"
    own_server.api.delete("/api/v1/namespaces/default/secrets/two")
    # What is no Secret is found by the same search.
    own_server.api.post("/api/v1/namespaces/default/configmaps", {"metadata": {"name": "c"}, "data": {"a": "plain-text-word"}})
    assert on_disk(own_server) == [] and on_disk(own_server, "plain-text-word") != []
    own_server.stop()
    assert on_disk(own_server) == []
    own_server.start()
    assert value(own_server, "one") == WORD


def test_the_key_is_changed_beside_a_running_server_and_without_one(own_server):
    own_server.start()
    create(own_server, *(f"s{n}" for n in range(20)))
    first = keys(own_server)
    done = rotate(own_server)
    assert done.returncode == 0 and "all Secrets are encrypted with the key" in done.stdout, done.stderr
    second = keys(own_server)
    assert len(first) == len(second) == 1 and first != second
    create(own_server, "after")
    own_server.stop()
    assert rotate(own_server).returncode == 0
    third = keys(own_server)
    assert len(third) == 1 and third not in (first, second)
    store = (own_server.data / "store.db").read_bytes()
    assert third[0].split()[0].encode() in store
    own_server.start()
    assert {value(own_server, name) for name in ["after", *(f"s{n}" for n in range(20))]} == {WORD}


def test_a_change_of_the_key_that_is_cut_off_is_finished_by_the_next_start(own_server):
    own_server.start()
    create(own_server, *(f"s{n}" for n in range(30)))
    for _ in range(4):
        before = keys(own_server)[0]
        command = subprocess.Popen([BINARY, "secrets", "rotate", "--data-dir", own_server.data])
        eventually(lambda: keys(own_server)[0] != before, what="a new key")
        time.sleep(random.uniform(0, 0.02))
        own_server.stop(signal.SIGKILL)
        command.kill()
        command.wait()
        own_server.start()
        assert len(keys(own_server)) == 1 and keys(own_server)[0] != before
        assert {value(own_server, f"s{n}") for n in range(30)} == {WORD}


def test_without_the_key_the_server_says_which_is_missing_and_changes_nothing(own_server):
    own_server.start()
    create(own_server, "one")
    own_server.stop()
    path = own_server.data / "secrets.keys"
    right = path.read_text()
    os.rename(path, own_server.data / "elsewhere")
    failed = run(*own_server.command())
    assert failed.returncode == 1 and f"encrypted with the key {right.split()[0]}" in failed.stderr, failed.stderr
    os.rename(own_server.data / "elsewhere", path)
    own_server.start()
    assert value(own_server, "one") == WORD


def test_a_directory_without_a_store_is_named(tmp_path):
    failed = run(BINARY, "secrets", "rotate", "--data-dir", tmp_path)
    assert failed.returncode == 2 and f"there is no store in {tmp_path}" in failed.stderr
    assert list(tmp_path.iterdir()) == []
