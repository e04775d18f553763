"""What changes: starting over many modules, versions that are dropped into the folder, publishing."""

import hashlib
import http.client
import subprocess
import time
import urllib.parse

import roots
import servers
from report import Table, at_most, within


def start(plan):
    """From starting the program to its ready line, and from there to its first answer, over a large tree and an empty one."""
    many = plan.made_up(plan.many)
    table = Table(f"Start over {plan.many:,} modules", base="empty root")
    ready, answer = {"athens": [], "empty root": []}, {"athens": [], "empty root": []}
    with plan.scratch() as place:
        empty = place / "root"
        empty.mkdir()
        listed = f"/{roots.made_up_path(plan.many // 2)}/@v/list"
        for number in range(plan.rounds * 4):
            for name, root, path in (("athens", many, listed), ("empty root", empty, "/healthz")):
                begin = time.monotonic()
                # A state directory each: which one was there before shall not matter.
                with servers.start_athens(plan.athens, root, place / name) as server:
                    took = time.monotonic() - begin
                    server.get(path)
                    # The first of each makes the state directory.
                    if number or plan.quick:
                        ready[name].append(took * 1e3)
                        answer[name].append((time.monotonic() - begin - took) * 1e3)
    table.row("ready line", "ms", ready, at_most(1.1))
    table.row("first answer (a list; of the empty root `/healthz`)", "ms", answer)
    return [table]


def drop(plan):
    """From the last byte of a version that is copied into the folder to the first list that has it."""
    table = Table("A version that is dropped into the folder")
    times = {name: [] for name in plan.programs}
    for name, program in plan.programs.items():
        with plan.scratch() as place:
            root = place / "root"
            roots.write_module(root, "drop.example/m")
            with servers.start_athens(program, root, place, name=name) as server:
                connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc)
                versions = lambda: listed(connection, "/drop.example/m/@v/list")  # noqa: E731
                versions()
                for number in range(1, 10 if plan.quick else 200):
                    version = f"v1.0.{number}"
                    roots.write_version(root, "drop.example/m", version)
                    begin = time.monotonic()
                    while version not in versions():
                        if time.monotonic() - begin > 30:
                            raise SystemExit(f"{version} is not listed after 30 s")
                    times[name].append((time.monotonic() - begin) * 1e3)
                connection.close()
    ranked = {name: sorted(values) for name, values in times.items()}
    table.row("until it is listed, p50", "ms", {name: [values[len(values) // 2]] for name, values in ranked.items()})
    table.row("until it is listed, p99", "ms", {name: [values[len(values) * 99 // 100]] for name, values in ranked.items()}, within(100))
    return [table]


def listed(connection, path):
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return body.decode().split()


def publish(plan):
    """PUT of a zip, which is checked and synced, against `cat` to a synced file and one `sha256sum`."""
    floor = "cat + sha256sum"
    table = Table("Publish", base=floor)
    with plan.scratch() as place:
        for size, bar in ((1 << 20, None), (10 << 20, at_most(2)), (100 << 20, None))[: 1 if plan.quick else 3]:
            plan.say(f"publish {size >> 20} MB")
            times = {name: [] for name in (*plan.programs, floor)}
            for number in range(plan.rounds):
                path, version = f"bench.example/m{size}", f"v1.0.{number}"
                body = roots.module_zip(path, version, size)
                for name, program in plan.programs.items():
                    root = place / f"{name}-root"
                    root.mkdir(exist_ok=True)
                    with servers.start_athens(program, root, place / name, name=name) as server:
                        token = roots.local_token(place / name)
                        server.get("/healthz")
                        begin = time.monotonic()
                        roots.put(server, token, path, version, body)
                        times[name].append((time.monotonic() - begin) * 1e3)
                times[floor].append(copied_and_hashed(place, body) * 1e3)
            table.row(f"{size >> 20} MB", "ms", times, bar)
    return [table]


def copied_and_hashed(place, body):
    source, copy = place / "source.zip", place / "copy.zip"
    source.write_bytes(body)
    begin = time.monotonic()
    output = subprocess.run(
        servers.pinned(servers.SERVER_CORE, ["sh", "-c", 'cat "$1" > "$2" && sync "$2" && sha256sum "$2"', "sh", source, copy]),
        check=True, capture_output=True, text=True,
    ).stdout
    took = time.monotonic() - begin
    if hashlib.sha256(body).hexdigest() not in output:
        raise SystemExit("sha256sum does not agree")
    copy.unlink()
    return took
