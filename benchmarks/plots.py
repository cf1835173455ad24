"""`python -m benchmarks.plots FILE… [--into FOLDER]`: draws the curves of benchmarks as SVG.

A file is what `--json FILE` of `benchmarks.growth` or `benchmarks.pressure` wrote. Its `charts`
have a name, a title, what x and y are, and by the name of each line its points; `ticks` name
places on the x axis. Every y axis begins at 0, so that a flat curve looks flat.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[1] / "docs" / "explanation"
WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 40, 40, 48
LEGEND = 18
MOST_DOTS = 12
# Of middling brightness, to be read on a light page and on a dark one.
COLORS = ("#3b82c4", "#d9822b", "#3f9e6e", "#c0547e", "#8a6fc9", "#a08c2b")
INK, GRID = "#7d8590", "#7d859040"


class Axis(NamedTuple):
    """A stretch of numbers, and the pixels that it is drawn on."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the pixel of a number."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def round_steps(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers from below `low` to above `high`, the same step apart."""
    high = high if high > low else low + 1
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    return [number * step for number in range(first, last + 1)]


def svg(chart: Mapping[str, Any]) -> str:
    """Return a chart as an SVG document."""
    series: Mapping[str, Sequence[tuple[float, float]]] = chart["series"]
    points = [point for line in series.values() for point in line]
    heights = round_steps(0.0, max(y for _, y in points))
    places = [x for x, _ in points]
    ticks = chart.get("ticks") or [[x, f"{x:g}"] for x in round_steps(min(places), max(places))]
    bottom = HEIGHT - BOTTOM
    across = Axis(ticks[0][0], max(ticks[-1][0], ticks[0][0] + 1), LEFT, WIDTH - RIGHT)
    upward = Axis(heights[0], heights[-1], bottom, TOP)
    return "\n".join(
        [
            *_frame(chart, HEIGHT + LEGEND * len(series)),
            *(_height(y, upward.at(y)) for y in heights),
            *(_text(across.at(x), bottom + 18, label, "middle") for x, label in ticks),
            *(
                part
                for number, (name, line) in enumerate(series.items())
                for part in _line(number, name, [(across.at(x), upward.at(y)) for x, y in line])
            ),
            "</svg>\n",
        ]
    )


def _frame(chart: Mapping[str, Any], height: int) -> list[str]:
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = f'transform="rotate(-90 16 {middle:g})"'
    size = f'viewBox="0 0 {WIDTH} {height}" role="img"'
    look = f'font-family="sans-serif" font-size="12" fill="{INK}"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look}>',
        f"<title>{escape(chart['title'])}</title>",
        f'<text x="{LEFT}" y="22" font-size="15">{escape(chart["title"])}</text>',
        f'<text x="16" y="{middle:g}" text-anchor="middle" {turned}>{escape(chart["y"])}</text>',
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, chart["x"], "middle"),
    ]


def _height(value: float, y: float) -> str:
    line = f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>'
    return line + _text(LEFT - 8, y + 4, f"{value:,.6g}", "end")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(number: int, name: str, points: Sequence[tuple[float, float]]) -> list[str]:
    color = COLORS[number % len(COLORS)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    y = HEIGHT + LEGEND * number + 8
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in points]
    return [
        f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2"/>',
        *(dots if len(points) <= MOST_DOTS else []),
        f'<path d="M{LEFT} {y - 4}h18" stroke="{color}" stroke-width="3"/>',
        _text(LEFT + 26, y, name, "start"),
    ]


def main() -> None:
    """Draw what the files have."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plots", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--into", type=Path, default=FOLDER, metavar="FOLDER")
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    for file in given.files:
        for chart in json.loads(file.read_text())["charts"]:
            path = given.into / f"{chart['name']}.svg"
            path.write_text(svg(chart))
            print(path)


if __name__ == "__main__":
    main()
