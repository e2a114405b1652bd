#!/usr/bin/env python3
"""Makes the images of the shop where no registry can be reached: from Debian's packages, as the two Dockerfiles say.

  images.py -o shop.tar            # shop-db:1 and shop:1, :2, :3; then `segler image import shop.tar`

shop:3 is broken on purpose: it reads a table that does not exist. Needs apt (Debian), a JDK with jlink, busybox-static.
Packages are downloaded and unpacked, nothing is installed; --cache DIR keeps them for the next time.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "Tests" / "Images"))
import build  # noqa: E402

UNNEEDED = ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/bash-completion"]
DATABASE = ["mariadb-server-core", "mariadb-client-core"]
MODULES = "java.sql.rowset,java.naming,java.management,jdk.httpserver"


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise SystemExit(f"images.py: {' '.join(map(str, command))}:\n{result.stdout}{result.stderr}")


def unpack(packages, root, cache):
    """The packages with all that they need, unpacked under `root`."""
    with tempfile.TemporaryDirectory() as folder:
        status, archives = pathlib.Path(folder, "status"), pathlib.Path(cache or folder, packages[0])
        status.touch()  # nothing is there, so nothing is left out
        pathlib.Path(archives, "partial").mkdir(parents=True, exist_ok=True)
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "--download-only",
            "-o", f"Dir::State::status={status}", "-o", f"Dir::Cache::archives={archives}",
            "-o", "APT::Sandbox::User=root", *packages)
        for archive in sorted(archives.glob("*.deb")):
            run("dpkg-deb", "-x", archive, root)
    for path in UNNEEDED:
        shutil.rmtree(root / path, ignore_errors=True)


def database(root, cache):
    unpack(DATABASE, root, cache)
    # mariadbd asks for time zones, help and plugins only when somebody uses them.
    for path in ["usr/lib/mysql/plugin", "etc/mysql"]:
        shutil.rmtree(root / path, ignore_errors=True)
    for path in ["var/lib/mysql", "usr/local/bin", "run"]:
        (root / path).mkdir(parents=True, exist_ok=True)
    shutil.copy2(HERE / "db" / "start", root / "usr/local/bin/start")
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nmysql:x:999:999::/var/lib/mysql:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nmysql:x:999:\n")


def shop(root, cache):
    unpack(["libc6", "zlib1g", "libstdc++6"], root, cache)
    with tempfile.TemporaryDirectory() as folder:
        unpack(["libmariadb-java"], pathlib.Path(folder), cache)
        (root / "app").mkdir()
        shutil.copy(pathlib.Path(folder, "usr/share/java/mariadb-java-client.jar"), root / "app")
    run("javac", "-d", root / "app", *sorted(HERE.glob("app/*.java")))
    run("jlink", "--add-modules", MODULES, "--strip-debug", "--no-man-pages", "--no-header-files", "--output",
        root / "java")


def images(folder, cache=None):
    """The images by name. `folder` takes their files, and must stay until they are written."""
    roots = {name: pathlib.Path(folder, name) for name in ("db", "shop")}
    for root in roots.values():
        root.mkdir()
    database(roots["db"], cache)
    shop(roots["shop"], cache)

    def version(number, **variables):
        variables = {"VERSION": number, "PATH": "/java/bin:/bin", "CLASSPATH": "/app:/app/mariadb-java-client.jar",
                     **variables}
        return build.Image(tree=roots["shop"], config={
            "Cmd": ["java", "-Xmx64m", "Shop"], "User": "1000", "Env": [f"{k}={v}" for k, v in variables.items()]})

    return {
        "shop-db:1": build.Image(tree=roots["db"], config={
            "Cmd": ["/usr/local/bin/start"], "ExposedPorts": {"3306/tcp": {}}}),
        "shop:1": version("1"), "shop:2": version("2"), "shop:3": version("3", TABLE="odrers"),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", required=True, help="the OCI layout tar to write")
    parser.add_argument("--cache", type=pathlib.Path, help="a directory that keeps the downloaded packages")
    arguments = parser.parse_args()
    for tool in ("apt-get", "dpkg-deb", "javac", "jlink"):
        if not shutil.which(tool):
            raise SystemExit(f"images.py: no {tool} on the PATH; on Debian: apt-get install openjdk-17-jdk-headless")
    with tempfile.TemporaryDirectory() as folder:
        made = images(folder, arguments.cache)
        print(build.write_layout(list(made), arguments.output, made))
    print("holds", ", ".join(made), f"({os.path.getsize(arguments.output) >> 20} MB)")


if __name__ == "__main__":
    sys.exit(main())
