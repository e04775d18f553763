"""What takes whole programs: a go command's downloads, starting over many modules, dropping, fetching, publishing."""

import concurrent.futures
import contextlib
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
import zipfile

import load
import roots
import servers
from report import Table


@contextlib.contextmanager
def scratch(options):
    place = pathlib.Path(tempfile.mkdtemp(dir=options.place))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def seconds(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def go_download(proxy, project, place):
    """`go mod download` of a project into an empty module cache; what the proxy says is compared with go.sum only."""
    cache = place / "modcache"
    environment = roots.go_environment(cache) | {"GOPROXY": proxy, "GOSUMDB": "off"}
    took = seconds(lambda: subprocess.run(["go", "mod", "download"], env=environment, cwd=project, check=True))
    shutil.rmtree(cache)
    return took


def download(options):
    """`go mod download` of the project, through each server and from the folder itself."""
    project = roots.project_source(options.place)
    table = Table("`go mod download` of 331 modules, cold cache", ["athens", "nginx", "file"], base="file")
    times = {"athens": [], "nginx": [], "file": []}
    with (
        scratch(options) as place,
        servers.start_athens(options.program, options.root, place / "athens") as athens,
        servers.start_nginx(options.root, place / "nginx") as nginx,
    ):
        for _ in range(options.rounds):
            times["athens"].append(go_download(athens.url, project, place))
            times["nginx"].append(go_download(nginx.url, project, place))
            times["file"].append(go_download(f"file://{options.root}", project, place))
    table.row("whole", "s", times, 1.05, higher=False)
    return [table]


def first_answer(server, path):
    return seconds(lambda: urllib.request.urlopen(server.url + path).read())


def start(options):
    """From start to the ready line, and to the first answer, over an empty root and one of 100,000 modules."""
    many = roots.made_up(options.place, 100_000)
    table = Table("Start", ["athens", "empty root"], base="empty root")
    ready, answer = {"athens": [], "empty root": []}, {"athens": [], "empty root": []}
    with scratch(options) as place:
        empty = place / "root"
        empty.mkdir()
        for _ in range(options.rounds * 3):
            for name, root, path in (
                ("athens", many, "/" + roots.made_up_path(4711) + "/@v/list"),
                ("empty root", empty, "/healthz"),
            ):
                begin = time.monotonic()
                with servers.start_athens(options.program, root, place / "state") as server:
                    ready[name].append((time.monotonic() - begin) * 1e3)
                    answer[name].append(first_answer(server, path) * 1e3)
    table.row("ready, 100,000 modules", "ms", ready, 1.1, higher=False)
    table.row("first answer (a list; /healthz)", "ms", answer, higher=False)
    return [table]


def drop(options):
    """From the end of copying a version into the folder to its being listed."""
    table = Table("Dropped version listed", ["athens"], base="none")
    times = []
    with scratch(options) as place:
        root = place / "root"
        roots.write_module(root, "drop.example/m", ["v1.0.0"])
        with servers.start_athens(options.program, root, place / "state") as server:
            url = server.url + "/drop.example/m/@v/list"
            urllib.request.urlopen(url).read()
            for number in range(1, 40 * options.rounds):
                version = f"v1.0.{number}"
                roots.write_version(root, "drop.example/m", version)
                begin = time.monotonic()
                while version not in urllib.request.urlopen(url).read().decode().split():
                    if time.monotonic() - begin > 30:
                        raise SystemExit(f"{version} is not listed after 30 s")
                times.append((time.monotonic() - begin) * 1e3)
    times.sort()
    table.row("p50", "ms", {"athens": [times[len(times) // 2]]})
    table.row("p99 (bar: 100 ms)", "ms", {"athens": [times[len(times) * 99 // 100]]})
    return [table]


PROXY_CACHE = """
    proxy_cache_path {place}/cache keys_zone=modules:20m max_size=4g;
    proxy_temp_path {place}/temp;
"""
PROXY_LOCATION = """
    proxy_pass {upstream};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_cache modules;
    proxy_cache_lock on;
    proxy_cache_lock_timeout 60s;
    proxy_cache_valid 200 1d;
"""


def counted(place):
    return sum(1 for _ in open(place / "access.log"))


def pull(options):
    """The project through an empty server, from a static upstream: all modules are fetched, checked and kept."""
    project = roots.project_source(options.place)
    table = Table("Pull-through of 331 modules from a static upstream, cold", ["athens", "nginx"], base="nginx")
    times, asked = {"athens": [], "nginx": []}, {"athens": [], "nginx": []}
    with scratch(options) as place:
        for number in range(options.rounds):
            for name in times:
                here = place / f"{name}{number}"
                here.mkdir()
                log = f"access_log {here}/access.log;"
                with servers.start_nginx(
                    options.root, here / "upstream", core=servers.CLIENT_CORE, name="upstream", extra=log, access_log=True
                ) as upstream:
                    if name == "athens":
                        root = here / "root"
                        root.mkdir()
                        flags = [f"--upstream={upstream.url}", "--sumdb=off"]
                        server = servers.start_athens(options.program, root, here / "state", *flags)
                    else:
                        server = servers.start_nginx(
                            here, here / "proxy", extra=PROXY_CACHE.format(place=here),
                            location=PROXY_LOCATION.format(upstream=upstream.url),
                        )
                    with server:
                        times[name].append(go_download(server.url, project, here))
                    asked[name].append(counted(here))
                shutil.rmtree(here)
    table.row("whole", "s", times, 1.2, higher=False)
    table.row("requests to the upstream", "", asked, higher=False)
    return [table]


def flock(options):
    """20 clients at once want one zip of 100 MB that is not there yet."""
    table = Table("20 clients at once on one cold zip of 100 MB", ["athens"], base="none")
    with scratch(options) as place:
        log = f"access_log {place}/access.log;"
        with servers.start_nginx(options.root, place / "upstream", name="upstream", extra=log, access_log=True) as upstream:
            root = place / "root"
            root.mkdir()
            with servers.start_athens(
                options.program, root, place / "state", f"--upstream={upstream.url}", "--sumdb=off"
            ) as server:
                url = server.url + roots.zip_path("100 MB")
                with concurrent.futures.ThreadPoolExecutor(20) as pool:
                    took = seconds(lambda: list(pool.map(lambda _: len(urllib.request.urlopen(url).read()), range(20))))
        zips = [line for line in open(place / "access.log") if ".zip " in line]
    table.row("upstream requests for the zip", "", {"athens": [len(zips)]})
    table.row("whole", "s", {"athens": [took]})
    return [table]


def module_zip(path, version, size):
    """A module zip with so many bytes that do not compress."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{path}@{version}/go.mod", f"module {path}\n")
        for number in range(max(1, size >> 20)):
            archive.writestr(f"{path}@{version}/data{number}.bin", os.urandom(min(size, 1 << 20)))
    return buffer.getvalue()


def publish(options):
    """PUT of a zip that is checked and synced, against `cat` to a synced file and one sha256sum."""
    table = Table("Publish", ["athens", "cat + sha256sum"], base="cat + sha256sum")
    with scratch(options) as place:
        root = place / "root"
        root.mkdir()
        with servers.start_athens(options.program, root, place / "athens") as server:
            token = (place / "athens" / "state" / "local-token").read_text().strip()
            for size, bar in ((1 << 20, None), (10 << 20, 2.0), (100 << 20, None)):
                times = {"athens": [], "cat + sha256sum": []}
                for number in range(options.rounds):
                    path, version = f"bench.example/m{size}", f"v1.0.{number}"
                    body = module_zip(path, version, size)
                    source = place / "source.zip"
                    source.write_bytes(body)
                    request = urllib.request.Request(
                        f"{server.url}/{path}/@v/{version}.zip", data=body, method="PUT",
                        headers={"Authorization": f"Bearer {token}"},
                    )
                    times["athens"].append(seconds(lambda: urllib.request.urlopen(request).read()) * 1e3)
                    copy = place / f"copy{number}"
                    command = f"cat {source} > {copy} && sync {copy} && sha256sum {copy}"
                    times["cat + sha256sum"].append(
                        seconds(lambda: subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)) * 1e3
                    )
                    copy.unlink()
                table.row(f"{size >> 20} MB", "ms", times, bar, higher=False)
    return [table]


def cold(options):
    """First touch of 100,000 different files, one connection's worth after another, without nginx's cache of open files."""
    many = roots.made_up(options.place, 100_000)
    paths = [f"/{roots.made_up_path(module)}/@v/v1.0.0.info" for module in range(100_000)]
    table = Table("First touch of 100,000 different `.info` files, 16 connections", ["athens", "nginx"])
    rates, cpu = {"athens": [], "nginx": []}, {"athens": [], "nginx": []}
    # Both find the page cache as warm as it gets.
    subprocess.run(["find", str(many), "-name", "v1.0.0.info", "-exec", "cat", "{}", "+"], stdout=subprocess.DEVNULL, check=True)
    with scratch(options) as place:
        for number in range(options.rounds):
            for name in rates:
                if name == "athens":
                    server = servers.start_athens(options.program, many, place / "athens", "--scan-interval=0")
                else:
                    server = servers.start_nginx(many, place / "nginx", cache=False)
                with server:
                    # A second or two: the list is long enough that none comes again.
                    sample = load.wrk(server, paths, 16, 1, options.place)
                    if sample.requests > len(paths):
                        raise SystemExit("a path was asked for twice: not cold any more")
                    rates[name].append(sample.rate)
                    cpu[name].append(sample.cpu_per_request * 1e6)
    table.row("requests", "/s", rates, 0.8)
    table.row("CPU per request", "µs", cpu, higher=False)
    return [table]
