"""What was acknowledged is there after the server was killed."""
import concurrent.futures
import http.client
import signal
import threading

from segler import config_map


def test_every_acknowledged_write_survives_kill_9(own_server):
    acknowledged = {}
    for round_number in range(3):
        own_server.start()
        api, enough = own_server.api, threading.Event()

        def write(writer):
            count = 0
            while True:
                name, data = f"r{round_number}-w{writer}-{count}", {"text": f"{writer}/{count}" * 50}
                try:
                    answer = api.post("/api/v1/namespaces/default/configmaps", config_map(name, data))
                except (OSError, http.client.HTTPException):
                    return  # The server is gone.
                assert answer.status == 201, answer
                acknowledged[name] = data
                count += 1
                if count == 20:
                    enough.set()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            writers = [pool.submit(write, n) for n in range(8)]
            assert enough.wait(60)
            own_server.stop(signal.SIGKILL)
            for writer in writers:
                writer.result()

        own_server.start()
        listed = own_server.api.get("/api/v1/namespaces/default/configmaps").json["items"]
        found = {item["metadata"]["name"]: item["data"] for item in listed}
        assert {name: found.get(name) for name in acknowledged} == acknowledged
        own_server.stop()


def test_revisions_never_go_back(own_server):
    path = "/api/v1/namespaces/default/configmaps"
    revisions = []
    for name in ("a", "b", "c"):
        own_server.start()
        created = own_server.api.post(path, config_map(name)).json
        revisions.append(int(created["metadata"]["resourceVersion"]))
        own_server.stop(signal.SIGKILL)
    assert revisions == sorted(set(revisions))


def test_a_watch_from_before_a_restart_goes_on_or_says_gone(own_server):
    path = "/api/v1/namespaces/default/configmaps"
    own_server.start()
    revision = own_server.api.get(path).json["metadata"]["resourceVersion"]
    own_server.api.post(path, config_map("missed"))
    own_server.stop()
    own_server.start()
    answer = own_server.api.get(f"{path}?watch=true&resourceVersion={revision}&timeoutSeconds=1")
    # Controllers write to this namespace too: what was missed need not come first.
    events = answer.text.splitlines()
    assert any('"missed"' in event for event in events) or '"code":410' in events[0].replace(" ", ""), answer
