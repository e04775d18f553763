"""The servers that are compared: started on one root, pinned to one core, one at a time under load."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

SERVER_CORE, CLIENT_CORE = 0, 1

NGINX = """
# One worker, because the server gets one core. What docs/performance.md says of it is compared with this by reading.
worker_processes 1;
{user}
daemon off;
pid {place}/nginx.pid;
error_log {place}/error.log warn;
events {{ worker_connections 20000; }}
http {{
    {access_log}
    default_type application/octet-stream;
    types {{ }}
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    {cache}
    {extra}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {root};
        location ~ /@latest$ {{ try_files $uri =404; }}
        location / {{ {location} }}
        location ~ /\\. {{ return 404; }}
    }}
}}
"""

OPEN_FILE_CACHE = "open_file_cache max=200000 inactive=60s; open_file_cache_valid 30s; open_file_cache_min_uses 1;"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(core, command):
    return ["taskset", "-c", str(core), *command]


class Server:
    """A server under test: where it is, and which processes it consists of."""

    def __init__(self, name, url, process=None):
        self.name, self.url, self.process = name, url.rstrip("/"), process

    def pids(self):
        """The process and its children; none for one that is not ours."""
        if self.process is None:
            return []
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                tasks = pathlib.Path(f"/proc/{pid}/task")
                for task in tasks.iterdir():
                    found += map(int, (task / "children").read_text().split())
        return found

    def cpu(self):
        """CPU seconds so far, of all its processes."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def memory(self, kind="RssAnon"):
        """Resident memory of one kind, in bytes, of all its processes."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                match = re.search(rf"^{kind}:\s+(\d+) kB", status, re.M)
                total += int(match[1]) * 1024 if match else 0
        return total

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def wait_until_it_answers(url, path="/"):
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url + path, timeout=5).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def start_athens(binary, root, place, *flags, core=SERVER_CORE, name="athens", wait=True):
    """Starts athens as an operator would, without upstream unless the flags say so; waits for the ready line."""
    state = pathlib.Path(place) / "state"
    state.mkdir(parents=True, exist_ok=True)
    command = [str(binary), "serve", "--root", str(root), "--listen", "127.0.0.1:0", "--state", str(state), "--log-level", "warn"]
    if not any(flag.startswith("--upstream") for flag in flags):
        command += ["--upstream", "off"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ATHENS_")}
    process = subprocess.Popen(
        pinned(core, [*command, *flags]), stdout=subprocess.PIPE, text=True, env=environment
    )
    line = process.stdout.readline()
    match = re.search(r"http://[\d.:]+", line.rsplit(" at ", 1)[-1])
    if not match:
        raise SystemExit(f"athens did not start: {line!r}")
    return Server(name, match[0], process)


def find_nginx():
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    found = shutil.which("nginx", path=path)
    if not found:
        raise SystemExit("nginx is not installed: apt-get install --no-install-recommends nginx-light")
    return found


def start_nginx(root, place, cache=True, core=SERVER_CORE, name="nginx", extra="", location="try_files $uri =404;", access_log=False):
    """Starts nginx on a root, with or without its cache of open files."""
    place = pathlib.Path(place)
    place.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = place / "nginx.conf"
    config.write_text(
        NGINX.format(
            place=place, port=port, root=root, cache=OPEN_FILE_CACHE if cache else "", extra=extra, location=location,
            user="user root;" if os.geteuid() == 0 else "",
            access_log="" if access_log else "access_log off;",
        )
    )
    process = subprocess.Popen(
        pinned(core, [find_nginx(), "-p", str(place), "-c", str(config)]), stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    wait_until_it_answers(url)
    return Server(name, url, process)
