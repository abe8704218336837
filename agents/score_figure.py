"""Scores as a picture: every game a dot, the mean with its interval, and what others reached beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gym_diamond.evaluation.figures.canvas import BAR, COPY, DREAM, INK, panels, picture, png


def draw_scores(game: str, rows: Sequence[Mapping[str, Any]], others: Mapping[str, float]) -> bytes:
    """A line of dots for each of `rows`, as a PNG file.

    Args:
        game: for the title.
        rows: each with "policy", "sticky_actions", "games" (each with "score") and "score" (of `summarize`). One of
            several policies has the mean score of each in the place of a game.
        others: name to score, drawn as vertical lines.
    """
    figure, axes = panels(1, 1, 8.0, 1.6 + 0.5 * len(rows))
    plot = axes[0, 0]
    for height, row in enumerate(reversed(rows)):
        scores, mean = [played["score"] for played in row["games"]], row["score"]["mean"]
        plot.plot(scores, [height] * len(scores), "o", color=DREAM, alpha=0.25, markersize=5, markeredgewidth=0)
        if mean["low"] is not None:
            plot.plot([mean["low"], mean["high"]], [height + 0.2] * 2, color=BAR, linewidth=2)
        plot.plot(mean["value"], height + 0.2, "D", color=BAR, markersize=6)
    for name, score in sorted(others.items(), key=lambda item: item[1]):
        plot.axvline(score, color=COPY, linewidth=1, linestyle="--", zorder=0)
        plot.text(score, len(rows) - 0.35, f" {name}", fontsize=8, color=INK, rotation=35, ha="left", va="bottom")
    labels = [f"{Path(row['policy']).name}\nsticky {row['sticky_actions']:g}" for row in reversed(rows)]
    plot.set_yticks(range(len(rows)), labels)
    plot.set_ylim(-0.6, len(rows) - 0.3)
    plot.set_xlabel(f"score in {game}; diamonds: mean and 95% interval", fontsize=9, color=INK)
    return png(picture(figure))
