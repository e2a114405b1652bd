"""Where images come from: a registry, a tar, and what is said when they do not come."""
import build as images
from segler import BINARY, container, is_ready, phase, pod, run, waiting_reason


def test_an_image_is_pulled_from_a_registry(ns, registry):
    reference = images.push("demoapp:1", registry)
    value = ns.run("pulled", image=reference)
    assert container(value)["image"] == reference
    assert ns.event("pulled", "Pulling") == f'Pulling image "{reference}"'
    assert f'Successfully pulled image "{reference}"' in ns.event("pulled", "Pulled")


def test_an_image_that_is_not_there_is_named_then_backed_off_then_found(ns, registry):
    reference = f"{registry}/settings:1"
    ns.create(pod("late", reference, script="sleep 1000 & wait"))
    seen = ns.wait("late", lambda p: waiting_reason(p) == "ErrImagePull")
    assert reference in container(seen)["state"]["waiting"]["message"]
    ns.wait("late", lambda p: waiting_reason(p) == "ImagePullBackOff")
    assert "late" in ns.kubectl("get", "pods") and phase(ns.get("pod", "late")) == "Pending"
    assert reference in ns.event("late", "Failed")
    assert ns.event("late", "BackOff").splitlines()[0] == f'Back-off pulling image "{reference}"'
    assert images.push("settings:1", registry) == reference
    ns.wait("late", is_ready, timeout=60)


def test_an_image_name_that_cannot_be_is_refused_by_the_node(ns):
    ns.create(pod("wrong", "Not An Image!"))
    ns.wait("wrong", lambda p: waiting_reason(p) == "InvalidImageName")


def test_an_image_that_may_not_be_pulled_must_be_there(ns, registry):
    ns.create(pod("never", f"{registry}/never-pushed:1", container={"imagePullPolicy": "Never"}))
    ns.wait("never", lambda p: waiting_reason(p) == "ErrImageNeverPull")


def test_the_pull_policy_follows_the_tag(ns):
    ns.create(pod("latest", "demoapp"), pod("tagged", "demoapp:1"))
    assert ns.get("pod", "latest")["spec"]["containers"][0]["imagePullPolicy"] == "Always"
    assert ns.get("pod", "tagged")["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"


def test_always_pulls_what_the_tag_means_now(ns, registry, tmp_path, monkeypatch):
    def push(version):
        monkeypatch.setitem(images.IMAGES, "moving:1", images.IMAGES[f"demoapp:{version}"])
        return images.push("moving:1", registry)

    def says(name, policy):
        ns.run(name, image=push_reference, container={"imagePullPolicy": policy})
        return ns.says(name, "listens").split()[1]

    push_reference = push(1)
    assert says("first", "Always") == "1"
    push(2)
    assert says("kept", "IfNotPresent") == "1"
    assert says("fresh", "Always") == "2"


def test_a_tar_is_imported_and_its_images_are_named(cluster, tmp_path):
    archive = images.write_layout(["demoapp:1", "demoapp:2"], tmp_path / "two.tar")
    said = cluster.import_images(archive)
    assert "demoapp:1" in said and "demoapp:2" in said


def test_a_file_that_is_no_image_is_refused(cluster, tmp_path):
    path = tmp_path / "broken.tar"
    for content in (b"", b"not a tar at all" * 100):
        path.write_bytes(content)
        result = run(BINARY, "image", "import", path, "--data-dir", cluster.data)
        assert result.returncode in (1, 2) and len(result.stderr.strip().splitlines()) == 1, result
    result = run(BINARY, "image", "import", tmp_path / "none.tar", "--data-dir", cluster.data)
    assert result.returncode in (1, 2) and "none.tar" in result.stderr
