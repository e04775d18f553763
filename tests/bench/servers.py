"""The servers that are compared: each started over one root and pinned to one core."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

CORES = sorted(os.sched_getaffinity(0))
# The last core is the load's, the one before it the server's. With one core only there is nothing to pin.
SERVER_CORE, CLIENT_CORE = (CORES[-2], CORES[-1]) if len(CORES) > 1 else (None, None)

# Its two hands on the same files as ours: no access log unless both write one, no regular expression and no `try_files`
# that it would have to look at on each request.
NGINX = """
worker_processes 1;
worker_rlimit_nofile {files};
{user}
daemon off;
pid {place}/nginx.pid;
error_log {place}/error.log warn;
events {{ worker_connections {connections}; }}
http {{
    access_log {access_log};
    default_type application/octet-stream;
    types {{ }}
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/temp;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    {cache}
    {extra}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {root};
        location ^~ /.athens/ {{ return 404; }}
        location / {{ {location} }}
    }}
}}
"""
OPEN_FILE_CACHE = "open_file_cache max={most} inactive=10m; open_file_cache_valid 30s;"


def allow_many_files():
    """As many open files as may be had: thousands of connections, and nginx's cache keeps files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 130_000
    if os.geteuid() == 0:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
            return
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def pinned(core, command):
    return [*(["taskset", "-c", str(core)] if core is not None else []), *map(str, command)]


class Server:
    """A server under test: where it is, and which processes it consists of. `log` is its access log, if it writes one."""

    def __init__(self, name, url, process=None, log=None):
        self.name, self.url, self.process, self.log = name, url.rstrip("/"), process, log

    def pids(self):
        """The process and its children; none for one that is not ours."""
        found = [] if self.process is None else [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    found += map(int, (task / "children").read_text().split())
        return found

    def cpu(self):
        """CPU seconds so far, of all its processes, threads that have ended included; in ticks of 10 ms."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK") if self.process else None

    def memory(self, kind):
        """Memory of one kind (`RssAnon`: its own; `VmRSS`: all that is resident) of all its processes, in MB."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                match = re.search(rf"^{kind}:\s+(\d+) kB", status, re.M)
                total += int(match[1]) * 1024 if match else 0
        return total / 1e6

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return answer.read()

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


def start_athens(program, root, place, *flags, core=SERVER_CORE, name="athens", log=None):
    """Starts athens as an operator would, apart from any upstream that the flags do not name; waits for the ready line."""
    state = pathlib.Path(place) / "state"
    state.mkdir(parents=True, exist_ok=True)
    command = [program, "serve", "--root", root, "--listen", "127.0.0.1:0", "--state", state]
    if not any(flag.startswith("--upstream") for flag in flags):
        command.append("--upstream=off")
    if log is None:
        command.append("--log-level=warn")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ATHENS_")}
    with open(log, "wb") if log else contextlib.nullcontext() as errors:
        process = subprocess.Popen(
            pinned(core, [*command, *flags]), stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        )
    line = process.stdout.readline()
    match = re.search(r"http://[\d.:]+", line.rsplit(" at ", 1)[-1])
    if not match:
        process.kill()
        process.wait()
        raise SystemExit(f"athens did not start: {line!r}")
    return Server(name, match[0], process, log)


def find_nginx():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def start_nginx(
    root, place, cache=True, connections=4096, core=SERVER_CORE, name="nginx", extra="", location="", log=None
):
    """Starts nginx on a root, with or without its cache of open files."""
    place = pathlib.Path(place)
    place.mkdir(parents=True, exist_ok=True)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    # Somebody else may take the port between our finding it free and nginx's binding it.
    for _ in range(5):
        port = free_port()
        (place / "nginx.conf").write_text(
            NGINX.format(
                place=place, port=port, root=root, extra=extra, location=location, files=files, connections=connections,
                cache=OPEN_FILE_CACHE.format(most=files * 3 // 4) if cache else "",
                user="user root;" if os.geteuid() == 0 else "",
                access_log=log or "off",
            )
        )
        process = subprocess.Popen(
            pinned(core, [find_nginx(), "-p", place, "-c", place / "nginx.conf", "-e", place / "error.log"]),
            stderr=subprocess.DEVNULL,
        )
        server = Server(name, f"http://127.0.0.1:{port}", process, log)
        if answers(server):
            return server
        server.stop()
    raise SystemExit(f"nginx did not start: {(place / 'error.log').read_text()}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(server):
    deadline = time.monotonic() + 30
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            server.get("/.athens/")
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.01)
    return False
