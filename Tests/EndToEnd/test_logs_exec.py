"""What goes in and out of a container: logs, exec, streams and terminals."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
from segler import Lines, is_ready, phase, pod, run

# What speaks WebSocket for exec: kubectl 1.31 and later by itself, 1.29 and 1.30 when asked.
os.environ["KUBECTL_REMOTE_COMMAND_WEBSOCKETS"] = "true"


@pytest.fixture(scope="session")
def exec_capable():
    version = json.loads(run("kubectl", "version", "--client", "-o", "json").stdout)["clientVersion"]
    minor = int(re.match(r"\d+", version["minor"])[0])
    if minor < 29:
        pytest.skip(f"kubectl 1.{minor} does not speak WebSocket; the Python client's test covers exec")


@pytest.fixture
def shell(ns, exec_capable):
    """A namespace with a Pod `shell` that waits."""
    ns.run("shell", script="trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done")
    return ns


# Logs

def finished(ns, name, script):
    ns.create(pod(name, script=script, restartPolicy="Never"))
    ns.wait(name, lambda p: phase(p) in ("Succeeded", "Failed"))


def test_logs_hold_both_outputs_in_order(ns):
    finished(ns, "talks", "echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three; printf 'no newline'")
    assert ns.kubectl("logs", "talks") == "one\ntwo\nthree\nno newline"


def test_logs_can_be_cut(ns):
    finished(ns, "counts", "for n in $(seq 1 100); do echo line $n; done")
    assert ns.kubectl("logs", "counts", "--tail=2") == "line 99\nline 100\n"
    assert ns.kubectl("logs", "counts", "--tail=0") == ""
    assert len(ns.kubectl("logs", "counts").splitlines()) == 100
    assert len(ns.kubectl("logs", "counts", "--limit-bytes=20")) == 20
    assert ns.kubectl("logs", "counts", "--since=1h").count("line") == 100
    stamped = ns.kubectl("logs", "counts", "--timestamps", "--tail=1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 100\n", stamped)


def test_a_long_line_stays_one_line(ns):
    finished(ns, "long", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end")
    text = ns.kubectl("logs", "long")
    assert text == "x" * 100000 + "\nend\n"


def test_following_logs_shows_lines_as_they_come_and_ends_with_the_container(ns):
    ns.create(pod("slow", script="for n in 1 2 3; do echo step $n; sleep 1; done", restartPolicy="Never"))
    ns.wait("slow", lambda p: phase(p) in ("Running", "Succeeded"))
    with ns.kubectl_running("logs", "-f", "slow") as kubectl:
        lines, arrived = Lines(kubectl.stdout), []
        while lines.next(20) is not None:
            arrived.append(time.monotonic())
        assert kubectl.wait(10) == 0
    assert [line for line in lines.seen if line] == ["step 1", "step 2", "step 3"]
    assert arrived[2] - arrived[1] > 0.5, "the lines came all at once"


def test_logs_of_what_is_not_there(ns):
    assert "NotFound" in ns.kubectl_refused("logs", "nobody")
    ns.create(pod("waits", nodeSelector={"no": "node"}))
    assert ns.kubectl("logs", "waits") == ""
    assert "nothing" in ns.kubectl_refused("logs", "waits", "-c", "nothing")
    answer = ns.api.get(f"{ns.path()}/waits/log?container=nothing")
    assert (answer.status, answer.json["message"]) == (400, "container nothing is not valid for pod waits")


# Exec

def test_exec_keeps_both_outputs_apart_and_the_exit_code(shell):
    result = shell.kubectl_result("exec", "shell", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (result.stdout, result.returncode) == ("out\n", 7)
    assert result.stderr.startswith("err\n") and "exit code 7" in result.stderr


def test_exec_reads_standard_input_to_its_end(shell):
    assert shell.kubectl("exec", "-i", "shell", "--", "wc", "-c", input="x" * 1_000_000).strip() == "1000000"
    assert shell.kubectl("exec", "-i", "shell", "--", "cat", input="") == ""


def test_exec_carries_much_output_unharmed(shell):
    text = shell.kubectl("exec", "shell", "--", "seq", "1", "200000")
    assert text == "".join(f"{n}\n" for n in range(1, 200001))


def test_exec_of_what_is_not_there(shell):
    assert "not found" in shell.kubectl_refused("exec", "nobody", "--", "true")
    assert shell.kubectl_result("exec", "shell", "--", "/no/such/program").returncode != 0
    assert "nothing" in shell.kubectl_refused("exec", "shell", "-c", "nothing", "--", "true")


def test_exec_into_a_container_that_has_ended_is_refused(ns, exec_capable):
    finished(ns, "done", "true")
    assert "cannot exec into a container in a completed pod" in ns.kubectl_refused("exec", "done", "--", "true")


def test_exec_on_a_terminal(shell):
    """As a person at a terminal of 40 lines and 100 columns has it."""
    control, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        shell.cluster.kubectl_arguments("-n", shell.name, "exec", "-it", "shell", "--", "sh"),
        stdin=terminal, stdout=terminal, stderr=terminal, env=shell.cluster.environment, start_new_session=True)
    os.close(terminal)
    seen = b""

    def until(pattern):
        nonlocal seen
        deadline = time.monotonic() + 20
        while not re.search(pattern, seen):
            left = deadline - time.monotonic()
            assert left > 0 and select.select([control], [], [], left)[0], f"no {pattern!r} in {seen!r}"
            try:
                seen += os.read(control, 65536)
            except OSError:  # the other side has closed
                raise AssertionError(f"ended without {pattern!r}: {seen!r}") from None
        seen = seen[re.search(pattern, seen).end():]

    try:
        until(rb"[#$] ")
        os.write(control, b"tty; echo is-$((6*7))\n")
        until(rb"/dev/pts/\d+\r\n")
        until(rb"is-42\r\n")
        os.write(control, b"while ! stty size | grep -q '40 100'; do :; done; echo size-$((1+1))\n")
        until(rb"size-2\r\n")
        fcntl.ioctl(control, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
        process.send_signal(signal.SIGWINCH)  # as the terminal does for its own processes
        os.write(control, b"while ! stty size | grep -q '30 90'; do :; done; echo size-$((1+2))\n")
        until(rb"size-3\r\n")
        os.write(control, b"sh -c 'echo in-$((3*3)); sleep 1000'\n")
        until(rb"in-9\r\n")
        os.write(control, b"\x03")  # Ctrl-C reaches the container, not kubectl
        until(rb"[#$] ")
        os.write(control, b"exit 5\n")
        assert process.wait(20) == 5
    finally:
        process.kill()
        process.wait()
        os.close(control)


def test_several_execs_at_once(shell):
    running = [subprocess.Popen(
        shell.cluster.kubectl_arguments("-n", shell.name, "exec", "shell", "--", "sh", "-c", f"sleep 1; echo {n}"),
        stdout=subprocess.PIPE, text=True, env=shell.cluster.environment) for n in range(8)]
    assert [process.communicate(timeout=30)[0].strip() for process in running] == [str(n) for n in range(8)]


def test_an_exec_that_is_broken_off_leaves_the_container_alone(shell):
    with shell.kubectl_running("exec", "-i", "shell", "--", "sh", "-c", "echo started; cat",
                               stdin=subprocess.PIPE) as kubectl:
        Lines(kubectl.stdout).until("started")
    assert is_ready(shell.get("pod", "shell"))
    assert shell.kubectl("exec", "shell", "--", "echo", "fine") == "fine\n"


def test_following_goes_on_with_the_next_instance(ns):
    """A container that is started again writes on in the same stream; one that is over ends it."""
    ns.run("again", script="echo begin; sleep 2; exit 1", restartPolicy="Always")
    with ns.kubectl_running("logs", "-f", "again") as kubectl:
        lines = Lines(kubectl.stdout)
        lines.until("begin")
        lines.until("begin")
