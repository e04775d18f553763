"""The tables: medians over the rounds, ratios between those who are compared, and whether a bar is met."""

from statistics import median


class Bar:
    """What a row is held to: a ratio to the one that is compared with, or a figure as such."""

    def __init__(self, limit, least=False, absolute=False):
        self.limit, self.least, self.absolute = limit, least, absolute

    def met(self, own, ratio):
        value = own if self.absolute else ratio
        if value is None:
            return None
        return value >= self.limit if self.least else value <= self.limit

    def __str__(self):
        return f"{'≥' if self.least else '≤'} {self.limit:g}{'' if self.absolute else ' ×'}"


def at_least(ratio):
    return Bar(ratio, least=True)


def at_most(ratio):
    return Bar(ratio)


def within(figure):
    return Bar(figure, absolute=True)


def number(value):
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Row:
    """One figure of everybody: all samples, their medians, and what comes of them."""

    def __init__(self, name, unit, samples, base, bar):
        self.name, self.unit, self.samples, self.bar = name, unit, samples, bar
        self.medians = {who: median(values) for who, values in samples.items() if values}
        self.ratios = {
            other: self.medians["athens"] / self.medians[other]
            for other in (base, "before")
            if other != "athens" and self.medians.get(other) and "athens" in self.medians
        }
        self.met = bar.met(self.medians.get("athens"), self.ratios.get(base)) if bar else None

    def as_json(self):
        return {
            "row": self.name, "unit": self.unit, "samples": self.samples, "medians": self.medians, "ratios": self.ratios,
            "bar": None if self.bar is None else str(self.bar), "met": self.met,
        }


class Table:
    """Rows with a figure for each server; printed as Markdown."""

    def __init__(self, title, base="nginx", note=""):
        self.title, self.base, self.note, self.rows = title, base, note, []

    def row(self, name, unit, samples, bar=None):
        """`samples`: for each server a list of figures, one a round; an empty one where there is nothing to measure."""
        self.rows.append(Row(name, unit, samples, self.base, bar))

    def markdown(self):
        who = list(dict.fromkeys(name for row in self.rows for name in row.medians))
        others = [other for other in (self.base, "before") if any(other in row.ratios for row in self.rows)]
        barred = any(row.bar for row in self.rows)
        head = ["", "unit", *who, *(f"athens / {other}" for other in others), *(["bar", ""] if barred else [])]
        lines = [f"### {self.title}", "", *([self.note, ""] if self.note else [])]
        lines += ["| " + " | ".join(head) + " |", "|---|---" + "|--:" * (len(who) + len(others)) + "|---" * (2 * barred) + "|"]
        for row in self.rows:
            cells = [row.name, row.unit]
            cells += [number(row.medians[name]) if name in row.medians else "" for name in who]
            cells += [f"{row.ratios[other]:.2f} ×" if other in row.ratios else "" for other in others]
            if barred:
                cells += [str(row.bar or ""), {True: "ok", False: "**missed**", None: ""}[row.met]]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    def as_json(self):
        return {"title": self.title, "note": self.note, "base": self.base, "rows": [row.as_json() for row in self.rows]}
