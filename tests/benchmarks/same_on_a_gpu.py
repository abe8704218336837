"""Whether a GPU dreams what the plain step on a CPU dreams: `python -m tests.benchmarks.same_on_a_gpu`.

One step from each of 50 moments of real play of a bundled world, with the same noise: the world's own `step` in float32
on the CPU, held against the engine on `--device` in each precision and mode. Then, in each: a tensor that was handed
out stays as it is when later steps are replayed, equal seeds dream equal dreams, and a row's dream is its own.

In float32 999 of 1,000 pixels must be within one grey level, and all rewards and ends equal that no draw's nearness to
its threshold explains; in both the rest must hold: otherwise the exit status is 1. What bfloat16 costs in frames is
measured by `gym-diamond evaluate`, on a world's own, and only told here.
"""

import argparse
import sys
from typing import NamedTuple

import torch
from torch import Tensor

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import say
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.loading import DreamArguments, load_dream
from gym_diamond.frames import to_frames
from gym_diamond.hub import find_world

NUM = 50
CLOSE = 1e-3  # a draw so near to its threshold may fall on either side
LEAST_WITHIN = 0.999  # of the values of pixels, within one grey level in float32


class Compared(NamedTuple):
    """What is the same in two steps of NUM rows each."""

    within_one_level: float  # the share of values of pixels
    largest: int  # difference, in grey levels
    psnr: float  # dB
    rewards: int  # that differ, and that a draw's nearness to its threshold does not explain
    ends: int
    end_prob: float  # the largest difference


def plain(game: str) -> Dream:
    """Dreams by the specification: the world's own step, in float32 on the CPU."""
    world = load_world(find_world(None, game), device="cpu", precision="fp32")
    return Dream(world.model, world.contexts, NUM)


def first_step(dream: Dream) -> tuple[Tensor, ...]:
    """Frames uint8, rewards, ends, their probabilities, all on the CPU, of one step from the first NUM moments."""
    dream.reset(seed=0, context=torch.arange(NUM))
    step = dream.step(actions(dream))
    values = (to_frames(step.final_obs), step.reward, step.terminated, step.reward_probs.float(), step.end_prob.float())
    return tuple(value.cpu() for value in values)


def actions(dream: Dream) -> Tensor:
    """The same for every dream: all actions in turn."""
    return (torch.arange(dream.num_envs) % dream.world.spec.num_actions).to(dream.world.device)


def compared(spec: tuple[Tensor, ...], fast: tuple[Tensor, ...], uniforms: Tensor) -> Compared:
    """How much two steps are the same, `uniforms` `(N, 2)` being what rewards and ends were drawn by."""
    (frames, reward, end, probs, end_prob), (frames_, reward_, end_, _, end_prob_) = spec, fast
    difference = (frames.int() - frames_.int()).abs()
    mse = difference.double().square().mean().clamp(min=1e-12)
    near_reward = ((probs.cumsum(-1)[:, :-1] - uniforms[:, :1]).abs() < CLOSE).any(-1)
    near_end = (end_prob - uniforms[:, 1]).abs() < CLOSE
    return Compared(
        (difference <= 1).double().mean().item(),
        int(difference.max()),
        (10 * torch.log10(255**2 / mse)).item(),
        int(((reward != reward_) & ~near_reward).sum()),
        int(((end != end_) & ~near_end).sum()),
        (end_prob - end_prob_).abs().max().item(),
    )


def complaints(found: Compared) -> list[str]:
    """What makes a float32 step another than the specification's; empty if it is the same."""
    said = []
    if found.within_one_level < LEAST_WITHIN:
        said.append(f"{found.within_one_level:.5f} of the pixels are within one grey level, fewer than {LEAST_WITHIN}")
    for name, differing in (("rewards", found.rewards), ("ends", found.ends)):
        if differing:
            said.append(f"{differing} {name} differ")
    return said


def shell_complaints(dream: Dream) -> list[str]:
    """What is wrong around the model: what is handed out should stay, equal seeds dream equally, rows be their own."""
    said = []
    dream.reset(seed=0)
    action = actions(dream)
    handed_out = dream.step(action)
    copies = [value.clone() for value in handed_out]
    for _ in range(3):
        dream.step(action)
    if not all(torch.equal(value, copy) for value, copy in zip(handed_out, copies, strict=True)):
        said.append("a tensor that was handed out is overwritten by later steps")
    dream.reset(seed=0)
    if not all(torch.equal(a, b) for a, b in zip(dream.step(action), copies, strict=True)):
        said.append("equal seeds dream different dreams")
    dream.reset(seed=0)
    other = action.clone()
    other[1:] = (action[1:] + 1) % dream.world.spec.num_actions
    if not torch.equal(dream.step(other).final_obs[0], copies[4][0]):
        said.append("a row depends on its neighbours")
    return said


def main(game: str, device: str, precisions: list[str], modes: list[str]) -> list[str]:
    """Prints a table of the comparisons, and gives back what is wrong."""
    wrong = []
    slow = plain(game)
    spec = first_step(slow)
    now = slow.world.draw(slow.snapshot().keys, torch.ones(NUM, dtype=torch.int64))  # the step after a reset
    say(f"{game}, {NUM} moments, {slow.world.sampling.num_denoising_steps} denoising steps, {device}")
    say("| precision | mode | within 1 level | largest | PSNR dB | rewards | ends | end_prob |")
    for precision in precisions:
        for mode in modes:
            arguments = DreamArguments(game=game, device=device, precision=precision, compile=mode == "compile")
            dream = load_dream(arguments, NUM, max_episode_steps=None, autoreset_mode="SameStep", stagger=False).dream
            found = compared(spec, first_step(dream), now.reward_end)
            share, largest, psnr, rewards, ends, end_prob = found
            say(
                f"| {precision} | {mode} | {share:.5f} | {largest} | {psnr:.1f} | {rewards} | {ends} | {end_prob:.2g} |"
            )
            if precision == "fp32":
                wrong += [f"{precision} {mode}: {complaint}" for complaint in complaints(found)]
            wrong += [f"{precision} {mode}: {complaint}" for complaint in shell_complaints(dream)]
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="Breakout")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--modes", nargs="+", default=["eager", "compile"])
    given = parser.parse_args()
    found_wrong = main(given.game, given.device, given.precisions, given.modes)
    sys.exit("\n".join(found_wrong) if found_wrong else 0)
