#!/usr/bin/env python3
"""Builds tiny OCI images from the static busybox of the host, for tests and examples. Needs nothing but Python.

  build.py demoapp:1 -o demoapp.tar                # an OCI layout tar, as `docker buildx -o type=oci` writes it
  build.py demoapp:1 --push localhost:5000         # straight into a registry that speaks plain HTTP
  build.py --list

The same input gives the same bytes: times and owners in the layers are zero.
Formats: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, config.md, layer.md);
the push follows https://github.com/opencontainers/distribution-spec (POST then PUT).
"""
import argparse
import functools
import gzip
import hashlib
import http.client
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field

# Answers HTTP on port 3306 with its version and host name, and logs a line a second. `sleep & wait` lets the shell
# act on SIGTERM at once; as process 1 it would otherwise ignore the signal.
DEMOAPP = """#!/bin/sh
echo "demoapp $VERSION on $(hostname) listens on port ${PORT:-3306}"
trap 'echo "demoapp $VERSION says goodbye"; exit 0' TERM INT
mkdir -p /tmp/www
echo "demoapp $VERSION on $(hostname)" > /tmp/www/index.html
httpd -f -p "${PORT:-3306}" -h /tmp/www &
tick=0
while :; do
    tick=$((tick + 1))
    echo "demoapp $VERSION tick $tick"
    sleep 1 &
    wait $!
done
"""

# Says why on standard error and leaves with EXIT_CODE (3) after DELAY seconds (0).
CRASHER = """#!/bin/sh
echo "crasher starts"
sleep "${DELAY:-0}"
echo "crasher leaves with ${EXIT_CODE:-3}" >&2
exit "${EXIT_CODE:-3}"
"""

# A process that ignores SIGTERM: only SIGKILL, after the grace period, ends it.
STUBBORN = """#!/bin/sh
trap 'echo "stubborn ignores SIGTERM"' TERM
echo "stubborn is up"
while :; do sleep 1 & wait $!; done
"""


@dataclass
class Image:
    """What one image holds on top of busybox: files by path, and the content of a directory of the host; and its
    configuration in the terms of the image specification."""
    files: dict[str, str] = field(default_factory=dict)
    config: dict = field(default_factory=dict)
    tree: os.PathLike | None = None


def shell(script, **config):
    return Image({"app/main.sh": script}, {"Entrypoint": ["/app/main.sh"], **config})


IMAGES = {
    "demoapp:1": shell(DEMOAPP, Env=["VERSION=1"], ExposedPorts={"3306/tcp": {}}),
    "demoapp:2": shell(DEMOAPP, Env=["VERSION=2"], ExposedPorts={"3306/tcp": {}}),
    "crasher:1": shell(CRASHER),
    "stubborn:1": shell(STUBBORN),
    # For commands that a manifest gives itself.
    "busybox:1": Image({}, {"Cmd": ["sh"]}),
    # Entrypoint and Cmd apart, a user, a directory and a variable: what a manifest may override, one by one.
    "settings:1": Image(
        {"app/show.sh": '#!/bin/sh\necho "args=$* user=$(id -u) dir=$(pwd) colour=$COLOUR"\n'},
        {"Entrypoint": ["/app/show.sh"], "Cmd": ["from", "image"], "User": "1000", "WorkingDir": "/app",
         "Env": ["COLOUR=blue"]}),
}

MEDIA = "application/vnd.oci.image."


def architecture():
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def static_busybox():
    path = shutil.which("busybox")
    if not path:
        raise SystemExit("build.py: no busybox on the PATH; install the package busybox-static")
    with open(path, "rb") as f:
        binary = f.read()
    # A dynamic program names its loader (PT_INTERP) near the start of the file.
    if b"/ld-linux" in binary[:4096] or b"/lib/ld-" in binary[:4096]:
        raise SystemExit(f"build.py: {path} is not static and would not start in a container; install busybox-static")
    applets = subprocess.run([path, "--list"], check=True, capture_output=True, text=True).stdout.split()
    return binary, [a for a in applets if a != "busybox"]


def tar(entries):
    """A tar of (path, mode, content) where content is bytes, None for a directory, or a str for a symbolic link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, mode, content in entries:
            info = tarfile.TarInfo(path)
            info.mode = mode
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


@functools.cache
def base_layer():
    binary, applets = static_busybox()
    directories = [(name, 0o755, None) for name in ("bin", "dev", "etc", "proc", "root", "sys", "var")]
    return tar([
        *directories,
        ("tmp", 0o1777, None),
        ("bin/busybox", 0o755, binary),
        *((f"bin/{applet}", 0o777, "busybox") for applet in applets),
        ("etc/passwd", 0o644, b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/app:/bin/sh\n"),
        ("etc/group", 0o644, b"root:x:0:\napp:x:1000:\n"),
    ])


@functools.cache
def tree_layer(root):
    """All below a directory, in order, owned by root, without times."""
    out = io.BytesIO()

    def plain(info):
        info.uid = info.gid = info.mtime = 0
        info.uname = info.gname = ""
        return info

    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(os.listdir(root)):
            archive.add(os.path.join(root, name), name, filter=plain)
    return out.getvalue()


@functools.cache
def compressed(layer):
    return gzip.compress(layer, 1 if len(layer) > 10_000_000 else 6, mtime=0)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass
class Built:
    """An image as blobs by digest, and the descriptor of its manifest."""
    name: str
    blobs: dict[str, bytes]
    manifest: dict


def build(name, images=IMAGES):
    """Builds the image called `name` (one of `images`)."""
    if name not in images:
        raise SystemExit(f"build.py: no image {name}; there are {', '.join(images)}")
    image, blobs = images[name], {}

    def blob(media_type, data):
        blobs[digest(data)] = data
        return {"mediaType": MEDIA + media_type, "digest": digest(data), "size": len(data)}

    layers = [base_layer()]
    if image.files:
        folders = sorted({os.path.dirname(path) for path in image.files})
        layers.append(tar([*((folder, 0o755, None) for folder in folders),
                           *((path, 0o755, text.encode()) for path, text in sorted(image.files.items()))]))
    if image.tree:
        layers.append(tree_layer(image.tree))
    environment = image.config.get("Env", [])
    if not any(variable.startswith("PATH=") for variable in environment):
        environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *environment]
    config = {
        "created": "1970-01-01T00:00:00Z", "architecture": architecture(), "os": "linux",
        "config": {**image.config, "Env": environment},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
    }
    manifest = {
        "schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json",
        "config": blob("config.v1+json", json.dumps(config).encode()),
        "layers": [blob("layer.v1.tar+gzip", compressed(layer)) for layer in layers],
    }
    return Built(name, blobs, blob("manifest.v1+json", json.dumps(manifest).encode()))


def write_layout(names, path, images=IMAGES):
    """Writes an OCI layout tar of the images to `path`."""
    entries, manifests = {}, []
    for built in (build(name, images) for name in names):
        entries |= {f"blobs/{key.replace(':', '/')}": data for key, data in built.blobs.items()}
        manifests.append({
            **built.manifest, "platform": {"os": "linux", "architecture": architecture()},
            "annotations": {"io.containerd.image.name": f"docker.io/library/{built.name}",
                            "org.opencontainers.image.ref.name": built.name.split(":")[1]},
        })
    index = {"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json", "manifests": manifests}
    with open(path, "wb") as f:
        f.write(tar([
            ("oci-layout", 0o644, b'{"imageLayoutVersion":"1.0.0"}'),
            ("index.json", 0o644, json.dumps(index).encode()),
            ("blobs", 0o755, None), ("blobs/sha256", 0o755, None),
            *((key, 0o644, data) for key, data in sorted(entries.items())),
        ]))
    return path


def push(name, registry):
    """Pushes the image to a registry without TLS, e.g. localhost:5000, and returns the reference to pull it by."""
    built, (repository, tag) = build(name), name.split(":")
    connection = http.client.HTTPConnection(registry, timeout=30)

    def request(method, path, body=None, headers=None):
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise SystemExit(f"build.py: {registry} answered {response.status} to {method} {path}: {text.decode()}")
        return response

    for key, data in built.blobs.items():
        if key == built.manifest["digest"]:
            continue
        upload = request("POST", f"/v2/{repository}/blobs/uploads/").getheader("Location")
        upload = upload.removeprefix(f"http://{registry}")
        request("PUT", f"{upload}{'&' if '?' in upload else '?'}digest={key}", data,
                {"Content-Type": "application/octet-stream"})
    request("PUT", f"/v2/{repository}/manifests/{tag}", built.blobs[built.manifest["digest"]],
            {"Content-Type": built.manifest["mediaType"]})
    connection.close()
    return f"{registry}/{repository}:{tag}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", help="which images, e.g. demoapp:1 (default: all)")
    parser.add_argument("-o", "--output", help="write one OCI layout tar that holds them")
    parser.add_argument("--push", metavar="HOST:PORT", help="push them to a registry without TLS")
    parser.add_argument("--list", action="store_true", help="print the names of the images")
    arguments = parser.parse_args()
    names = arguments.name or list(IMAGES)
    if arguments.list:
        print("\n".join(IMAGES))
    elif not (arguments.output or arguments.push):
        parser.error("say where to: -o FILE or --push HOST:PORT")
    if arguments.output:
        print(write_layout(names, arguments.output))
    if arguments.push:
        for name in names:
            print(push(name, arguments.push))


if __name__ == "__main__":
    sys.exit(main())
