"""What people may get wrong: each message names the value, what is allowed and what to do."""

import numpy as np
import pytest
import torch
from gymnasium.error import ResetNeeded

from gym_diamond.envs.single import DreamEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.protocol import Context
from tests.fakes import counting_dream


def vector(num_envs, render_mode=None, starts=(0,)):
    return DreamVectorEnv(counting_dream(num_envs, starts), render_mode)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_envs": 0}, "num_envs is 0; it must be at least 1"),
        ({"num_envs": "2"}, "num_envs is '2'; it must be at least 1, and whole"),
        ({"num_envs": 2.0}, r"num_envs is 2\.0; it must be at least 1, and whole"),
        ({"num_envs": True}, "num_envs is True; it must be at least 1, and whole"),
        ({"num_envs": None}, "num_envs is None; it must be at least 1, and whole"),
        ({"max_episode_steps": 0}, "max_episode_steps is 0; it must be at least 1"),
        ({"max_episode_steps": 5.0}, r"max_episode_steps is 5\.0; it must be at least 1, and whole"),
        ({"max_episode_steps": True}, "max_episode_steps is True; it must be at least 1, and whole"),
        ({"max_episode_steps": float("inf")}, "max_episode_steps is inf; it must be at least 1, and whole"),
        ({"autoreset_mode": "samestep"}, "autoreset_mode is 'samestep'; it must be one of 'NextStep', 'SameStep'"),
        ({"frame_stack": 3}, "frame_stack is 3; this world remembers 1 to 2 frames"),
        ({"frame_stack": 2.0}, r"frame_stack is 2\.0; this world remembers 1 to 2 frames"),
        ({"frame_stack": True}, "frame_stack is True; this world remembers 1 to 2 frames"),
        ({"stagger": True}, "stagger=True spreads the rows over max_episode_steps"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        counting_dream(**arguments)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (torch.tensor([0, 3]), r"actions \[0, 3\] are out of range; they must be 0 to 2"),
        (torch.tensor([0, -1]), r"actions \[0, -1\] are out of range"),
        (
            torch.tensor([0.0, 1.0]),
            r"action is torch.float32 of shape \(2,\); it must be a tensor, torch.int64 of shape \(2,\)",
        ),
        (torch.tensor([0]), r"action is torch.int64 of shape \(1,\)"),
        (np.array([0, 1]), r"action is a ndarray; it must be a tensor, torch.int64 of shape \(2,\)"),
        ([0, 1], "action is a list; it must be a tensor"),
        (0, "action is a int; it must be a tensor"),
    ],
)
def test_a_wrong_tensor_of_actions_is_named(action, message):
    dream = counting_dream(2)
    dream.reset(seed=0)
    with pytest.raises(InvalidArgument, match=message):
        dream.step(action)


def test_wrong_resets_of_a_dream_are_named():
    dream = counting_dream(2)
    with pytest.raises(ResetNeeded, match=r"call reset\(\) first"):
        dream.step(torch.tensor([0, 0]))
    with pytest.raises(ResetNeeded, match="The first reset is one of all rows"):
        dream.reset(mask=torch.tensor([True, False]))
    dream.reset(seed=0)
    with pytest.raises(InvalidArgument, match="seed has 3 entries"):
        dream.reset(seed=[1, 2, 3])
    for seed in (1.7, [1.2, 3.9], "12", np.zeros((2, 2), np.int64)):
        with pytest.raises(InvalidArgument, match="it must be a whole number, or one for each of the 2 rows"):
            dream.reset(seed=seed)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidArgument, match=r"mask is torch\.int64"):
        dream.reset(mask=torch.tensor([1, 0]))
    for mask in (np.array([True, False]), [True, False]):
        complaint = rf"mask is a {type(mask).__name__}; it must be a tensor, torch\.bool of shape \(2,\)"
        with pytest.raises(InvalidArgument, match=complaint):
            dream.reset(mask=mask)  # pyright: ignore[reportArgumentType]
    for context in ([0, 0], 0, np.array([0, 0]), {"frames": np.zeros((2, 1, 4, 4, 3), np.uint8)}):
        complaint = rf"context is a {type(context).__name__}; it must be a tensor, torch\.int64 of shape \(2,\)"
        with pytest.raises(InvalidArgument, match=complaint):
            dream.reset(context=context)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidArgument, match="T at least 2"):
        dream.reset(context=Context(torch.zeros(2, 1, 3, 4, 4), torch.zeros(2, 0), torch.ones(2, 1)))
    with pytest.raises(InvalidArgument, match="The snapshot has 2 rows; this dream has 3"):
        counting_dream(3).restore(dream.snapshot())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"contexts": 1}, "reset has no option 'contexts'; it has 'context', 'reset_mask'"),
        ({"context": 3}, "context 3 is out of range; this world's start states are 0 to 2"),
        ({"context": [0, -1]}, r"context \[0, -1\] is out of range"),
        ({"context": [0, 1, 2]}, "it must be an index, 2 indices, or real play"),
        ({"context": 0.5}, "it must be an index, 2 indices, or real play"),
        ({"context": {"frames": np.zeros((2, 1, 4, 4, 3), np.uint8)}}, "real play needs 'frames' and 'actions'"),
        ({"reset_mask": [True, False]}, "it must be a NumPy array of 2 booleans"),
        ({"reset_mask": np.array([True])}, "it must be a NumPy array of 2 booleans"),
        ({"reset_mask": np.array([False, False])}, "reset_mask is False everywhere"),
    ],
)
def test_a_wrong_option_is_named(options, message):
    env = vector(2, starts=(0, 1, 2))
    env.reset(seed=0)
    with pytest.raises(InvalidArgument, match=message):
        env.reset(options=options)


@pytest.mark.parametrize(
    ("frames", "actions", "message"),
    [
        (
            (2, 3, 4, 5, 3),
            (2, 2),
            r"frames are uint8 of shape \(2, 3, 4, 5, 3\).*must be uint8 of shape \(2, 'T', 4, 4, 3\)",
        ),
        ((3, 4, 4, 3), (2,), r"frames are uint8 of shape \(3, 4, 4, 3\)"),
        ((2, 3, 4, 4, 3), (2, 3), r"actions are int64 of shape \(2, 3\); between 3 frames .* shape \(2, 2\)"),
        ((2, 0, 4, 4, 3), (2, 0), "at least one frame"),
    ],
)
def test_real_play_of_a_wrong_shape_is_named(frames, actions, message):
    play = {"frames": np.zeros(frames, np.uint8), "actions": np.zeros(actions, np.int64)}
    with pytest.raises(InvalidArgument, match=message):
        vector(2).reset(options={"context": play})


def test_real_play_of_wrong_values_is_named():
    frames = np.zeros((2, 2, 4, 4, 3))
    with pytest.raises(InvalidArgument, match="frames are float64"):
        vector(2).reset(options={"context": {"frames": frames, "actions": np.zeros((2, 1), np.int64)}})
    with pytest.raises(InvalidArgument, match="actions 0 to 3 are out of range; they must be 0 to 2"):
        vector(2).reset(options={"context": {"frames": frames.astype(np.uint8), "actions": np.array([[0], [3]])}})
    with pytest.raises(InvalidArgument, match="actions are float64"):
        vector(2).reset(options={"context": {"frames": frames.astype(np.uint8), "actions": np.zeros((2, 1))}})


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([0, 3], r"action \[0, 3\] is out of range; Counting has the actions 0 NOOP, 1 FIRE, 2 RIGHT"),
        ([0.0, 1.0], r"action is float64 of shape \(2,\); it must be integers of shape \(2,\)"),
        ([True, False], "action is bool"),
        ([0], r"action is int64 of shape \(1,\)"),
        (1, r"action is int64 of shape \(\)"),
    ],
)
def test_a_wrong_action_is_named(actions, message):
    env = vector(2)
    env.reset(seed=0)
    with pytest.raises(InvalidArgument, match=message):
        env.step(actions)


def test_starts_of_wrong_dtypes_or_ranges_are_named():
    dream = counting_dream(2)
    obs, act, is_real = torch.zeros(2, 2, 3, 4, 4), torch.zeros(2, 1, dtype=torch.int64), torch.ones(2, 2).bool()
    assert dream.reset(context=Context(obs, act, is_real)).shape == (2, 3, 4, 4)
    for wrong in (
        Context(obs.byte(), act, is_real),
        Context(obs, act.int(), is_real),
        Context(obs, act, obs[:, :, 0, 0, 0]),
    ):
        with pytest.raises(InvalidArgument, match=r"must be floats in \[-1, 1\], torch.int64 and torch.bool"):
            dream.reset(context=wrong)
    with pytest.raises(InvalidArgument, match="actions that are out of range; they must be 0 to 2"):
        dream.reset(context=Context(obs, act + 3, is_real))
    with pytest.raises(InvalidArgument, match=r"context \[0, 1\] is out of range; there are 1 contexts"):
        dream.reset(context=torch.tensor([0, 1]))


def test_an_unknown_render_mode_is_named():
    with pytest.raises(InvalidArgument, match="render_mode is 'human'; it must be None or one of 'rgb_array'"):
        vector(2, "human")


@pytest.mark.parametrize("arguments", [{"num_envs": 2}, {"max_episode_steps": 5}, {"autoreset_mode": "SameStep"}])
def test_a_dream_that_does_not_fit_a_single_env_is_named(arguments):
    with pytest.raises(InvalidArgument, match="does not fit a single env; make it with num_envs=1"):
        DreamEnv(counting_dream(**{"num_envs": 1, "autoreset_mode": "Disabled"} | arguments))


@pytest.mark.parametrize("action", [3, -1, 1.0, True, [1], None, "NOOP"])
def test_a_wrong_action_of_a_single_env_is_named(action):
    env = DreamEnv(counting_dream(1, autoreset_mode="Disabled"))
    env.reset(seed=0)
    with pytest.raises(InvalidArgument, match=r"out of range; Counting has|it must be one integer"):
        env.step(action)


def test_a_mask_is_no_option_of_a_single_env():
    with pytest.raises(InvalidArgument, match="reset has no option 'reset_mask'; it has 'context'"):
        DreamEnv(counting_dream(1, autoreset_mode="Disabled")).reset(options={"reset_mask": np.array([True])})
