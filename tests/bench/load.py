"""The load: wrk, pinned to the core that the servers do not have."""

import pathlib
import re
import subprocess

from servers import CLIENT_CORE, pinned

# Paths from a file, in turn; each connection of the only thread takes the next one.
SCRIPT = """
local paths, at = {}, 0
function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = wrk.format("GET", line) end
end
function request()
  at = at % #paths + 1
  return paths[at]
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d %d %d\\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, latency.max))
end
"""


class Sample:
    """What one run of wrk saw, and what the server spent."""

    def __init__(self, text, cpu):
        match = re.search(r"^RESULT (.*)$", text, re.M)
        if not match:
            raise SystemExit(f"wrk said nothing useful:\n{text}")
        self.requests, micros, self.bytes, p50, p99, status, broken, worst = map(int, match[1].split())
        self.seconds = micros / 1e6
        self.p50, self.p99, self.worst = p50 / 1e6, p99 / 1e6, worst / 1e6
        self.errors = status + broken
        self.cpu = cpu

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_per_request(self):
        return self.cpu / max(self.requests, 1)

    @property
    def bytes_per_second(self):
        return self.bytes / self.seconds

    @property
    def cpu_per_gb(self):
        return self.cpu / max(self.bytes, 1) * 1e9


def wrk(server, paths, connections, seconds, place):
    """Asks for paths again and again over so many connections. An answer that is not 2xx or 3xx is an error."""
    place = pathlib.Path(place)
    script, list_file = place / "wrk.lua", place / "paths"
    script.write_text(SCRIPT)
    list_file.write_text("".join(path + "\n" for path in paths))
    before = server.cpu()
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), server.url]
    output = subprocess.run(
        pinned(CLIENT_CORE, [*command, "--", str(list_file)]), capture_output=True, text=True, check=True
    ).stdout
    sample = Sample(output, server.cpu() - before)
    if sample.errors:
        raise SystemExit(f"{server.name}: {sample.errors} errors\n{output}")
    return sample
