"""Run the bank once while the image is built, so that its first start finds everything compiled.

The base image has the standard library as source only. What runs here leaves its byte code behind,
and nothing else; what does not work here ends the build.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request

# What is written besides byte code goes into a file system of the build step alone.
MEMORY = sys.argv[1] if len(sys.argv) > 1 else "/dev/shm"
READY = f"{MEMORY}/ready.json"
ENVIRONMENT = {
    **os.environ,
    "HOME": MEMORY,
    "SANDBOX_CACHE": f"{MEMORY}/cache",
    "SANDBOX_CONTROL_PORT": "0",
    "SANDBOX_PORT": "0",
    "SANDBOX_READY_FILE": READY,
    "TMPDIR": MEMORY,
}
# The doors' first pages, and a login from the first to the last: what most users do first.
PAGES = ("/", "/docs", "/metrics", "/api/v1/openapi.json", "/api/v1/worlds/default")
STOP_SECONDS = 30


def sandbox(*arguments: str) -> None:
    """Run a command of the bank; raises where it fails."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def use(control_url: str) -> None:
    """Do once what a user does first; raises where it does not work."""
    for page in PAGES:
        urllib.request.urlopen(control_url + page, timeout=STOP_SECONDS).read()
    sandbox("login", "--headless", "--control", control_url)


def main() -> None:
    """Start the bank, use it, stop it; raises where anything is not as it should be."""
    command = [sys.executable, "-m", "sandbox", "serve", "--print-json"]
    with subprocess.Popen(command, env=ENVIRONMENT) as server:
        try:
            while not os.path.exists(READY) and server.poll() is None:
                time.sleep(0.1)
            sandbox("wait", "--timeout", "30s")
            sandbox("health")
            with open(READY, encoding="utf-8") as file:
                use(json.load(file)["control_url"])
        finally:
            server.terminate()
    if server.returncode != 0:
        sys.exit(f"the bank ended with exit code {server.returncode}")


if __name__ == "__main__":
    main()
