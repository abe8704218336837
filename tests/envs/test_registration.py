"""The ids: one for every game, cheap to import, and specs that survive being written down."""

import subprocess
import sys

import gymnasium
import pytest
from gymnasium.envs.registration import EnvSpec

import gym_diamond
from gym_diamond.games import GAMES

IDS = [f"DiamondDream-{name}-v0" for name in GAMES] + ["DiamondDream-v0"]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_importing_loads_neither_torch_nor_an_emulator():
    heavy = "{'torch', 'ale_py', 'minari', 'stable_baselines3', 'huggingface_hub', 'pygame', 'safetensors'}"
    assert run(f"import sys, gym_diamond; print(*({heavy} & set(sys.modules)))") == []


def test_importing_takes_less_than_half_a_second_beside_gymnasium():
    code = "import gymnasium, time; t = time.process_time(); import gym_diamond; print(time.process_time() - t)"
    assert float(run(code)[0]) < 0.5


def test_every_game_has_an_id():
    assert [id for id in gymnasium.registry if id.startswith("DiamondDream")] == IDS
    assert len(IDS) > 100


@pytest.mark.parametrize("id", IDS)
def test_a_spec_survives_json(id):
    spec = gymnasium.spec(id)
    assert EnvSpec.from_json(spec.to_json()) == spec
    assert spec.max_episode_steps == 50


def test_registering_twice_changes_nothing():
    before = dict(gymnasium.registry)
    gym_diamond.register_dreams()
    assert dict(gymnasium.registry) == before


def test_the_version_is_the_first():
    assert gym_diamond.__version__ == "0.1.0"
