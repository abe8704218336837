"""Your own game, end to end: play it, fit a world to it, measure the world, train PPO in it, and judge PPO in the game.

The game is `squash.py`, beside this file. Needs `pip install "gym-diamond[all]"`. docs/your_game.md says what came out,
and how long it took.
"""

import argparse
import json
import sys
from pathlib import Path

import gymnasium
import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor

import gym_diamond  # registers the ids
from gym_diamond.cli import main as gym_diamond_cli
from gym_diamond.envs.sb3 import DreamVecEnv

sys.path.insert(0, str(Path(__file__).parent))  # where squash.py is
FRAME_STACK = 2  # one frame does not show where the ball is going
SEED = 1_000_003  # of the games in which PPO is judged

# A short fit of a small, deterministic game: more updates rather than better ones, and frames drawn in one step.
QUICK = (
    *("--denoiser.lr", "1e-3", "--reward-end.every", "1", "--sampling.num-denoising-steps", "1"),
    *("--loss.denoiser.num-autoregressive-steps", "0", "--loss.denoiser.motion-radius", "3"),
    *("--loss.denoiser.sigma-log-mean", "0.2", "--loss.denoiser.sigma-log-std", "1.6"),  # much noise, as in one step
)


def run(*words: str) -> None:
    """Run one `gym-diamond` command as a shell would."""
    print(f"$ gym-diamond {' '.join(words)}", flush=True)
    status = gym_diamond_cli(words)
    if status:
        raise SystemExit(status)


def fit(steps: int, minutes: float, preset: str, out: str) -> None:
    """Leave a world of Squash in `out`, with its dream card."""
    collect = ("collect", "squash:Squash-v0", "--size", "24", "24", "--overwrite")
    played = ("--policy", "random=0.25", "sticky=0.25", "python:squash:follow@0.4=0.5")
    run(*collect, *played, "--steps", str(steps), "--dataset", "squash/mixed-v0")
    # Other seeds and another player; random, not sticky, so that no short episode is by chance one that was fitted to.
    held_out = ("--policy", "random=0.5", "python:squash:follow@0.2=0.5", "--seed", str(SEED))
    run(*collect, *held_out, "--steps", str(steps // 5), "--dataset", "squash/heldout-v0")
    run("fit", "--dataset", "squash/mixed-v0", "--preset", preset, "--max-minutes", str(minutes), "--out", out, *QUICK)
    run("evaluate", out, "--dataset", "squash/heldout-v0", "--min-episode-steps", "20", "--horizon", "30")


def train(world: str, total_timesteps: int) -> PPO:
    """PPO, trained in dreams of `world` alone."""
    dream = "gym_diamond:DiamondDream-v0"
    envs = gymnasium.make_vec(dream, num_envs=16, world=world, frame_stack=FRAME_STACK, stagger=True)
    settings = {"n_steps": 64, "batch_size": 256, "n_epochs": 8, "learning_rate": 5e-4, "gamma": 0.95, "ent_coef": 0.01}
    agent = PPO("MlpPolicy", VecMonitor(DreamVecEnv(envs)), seed=0, verbose=1, **settings)
    return agent.learn(total_timesteps, log_interval=4)


def score(agent: PPO | None, num_games: int) -> list[float]:
    """The return of each of `num_games` real games, played by `agent`, or at random."""
    env = gymnasium.make("Squash-v0")
    env.action_space.seed(SEED)
    returns = []
    for game in range(num_games):
        frame, _ = env.reset(seed=SEED + game)
        seen, total, over = [frame] * FRAME_STACK, 0.0, False
        while not over:
            stack = np.concatenate(seen[-FRAME_STACK:], axis=2)  # (H, W, C) each -> (H, W, FRAME_STACK * C)
            action = env.action_space.sample() if agent is None else agent.predict(stack, deterministic=True)[0]
            frame, reward, terminated, truncated, _ = env.step(int(action))
            seen.append(frame)
            total, over = total + float(reward), terminated or truncated
        returns.append(total)
    return returns


def main(steps: int, fit_minutes: float, preset: str, total_timesteps: int, num_games: int, out: str) -> None:
    """Print what random play and PPO reach in the real game, and leave it in `out`/squash.json."""
    gymnasium.register_envs(gym_diamond)
    fit(steps, fit_minutes, preset, out)
    found = {"random": score(None, num_games), "ppo_in_the_dream": score(train(out, total_timesteps), num_games)}
    (Path(out) / "squash.json").write_text(json.dumps(found))
    for name, returns in found.items():
        error = 1.96 * np.std(returns) / len(returns) ** 0.5
        print(f"{name}: {np.mean(returns):.2f} ± {error:.2f} in {num_games} real games (95%)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40_000, help="real steps to play for the fit")
    parser.add_argument("--fit-minutes", type=float, default=9.0)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--total-timesteps", type=int, default=60_000, help="dreamt steps to train PPO for")
    parser.add_argument("--num-games", type=int, default=100, help="real games to judge it in")
    parser.add_argument("--out", default="runs/squash")
    arguments = parser.parse_args()
    main(
        arguments.steps,
        arguments.fit_minutes,
        arguments.preset,
        arguments.total_timesteps,
        arguments.num_games,
        arguments.out,
    )
