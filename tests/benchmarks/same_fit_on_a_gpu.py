"""Whether a recorded fit learns what one without a recording does: `python -m tests.benchmarks.same_fit_on_a_gpu`.

Two fits of each network of a preset from the same random weights to the same play, on `--device`: one takes each loss
and its way back as they are written, the other as a CUDA graph. Their losses and weights after `--steps` updates, and
the updates a second of both. A GPU adds up in no fixed order, so a second fit as written says how much is by chance.
"""

import argparse
import time
from dataclasses import replace
from typing import NamedTuple

import torch

from gym_diamond import world_models
from gym_diamond.benchmarking.fit_speed import noisy_play
from gym_diamond.cli import say
from gym_diamond.fitting.config import FitConfig, RunConfig
from gym_diamond.fitting.learner import update
from gym_diamond.fitting.material import Material
from gym_diamond.fitting.setup import make_setup
from gym_diamond.hardware import Precision
from gym_diamond.world_models.protocol import WorldSpec

SPEC = WorldSpec("Breakout", 64, 64, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


class Fitted(NamedTuple):
    """What a fit came to."""

    losses: torch.Tensor  # (steps,) float64
    weights: torch.Tensor  # all of them
    updates_per_second: float  # after the first


def fitted(preset: str, device: torch.device, fit: FitConfig, place: int, steps: int) -> Fitted:
    """A fit of the network in `place`."""
    model = world_models.backend("diamond").presets[preset]
    made = make_setup(RunConfig(preset=preset, model=model, fit=fit), Material(SPEC, noisy_play(SPEC)), device)
    learner, losses, began = made.learners[place], [], 0.0
    for step in range(steps):
        losses.append(update(learner, made.store, fit.seed, step, step / steps)["loss"])
        if step == 0:
            losses[0].item()  # waits for the recording
            began = time.perf_counter()
    values = torch.stack(losses).double().cpu()
    spent = time.perf_counter() - began
    weights = torch.cat([parameter.detach().flatten() for parameter in learner.objective.network.parameters()])
    return Fitted(values, weights.cpu(), (steps - 1) / spent)


def apart(a: Fitted, b: Fitted) -> str:
    """How far two fits are apart, relative to the first."""
    losses = ((a.losses - b.losses).abs() / a.losses.abs()).max().item()
    return f"{losses:.2g} | {((a.weights - b.weights).norm() / a.weights.norm()).item():.2g}"


def main(preset: str, device: str, precisions: list[Precision], modes: list[str], steps: int) -> None:
    """Prints a table of the comparisons."""
    say(f"{preset}, {steps} updates, {device}")
    say("| network | precision | mode | losses, weights apart: recorded | by chance | updates/s written | recorded |")
    for precision in precisions:
        for mode in modes:
            for place, name in enumerate(("denoiser", "reward_end")):
                config = FitConfig(steps=steps, precision=precision, compile=mode == "compile", num_contexts=1)
                without = replace(config, cuda_graph=False)
                where = torch.device(device)
                plain, again, recorded = (
                    fitted(preset, where, fit, place, steps) for fit in (without, without, config)
                )
                speeds = f"{plain.updates_per_second:.1f} | {recorded.updates_per_second:.1f}"
                say(f"| {name} | {precision} | {mode} | {apart(plain, recorded)} | {apart(plain, again)} | {speeds} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--modes", nargs="+", default=["eager", "compile"])
    parser.add_argument("--steps", type=int, default=50)
    given = parser.parse_args()
    main(given.preset, given.device, given.precisions, given.modes, given.steps)
