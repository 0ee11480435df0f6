"""The tables and charts of what `make bench` has measured.

    report.py [RESULTS] [--readme README]

Reads results.json; writes results.md, cpu.svg and throughput.svg beside it. With --readme it also puts short
tables into the README, between its bench marks, and the chart that it shows into benches/ beside it: those of
which there are results, so that a run of less leaves the others as they are.
"""

import argparse
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Figures = dict[str, Any]

LIMIT, LATCHKEY, UWEBSOCKETS = "bare limit", "Latchkey", "uWebSockets"
GEVENT = "Flask-SocketIO (gevent)"
# The build that --against names.
BEFORE = "before"
# The columns of the README's table: whom it shows, and as what.
SHOWN = {LATCHKEY: LATCHKEY, LIMIT: LIMIT, UWEBSOCKETS: UWEBSOCKETS, "ws (Node)": "ws", "Socket.IO": "Socket.IO",
         GEVENT: "Flask-SocketIO"}
FEW, MANY = "100", "1000000"

# A core that is as busy as this has no time left.
FULL = 0.97
# Deliveries in time, of those asked for: the rest is what the last messages may take.
IN_TIME = 0.9

SOCKETIFY = (
    "uWebSockets runs through Python's socketify, whose event loop spins a little when it has nothing to do: where "
    "messages are few, its CPU time per delivery is mostly that."
)

INK, PAPER, BRASS = "#2b2a27", "#faf7f0", "#9a6b14"
GREY, QUIET, RULE = "#8b867b", "#666258", "#d9d3c6"


# What was measured


@dataclass
class Results:
    machine: dict[str, Any]
    measured: list[dict[str, Any]]

    @classmethod
    def read(cls, file: Path) -> "Results":
        found = json.loads(file.read_text())
        return cls(found["machine"], found["measured"])

    def of(self, work: str, size: int | None = None) -> list[dict[str, Any]]:
        return [one for one in self.measured if one["work"] == work and size in (None, one["size"])]

    def sizes(self, work: str) -> list[int]:
        return sorted({one["size"] for one in self.of(work)})

    def peers(self) -> list[str]:
        """Those whose deliveries were measured, in the order of the run."""
        works = ("lone", "saturated", "rooms", "idle")
        return list(dict.fromkeys(one["peer"] for one in self.measured if one["work"] in works))

    def find(self, work: str, peer: str, size: int | None = None) -> dict[str, Any] | None:
        return next((one for one in self.of(work, size) if one["peer"] == peer), None)

    def get(self, path: str, work: str, peer: str, size: int | None = None) -> float | None:
        """A figure by its path ("latency_us.p99"); None where it was not measured."""
        one = self.find(work, peer, size)
        return figure(one.get("figures"), path) if one else None

    def ratio(self, path: str, work: str, peer: str, other: str, size: int | None = None) -> float | None:
        return over(self.get(path, work, peer, size), self.get(path, work, other, size))

    def machine_line(self) -> str:
        cores = self.machine["cores"]
        kernel = self.machine["kernel"].split("-")[0]
        return f"{self.machine['processor']}, {cores} core{'s' * (cores != 1)}, Linux {kernel}"


def figure(figures: Figures | None, path: str) -> float | None:
    found: Any = figures
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def over(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def asked(one: dict[str, Any]) -> int | None:
    """Deliveries a second that the load asked for; None where it took what it could get."""
    return {"lone": 10 * one["size"], "rooms": 20_000}.get(one["work"])


def lags(one: dict[str, Any] | None) -> bool:
    """Whether a server did not keep up with what was asked of it."""
    rate = asked(one) if one and "figures" in one else None
    if rate is None:
        return False
    return one["figures"]["server_busy"] >= FULL or one["figures"]["deliveries_per_second"] < IN_TIME * rate


def counted(one: dict[str, Any]) -> Iterator[tuple[str, Figures]]:
    """All counts of deliveries in an entry, each with what it is called."""
    name = f"{one['work']}, {one['size']:,} sockets, {one['peer']}"
    figures = one.get("figures", {})
    for part, found in [("", figures), *figures.items()]:
        if isinstance(found, dict) and "delivered" in found:
            yield f"{name}{', ' + part.replace('_', ' ') if part else ''}", found


# As text


def number(value: float | None) -> str:
    if value is None:
        return "–"
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def unit(value: float | None, name: str) -> str:
    return "–" if value is None else number(value) + name


def milliseconds(microseconds: float | None) -> str:
    return number(over(microseconds, 1_000))


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{number(ratio)} ×"


def table(head: Iterable[str], rows: Iterable[Iterable[str]], left: int = 1) -> str:
    """A Markdown table; the first `left` columns are words, the others numbers."""
    head = list(head)
    lines = [head, ["---" if at < left else "--:" for at in range(len(head))], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def missing(one: dict[str, Any], width: int) -> list[str]:
    """The row of a peer that could not be measured."""
    return [one["peer"], f"missing: {one['missing']}", *[""] * (width - 2)]


# The tables of results.md


@dataclass
class Column:
    head: str
    path: str
    show: Callable[[float | None], str] = number


CPU = Column("CPU µs/delivery", "cpu_us_per_delivery")
RATE = Column("deliveries/s", "deliveries_per_second")
LATENCY = [Column(f"{name} ms", f"latency_us.{name}", milliseconds) for name in ("p50", "p99", "max")]
BYTES = Column("bytes/delivery", "bytes_per_delivery")
BUSY = Column("core busy", "server_busy", percent)


def compared(results: Results, work: str, size: int | None, main: Column, others: list[Column]) -> str:
    """A row a peer: its main figure, that beside the bare limit's and Latchkey's, the other figures."""
    entries = results.of(work, size)
    asked_for = any(asked(one) for one in entries)
    head = ["", main.head, "÷ limit", "Latchkey ÷ it", *(column.head for column in others), *["kept up"] * asked_for]

    def row(one: dict[str, Any]) -> list[str]:
        if "missing" in one:
            return missing(one, len(head))
        peer = one["peer"]
        return [
            peer,
            main.show(figure(one["figures"], main.path)),
            times(results.ratio(main.path, work, peer, LIMIT, size)),
            "" if peer == LATCHKEY else times(results.ratio(main.path, work, LATCHKEY, peer, size)),
            *(column.show(figure(one["figures"], column.path)) for column in others),
            *["no" if lags(one) else "yes"] * asked_for,
        ]

    return table(head, map(row, entries))


def lone(results: Results) -> str:
    parts = [
        f"### {size:,} sockets\n\n{compared(results, 'lone', size, CPU, [RATE, *LATENCY, BYTES, BUSY])}"
        for size in results.sizes("lone")
    ]
    note = SOCKETIFY + "\n\n" if any(one["peer"] == UWEBSOCKETS for one in results.of("lone")) else ""
    if any(map(lags, results.of("lone"))):
        note += (
            f"Not kept up: the server used at least {percent(FULL)} of its core; or it did not, and yet fewer than "
            f"{percent(IN_TIME)} of the deliveries came in time, so that the load, or something else on the machine, "
            "was what was slow. Either way its messages no longer came alone, and batches take less CPU time per "
            "delivery.\n\n"
        )
    return note + "\n".join(parts)


def saturated(results: Results) -> str:
    text = compared(results, "saturated", None, RATE, [CPU, *LATENCY, BYTES, BUSY])
    busy = [figure(one.get("figures"), BUSY.path) for one in results.of("saturated")]
    if any(share is not None and share < FULL for share in busy):
        text += "\nWhere a server's core was not full, it is the load, or something else on the machine, that set the rate.\n"
    return text


def crowd(results: Results) -> str:
    head = ["", "at once, s", "÷ limit", "caught up, s", "÷ limit", CPU.head, RATE.head, BYTES.head, BUSY.head]

    def row(one: dict[str, Any]) -> list[str]:
        if "missing" in one:
            return missing(one, len(head))
        cells = [one["peer"]]
        for part in ("at_once", "caught_up"):
            path = f"{part}.seconds"
            cells.append(number(figure(one["figures"], path)))
            cells.append(times(results.ratio(path, "crowd", one["peer"], LIMIT)))
        return cells + [c.show(figure(one["figures"], f"caught_up.{c.path}")) for c in (CPU, RATE, BYTES, BUSY)]

    return (
        "At once: from the first connection until all have what they lacked. Caught up: from when all, connected, "
        "ask for it; the other figures are of this part.\n\n" + table(head, map(row, results.of("crowd")))
    )


def posts(results: Results) -> str:
    head = ["", "posts/s", "÷ limit", "CPU µs/post", "p50 ms", "p99 ms", "÷ limit", "max ms"]

    def row(one: dict[str, Any]) -> list[str]:
        if "missing" in one:
            return missing(one, len(head))
        figures, peer = one["figures"], one["peer"]
        p50, p99, most = (milliseconds(figure(figures, f"confirmed_us.{name}")) for name in ("p50", "p99", "max"))
        return [
            peer,
            number(figure(figures, "posts_per_second")),
            times(results.ratio("posts_per_second", "posts", peer, LIMIT)),
            number(figure(figures, "cpu_us_per_post")),
            p50,
            p99,
            times(results.ratio("confirmed_us.p99", "posts", peer, LIMIT)),
            most,
        ]

    limit = (
        "The bare limit writes what one turn of its loop reads into a file, syncs it once, and then delivers and "
        "confirms; it keeps nothing that could be asked for again.\n\n"
    )
    return limit + table(head, map(row, results.of("posts")))


def pages(results: Results) -> str:
    head = ["", "messages in the room", "answers/s", "p50 ms", "p99 ms", "max ms", "p99 ÷ the small room's", "bytes"]
    one = results.find("pages", LATCHKEY)
    if one is None or "missing" in one:
        return table(head, [missing(one, len(head))] if one else [])

    def row(page: str, room: str) -> list[str]:
        found = one["figures"][page][room]
        small = figure(one["figures"], f"{page}.{FEW}.us.p99")
        return [
            page.replace("_", " "),
            f"{int(room):,}",
            number(found["per_second"]),
            *(milliseconds(found["us"][name]) for name in ("p50", "p99", "max")),
            times(over(found["us"]["p99"], small)) if room != FEW else "",
            f"{found['bytes']:,}",
        ]

    return table(head, [row(page, room) for page in ("room_page", "history") for room in (FEW, MANY)])


SOUGHT = {
    "common": "a word that all have",
    "rare": "one that 200 have",
    "phrase": "a phrase that all have",
    "prefix": "the beginning of the rare one",
    "nothing": "a word that none has",
}


def search(results: Results) -> str:
    head = ["", "answers/s", "p50 ms", "p99 ms", "max ms", "bytes"]
    one = results.find("search", LATCHKEY)
    if one is None or "missing" in one:
        return table(head, [missing(one, len(head))] if one else [])

    def row(sought: str) -> list[str]:
        found = one["figures"][sought]
        return [
            SOUGHT[sought],
            number(found["per_second"]),
            *(milliseconds(found["us"][name]) for name in ("p50", "p99", "max")),
            f"{found['bytes']:,}",
        ]

    return table(head, map(row, SOUGHT))


@dataclass
class Seen:
    """A figure of the pages in a browser, by its path to a median, a least and a most."""

    name: str
    path: str
    most: float | None = None
    show: Callable[[float | None], str] = number
    # Which of them has to be met.
    counts: str = "p50"

    def of(self, results: Results, build: str = LATCHKEY, which: str = "p50") -> float | None:
        return results.get(f"{self.path}.{which}", "browser", build)

    def spread(self, results: Results) -> str:
        least, most = (self.of(results, which=which) for which in ("min", "max"))
        return "" if least == most else f"{self.show(least)} to {self.show(most)}"

    def limit(self, results: Results) -> float | None:
        """What it must not exceed; without a bound of its own, and where it counts, what it was before."""
        return self.of(results, BEFORE) if self is INTERACTIVE else self.most

    def met(self, results: Results) -> bool | None:
        found, limit = self.of(results, which=self.counts), self.limit(results)
        if found is None or limit is None:
            return None
        return found <= limit and (self is not WARM or rows(results) >= FULL_WINDOW)


    def bound(self) -> str:
        return "" if self.most is None else grown(self.most) if self.show is grown else f"{self.most:,g}"


def grown(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:+.1f} %"


def count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


FULL_WINDOW = 300
WARM = Seen(f"back to a room, {FULL_WINDOW} messages: ms from click to paint", "warm.ms", 50)
INTERACTIVE = Seen("the same: interactive after, ms", "phone.interactive")
SEEN = [
    Seen("dashboard, five rooms, back, forward: documents", "moves.documents", 1, count),
    Seen("the same: sockets", "moves.sockets", 1, count),
    WARM,
    Seen("to a room for the first time, 50 messages: ms from click to paint", "cold.ms", 120),
    Seen("tasks of more than 50 ms on the way back to a room", "warm.longTasks", show=count),
    Seen("tasks of more than 50 ms on the way to a new one", "cold.longTasks", show=count),
    Seen(f"a message from another, {FULL_WINDOW} on the page: main thread's CPU ms", "message.work", 16),
    Seen("as long without one: main thread's CPU ms", "message.idle"),
    Seen("20 rooms, 200 switches, 10,000 messages: MB of JS heap and WASM memory", "memory.together", 24),
    Seen("the same: DOM nodes, beside those after 20 switches", "memory.nodesGrown", 0.05, grown),
    Seen("the same: event listeners", "memory.listenersGrown", 0.05, grown),
    Seen("first visit to a room: bytes over the wire", "visit.bytes", 230_000),
    Seen("the same: layout shift", "visit.shift", 0, counts="max"),
    Seen("on a phone, CPU 4 × slower, 1.6 Mbit/s, 150 ms: largest paint after, ms", "phone.paint"),
    INTERACTIVE,
    Seen("the same: layout shift", "phone.shift", 0, counts="max"),
]


def rows(results: Results) -> float:
    """How many rows a room comes back with."""
    return results.get("warm.rows.p50", "browser", LATCHKEY) or 0


def browser(results: Results) -> str:
    missed = [
        f"- {one['peer']}, {work}: {found['missing']}"
        for one in results.of("browser")
        for work, found in one.get("figures", {"all": one}).items()
        if "missing" in found
    ]
    notes = [f"Not measured:\n\n{chr(10).join(missed)}\n"] if missed else []
    if 0 < rows(results) < FULL_WINDOW:
        notes.append(f"A room comes back with {count(rows(results))} rows of its {FULL_WINDOW} messages.\n")
    return "\n".join([in_browser(results), *notes])


def in_browser(results: Results) -> str:
    """A row a figure: its median, how far it spreads, what it was before, where that was measured."""
    before = [BEFORE] * (results.find("browser", BEFORE) is not None)
    rows = (
        [
            seen.name,
            seen.show(seen.of(results)),
            seen.spread(results),
            *(seen.show(seen.of(results, build)) for build in before),
            seen.bound(),
        ]
        for seen in SEEN
    )
    return table(["", "median", "from, to", *before, "at most"], rows)


def seen_target(results: Results, seen: Seen) -> tuple[str, str, bool | None]:
    found, bound = seen.show(seen.of(results, which=seen.counts)), f"at most {seen.bound()}"
    if seen is INTERACTIVE:
        found, bound = f"{found}; before {seen.show(seen.limit(results))}", "no later than before"
    name = next(one.name for one in reversed(SEEN[: SEEN.index(seen) + 1]) if not one.name.startswith("the same"))
    whole = seen.name.replace("the same", name.split(":")[0])
    return f"(h) {whole}: {bound}", found, seen.met(results)


def hostile(results: Results) -> str:
    head = ["", "confirmations p50 ms", "p99 ms", "max ms", "server's memory, MiB at most"]
    one = results.find("hostile", LATCHKEY)
    if one is None or "missing" in one:
        return table(head, [missing(one, len(head))] if one else [])
    found = one["figures"]

    def row(name: str, part: str, memory: str) -> list[str]:
        return [name, *(milliseconds(found[part][at]) for at in ("p50", "p99", "max")), number(found[memory] / 1024)]

    note = (
        f"Two people say five messages a second each. Beside them, {found['attacks']:,} attacks: half-made requests, huge "
        "headers, slow bodies, claims, wrong keys, unknown sessions, and members' sockets that say much, or nonsense, and "
        f"read nothing. Unconfirmed: {found['unconfirmed']}. Files left open: {found['files_left']}.\n\n"
    )
    return note + table(head, [row("without the flood", "calm_us", "kib_before"), row("beside it", "beside_us", "kib_most")])


def hostile_targets(results: Results) -> list[tuple[str, str, bool | None]]:
    p99 = over(results.get("beside_us.p99", "hostile", LATCHKEY), results.get("calm_us.p99", "hostile", LATCHKEY))
    memory = over(results.get("kib_most", "hostile", LATCHKEY), 1024)
    return [
        ("(i) confirmations' p99 beside a flood at most 3 × of that without it", times(p99), at_most(p99, 3)),
        ("(i) the server's memory within 64 MiB", unit(memory, " MiB"), at_most(memory, 64)),
    ]


# What it must show


def verdict(met: bool | None) -> str:
    return "not shown" if met is None else "yes" if met else "**no**"


def at_most(ratio: float | None, most: float) -> bool | None:
    return None if ratio is None else ratio <= most


def late(results: Results, work: str, size: int | None = None) -> str:
    slow = [peer for peer in (LIMIT, LATCHKEY) if lags(results.find(work, peer, size))]
    return f" ({' and '.join(slow)} not kept up)" if slow else ""


def paced(results: Results, must: str, path: str, most: float, work: str,
          size: int | None = None) -> tuple[str, str, bool | None]:
    """Latchkey beside the bare limit; where either did not keep up, meeting it shows nothing."""
    ratio, slow = results.ratio(path, work, LATCHKEY, LIMIT, size), late(results, work, size)
    met = at_most(ratio, most)
    return must, times(ratio) + slow, None if met and slow else met


def lone_cpu(results: Results) -> tuple[str, str, bool | None]:
    must = "(a) CPU per delivery at 1,000–15,000 sockets at most 1.25 × the bare limit's"
    sizes = (1_000, 5_000, 15_000)
    rows = [paced(results, must, CPU.path, 1.25, "lone", size) for size in sizes]
    found = "; ".join(f"{size:,} sockets: {found}" for size, (_, found, _) in zip(sizes, rows))
    met = [met for *_, met in rows]
    return must, found, False if False in met else None if None in met else True


def crowd_target(results: Results) -> tuple[str, str, bool | None]:
    ratio = results.ratio("caught_up.seconds", "crowd", LATCHKEY, LIMIT)
    one = results.find("crowd", LATCHKEY)
    wrong = sum(found["missing"] + found["repeated_or_out_of_order"] for _, found in counted(one)) if one else 0
    met = None if ratio is None else ratio <= 2 and wrong == 0
    whole = results.ratio("at_once.seconds", "crowd", LATCHKEY, LIMIT)
    found = f"{times(ratio)} (connecting included, {times(whole)}), {wrong} missing or repeated"
    must = "(d) all caught up, none missing, within 2 × the time that one thread takes to write the same bytes"
    return must, found if ratio is not None else "–", met


def posts_target(results: Results) -> tuple[str, str, bool | None]:
    rate = results.get("posts_per_second", "posts", LATCHKEY)
    share = results.ratio("posts_per_second", "posts", LATCHKEY, LIMIT)
    found = f"{times(share)}, {number(rate)}/s" if share is not None else "–"
    return "(f) at least 0.4 × the bare limit's durable posts/s", found, None if share is None else share >= 0.4


def history_target(results: Results) -> tuple[str, str, bool | None]:
    both = [results.get(f"history.{room}.us.p99", "pages", LATCHKEY) for room in (FEW, MANY)]
    ratio = over(both[1], both[0])
    met = None if ratio is None else 1 / 1.2 <= ratio <= 1.2
    found = f"{milliseconds(both[0])} and {milliseconds(both[1])} ms: {times(ratio)}" if ratio else "–"
    return "(g) history page: the same p99 in both rooms within 20 %", found, met


def search_target(results: Results) -> tuple[str, str, bool | None]:
    p99 = {sought: results.get(f"{sought}.us.p99", "search", LATCHKEY) for sought in SOUGHT}
    slowest = max((sought for sought in p99 if p99[sought] is not None), key=lambda sought: p99[sought], default=None)
    must = "(j) search: p99 at most 20 ms, whatever is looked for"
    if slowest is None:
        return must, "–", None
    return must, f"{milliseconds(p99[slowest])} ms: {SOUGHT[slowest]}", p99[slowest] <= 20_000


def targets(results: Results) -> str:
    rate = results.ratio(RATE.path, "saturated", LATCHKEY, UWEBSOCKETS)
    memory = results.get("kib_per_socket", "idle", LATCHKEY)
    slowest_post = results.ratio("confirmed_us.p99", "posts", LATCHKEY, LIMIT)
    page = [results.get(f"room_page.{room}.per_second", "pages", LATCHKEY) for room in (FEW, MANY)]
    slowest = min(page) if None not in page else None
    rows = [
        lone_cpu(results),
        paced(results, "(a) p99 latency at 1,000 sockets at most 1.3 × the bare limit's",
              "latency_us.p99", 1.3, "lone", 1_000),
        ("(b) at least uWebSockets' deliveries/s", times(rate), None if rate is None else rate >= 1),
        paced(results, "(c) CPU per delivery at most 1.5 × the bare limit's", CPU.path, 1.5, "rooms"),
        crowd_target(results),
        ("(e) at most 4 KiB a socket", unit(memory, " KiB"), at_most(memory, 4)),
        posts_target(results),
        ("(f) their p99 at most 5 × the bare limit's", times(slowest_post), at_most(slowest_post, 5)),
        history_target(results),
        ("(g) room page at least 5,000/s", unit(slowest, "/s"), None if slowest is None else slowest >= 5_000),
        *hostile_targets(results),
        *(seen_target(results, seen) for seen in SEEN if seen.most is not None or seen is INTERACTIVE),
        search_target(results),
        *recovery_targets(results),
    ]
    note = "\nThat the store is read at most once a room for (d) is what a test shows, in `tests/server/reconnect.rs`.\n"
    return table(["must", "measured", "met"], ((must, found, verdict(met)) for must, found, met in rows), left=3) + note


def recovery_targets(results: Results) -> Iterator[tuple[str, str, bool | None]]:
    for what, most in (("a lost frame", 1), ("a killed publisher", 5), ("NATS back", 5)):
        seconds = results.get("seconds.most", "cluster: recovery", what)
        yield f"(m) {what}: all have it within {most} s", unit(seconds, " s"), at_most(seconds, most)


def deliveries(results: Results) -> str:
    """Whether every delivery came, once and in order."""
    counts = [count for one in results.measured for count in counted(one)]
    total = sum(figures["delivered"] for _, figures in counts)
    wrong = [
        f"- {name}: {figures['missing']:,} missing, {figures['repeated_or_out_of_order']:,} repeated or out of order"
        for name, figures in counts
        if figures["missing"] or figures["repeated_or_out_of_order"]
    ]
    if not counts:
        return "No deliveries were measured.\n"
    if not wrong:
        return f"All {total:,} deliveries were checked: none is missing, repeated or out of order.\n"
    return f"Of {total:,} deliveries, all checked, these are wrong:\n\n" + "\n".join(wrong) + "\n"


def over_tls(results: Results) -> str:
    others = (*LATENCY, BUSY, Column("KiB/socket at rest", "kib_per_socket"))
    head = ["", CPU.head, "÷ in the clear", *(column.head for column in others)]

    def row(one: dict[str, Any]) -> list[str]:
        if "missing" in one:
            return missing(one, len(head))
        return [
            one["peer"],
            CPU.show(figure(one["figures"], CPU.path)),
            times(results.ratio(CPU.path, "https", one["peer"], LATCHKEY)),
            *(column.show(figure(one["figures"], column.path)) for column in others),
        ]

    return table(head, map(row, results.of("https")))


def cluster(results: Results) -> str:
    """What a delivery and a post cost whom, by number of processes; on SQLite there is one."""
    works = {"cluster: lone": "delivery", "cluster: posts": "post"}
    head = ["", *(f"{who}, CPU µs/{what}" for what in works.values() for who in (LATCHKEY, "PostgreSQL", "NATS")),
            "lone: p99 ms", "posts/s", "posts: p99 ms"]
    engines = (CPU.path, "postgres_cpu_us_per_delivery", "nats_cpu_us_per_delivery")

    def row(peer: str) -> list[str]:
        def get(path: str, work: str) -> float | None:
            return results.get(path, work, peer)

        return [
            "SQLite, 1 process" if peer == LATCHKEY else peer,
            *(number(get(path, work)) for work in works for path in engines),
            milliseconds(get("latency_us.p99", "cluster: lone")),
            number(get("posts_per_second", "cluster: posts")),
            milliseconds(get("confirmed_us.p99", "cluster: posts")),
        ]

    return table(head, [row(one["peer"]) for one in results.of("cluster: lone")])


def recovery(results: Results) -> str:
    """How long the last of the readers waits, of some rounds."""

    def row(one: dict[str, Any]) -> list[str]:
        if "missing" in one:
            return missing(one, 4)
        seconds = one["figures"]["seconds"]
        return [one["peer"], *(f"{seconds[which]:.2f}" for which in ("median", "most")), str(one["size"])]

    return table(["", "seconds, median", "at most", "rounds"], map(row, results.of("cluster: recovery")))


def report(results: Results) -> str:
    idle = Column("KiB/socket", "kib_per_socket")
    works = [
        ("lone", "(a) Lone messages: ten a second into one room", lone(results)),
        ("saturated", "(b) Saturation: eight messages in flight into a room of 1,000", saturated(results)),
        ("rooms", "(c) Many rooms: 2,000 messages a second into 1,000 rooms of ten",
         compared(results, "rooms", None, CPU, [RATE, *LATENCY, BYTES, BUSY])),
        ("crowd", "(d) A crowd returns: 10,000 sockets, each 20 messages behind", crowd(results)),
        ("idle", "(e) Idle: memory of 15,000 sockets at rest, of 1,000 users",
         compared(results, "idle", None, idle, [Column("KiB without sockets", "kib_empty")])),
        ("posts", "(f) Posts: 64 senders, each its own room, as fast as they are durable", posts(results)),
        ("pages", "(g) Pages: 16 connections, each asking again as soon as it has its answer", pages(results)),
        ("browser", "(h) Pages in Chromium: a desktop with nothing else slowed down, and a phone", browser(results)),
        ("hostile", "(i) A flood beside two people who talk", hostile(results)),
        ("search", "(j) Search: 1,000,000 messages in 100 rooms, one connection", search(results)),
        ("https", "(k) TLS: ten messages a second into one room of 1,000, nginx's own time counted in", over_tls(results)),
        ("cluster: lone", "(l) Several processes, all on one core: ten messages a second into one room of 1,000; 64 senders",
         cluster(results)),
        ("cluster: recovery", "(m) Several processes: until the last of eight readers has it", recovery(results)),
    ]
    parts = [f"{results.machine_line()}.\n", deliveries(results)]
    parts += [f"## {title}\n\n{text}" for work, title, text in works if results.of(work)]
    parts.append(f"## What it must show\n\n{targets(results)}")
    return "\n".join(parts)


# The README's part


def brief(results: Results) -> str:
    """One row a work, one column a peer."""

    def row(name: str, path: str, work: str, size: int | None = None,
            show: Callable[[float | None], str] = number) -> list[str]:
        def cell(peer: str) -> str:
            one = results.find(work, peer, size)
            mark = "\\*" if lags(one) else ""
            return "missing" if one and "missing" in one else show(results.get(path, work, peer, size)) + mark

        return [name, *map(cell, SHOWN)]

    rows = [row(f"lone messages, {size:,} sockets: CPU µs/delivery", CPU.path, "lone", size)
            for size in results.sizes("lone")]
    rows += [
        row("the same, 1,000 sockets: p99 ms", "latency_us.p99", "lone", 1_000, milliseconds),
        row("saturation, 1,000 sockets: deliveries/s", RATE.path, "saturated"),
        row("1,000 rooms of ten: CPU µs/delivery", CPU.path, "rooms"),
        row("10,000 return, 20 messages behind: seconds", "caught_up.seconds", "crowd"),
        row("15,000 at rest: KiB/socket", "kib_per_socket", "idle"),
        row("64 senders: durable posts/s", "posts_per_second", "posts"),
        row("the same: p99 ms", "confirmed_us.p99", "posts", None, milliseconds),
        row("room page, 1,000,000 messages: answers/s", f"room_page.{MANY}.per_second", "pages"),
        row("history, 1,000,000 messages: p99 ms", f"history.{MANY}.us.p99", "pages", None, milliseconds),
        row("a phrase in 100 rooms, 1,000,000 messages: p99 ms", "phrase.us.p99", "search", None, milliseconds),
    ]
    text = table(["", *SHOWN.values()], rows)
    notes = [f"On {results.machine_line()}. Flask-SocketIO with gevent."]
    if any(map(lags, results.measured)):
        notes.append("\\* did not keep up with what was asked of it.")
    return text + "\n" + wrapped(" ".join([*notes, SOCKETIFY]))


def wrapped(text: str, width: int = 112) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines) + "\n"


def update(readme: Path, results: Results, chart: Path) -> None:
    text, image = readme.read_text(), ""
    if chart.exists():
        shutil.copyfile(chart, readme.parent / "benches" / chart.name)
        image = f'<img src="benches/{chart.name}" alt="{CPU_TITLE}, by peer and number of sockets.">\n\n'
    parts = {}
    if results.peers():
        parts["bench"] = image + brief(results)
    if results.of("browser"):
        parts["bench browser"] = in_browser(results) + "\n" + wrapped(f"On {results.machine_line()}.")
    for mark, part in parts.items():
        marks = re.compile(rf"(?s)(?<=<!-- {mark} -->\n).*?(?=<!-- /{mark} -->)")
        if not marks.search(text):
            sys.exit(f"{readme} has no <!-- {mark} --> … <!-- /{mark} -->")
        text = marks.sub(lambda _: f"\n{part}\n", text)
    readme.write_text(text)


# The charts

CPU_TITLE = "Server CPU time per delivery in µs, ten messages a second into one room"
RATE_TITLE = "Deliveries a second with eight messages in flight into a room of 1,000"


def draw(results: Results, folder: Path) -> None:
    cpu, throughput = folder / "cpu.svg", folder / "throughput.svg"
    # No chart of another run beside the tables of this one.
    for chart in (cpu, throughput):
        chart.unlink(missing_ok=True)
    try:
        import matplotlib
    except ImportError:
        print("no charts: matplotlib is missing", file=sys.stderr)
        return
    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.fonttype": "none",
        "svg.hashsalt": "latchkey",
        "font.family": "sans-serif",
        "font.size": 9,
        "text.color": INK,
        "xtick.color": QUIET,
        "axes.edgecolor": RULE,
        "figure.facecolor": PAPER,
        "axes.facecolor": "none",
    })
    if results.of("lone"):
        cpu_chart(results, cpu)
    if results.of("saturated"):
        throughput_chart(results, throughput)


def colour(peer: str) -> str:
    return {LATCHKEY: BRASS, LIMIT: INK}.get(peer, GREY)


def label_peers(axes: Any, peers: list[str]) -> None:
    axes.set_yticks(range(len(peers)), peers)
    axes.set_ylim(len(peers) - 0.4, -0.6)
    for label, peer in zip(axes.get_yticklabels(), peers):
        label.set_color(INK if colour(peer) == GREY else colour(peer))
        label.set_fontweight("bold" if peer == LATCHKEY else "normal")


def bare(axes: Any) -> None:
    """No frame, no marks; the scale is a quiet line below."""
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.tick_params(axis="both", which="both", length=0)


def save(figure: Any, file: Path) -> None:
    """Without what differs from one run to the next over the same figures."""
    figure.savefig(file, metadata={"Date": None, "Creator": None})


def cpu_chart(results: Results, file: Path) -> None:
    """A dot a peer on a logarithmic scale, a panel a number of sockets."""
    from matplotlib import pyplot
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    sizes, peers = results.sizes("lone"), results.peers()
    shown = [value for one in results.of("lone") if (value := results.get(CPU.path, "lone", one["peer"], one["size"]))]
    low, high = min(shown, default=1) / 1.4, max(shown, default=10) * 3
    height = 1.45 + 0.25 * len(peers)
    chart, panels = pyplot.subplots(1, len(sizes), sharey=True, squeeze=False, figsize=(9, height))
    chart.subplots_adjust(left=0.2, right=0.985, top=1 - 0.72 / height, bottom=0.62 / height, wspace=0.08)
    for axes, size in zip(panels[0], sizes):
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.xaxis.set_major_locator(FixedLocator([tick for tick in (1, 10, 100, 1_000, 10_000) if low < tick < high]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:,.0f}"))
        axes.tick_params(axis="x", labelsize=7.5)
        axes.set_title(f"{size:,} sockets", fontsize=9, color=QUIET, loc="left")
        label_peers(axes, peers)
        bare(axes)
        limit = results.get(CPU.path, "lone", LIMIT, size)
        if limit:
            axes.axvline(limit, color=RULE, linewidth=1, zorder=0)
        for at, peer in enumerate(peers):
            cpu_dot(axes, at, results.find("lone", peer, size))
    chart.text(0.012, 1 - 0.3 / height, CPU_TITLE + " (logarithmic scale)", fontsize=10.5)
    chart.text(0.012, 0.16 / height, cpu_note(results), fontsize=8, color=QUIET)
    save(chart, file)


def cpu_dot(axes: Any, at: int, one: dict[str, Any] | None) -> None:
    low, high = axes.get_xlim()
    peer = one["peer"] if one else ""
    value = figure(one.get("figures"), CPU.path) if one else None
    if value is None:
        axes.text(low * 1.1, at, "missing", color=QUIET, fontsize=8, va="center", fontstyle="italic")
        return
    fill = PAPER if lags(one) else colour(peer)
    axes.plot([value], [at], "o", markersize=6, color=colour(peer), markerfacecolor=fill, markeredgewidth=1.3)
    # Its figure stands on the side that has the room.
    right = value * value * value < low * high * high
    axes.annotate(number(value), (value, at), (6 if right else -6, 0), textcoords="offset points", fontsize=8,
                  va="center", ha="left" if right else "right",
                  color=BRASS if peer == LATCHKEY else INK, fontweight="bold" if peer == LATCHKEY else "normal")


def cpu_note(results: Results) -> str:
    notes = ["The thin line is the bare limit."]
    if any(map(lags, results.of("lone"))):
        notes.append("Hollow: did not keep up.")
    if any(one["peer"] == UWEBSOCKETS and "figures" in one for one in results.of("lone")):
        notes.append("uWebSockets, through socketify, spins a little when idle: with few messages, that is most of it.")
    return " ".join(notes)


def throughput_chart(results: Results, file: Path) -> None:
    """A bar a peer, from zero."""
    from matplotlib import pyplot

    peers = results.peers()
    height = 0.75 + 0.27 * len(peers)
    chart, axes = pyplot.subplots(figsize=(9, height))
    chart.subplots_adjust(left=0.2, right=0.79, top=1 - 0.5 / height, bottom=0.12 / height)
    label_peers(axes, peers)
    bare(axes)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    for at, peer in enumerate(peers):
        value = results.get(RATE.path, "saturated", peer)
        axes.barh(at, value or 0, height=0.62, color=colour(peer))
        busy = percent(results.get(BUSY.path, "saturated", peer))
        axes.annotate(f"{number(value)}, core {busy} busy" if value else "missing", (value or 0, at), (5, 0),
                      textcoords="offset points", va="center", fontsize=8, color=INK if value else QUIET,
                      fontweight="bold" if peer == LATCHKEY else "normal", fontstyle="normal" if value else "italic")
    axes.set_xlim(left=0)
    axes.margins(x=0)
    chart.text(0.012, 1 - 0.3 / height, RATE_TITLE, fontsize=10.5)
    save(chart, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="?", type=Path, default=Path("target/bench/results.json"))
    parser.add_argument("--readme", type=Path, help="put the short table into this README")
    arguments = parser.parse_args()
    results, folder = Results.read(arguments.results), arguments.results.parent
    (folder / "results.md").write_text(report(results))
    draw(results, folder)
    if arguments.readme:
        update(arguments.readme, results, folder / "cpu.svg")


if __name__ == "__main__":
    main()
