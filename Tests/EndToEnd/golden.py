"""Replays recorded exchanges with Kubernetes' own API server against a Segler without a node: golden.py PATH."""
import pathlib
import subprocess
import sys

from segler import Segler


def main():
    script = pathlib.Path(sys.argv[1])
    if not script.exists():
        print(f"golden: no {script}; nothing to replay (GOLDEN=PATH says where it is)")
        return 0
    server = Segler("golden")
    try:
        server.start()
        return subprocess.run([sys.executable, script, "--server", server.url, "--ca", server.data / "pki/ca.crt",
                               "--token-file", server.data / "admin.token"]).returncode
    finally:
        server.destroy()


if __name__ == "__main__":
    sys.exit(main())
