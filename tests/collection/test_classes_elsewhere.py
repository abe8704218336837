"""An agent whose .zip names classes of its maker's."""

import importlib
import sys
from pathlib import Path

import pytest
from stable_baselines3 import PPO

from gym_diamond.collection.roster import make_policy
from gym_diamond.data.dataset import DatasetInfo
from gym_diamond.envs.sb3 import DreamVecEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.errors import InvalidArgument
from gym_diamond.games import game
from tests.fakes import counting_dream

BREAKOUT = DatasetInfo("Breakout", 4, game("Breakout").action_meanings, 15, 64, 64, 3)


def test_a_policy_of_classes_that_are_not_at_hand_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "elsewhere.py").write_text(
        "from stable_baselines3.common.torch_layers import NatureCNN\nclass Own(NatureCNN): ...\n"
    )
    with monkeypatch.context() as context:
        context.syspath_prepend(tmp_path)
        kwargs = {"features_extractor_class": importlib.import_module("elsewhere").Own}
        PPO("CnnPolicy", DreamVecEnv(DreamVectorEnv(counting_dream(1, size=36))), policy_kwargs=kwargs).save(
            tmp_path / "trained.zip"
        )
    monkeypatch.delitem(sys.modules, "elsewhere")
    with pytest.raises(InvalidArgument, match=r"trained\.zip was trained with classes .*No module named 'elsewhere'"):
        make_policy(str(tmp_path / "trained.zip"), BREAKOUT, 2)
