"""The questions of a dream card's verdict, each answered in one line."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gym_diamond.evaluation.hits import WHERE
from gym_diamond.evaluation.markdown import number, with_interval
from gym_diamond.evaluation.verdict import (
    BAR,
    MADE_UP,
    Requirement,
    judge,
    judge_at_most,
    marks,
    presence,
    reach,
    right_frames,
)

HEAD = ("question", "answer", "measured", "against", "n")


class Answer(NamedTuple):
    """One line of the verdict, in words."""

    question: str
    answer: str
    measured: str
    against: str  # what the baseline gives
    n: str


def answers(metrics: Mapping[str, Any]) -> list[Answer]:
    """The verdict of all that was measured."""
    return [
        *_frames(metrics["drift"]),
        *(_ball(metrics["ball"]) if "ball" in metrics else _moving(metrics)),
        *(_hits(metrics["hits"]) if "hits" in metrics else ()),
        *_events(metrics.get("reward_end", {})),
        *(_made_up(metrics["hallucinated"]) if "hallucinated" in metrics else ()),
        *(_actions(metrics["controllability"]) if "controllability" in metrics else ()),
        *(_policies(metrics["ranking"]) if "ranking" in metrics else ()),
        _speed(metrics),
    ]


def _frames(drift: Mapping[str, Any]) -> Iterator[Answer]:
    requirement = right_frames({"drift": drift})
    mark = _shown(requirement)
    against = f"{number(drift['psnr_copy'][mark]['mean'], '{:.1f}')} dB, last frame repeated"
    measured = f"{with_interval(drift['psnr'][mark], '{:.1f}')} dB at {mark}"
    yield _until("frames look right up to", requirement, mark, measured, against)


def _moving(metrics: Mapping[str, Any]) -> Iterator[Answer]:
    yield _share("what moves is there up to", presence(metrics), metrics["drift"]["recall_copy"])


def _ball(ball: Mapping[str, Any]) -> Iterator[Answer]:
    for question, name in (("the ball is there up to", "recall"), ("it is where it should be up to", "near")):
        yield _share(question, (ball["by_mark"][name], BAR), ball["by_mark"][f"{name}_copy"])


def _hits(hits: Mapping[str, Any]) -> Iterator[Answer]:
    before, after = hits["near"]["-1"], hits["near"][str(WHERE)]
    measured = f"{with_interval(after)} where they should be, {WHERE} frames after the hit"
    against = f"{number(before['mean'])}, one frame before it"
    yield Answer("balls that the paddle hits go right", judge(after, BAR), measured, against, f"{after['n']:,}")


def _share(question: str, requirement: Requirement, copied: Mapping[str, Any]) -> Answer:
    mark = _shown(requirement)
    measured = f"{with_interval(requirement[0][mark])} at {mark}"
    return _until(question, requirement, mark, measured, f"{number(copied[mark]['mean'])}, last frame repeated")


def _until(question: str, requirement: Requirement, mark: str, measured: str, against: str) -> Answer:
    table, bar = requirement
    first, last, frame = marks(table)[0], marks(table)[-1], reach([requirement])
    none = "no frame" if judge(table[first], bar) == "no" else "unsure"
    answer = f"frame {frame} of {last}" if frame else none
    return Answer(question, answer, measured, against, f"{requirement[0][mark]['n']:,}")


def _shown(requirement: Requirement) -> str:
    """The frame whose numbers are shown: the last that is right, else the first."""
    return str(reach([requirement]) or marks(requirement[0])[0])


def _events(reward_end: Mapping[str, Any]) -> Iterator[Answer]:
    if "reward_error" in reward_end:
        yield _reward_error(reward_end["reward_error"], reward_end["dreamt_reward_error"])
    rewards = (reward_end.get(name, {}).get("any") for name in ("reward", "dreamt_reward"))
    ends = (reward_end.get(name) for name in ("end", "dreamt_end"))
    for question, (real, dreamt) in (("rewards are right", rewards), ("ends are right", ends)):
        if real is None or dreamt is None:  # a world whose only reward is 0, whose rewards are no classes, without ends
            continue
        near, n = _f1(dreamt), dreamt["played"]
        measured = f"F1 {with_interval(near)} in dreams, {with_interval(_f1(real))} on real frames"
        yield Answer(question, judge(near, BAR), measured, "0, never any", f"{n:,}; {real['played']:,}")


def _reward_error(real: Mapping[str, Any], dreamt: Mapping[str, Any]) -> Answer:
    found = [with_interval(each["pearson"]) for each in (dreamt, real)]
    measured = f"Pearson {found[0]} in dreams, {found[1]} on real frames"
    answer, n = judge(dreamt["pearson"], BAR), f"{dreamt['pearson']['n']:,}; {real['pearson']['n']:,}"
    return Answer("rewards are right", answer, measured, "0, no relation", n)


def _f1(scores: Mapping[str, Any]) -> dict[str, Any]:
    """F1 with a frame of tolerance, as an estimate over the events that were played."""
    found = scores["within_1"]
    return {"mean": found["f1"], "low": found["f1_low"], "high": found["f1_high"], "n": scores["played"]}


def _made_up(hallucinated: Mapping[str, Any]) -> Iterator[Answer]:
    noop = hallucinated["noop"]
    measured = f"{with_interval(noop['dream'], '{:.1f}')} rewards in 1,000 steps of doing nothing"
    against = f"{with_interval(noop['real'], '{:.1f}')} in the game"
    answer, n = judge_at_most(noop["excess"], MADE_UP), noop["dream"]["n"]
    yield Answer("idleness pays no more than in the game", answer, measured, against, f"{n:,}")


def _actions(controllability: Mapping[str, Any]) -> Iterator[Answer]:
    share = controllability["share"]
    measured = f"{with_interval(share)} of outcomes told apart after {controllability['frames']} frames"
    against = f"{number(controllability['chance']['mean'])}, chance"
    yield Answer("actions matter", judge(share, BAR), measured, against, f"{share['n']:,}")


def _policies(ranking: Mapping[str, Any]) -> Iterator[Answer]:
    pearson, n = {**ranking["pearson"], "n": ranking["starts"]}, f"{len(ranking['policies'])} x {ranking['starts']}"
    measured = f"Pearson {with_interval(pearson)}, Spearman {with_interval(ranking['spearman'])}"
    yield Answer("better policies score higher", judge(pearson, BAR), measured, "0, no relation", n)


def _speed(metrics: Mapping[str, Any]) -> Answer:
    speed = metrics["speed"]
    measured = f"{speed['rows']} dreams at a time, {metrics['precision']}, {metrics['hardware']['model']}"
    against = f"{metrics['fps']}/s, one game as people play it"
    return Answer("speed", f"{speed['env_steps_per_second']:,.0f} env-steps/s", measured, against, "-")
