"""The tables of the dream card, in Markdown; some are shown at the terminal too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gym_diamond.evaluation.ball_scores import NEAR
from gym_diamond.evaluation.markdown import number, table, with_interval
from gym_diamond.evaluation.questions import HEAD, answers
from gym_diamond.evaluation.verdict import marks

Metrics = Mapping[str, Any]

KIND_WORDS = {
    "reset": "after a reset",
    "anywhere": "anywhere",
    "before_reward": "just before a reward",
    "before_end": "just before an end",
}
SPREAD = {
    "ball_recall": "ball there",
    "ball_near": f"ball within {NEAR:g} px",
    "reward_f1": "reward F1 ± 1, real frames",
    "dreamt_reward_f1": "reward F1 ± 1, dreams",
    "end_f1": "end F1 ± 1, real frames",
}


def verdict_table(metrics: Metrics) -> str:
    """The questions of the verdict, each with its answer."""
    return table([HEAD, *answers(metrics)])


def drift_table(drift: Metrics) -> str:
    """The drift by frames and spans of frames after the start."""
    head = ("frame", "PSNR dB", "copy", "moving recall", "copy", "moving precision", "copy", "n")
    rows = []
    for mark in drift["psnr"]:
        levels = [with_interval(drift[name][mark], "{:.1f}") for name in ("psnr", "psnr_copy")]
        shares = [with_interval(drift[name][mark]) for name in ("recall", "recall_copy", "precision", "precision_copy")]
        rows.append((mark, *levels, *shares, f"{drift['psnr'][mark]['n']:,}"))
    return table([head, *rows])


def error_table(drift: Metrics) -> str:
    """How far pixels are off, and the structural similarity, by frame."""
    head = ("frame", "SSIM", "copy", "error", "copy", "error where it moves", "copy")
    rows = []
    for mark in marks(drift["ssim"]):
        similar = [with_interval(drift[name][mark], "{:.3f}") for name in ("ssim", "ssim_copy")]
        names = ("error", "error_copy", "moving_error", "moving_error_copy")
        rows.append((mark, *similar, *(with_interval(drift[name][mark]) for name in names)))
    return table([head, *rows])


def kinds_table(drift: Metrics) -> str:
    """The drift at one frame, by what the dreams start from: the kind of moment, and the policy that played."""
    mark = "15" if "15" in drift["psnr"] else marks(drift["psnr"])[-1]
    head = ("start", "dreams", *(f"{words}, frame {mark}" for words in ("PSNR dB", "copy", "moving recall", "copy")))
    named = [(KIND_WORDS[kind], drift["starts_by_kind"][kind], part) for kind, part in drift["by_kind"].items()]
    named += [
        (f"in play by {name}", drift["starts_by_policy"][name], part) for name, part in drift["by_policy"].items()
    ]
    rows = []
    for words, count, part in named:
        levels = [with_interval(part[name][mark], "{:.1f}") for name in ("psnr", "psnr_copy")]
        rows.append((words, f"{count:,}", *levels, *(with_interval(part[n][mark]) for n in ("recall", "recall_copy"))))
    return table([head, *rows])


def ball_table(ball: Metrics) -> str:
    """Whether there is a ball, and how far it is from where it should be, by frame."""
    head = ("frame", "there", "copy", f"within {NEAR:g} px", "copy", "median error px", "copy")
    rows = []
    for mark, error in ball["position_error"].items():
        names = ("recall", "recall_copy", "near", "near_copy")
        shares = [with_interval(ball["by_mark"][name][mark]) for name in names]
        rows.append((mark, *shares, *map(_median, (error, ball["position_error_copy"][mark]))))
    names = ("recall", "recall_copy", "near", "near_copy")
    rows.append(("all", *(with_interval(ball[name]) for name in names), "", ""))
    return table([head, *rows])


def hits_table(hits: Metrics) -> str:
    """Whether there is a ball, and where it should be, by frames before and after a hit."""
    rows = []
    for mark, there in hits["recall"].items():
        when = f"{mark.lstrip('-')} {'before' if mark.startswith('-') else 'after'}"
        near = hits["near"][mark]
        rows.append((when, with_interval(there), with_interval(near), f"{near['n']:,}"))
    return table([("frame", "there", f"within {NEAR:g} px", "n"), *rows])


def reward_end_table(reward_end: Metrics) -> str:
    """The scores of each reward and of the end, on real frames and in dreams."""
    rows: list[Sequence[str]] = [
        ("event", "played", "predicted", "precision", "recall", "F1", "F1 ± 1", "Brier", "ECE")
    ]
    for where, name in (("", "reward"), (" in dreams", "dreamt_reward")):
        classes = [value for value in reward_end.get(name, ()) if value not in ("any", "brier", "ece", "0")]
        for value in classes:
            scores = reward_end[name][value]
            if scores["played"] + scores["predicted"]:
                rows.append(_scores(f"reward {value}{where}", scores))
    for where, name in (("", "end"), (" in dreams", "dreamt_end")):
        if name in reward_end:
            rows.append(_scores(f"end{where}", reward_end[name]))
    return table(rows)


def reward_error_table(reward_end: Metrics) -> str:
    """How far rewards that are no classes are off, on real frames and in dreams."""
    rows: list[Sequence[str]] = [("rewards", "mean error", "of the best constant", "Pearson", "n")]
    for where, name in (("on real frames", "reward_error"), ("in dreams", "dreamt_reward_error")):
        found = reward_end[name]
        errors = [with_interval(found[key], "{:.3f}") for key in ("mae", "mae_constant")]
        rows.append((where, *errors, with_interval(found["pearson"]), f"{found['pearson']['n']:,}"))
    return table(rows)


def hallucinated_table(hallucinated: Metrics) -> str:
    """The rewards in 1,000 steps, dreamt and real."""
    head = ("player", "dream", "game", "dream - game", "n")
    words = {"noop": "does nothing", "random": "at random"}
    rows = []
    for name, player in words.items():
        found = hallucinated[name]
        cells = [with_interval(found[key], "{:.1f}") for key in ("dream", "real", "excess")]
        rows.append((player, *cells, f"{found['dream']['n']:,}"))
    return table([head, *rows])


def controllability_table(controllability: Metrics) -> str:
    """For each action, how often its dream is told from those of the others, and what it is taken for."""
    actions = controllability["actions"]
    head = ("held action", "recognised", *(f"as {action}" for action in actions))
    rows = []
    for action, taken_for in zip(actions, controllability["confusion"], strict=True):
        rows.append(
            (action, with_interval(controllability["by_action"][action]), *(f"{count:g}" for count in taken_for))
        )
    return table([head, *rows])


def ranking_table(ranking: Metrics) -> str:
    """The return of each policy in the game and in the dream, the best first."""
    best_first = sorted(ranking["policies"], key=lambda policy: -policy["real"]["mean"])
    rows = [(each["name"], with_interval(each["real"]), with_interval(each["dream"])) for each in best_first]
    return table([("policy", "in the game", "in the dream"), *rows])


def spread_table(spread: Metrics) -> str:
    """The figures of several fits beside each other."""
    rows = [(name, *(number(value, form) for value in values)) for name, values, form in _spread_rows(spread)]
    return table([("", *spread["worlds"]), *rows])


def _spread_rows(spread: Metrics) -> Iterator[tuple[str, Sequence[float | None], str]]:
    for mark, values in spread["psnr"].items():
        yield f"PSNR dB, frame {mark}", values, "{:.1f}"
    for span, values in spread["recall"].items():
        yield f"moving recall, frames {span}", values, "{:.2f}"
    for key, words in SPREAD.items():
        if key in spread:
            yield words, spread[key], "{:.2f}"


def _median(error: Metrics) -> str:
    return with_interval({**error, "mean": error["median"]}, "{:.1f}")


def _scores(name: str, scores: Metrics) -> tuple[str, ...]:
    exact, near = scores["within_0"], scores["within_1"]
    shares = [number(exact[key]) for key in ("precision", "recall")]
    f1s = [with_interval({"mean": s["f1"], "low": s["f1_low"], "high": s["f1_high"]}) for s in (exact, near)]
    calibration = [number(scores[key], "{:.4f}") for key in ("brier", "ece")]
    return (name, f"{scores['played']:,}", f"{scores['predicted']:,}", *shares, *f1s, *calibration)
