"""The table: medians over the rounds, and ratios to the one that is compared with."""

from statistics import median


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Table:
    """Rows of one figure for each server; printed as Markdown."""

    def __init__(self, title, servers, base="nginx"):
        self.title, self.servers, self.base, self.rows = title, servers, base, []

    def row(self, name, unit, samples, bar=None, higher=True):
        """`samples`: for each server a list of figures, one a round. A bar is a ratio of athens to the base."""
        medians = {server: median(values) for server, values in samples.items() if values}
        ratio = None
        if "athens" in medians and medians.get(self.base):
            ratio = medians["athens"] / medians[self.base]
        met = None if bar is None or ratio is None else (ratio >= bar if higher else ratio <= bar)
        self.rows.append((name, unit, medians, ratio, bar, higher, met))
        return ratio

    def markdown(self):
        head = ["", *self.servers, f"athens / {self.base}", "bar"]
        lines = [f"### {self.title}", "", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
        for name, unit, medians, ratio, bar, higher, met in self.rows:
            cells = [f"{name}, {unit}"]
            cells += [number(medians[server]) if server in medians else "" for server in self.servers]
            cells.append("" if ratio is None else f"**{ratio:.2f}**")
            cells.append("" if bar is None else f"{'≥' if higher else '≤'} {bar} {'ok' if met else 'MISSED'}")
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"
