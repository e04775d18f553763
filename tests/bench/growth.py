"""What a request costs as trees and crowds grow, as a table and as a drawing."""

import math

import cold
import load
import roots
from load import figures
from report import Table, at_most

MODULES, CONNECTIONS = "CPU per hot request by modules in the tree", "CPU per hot request by connections"
ALL = "CPU per request by modules, all asked in turn"


def growth(plan):
    """`.info` over trees of 10 to 100,000 modules at 16 connections, and over 1 to 10,000 connections."""
    by_modules, by_all, by_connections = Table(MODULES), Table(ALL), Table(CONNECTIONS)
    # The connections of the turn before may not be closed yet.
    flags = ("--scan-interval=0", "--max-connections=25000", "--max-requests=25000", "--max-requests-per-client=25000")
    for modules in (10, 100) if plan.quick else (10, 100, 1_000, 10_000, 100_000):
        paths = [f"/{roots.made_up_path(module)}/@v/v1.0.0.info" for module in range(modules)]
        with plan.all_over(plan.made_up(modules), *flags) as started:
            for server in started:
                if server.name in plan.programs:
                    plan.say(f"{modules:,} modules: waiting for the first walk of {server.name}")
                    cold.wait_for_walk(server)
            # Ten from all over the tree, and all of it.
            measure(plan, by_modules, started, f"{modules:,} modules", paths[:: max(1, modules // 10)], 16)
            measure(plan, by_all, started, f"{modules:,} modules", paths, 16)
    with plan.all_over(plan.made_up(10 if plan.quick else 1_000), *flags, connections=25_000) as started:
        paths = [f"/{roots.made_up_path(module)}/@v/v1.0.0.info" for module in range(10)]
        for connections in (1, 10) if plan.quick else (1, 10, 100, 1_000, 10_000):
            measure(plan, by_connections, started, load.connected(connections), paths, connections)
    return [with_growth(by_modules), with_growth(by_all), with_growth(by_connections)]


def measure(plan, table, started, name, paths, connections):
    plan.say(f"{name}, {len(paths):,} paths, {load.connected(connections)}")
    samples = {server.name: [] for server in started}
    for server in started if not plan.quick else []:
        load.warm_up(server, paths, connections)
    for _ in range(min(plan.rounds, 3)):
        for server in started:
            samples[server.name].append(load.wrk(server, paths, connections, plan.seconds))
    table.row(name, "µs", figures(samples, lambda s: s.cpu_per_request))


def with_growth(table):
    """One more row: how many times the least cost the largest tree or crowd has."""
    medians = [row.medians for row in table.rows]
    known = [name for name in medians[0] if all(row.get(name) for row in medians)]
    factors = {name: [medians[-1][name] / min(row[name] for row in medians)] for name in known}
    table.row("the last over the least", "×", factors, at_most(1.1) if table.title != ALL else None)
    return table


WIDTH, HEIGHT, LEFT, TOP, GAP = 330, 220, 60, 50, 70
COLOURS = {"athens": "#0b7285", "nginx": "#868e96", "before": "#e8590c"}


def plot(tables):
    """The three tables side by side, cost over a logarithmic axis, as SVG."""
    chosen = [table for table in tables if table.title in (MODULES, ALL, CONNECTIONS)]
    width = LEFT + len(chosen) * (WIDTH + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT + TOP + 70}" '
        'font-family="sans-serif" font-size="12" fill="#495057">',
        "<title>CPU time of the server per request, as trees and crowds grow</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    rows = [row for table in chosen for row in table.rows[:-1]]
    for number, table in enumerate(chosen):
        parts += panel(table, LEFT + number * (WIDTH + GAP))
    for number, name in enumerate(dict.fromkeys(name for row in rows for name in row.medians)):
        x = LEFT + number * 110
        parts.append(f'<path d="M{x} {HEIGHT + TOP + 52}h24" stroke="{colour(name)}" stroke-width="2.5"/>')
        parts.append(f'<text x="{x + 30}" y="{HEIGHT + TOP + 56}">{text(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def panel(table, left):
    rows = table.rows[:-1]
    top = nice_ceiling(max(value for row in rows for value in row.medians.values()))
    bottom = TOP + HEIGHT
    x = lambda number: left + number * WIDTH / max(1, len(rows) - 1)  # noqa: E731
    y = lambda value: bottom - value / top * HEIGHT  # noqa: E731
    parts = [f'<text x="{left}" y="{TOP - 22}" font-weight="bold">{text(table.title)}, µs</text>']
    for step in range(6):
        value = top * step / 5
        parts.append(f'<path d="M{left} {y(value):.1f}h{WIDTH}" stroke="#dee2e6"/>')
        parts.append(f'<text x="{left - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for number, row in enumerate(rows):
        parts.append(f'<text x="{x(number):.1f}" y="{bottom + 18}" text-anchor="middle">{text(row.name.split()[0])}</text>')
    for name in dict.fromkeys(name for row in rows for name in row.medians):
        points = [(x(number), y(row.medians[name])) for number, row in enumerate(rows) if name in row.medians]
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour(name)}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour(name)}"/>' for a, b in points]
    return parts


def colour(name):
    return COLOURS.get(name, "#9c36b5")


def text(words):
    return words.replace("&", "&amp;").replace("<", "&lt;")


def nice_ceiling(value):
    step = 10 ** math.floor(math.log10(value))
    return next(step * factor for factor in (1, 2, 2.5, 5, 10) if step * factor >= value)
