"""`gym-diamond demo`: dream several games at once and write a GIF of them."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gymnasium
import numpy as np
import tyro
from PIL import Image
from tqdm import tqdm

from gym_diamond.cli import check_seed, find_own_modules, say
from gym_diamond.errors import InvalidArgument

if TYPE_CHECKING:
    from gym_diamond.collection.policies import Policy

COLUMNS = 4  # dreams side by side in the GIF
ZOOM = 2  # screen pixels per dreamt pixel


@dataclass(frozen=True)
class Arguments:
    """Dream several games at once, say what happened in them, and write a GIF.

    Needs no network, no GPU and no Atari emulator: the worlds of Breakout and Pong come with the package. A dream that
    is over, or was cut off, begins anew at another moment.

    Aimless play, and a player who follows the ball:
      gym-diamond demo
      gym-diamond demo --game Pong --policy scripted
    """

    game: str | None = None
    """Name as in ALE's ids: Breakout, MsPacman, ...; by default what --world dreams, and Breakout without one."""
    out: Path = Path("dream.gif")
    """Where the GIF is written."""
    world: str | None = None
    """A world directory, as `gym-diamond fit` writes it; by default the one that is bundled for
    the game, or else the authors', which is fetched."""
    contexts: str | None = None
    """Where dreams begin: "coming" in the bundled worlds (the ball is on its way to the paddle), or a .npz; by default
    at the world's moments of all kinds."""
    num_envs: int = 8
    """Dreams at once."""
    policy: str = "sticky"
    """Who plays: sticky (actions at random, held for a while), random, scripted (follows the ball, in Breakout and
    Pong), always:NOOP, an agent's .zip of stable-baselines3, a world directory with a policy, python:MODULE:NAME (a
    function or class of yours), or any other that `gym-diamond collect --help` names."""
    steps: int = 100
    """Steps of all dreams."""
    max_episode_steps: int = 50
    """After which a dream is cut off; -1 = never."""
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
    check_seed(arguments.seed)
    check_writable(arguments.out)
    find_own_modules()
    from gym_diamond.collection.roster import make_policy  # torch takes a second: only now
    from gym_diamond.envs.loaded import LoadedDreamVectorEnv

    envs = LoadedDreamVectorEnv(
        num_envs=arguments.num_envs,
        game=arguments.game or (None if arguments.world else "Breakout"),
        world=arguments.world,
        contexts=arguments.contexts,
        device=arguments.device,
        max_episode_steps=arguments.max_episode_steps,
        stagger=arguments.max_episode_steps > 0,
        render_mode="rgb_array",
    )
    player = make_policy(arguments.policy, envs.dream.world.spec, arguments.num_envs)
    frames, rewards, ends, seconds = dream(envs, player, arguments.steps, arguments.seed)
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
    envs: gymnasium.vector.VectorEnv, player: "Policy", steps: int, seed: int
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray, float]:
    """Pictures of all dreams at each step, rewards and ends `(steps, N)`, and the seconds the steps took.

    Args:
        envs: N dreams that begin anew in the step that ends them.
        player: plays all of them.
        steps: of all dreams.
        seed: of starts, noise and actions.
    """
    rng, rows = np.random.default_rng(seed), np.arange(envs.num_envs)
    obs, _ = envs.reset(seed=seed)
    player.begin(rows)
    frames, rewards, ends = [mosaic(envs.render())], [], []  # pyright: ignore[reportArgumentType]
    seconds = 0.0
    for _ in tqdm(range(steps), desc="dreaming", unit=" steps"):
        actions = player.act(rows, obs, rng)
        began = time.perf_counter()
        obs, reward, terminated, truncated, _ = envs.step(actions)
        seconds += time.perf_counter() - began
        player.begin(rows[terminated | truncated])
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
    from gym_diamond.evaluation.figures.film import milliseconds
    from gym_diamond.files import replacing

    images = [Image.fromarray(frame).quantize(64, dither=Image.Dither.NONE) for frame in frames]
    with replacing(path) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=milliseconds(fps),
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
