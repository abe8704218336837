"""PPO of one file in the real game: it sees there what it saw in dreams, and is judged the same each time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Categorical

from examples import judge_cleanrl_style, ppo_cleanrl_style
from examples.judge_cleanrl_style import Player, command
from gym_diamond.cli import exit_status
from gym_diamond.files import write_tensors
from gym_diamond.frames import to_obs


class Watching(nn.Module):
    """Keeps what it is shown, and always wants action 2."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Tensor] = []

    def forward(self, obs: Tensor) -> tuple[Categorical, Tensor]:
        self.shown.append(obs)
        return Categorical(logits=torch.tensor([0.0, 0.0, 99.0]).expand(len(obs), 3)), torch.zeros(len(obs))


def test_it_sees_the_last_frames_of_its_row_oldest_first_and_grey_before_a_game() -> None:
    agent = Watching()
    player = Player(agent, torch.ones(2, 4 * 3, 5, 5))
    player.begin(np.arange(2))
    frames = np.random.default_rng(0).integers(256, size=(6, 2, 5, 5, 3), dtype=np.uint8)
    obs = to_obs(torch.from_numpy(frames))  # (6, 2, 3, 5, 5)
    for now in frames[:5]:
        assert player.act(np.arange(2), now, np.random.default_rng(0)).tolist() == [2, 2]
    assert torch.equal(agent.shown[0][:, 9:], obs[0])
    assert torch.equal(agent.shown[0][:, :9], torch.zeros(2, 9, 5, 5))
    assert torch.equal(agent.shown[4][1], obs[1:5, 1].flatten(0, 1))
    player.begin(np.array([0]))
    player.act(np.array([1]), frames[5][1:], np.random.default_rng(0))
    assert torch.equal(agent.shown[5][0], obs[2:6, 1].flatten(0, 1)), "the other row goes on"
    assert torch.equal(player.seen[0], torch.zeros(12, 5, 5))


def test_it_draws_by_its_chances() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0]).expand(3000, 3)

    class Fixed(nn.Module):
        def forward(self, obs: Tensor) -> Any:
            return Categorical(logits=logits), None

    player = Player(Fixed(), torch.zeros(3000, 3, 1, 1))
    actions = player.act(np.arange(3000), np.zeros((3000, 1, 1, 3), np.uint8), np.random.default_rng(0))
    shares = np.bincount(actions, minlength=3) / 3000
    assert shares == pytest.approx(logits[0].softmax(0).numpy(), abs=0.03)


def test_what_was_trained_and_saved_is_judged_the_same_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs" / "ppo.safetensors"
    ppo_cleanrl_style.main("Breakout", total_steps=16, num_envs=2, num_steps=4, out=out)
    games = [judge_cleanrl_style.main(out, games=1, seed=seed, max_steps=5_000) for seed in (1, 1, 2)]
    assert games[0] == games[1] != games[2]
    assert all(game.whole for game in games[0])
    assert "ppo.safetensors in Breakout: mean " in capsys.readouterr().out


def test_another_file_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tensors(tmp_path / "other.safetensors", {"weight": torch.zeros(1)}, {})
    for name, message in (("other", "does not say its game"), ("none", "none.safetensors is missing")):
        assert exit_status("judge", command, [str(tmp_path / f"{name}.safetensors")]) == 2
        assert message in capsys.readouterr().err
