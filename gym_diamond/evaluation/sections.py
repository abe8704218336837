"""The sections of the dream card: what was measured, with what it means, how it was measured and against what."""

from collections.abc import Mapping
from typing import Any

from gym_diamond.evaluation import pixels, tables
from gym_diamond.evaluation.ball_scores import NEAR, PATIENCE, SPAN
from gym_diamond.evaluation.hits import BEFORE
from gym_diamond.evaluation.judging import BURN_IN
from gym_diamond.evaluation.markdown import image, number, with_interval
from gym_diamond.evaluation.tables import KIND_WORDS
from gym_diamond.frames import MAX_LEVEL

Metrics = Mapping[str, Any]


def drift(metrics: Metrics) -> str:
    """How the frames drift away from reality."""
    found = metrics["drift"]
    kinds = ", ".join(f"{KIND_WORDS[kind]} {count}" for kind, count in found["starts_by_kind"].items())
    players = ", ".join(f"{name} {count}" for name, count in found["starts_by_policy"].items())
    lost = " Dreams that lack the ball of the real frame are framed in orange." if "ball" in metrics else ""
    return _join(
        "### Drift",
        f"{found['num_starts']} dreams start in {found['episodes']} held-out episodes ({kinds}; in play by {players}) "
        "and take the actions that were played there, never corrected, with "
        f"{metrics['num_denoising_steps']} denoising steps a frame. Frames after the end of the real episode do not "
        "count. *Copy*, the baseline, repeats the last real frame.",
        image("Drift over frames, dream and baseline", "drift.png"),
        tables.drift_table(found),
        "**PSNR** is the mean over dreams of that of each frame, with a mean squared error of at least "
        f"{pixels.ERROR_FLOOR:g} (grey levels), so at most 61.1 dB. **Moving** pixels differ from the frame before, or "
        f"from the episode's median frame, by more than {pixels.MOVING_LEVELS} grey levels: what an agent has to see. "
        "Recall is the share of the real ones that have their like in the dream, at most "
        f"{pixels.REACH} pixel away and {pixels.TOLERANCE:.0%} of the range off; precision is the share of the dream's "
        "that have it in reality.",
        tables.error_table(found),
        "**SSIM** is the structural similarity of two frames, 1 for equal ones. **Error** is the mean absolute one in "
        f"grey levels (of {MAX_LEVEL}), over all pixels and over those that move in reality.",
        tables.kinds_table(found),
        image("Real frames, dreamt ones and their difference", "strips.png"),
        "Real frames, dreamt ones and their difference, from starts drawn at random; white is after the end of the "
        f"real episode.{lost}",
    )


def ball(metrics: Metrics) -> str:
    """Whether the ball is there, and where."""
    found = metrics["ball"]
    detector = found["detector"]
    return _join(
        "### Ball",
        tables.ball_table(found),
        "A detector of fixed rules looks for the ball in real and dreamt frames. Against the emulator's own memory, on "
        f"{detector['frames']:,} real frames, its F1 is {number(detector['f1'], '{:.3f}')} and it is off by "
        f"{number(detector['position_error'])} pixels. **There** (recall): of the real frames with a ball, the share "
        f"whose dream has exactly one. **Within {NEAR:g} px**: the share whose dream has exactly one, at most {NEAR:g} "
        "pixels from the real one. Precision, of the dreamt frames with any ball the share that has one where reality "
        f"has one too, is {with_interval(found['precision'])} (copy: {with_interval(found['precision_copy'])}). "
        f"*All* is over the first {SPAN} frames, each dream counting once. The **error** is the median distance where "
        "both have one.",
        "All this asks two things of a dream: to keep a ball and to serve one. While the ball of the start is in play, "
        f"it is there in {with_interval(found['recall_in_play'])} of frames and within {NEAR:g} px in "
        f"{with_interval(found['near_in_play'])}. Of the {found['served']['n']} starts without a ball to which the "
        f"game serves one, the dream serves one, anywhere, by {PATIENCE} frames later in "
        f"{with_interval(found['served'])}.",
    )


def hits(metrics: Metrics) -> str:
    """What becomes of a ball that the paddle hits."""
    found = metrics["hits"]
    return _join(
        "### Hits",
        tables.hits_table(found),
        f"{found['starts']} dreams begin {BEFORE} frames before the agent's paddle hits the ball, in "
        f"{found['episodes']} held-out episodes, under the actions played. Frames count from the last before the hit. "
        "**There** and **within** are those of the ball above. A ball that flies is easily right. Where to hit it, an "
        "agent can learn only in dreams that are right after the hit.",
    )


def reward_end(metrics: Metrics) -> str:
    """Whether rewards and ends come when they should."""
    found = metrics["reward_end"]
    return _join("### Reward and end", *_reward_error(found), *_event_scores(found))


def _event_scores(found: Metrics) -> tuple[str, ...]:
    """The scores of rewards that are classes and of ends; nothing where there are neither."""
    if "confusion" not in found and "end_confusion" not in found:
        return ()
    return (
        tables.reward_end_table(found),
        f"On real frames: of each of {found['transitions']:,} held-out transitions, given it and at least {BURN_IN} "
        "before it (fewer at the beginning of an episode). In dreams: of those above, against what was really earned "
        "there. Predicted is what is likeliest. F1 ± 1 lets an event come one frame early or late. The baseline is a "
        "model that never expects any: F1 0. **Brier** is the mean squared error of the probabilities, **ECE** how far "
        "they are from the shares that came true, over ten bins.",
        image("What was played and what was predicted", "reward_end.png"),
    )


def _reward_error(found: Metrics) -> tuple[str, ...]:
    """What stands in place of the scores of classes, where rewards are none."""
    if "reward_error" not in found:
        return ()
    text = (
        "The rewards of this game take more values than a dream tells apart, so they are no events. **Mean error**: "
        "the mean absolute difference of the mean that the world expects and what was earned, against always giving "
        "the median of what was earned, the best of all constants. **Pearson**: their correlation. Intervals are over "
        "resampled stretches of play, of which there are n."
    )
    return tables.reward_error_table(found), text


def hallucinated(metrics: Metrics) -> str:
    """How many rewards come out of nothing."""
    found = metrics["hallucinated"]
    return _join(
        "### Made-up rewards",
        tables.hallucinated_table(found),
        f"Rewards (whatever their sign) in 1,000 steps of a player who does nothing and of one who acts at random, in "
        f"the dream and in the emulator from the same {found['starts']} starts, at most {found['horizon']} steps "
        "each and as long as the real life lasts. Rewards that the dream misses make up for those that it invents. The "
        "baseline is the game itself.",
    )


def controllability(metrics: Metrics) -> str:
    """Whether the actions do what they do in the game."""
    found = metrics["controllability"]
    return _join(
        "### Controllability",
        tables.controllability_table(found),
        f"From each of {found['states']} real states in which the actions make a difference, the emulator and the "
        f"dream hold each action for {found['frames']} frames. The dream of an action is recognised if, by the mean "
        "squared error over these frames, it is nearer to what that action really led to than to the outcome of any "
        f"other: {with_interval(found['share'])} of the outcomes of a state are, on average. The baseline is chance, "
        f"one over the number of different outcomes: {with_interval(found['chance'])}.",
    )


def ranking(metrics: Metrics) -> str:
    """Whether policies that are better in the game are better in the dream."""
    found = metrics["ranking"]
    return _join(
        "### Policies",
        image("Return in the dream against return in the game", "ranking.png"),
        tables.ranking_table(found),
        f"Each policy takes over at the same {found['starts']} moments of real games and plays on for "
        f"{found['horizon']} steps, in the emulator and in the dream; a lost life ends both, rewards count by their "
        f"sign in both. Over policies, the returns have Pearson's r {with_interval(found['pearson'])} and, by rank, "
        f"Spearman's {with_interval(found['spearman'])}; their intervals are over resampled moments. A dream that "
        "cannot tell good from bad has 0.",
    )


def spread(metrics: Metrics) -> str:
    """How far fits with other seeds differ."""
    return _join(
        "### Spread",
        tables.spread_table(metrics["spread"]),
        "Other fits, measured from the same starts: what differs between them is luck of the fit.",
    )


def speed(metrics: Metrics) -> str:
    """How fast it dreams, and on what."""
    found, machine = metrics["speed"], metrics["hardware"]
    return _join(
        "### Speed",
        f"{found['env_steps_per_second']:,.0f} env-steps/s with {found['rows']} dreams at a time, "
        f"{metrics['num_denoising_steps']} denoising steps a frame, {metrics['precision']}, "
        f"{'compiled' if metrics['compiled'] else 'not compiled'}, on {machine['model']} ({machine['threads']} "
        "threads); the first step, which is slow, is not counted. "
        f"People play at {metrics['fps']} steps a second.",
    )


def not_measured(metrics: Metrics) -> str:
    """What is missing, why, and how to get it; empty if nothing is."""
    reasons = metrics["not_measured"]
    lines = "\n".join(f"- **{TITLES[name]}**: {reason}" for name, reason in reasons.items())
    return _join("### Not measured", lines) if reasons else ""


TITLES = {
    "ball": "Ball",
    "hits": "Hits",
    "rewards": "Rewards",
    "ends": "Ends",
    "hallucinated": "Made-up rewards",
    "controllability": "Controllability",
    "ranking": "Policies",
    "spread": "Spread",
}


def _join(*parts: str) -> str:
    return "\n\n".join(parts)
