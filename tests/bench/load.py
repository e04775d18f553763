"""The load: wrk, one thread, pinned to the core that the servers do not have."""

import os
import pathlib
import re
import resource
import subprocess
import tempfile
import time

from servers import CLIENT_CORE, SERVER_CORE, pinned

# A turn in which other programs took more than this of the two cores is taken again, so often at most.
QUIET = 0.15
more_turns = 2
# What they took, for each turn that was kept.
disturbances = []
# What wrk reads; removed at the end.
scratch = tempfile.TemporaryDirectory(prefix="athens-bench-")

# Paths from a file, in turn; the connections share the turn. Everything is made before the first request. With `once` it
# ends when the paths do: wrk itself goes on to its time, so the clock is read here.
SCRIPT = """
local ffi = require("ffi")
ffi.cdef[[ typedef struct { long seconds, nanoseconds; } moment; int clock_gettime(int clock, moment *now); ]]
local paths, at, begin = {}, 0, nil
local thread_of_all
micros = 0
local function now()
  local at = ffi.new("moment")
  ffi.C.clock_gettime(1, at)
  return tonumber(at.seconds) * 1e6 + tonumber(at.nanoseconds) / 1e3
end
function setup(thread) thread_of_all = thread end
local function again()
  at = at % #paths + 1
  return paths[at]
end
local function each()
  begin = begin or now()
  if at == #paths then
    if micros == 0 then micros = now() - begin end
    wrk.thread:stop()
    return paths[at]
  end
  return again()
end
function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = wrk.format("GET", line) end
  request = args[2] == "once" and each or again
end
function done(summary, latency, requests)
  local micros = thread_of_all:get("micros")
  if micros == 0 then micros = summary.duration end
  io.write(string.format("RESULT %d %d %d %d %d %d %d\\n", summary.requests, micros, summary.bytes,
    latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


class Sample:
    """What one run of wrk saw, and what the server spent meanwhile (`None` for one that is not ours)."""

    def __init__(self, text, cpu):
        match = re.search(r"^RESULT (.*)$", text, re.M)
        if not match:
            raise SystemExit(f"wrk said nothing useful:\n{text}")
        self.requests, micros, self.bytes, p50, p99, status, broken = map(int, match[1].split())
        self.seconds, self.p50, self.p99 = micros / 1e6, p50 / 1e3, p99 / 1e3
        self.errors, self.cpu = status + broken, cpu
        self.disturbance = 0.0
        # How much of its core wrk itself took. Near 1 it is the load that limits the rate, and the server waits for it.
        self.load = 0.0

    @property
    def is_quiet(self):
        return self.requests > 0 and self.disturbance <= QUIET

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_per_request(self):
        """Microseconds."""
        return None if self.cpu is None else self.cpu / max(self.requests, 1) * 1e6

    @property
    def megabytes_per_second(self):
        return self.bytes / self.seconds / 1e6

    @property
    def cpu_per_gb(self):
        return None if self.cpu is None else self.cpu / max(self.bytes, 1) * 1e9


def wrk(server, paths, connections, seconds, once=False):
    """Asks for paths over so many connections: again and again, or each `once` and for no longer than `seconds`.

    An answer that is not 2xx or 3xx ends the benchmark."""
    command = command_for(server, paths, connections, seconds, once)
    samples = [turn(server, command)]
    # What is touched once can not be touched again.
    while not once and len(samples) <= more_turns and not samples[-1].is_quiet:
        samples.append(turn(server, command))
    best = min(samples, key=lambda sample: (not sample.requests, sample.disturbance))
    if not best.requests:
        raise SystemExit(f"{server.name}: no answer in {len(samples)} turns of {seconds} s")
    disturbances.append(best.disturbance)
    return best


def warm_up(server, paths, connections):
    """Asks for a second, so that what can be remembered is."""
    turn(server, command_for(server, paths, connections, 1))


def command_for(server, paths, connections, seconds, once=False):
    script, list_file = (pathlib.Path(scratch.name) / name for name in ("wrk.lua", "paths"))
    script.write_text(SCRIPT)
    list_file.write_text("".join(path + "\n" for path in paths))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", script, server.url]
    return [*command, "--", list_file, "once" if once else "again"]


def turn(server, command):
    before, others, load, begin = server.cpu(), Others(), children(), time.monotonic()
    run = subprocess.run(pinned(CLIENT_CORE, command), capture_output=True, text=True, check=False)
    load = (children() - load) / (time.monotonic() - begin)
    spent = None if before is None else server.cpu() - before
    if run.returncode:
        raise SystemExit(f"wrk failed: {run.stdout}{run.stderr}")
    sample = Sample(run.stdout, spent)
    sample.disturbance, sample.load = others.share(spent or 0), load
    if sample.errors:
        raise SystemExit(f"{server.name}: {sample.errors} errors in {sample.requests} requests\n{run.stdout}")
    return sample


class Others:
    """How much of the two cores goes to programs that are not measured, or to other machines on the same hardware."""

    def __init__(self):
        self.begin, self.busy, self.client = time.monotonic(), busy(), children()

    def share(self, server):
        # Neither is known where nothing is pinned.
        if SERVER_CORE is None:
            return 0.0
        own = server + children() - self.client
        return max(0.0, (busy() - self.busy - own) / (time.monotonic() - self.begin) / 2)


def children():
    """CPU seconds of the programs that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def busy():
    """CPU seconds that the two cores were busy, or taken away."""
    total = 0
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        if line.split(" ", 1)[0] in (f"cpu{SERVER_CORE}", f"cpu{CLIENT_CORE}"):
            user, nice, system, _idle, _wait, irq, softirq, steal = map(int, line.split()[1:9])
            total += user + nice + system + irq + softirq + steal
    return total / os.sysconf("SC_CLK_TCK")


def figures(samples, what):
    """Of the samples of each server one figure; none where it is not known."""
    return {name: [value for sample in runs if (value := what(sample)) is not None] for name, runs in samples.items()}


def connected(connections):
    return f"{connections:,} connection{'' if connections == 1 else 's'}"
