"""Draws the contest: one panel a size, a bar a contender, its rounds as dots. Runs in the benchmarks' environment.

Usage: python figure.py DATA.json PICTURE.svg
"""

import json
import sys
from pathlib import Path
from statistics import median

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

OURS, OTHERS, FLOOR = "#1f6f8b", "#b8b8b8", "#e0c36a"


def main(data: Path, picture: Path) -> None:
    """Draw CPU seconds; on a busy machine they say more than wall time."""
    shown = json.loads(data.read_text())
    mpl.rcParams.update({"font.size": 10, "svg.hashsalt": "lake", "svg.fonttype": "none"})
    count = len(shown["contests"])
    figure, axes = plt.subplots(1, count, figsize=(6.4 * count, 3.2), squeeze=False, layout="constrained")
    for axis, contest in zip(axes[0], shown["contests"], strict=True):
        names = [name for name in shown["order"] if name in contest["runs"]][::-1]
        for place, name in enumerate(names):
            seconds = contest["runs"][name]["cpu"]
            colour = OURS if name == "this pipeline" else FLOOR if name.startswith("bare") else OTHERS
            axis.barh(place, median(seconds), color=colour, height=0.62)
            axis.plot(seconds, [place] * len(seconds), "o", color="#333333", markersize=3)
            axis.annotate(
                f"{median(seconds):.1f} s", (max(seconds), place), xytext=(6, 0),
                textcoords="offset points", va="center",
            )  # fmt: skip
        axis.set_yticks(range(len(names)), names)
        axis.set_title(f"{contest['rows']:,} transactions")
        axis.set_xlabel("CPU seconds, raw to processed (median; dots are rounds)")
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.14)
        axis.set_xlim(left=0)
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
