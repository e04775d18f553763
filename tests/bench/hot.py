"""What is asked for again and again: small files, zips, and what that costs in memory."""

import contextlib
import sys

import load
import roots
import servers
from report import Table


@contextlib.contextmanager
def all_of(options):
    """Every server on the same root, started."""
    with contextlib.ExitStack() as stack:
        started = [
            servers.start_athens(options.program, options.root, options.place / "athens"),
            servers.start_nginx(options.root, options.place / "nginx"),
        ]
        if options.before:
            started.append(servers.start_athens(options.before, options.root, options.place / "before", name="before"))
        for other in options.other:
            name, url = other.split("=", 1)
            started.append(servers.Server(name, url))
        for server in started:
            stack.enter_context(server)
        yield started


def in_turns(options, started, paths, connections, seconds=None):
    """Samples for each server: one run each, then again, so that the machine's moods meet all of them."""
    samples = {server.name: [] for server in started}
    for server in started:
        load.wrk(server, paths, min(connections, 16), 1, options.place)
    for _ in range(options.rounds):
        for server in started:
            samples[server.name].append(load.wrk(server, paths, connections, seconds or options.seconds, options.place))
    return samples


def small(options):
    """`.info`, `.mod`, `@v/list` and `@latest`, hot."""
    with all_of(options) as started:
        names = [server.name for server in started]
        rate, cpu = Table("Small files, requests/s", names), Table("Small files, CPU per request", names)
        middle, high = Table("Small files, p50", names), Table("Small files, p99", names)
        for kind, paths in roots.small_paths(options.root).items():
            for connections in options.connections:
                print(f"{kind}, {connections} connections", file=sys.stderr, flush=True)
                samples = in_turns(options, started, paths, connections)
                figures = lambda of: {name: [of(sample) for sample in runs] for name, runs in samples.items()}  # noqa: E731
                bar = connections >= 16
                label = f"`{kind}`, {connections}"
                rate.row(label, "/s", figures(lambda s: s.rate), 1.3 if bar else None)
                cpu.row(label, "µs", figures(lambda s: s.cpu_per_request * 1e6), 0.75 if bar else None, higher=False)
                middle.row(label, "ms", figures(lambda s: s.p50 * 1e3), higher=False)
                high.row(label, "ms", figures(lambda s: s.p99 * 1e3), 1.0 if bar else None, higher=False)
    return [rate, cpu, middle, high]


def zips(options):
    """Zips of four sizes over 8 connections."""
    bars = {"100 KB": 1.2, "1 MB": 0.8, "10 MB": 1.05, "100 MB": 1.05}
    with all_of(options) as started:
        names = [server.name for server in started]
        rate, cpu = Table("Zips over 8 connections", names), Table("Zips, CPU", names)
        for size, bar in bars.items():
            print(f"zip of {size}", file=sys.stderr, flush=True)
            samples = in_turns(options, started, [roots.zip_path(size)], 8, max(options.seconds, 3))
            rate.row(size, "MB/s", {n: [s.bytes_per_second / 1e6 for s in runs] for n, runs in samples.items()}, 1.05)
            cpu.row(size, "CPU s/GB", {n: [s.cpu_per_gb for s in runs] for n, runs in samples.items()}, bar, higher=False)
    return [rate, cpu]


def memory(options):
    """Resident memory of our own (anonymous), idle and under load."""
    with all_of(options) as started:
        table = Table("Memory of one's own", [server.name for server in started])
        table.row("idle", "MB", {s.name: [s.memory() / 1e6] for s in started})
        peaks = {}
        for server in started:
            peaks[server.name] = [peak_during(options, server)]
        table.row("under 64 downloads of 100 MB", "MB", peaks)
        table.row("after", "MB", {s.name: [s.memory() / 1e6] for s in started})
    return [table]


def peak_during(options, server):
    import threading

    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.02):
            peak[0] = max(peak[0], server.memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    load.wrk(server, [roots.zip_path("100 MB")], 64, 5, options.place)
    done.set()
    watcher.join()
    return peak[0] / 1e6
