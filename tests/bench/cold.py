"""A large tree: files that nobody asked for before, and reads while the background walks through it."""

import re
import subprocess
import time

import load
import roots
import servers
from load import figures
from report import Table, at_least, at_most


def walks(server):
    """How many walks over the tree have ended."""
    return sum(int(count) for count in re.findall(r"^athens_tree_walks_total\{.*\} (\d+)$", server.get("/metrics").decode(), re.M))


def wait_for_walk(server):
    """The walk after the start would take its share of what is measured."""
    deadline = time.monotonic() + 1800
    while walks(server) == 0:
        if time.monotonic() > deadline:
            raise SystemExit("the walk after the start does not end")
        time.sleep(0.2)


def first_touch(plan):
    """Different files, each asked for once; nginx without its cache of open files, which would not help."""
    root = plan.made_up(plan.many)
    paths = [f"/{roots.made_up_path(module)}/@v/v1.0.0.{kind}" for kind in ("info", "mod") for module in range(plan.many)]
    rounds = min(plan.rounds, 4)
    share = len(paths) // rounds
    table = Table(
        f"First touch of {len(paths):,} different files, 16 connections",
        note=f"Each is asked for once, {share:,} in a turn, for 3 s at the most. nginx has no `open_file_cache` here. The kernel has "
        "all files in memory for both.",
    )
    subprocess.run(["find", root, "-type", "f", "-exec", "cat", "{}", "+"], stdout=subprocess.DEVNULL, check=True)
    with plan.all_over(root, "--scan-interval=0", cache=False) as started:
        for server in started:
            if server.name in plan.programs:
                plan.say(f"waiting for the first walk of {server.name}")
                wait_for_walk(server)
        samples = {server.name: [] for server in started}
        for number in range(rounds):
            fresh = paths[number * share:(number + 1) * share]
            # The first finds the kernel's own memory of these files coldest, so each is first in turn.
            first = number % len(started)
            for server in started[first:] + started[:first]:
                samples[server.name].append(load.wrk(server, fresh, 16, 3, once=True))
    table.row("rate", "/s", figures(samples, lambda s: s.rate), at_least(0.8))
    table.row("CPU per request", "µs", figures(samples, lambda s: s.cpu_per_request))
    table.row("p99", "ms", figures(samples, lambda s: s.p99))
    return [table]


def during_the_walk(plan):
    """Hot reads over a large tree while the walk that follows the start goes on, and after it."""
    root = plan.made_up(plan.many)
    paths = [f"/{roots.made_up_path(module)}/@v/v1.0.0.info" for module in range(min(1000, plan.many))]
    table = Table(f"Hot `.info` of a tree of {plan.many:,} modules, 16 connections, during the walk and after it", base="at rest")
    samples = {"athens": [], "at rest": []}
    for number in range(min(plan.rounds, 3)):
        plan.say(f"walk {number + 1}")
        with plan.scratch() as place, servers.start_athens(plan.athens, root, place, "--scan-interval=0") as server:
            load.warm_up(server, paths, 16)
            samples["athens"].append(load.wrk(server, paths, 16, plan.seconds))
            if walks(server) and not plan.quick:
                raise SystemExit("the walk ended too soon to be measured: use fewer --seconds")
            wait_for_walk(server)
            samples["at rest"].append(load.wrk(server, paths, 16, plan.seconds))
    table.row("p99", "ms", figures(samples, lambda s: s.p99), at_most(1.25))
    table.row("p50", "ms", figures(samples, lambda s: s.p50))
    table.row("rate", "/s", figures(samples, lambda s: s.rate))
    return [table]
