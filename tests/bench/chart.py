# SPDX-License-Identifier: BSL-1.0
"""The chart for the README: bars, as SVG that is legible on white and on black."""

from html import escape

from peers import PEERS
from report import short

WIDTH, LEFT, RIGHT = 760, 150, 190
BAR, GAP, HEAD = 16, 6, 40

# (heading, workload, metric, unit, peers, how many times hookd's value fits into a panel)
PANELS = (
    ("Veto round trip, 256 bytes, all on one core: us, less is better", "trip_256_pinned", "trip_p50_us", "us",
     ("floor", "hookd", "redis", "nats", "dbus", "grpc", "sh", "python"), 6),
    ("Fan-out to 1 subscriber: deliveries a second, more is better", "fan_out_1", "deliveries_per_s", "/s",
     ("floor", "hookd", "redis", "nats", "dbus", "grpc"), 2),
    ("Fan-out to 64 subscribers: deliveries a second, more is better", "fan_out_64", "deliveries_per_s", "/s",
     ("floor", "hookd", "redis", "nats", "dbus", "grpc"), 2),
)

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #6e7781; }
  .head { font-weight: 600; }
  .hookd { fill: #2f81f7; }
  .other { fill: #8c959f; }
  .floor { fill: #8c959f; fill-opacity: 0.35; stroke: #8c959f; stroke-dasharray: 3 2; }
  text.ours { fill: #2f81f7; font-weight: 600; }
  @media (prefers-color-scheme: dark) { text { fill: #9da7b3; } }
"""


def draw(results):
    parts = []
    y = 0
    for heading, workload, metric, unit, peers, fits in PANELS:
        values = [(peer, results.median(workload, peer, metric)) for peer in peers]
        values = [(peer, value) for peer, value in values if value is not None]
        ours = results.median(workload, "hookd", metric)
        if not ours or len(values) < 2:
            continue
        largest = min(max(value for _, value in values), fits * ours)
        parts.append(f'<text class="head" x="0" y="{y + 20}">{escape(heading)}</text>')
        y += HEAD - GAP
        for peer, value in values:
            length = (WIDTH - LEFT - RIGHT) * min(value, largest) / largest
            kind = peer if peer in ("hookd", "floor") else "other"
            ours_mark = ' class="ours"' if peer == "hookd" else ""
            parts.append(f'<text{ours_mark} x="{LEFT - 10}" y="{y + 13}" text-anchor="end">{escape(PEERS[peer].title)}</text>')
            if value > largest:  # it goes on, beyond the chart
                end = LEFT + length
                parts.append(f'<path class="{kind}" d="M{LEFT} {y}H{end:.1f}l-6 {BAR / 2}l6 {BAR / 2}H{LEFT}z"/>')
            else:
                parts.append(f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{max(length, 1):.1f}" height="{BAR}"/>')
            ratio = results.ratio(workload, peer, "hookd", metric)
            text = f"{short(value)} {unit}" if unit == "us" else short(value) + unit
            text += f", {short(ratio)} x" if peer != "hookd" else ""
            parts.append(f'<text{ours_mark} x="{LEFT + length + 8:.1f}" y="{y + 13}">{escape(text)}</text>')
            y += BAR + GAP
        y += 14
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img" '
            f'aria-label="hookd beside other brokers">\n<style>{STYLE}</style>\n{body}\n</svg>\n')
