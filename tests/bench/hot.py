"""What is asked for again and again: small files, zips, and what that costs in memory."""

import threading

import load
import roots
from load import figures
from report import Table, at_least, at_most, within


LIMITED = "Near 100 % the load limits the rate: a server that could do more waits for it, and CPU time is what to go by."


def in_turns(plan, started, paths, connections, seconds):
    """Samples for each server: one run each, then again, so that the machine's moods meet all of them."""
    samples = {server.name: [] for server in started}
    for server in started if not plan.quick else []:
        # Once unmeasured, so that every path has been asked for.
        load.warm_up(server, paths, min(connections, 16))
    for _ in range(plan.rounds):
        for server in started:
            samples[server.name].append(load.wrk(server, paths, connections, seconds))
    return samples


def small(plan):
    """`.info`, `.mod`, `@v/list` and `@latest`, hot."""
    rate, cpu = Table("Small files, hot: requests/s"), Table("Small files, hot: CPU of the server per request")
    middle, high = Table("Small files, hot: p50"), Table("Small files, hot: p99")
    load_of = Table("Small files, hot: how much of its core the load took", note=LIMITED)
    with plan.all_over(plan.real.root, others=True) as started:
        kinds = {f"`{kind}`": paths for kind, paths in roots.small_paths(plan.real.root).items()}
        # Again, now that the lists were asked for: their folders are watched from then on.
        kinds["`.info`, watched"] = kinds["`.info`"]
        for kind, paths in kinds.items():
            for connections in plan.connections:
                name, barred = f"{kind}, {load.connected(connections)}", connections >= 16
                plan.say(name)
                samples = in_turns(plan, started, paths, connections, plan.seconds)
                rate.row(name, "/s", figures(samples, lambda s: s.rate), at_least(1.3) if barred else None)
                cpu.row(name, "µs", figures(samples, lambda s: s.cpu_per_request), at_most(0.75) if barred else None)
                middle.row(name, "ms", figures(samples, lambda s: s.p50))
                high.row(name, "ms", figures(samples, lambda s: s.p99), at_most(1.0) if barred else None)
                load_of.row(name, "%", figures(samples, lambda s: s.load * 100))
    return [rate, cpu, middle, high, load_of]


def zips(plan):
    """Zips of four sizes over 8 connections."""
    bars = {"100 KB": 1.2, "1 MB": 0.8, "10 MB": 1.05, "100 MB": 1.05}
    rate, cpu = Table("Zips over 8 connections: MB/s"), Table("Zips over 8 connections: CPU of the server per GB")
    load_of = Table("Zips over 8 connections: how much of its core the load took", note=LIMITED)
    with plan.all_over(plan.real.root, others=True) as started:
        for size, path in plan.real.zips.items():
            title = plan.real.titles[size]
            plan.say(f"zip of {title}")
            samples = in_turns(plan, started, [path], 8, plan.seconds if plan.quick else max(plan.seconds, 3))
            rate.row(title, "MB/s", figures(samples, lambda s: s.megabytes_per_second), at_least(1.05))
            cpu.row(title, "s/GB", figures(samples, lambda s: s.cpu_per_gb), at_most(bars[size]))
            load_of.row(title, "%", figures(samples, lambda s: s.load * 100))
    return [rate, cpu, load_of]


def memory(plan):
    """Memory idle, under load and after it: `RssAnon`, which is a process's own, and `VmRSS`, all that is resident."""
    table = Table(
        "Memory",
        note="Own memory is `RssAnon`. Resident is `VmRSS`, with pages of the program that the kernel could drop; nginx's two processes share "
        "some, which count twice.",
    )
    size, path = list(plan.real.zips.items())[-1]
    own, resident = {}, {}
    moments = ("idle", f"during 64 downloads of {plan.real.titles[size]}", "after")
    # Fresh processes: what was measured before would be in the figures.
    with plan.all_over(plan.real.root, others=True) as started:
        ours = [server for server in started if server.process]
        for moment in moments:
            for server in ours:
                peak = Peak(server)
                if moment == moments[1]:
                    plan.say(f"{moment}: {server.name}")
                    # Checked whole before it is first served: no part of what is asked here.
                    server.get(path)
                    with peak:
                        load.wrk(server, [path], 64, 1 if plan.quick else 8)
                own.setdefault(moment, {})[server.name] = [peak.own]
                resident.setdefault(moment, {})[server.name] = [peak.resident]
    for moment, bars in zip(moments, ((None, within(12)), (within(24), None), (None, None))):
        table.row(f"own, {moment}", "MB", own[moment], bars[0])
        table.row(f"resident, {moment}", "MB", resident[moment], bars[1])
    return [table]


class Peak:
    """The most memory while something goes on; without that, what there is now."""

    def __init__(self, server):
        self.server, self.done = server, threading.Event()
        self.own = self.resident = 0
        self.look()

    def look(self):
        self.own = max(self.own, self.server.memory("RssAnon"))
        self.resident = max(self.resident, self.server.memory("VmRSS"))

    def watch(self):
        while not self.done.wait(0.02):
            self.look()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
