"""What go commands and crowds of clients see: downloads, and what is fetched from an upstream for them."""

import concurrent.futures
import shutil
import subprocess
import time

import roots
import servers
from report import Table, at_most, within


def seconds(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def go_download(proxy, project, place):
    """`go mod download` of a project into an empty module cache; what comes is compared with go.sum only."""
    cache = place / "modcache"
    environment = roots.go_environment(cache, GOPROXY=proxy, GOSUMDB="off")
    took = seconds(lambda: subprocess.run(["go", "mod", "download"], env=environment, cwd=project, check=True))
    shutil.rmtree(cache)
    return took


def download(plan):
    """The project through each server, and from the folder itself."""
    table = Table(f"`go mod download` of {plan.real.count} modules, cold module cache", base="file://")
    with plan.all_over(plan.real.root, others=True) as started, plan.scratch() as place:
        proxies = {server.name: server.url for server in started} | {"file://": f"file://{plan.real.root}"}
        times = {name: [] for name in proxies}
        for number in range(plan.rounds + 1):
            plan.say(f"go mod download, {number} of {plan.rounds}")
            for name, url in proxies.items():
                took = go_download(url, plan.real.project, place)
                # The first turn finds the disk as cold as it happens to be.
                if number:
                    times[name].append(took)
    table.row("whole", "s", times, at_most(1.05))
    return [table]


PROXY_CACHE = """
    proxy_cache_path {place}/cache keys_zone=modules:20m max_size=4g;
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


def upstream(plan, place):
    """A static upstream that has everything, on the load's core; its log counts what is asked of it."""
    return servers.start_nginx(plan.real.root, place / "upstream", core=servers.CLIENT_CORE, name="upstream", log=place / "asked.log")


def asked(server, of="/@"):
    """How often it was asked for a path with this in it; any file of a module, if nothing else is said."""
    with open(server.log, encoding="utf-8") as log:
        return sum(1 for line in log if of in line)


def caching(plan, name, here, source):
    """Who fetches what is asked for from the upstream and keeps it: with nothing kept yet."""
    if name in plan.programs:
        root = here / "root"
        root.mkdir(parents=True)
        # Nobody verifies against a checksum database here: nginx can not.
        return servers.start_athens(plan.programs[name], root, here, f"--upstream={source.url}", "--sumdb=off", name=name)
    return servers.start_nginx(
        here, here / "proxy", extra=PROXY_CACHE.format(place=here), location=PROXY_LOCATION.format(upstream=source.url)
    )


def pull(plan):
    """The project through a server that has nothing, from a static upstream."""
    table = Table(
        f"Pull-through of {plan.real.count} modules from a static upstream, cold",
        note="nginx is a `proxy_cache` with `proxy_cache_lock`: it asks the upstream for what the client asks for, and checks nothing.",
    )
    names = [*plan.programs, "nginx"]
    times, requests = {name: [] for name in names}, {name: [] for name in names}
    for number in range(plan.rounds):
        plan.say(f"pull-through, {number + 1} of {plan.rounds}")
        for name in names:
            with plan.scratch() as here, upstream(plan, here) as source, caching(plan, name, here / "own", source) as server:
                times[name].append(go_download(server.url, plan.real.project, here))
                requests[name].append(asked(source))
    table.row("whole", "s", times, at_most(1.2))
    table.row("requests to the upstream", "", requests, at_most(1.0))
    return [table]


def crowd(plan):
    """20 clients at once want the largest zip, which is not there yet."""
    path = [*plan.real.zips.values()][-1]
    table = Table(f"20 clients at once on one cold zip of {[*plan.real.titles.values()][-1]}")
    names = [*plan.programs, "nginx"]
    times, requests = {name: [] for name in names}, {name: [] for name in names}
    for _ in range(plan.rounds):
        for name in names:
            with plan.scratch() as here, upstream(plan, here) as source, caching(plan, name, here / "own", source) as server:
                with concurrent.futures.ThreadPoolExecutor(20) as pool:
                    took = seconds(lambda: list(pool.map(lambda _: len(server.get(path)), range(20))))
                times[name].append(took)
                requests[name].append(asked(source, of=path))
    table.row("requests to the upstream for the zip", "", requests, within(1))
    table.row("until all have it", "s", times)
    return [table]
