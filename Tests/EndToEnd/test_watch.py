"""Watches over raw TLS: order, bookmarks, selectors, ends."""
import contextlib
import json
import threading
import time

import pytest
from segler import config_map


@pytest.fixture
def maps(api_ns):
    return api_ns.path("configmaps")


@pytest.fixture
def api(control_plane):
    return control_plane.api


def revision(api, path):
    return api.get(path).json["metadata"]["resourceVersion"]


def test_events_come_in_order_with_rising_versions(api, maps):
    start = revision(api, maps)
    api.post(maps, config_map("one", {"n": "0"}))
    for n in range(1, 20):
        api.patch(f"{maps}/one", {"data": {"n": str(n)}})
    api.delete(f"{maps}/one")
    with api.watch(maps, resourceVersion=start) as events:
        seen = [next(events) for _ in range(21)]
    assert [e["type"] for e in seen] == ["ADDED"] + ["MODIFIED"] * 19 + ["DELETED"]
    assert [e["object"]["data"]["n"] for e in seen[:20]] == [str(n) for n in range(20)]
    versions = [int(e["object"]["metadata"]["resourceVersion"]) for e in seen]
    assert versions == sorted(set(versions))


def test_an_event_arrives_while_the_watch_is_open(api, maps):
    with api.watch(maps, resourceVersion=revision(api, maps)) as events:
        arrived = {}

        def read():
            event = next(events)
            arrived[event["object"]["metadata"]["name"]] = time.monotonic()

        reader = threading.Thread(target=read)
        reader.start()
        api.post(maps, config_map("live"))
        posted = time.monotonic()
        reader.join(10)
        assert arrived["live"] - posted < 1


def test_without_a_version_what_exists_comes_first(api, maps):
    api.post(maps, config_map("there"))
    with api.watch(maps, fieldSelector="metadata.name=there") as events:
        first = next(events)
        assert (first["type"], first["object"]["metadata"]["name"]) == ("ADDED", "there")
        api.delete(f"{maps}/there")
        assert next(events)["type"] == "DELETED"


def test_initial_events_end_with_a_bookmark(api, maps):
    names = {"a", "b", "c"}
    for name in names:
        api.post(maps, config_map(name, labels={"mine": "yes"}))
    with api.watch(maps, labelSelector="mine", sendInitialEvents="true", allowWatchBookmarks="true",
                   resourceVersionMatch="NotOlderThan") as events:
        seen = [next(events) for _ in range(4)]
    assert {e["object"]["metadata"]["name"] for e in seen[:3]} == names
    assert seen[3]["type"] == "BOOKMARK"
    metadata = seen[3]["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(metadata["resourceVersion"]) >= max(int(e["object"]["metadata"]["resourceVersion"]) for e in seen[:3])


def test_an_object_enters_and_leaves_a_selection(api, maps):
    start = revision(api, maps)
    with api.watch(maps, resourceVersion=start, labelSelector="on=1") as events:
        api.post(maps, config_map("w", labels={"on": "0"}))
        for value in ("1", "0"):
            api.patch(f"{maps}/w", {"metadata": {"labels": {"on": value}}})
        assert [next(events)["type"] for _ in range(2)] == ["ADDED", "DELETED"]


def test_a_watch_ends_after_its_time(api, maps):
    started = time.monotonic()
    with api.watch(maps, resourceVersion=revision(api, maps), timeoutSeconds=1) as events:
        assert list(events) == []
    assert 0.9 < time.monotonic() - started < 5


def test_a_version_that_is_no_number_is_refused(api, maps):
    assert api.get(f"{maps}?watch=true&resourceVersion=abc").status == 400


def test_many_watchers_see_every_event(api, maps):
    start = revision(api, maps)
    with contextlib.ExitStack() as stack:
        watches = [stack.enter_context(api.watch(maps, resourceVersion=start)) for _ in range(30)]
        for n in range(20):
            api.post(maps, config_map(f"n{n}"))
        for events in watches:
            assert [next(events)["object"]["metadata"]["name"] for _ in range(20)] == [f"n{n}" for n in range(20)]


def test_watch_events_can_be_tables(api, maps):
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    start = revision(api, maps)
    api.post(maps, config_map("row"))
    answer = api.get(f"{maps}?watch=true&resourceVersion={start}&timeoutSeconds=1", accept=accept)
    event = json.loads(answer.text.splitlines()[0])
    assert event["type"] == "ADDED" and event["object"]["kind"] == "Table"
    assert event["object"]["rows"][0]["cells"][0] == "row"
