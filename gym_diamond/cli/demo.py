"""`gym-diamond demo`: dream several games at once and write a GIF of them."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import numpy as np
import tyro
from PIL import Image
from tqdm import tqdm

from gym_diamond.choices import choices_of
from gym_diamond.cli import say
from gym_diamond.errors import InvalidArgument

COLUMNS = 4  # dreams side by side in the GIF
ZOOM = 2  # screen pixels per dreamt pixel


@dataclass(frozen=True)
class Arguments:
    """Dream several games at once, say what happened in them, and write a GIF.

    Needs no network, no GPU and no Atari emulator: the world of Breakout comes with the package.
    """

    game: str | None = None
    """Name as in ALE's ids: Breakout, MsPacman, ...; by default what --world dreams, and Breakout without one."""
    out: Path = Path("dream.gif")
    """Where the GIF is written."""
    world: str | None = None
    """A world directory, as `gym-diamond fit` writes it; by default the world that is bundled for the game."""
    num_envs: int = 8
    """Dreams at once."""
    steps: int = 100
    """Steps of each dream."""
    seed: int = 0
    """Of starts, noise and actions."""
    device: str = "auto"
    """cpu, cuda, cuda:1, mps; auto is CUDA where there is one."""


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond demo`."""
    arguments = tyro.cli(Arguments, args=argv, prog="gym-diamond demo")
    if arguments.num_envs < 1 or arguments.steps < 1:
        raise InvalidArgument(
            f"--num-envs is {arguments.num_envs} and --steps {arguments.steps}; both must be at least 1."
        )
    check_writable(arguments.out)
    from gym_diamond.envs.loading import LoadedDreamVectorEnv  # torch takes a second: only now

    envs = LoadedDreamVectorEnv(
        num_envs=arguments.num_envs,
        game=arguments.game or (None if arguments.world else "Breakout"),
        world=arguments.world,
        device=arguments.device,
        max_episode_steps=-1,
        render_mode="rgb_array",
    )
    frames, rewards, ends, seconds = dream(envs, arguments.steps, arguments.seed)
    write_gif(arguments.out, frames, fps=int(envs.metadata["render_fps"]))
    envs.close()
    num = arguments.steps * arguments.num_envs
    say(
        f"{num:,} steps of {arguments.num_envs} dreams in {seconds:.1f} s: {num / seconds:.0f} env-steps/s, "
        f"{int((rewards != 0).sum())} rewards (sum {rewards.sum():+.0f}), {int(ends.sum())} games ended"
    )
    say(f"Watch them: {arguments.out}")
    return 0


def dream(
    envs: gymnasium.vector.VectorEnv, steps: int, seed: int
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray, float]:
    """Pictures of all dreams at each step, rewards and ends `(steps, N)`, and the seconds the steps took.

    Actions are held for a random while, as a person would: uniform ones would hardly move the paddle.
    """
    rng = np.random.default_rng(seed)
    num, choices = envs.num_envs, choices_of(envs.single_action_space)
    if choices is None:
        raise InvalidArgument(f"The actions are {envs.single_action_space}; they must be Discrete or MultiDiscrete.")
    shape = (num, *choices.shape)
    actions = rng.integers(choices.limits, size=shape)
    envs.reset(seed=seed)
    frames, rewards, ends = [mosaic(envs.render())], [], []  # pyright: ignore[reportArgumentType]
    seconds = 0.0
    for _ in tqdm(range(steps), desc="dreaming", unit=" steps"):
        fresh = rng.integers(choices.limits, size=shape)
        actions = np.where(rng.random(shape) < 1 / 6, fresh, actions)
        began = time.perf_counter()
        _, reward, terminated, _, _ = envs.step(actions)
        seconds += time.perf_counter() - began
        frames.append(mosaic(envs.render()))  # pyright: ignore[reportArgumentType]
        rewards.append(reward)
        ends.append(terminated)
    return frames, np.stack(rewards), np.stack(ends), seconds


def mosaic(pictures: tuple[np.ndarray, ...]) -> np.ndarray:
    """One picture of equally large ones `(H, W, 3)`, `COLUMNS` to a row, each enlarged by `ZOOM`."""
    height, width, channels = pictures[0].shape
    columns = min(COLUMNS, len(pictures))
    lines = -(-len(pictures) // columns)
    grid = np.zeros((lines, columns, height, width, channels), np.uint8)
    for i, picture in enumerate(pictures):
        grid[i // columns, i % columns] = picture
    joined = grid.swapaxes(1, 2).reshape(lines * height, columns * width, channels)  # (l, H, c, W, 3) -> (lH, cW, 3)
    return joined.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)


def write_gif(path: Path, frames: list[np.ndarray], fps: int) -> None:
    """Write `frames` `(H, W, 3)` uint8 as an endless GIF, whole or not at all."""
    from gym_diamond.files import replacing

    images = [Image.fromarray(frame).quantize(64, dither=Image.Dither.NONE) for frame in frames]
    with replacing(path) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=1000 // fps,
            loop=0,
            optimize=False,
        )


def check_writable(path: Path) -> None:
    """Nothing, if a GIF can be written to `path`: told before a minute of dreaming, not after it.

    Raises:
        InvalidArgument: the folder does not exist or cannot be written to, or the name is not that of a GIF.
    """
    if path.suffix.lower() != ".gif":
        raise InvalidArgument(f"--out {path} must end in .gif.")
    folder = path.parent
    if not folder.is_dir():
        raise InvalidArgument(f"--out {path} cannot be written: there is no folder {folder}. Make it first.")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InvalidArgument(f"--out {path} cannot be written: {error.strerror} in {folder}.") from error
