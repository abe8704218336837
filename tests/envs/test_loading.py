"""Worlds by their ids: `make` and `make_vec` with a tiny world on disk, and Gymnasium's tools around them."""

import inspect
import json
import pickle
from dataclasses import fields

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from gymnasium.wrappers import RecordEpisodeStatistics, RecordVideo

from gym_diamond.checkpoint import load_world
from gym_diamond.data.contexts import ContextBank
from gym_diamond.envs.loaded import LoadedDreamEnv, LoadedDreamVectorEnv
from gym_diamond.envs.loading import DreamArguments
from gym_diamond.envs.moments import Snapshot
from gym_diamond.errors import HubError, InvalidArgument, InvalidWorld, UnknownGame
from gym_diamond.hub import find_world
from gym_diamond.world_models import rows
from gym_diamond.world_models.protocol import Sampling
from tests.comparing import assert_same
from tests.tiny import write_tiny_world

ID, ANY = "gym_diamond:DiamondDream-Breakout-v0", "gym_diamond:DiamondDream-v0"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return str(write_tiny_world(tmp_path_factory.mktemp("worlds") / "breakout"))


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny networks gain nothing from more
    yield
    torch.set_num_threads(before)


def test_gymnasiums_checker_has_nothing_to_say(world):
    check_env(gymnasium.make(ID, world=world, device="cpu", render_mode="rgb_array").unwrapped)


@pytest.mark.parametrize("id", [ID, ANY, "DiamondDream-Breakout-v0"])
def test_an_id_makes_one_dream_or_many(id, world):
    env = gymnasium.make(id, world=world, device="cpu", max_episode_steps=3, end_mode="never")
    obs, _ = env.reset(seed=0)
    assert env.observation_space.contains(obs)
    assert [env.step(0)[3] for _ in range(3)] == [False, False, True]
    envs = gymnasium.make_vec(id, num_envs=2, world=world, device="cpu", max_episode_steps=3, end_mode="never")
    obs, _ = envs.reset(seed=0)
    assert envs.observation_space.contains(obs)
    assert [envs.step([0, 1])[3].tolist() for _ in range(4)] == [[False] * 2, [False] * 2, [True] * 2, [False] * 2]
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP


def test_dreams_begin_in_the_moments_that_are_asked_for(world, tmp_path):
    own = load_world(world).contexts
    one = ContextBank(own.frames[1:2], own.actions[1:2], own.is_real[1:2])
    one.save(tmp_path / "one.npz")
    env = gymnasium.make(ID, world=world, contexts=str(tmp_path / "one.npz"), device="cpu")
    envs = gymnasium.make_vec(ID, 3, world=world, contexts=str(tmp_path / "one.npz"), device="cpu", max_episode_steps=1)
    assert (env.reset(seed=0)[0] == one.frames[0, -1]).all()
    envs.reset(seed=0)
    assert (envs.step([0, 1, 2])[0] == one.frames[0, -1]).all(), "after an autoreset too"
    assert "one.npz" in repr(envs)
    assert len(pickle.loads(pickle.dumps(env.unwrapped)).dream.contexts) == 1


def test_a_vector_may_have_another_autoreset_mode_and_no_limit(world):
    envs = gymnasium.make_vec(ID, 2, world=world, device="cpu", autoreset_mode="NextStep", max_episode_steps=-1)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert envs.unwrapped.dream.max_episode_steps is None
    envs = gymnasium.make_vec(ID, 4, world=world, device="cpu", stagger=True)
    envs.reset(seed=0)
    assert envs.unwrapped.snapshot().elapsed.tolist() == [0, 12, 25, 37]


def test_specs_of_made_envs_survive_json_and_make_them_again(world):
    env = gymnasium.make(ID, world=world, device="cpu", num_denoising_steps=2, frame_stack=4)
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert_same(env.reset(seed=1), again.reset(seed=1))
    envs = gymnasium.make_vec(ID, 2, world=world, device="cpu", autoreset_mode="NextStep")
    json.dumps(envs.unwrapped.spec.kwargs)
    assert_same(envs.reset(seed=1), gymnasium.make_vec(envs.unwrapped.spec).reset(seed=1))


def test_envs_are_pickled_as_their_arguments(world):
    env = gymnasium.make(ID, world=world, device="cpu", num_denoising_steps=2, render_mode="rgb_array")
    size, copy = len(pickle.dumps(env)), pickle.loads(pickle.dumps(env))
    assert size < 10_000
    assert repr(copy) == repr(env)
    assert copy.unwrapped.spec == env.unwrapped.spec
    assert_same(copy.reset(seed=2), env.reset(seed=2))
    envs = gymnasium.make_vec(
        ID, 2, world=world, device="cpu", autoreset_mode="Disabled", max_episode_steps=-1, render_mode="rgb_array"
    )
    copy = pickle.loads(pickle.dumps(envs))
    assert repr(copy) == repr(envs)
    assert (copy.spec, copy.render_mode) == (envs.spec, "rgb_array")
    assert_same(copy.reset(seed=2), envs.reset(seed=2))


def test_worker_processes_dream_the_same(world):
    def make():
        return gymnasium.make("gym_diamond:DiamondDream-Breakout-v0", world=world, device="cpu", precision="fp32")

    workers = AsyncVectorEnv([make], context="spawn", autoreset_mode=AutoresetMode.SAME_STEP)
    try:
        here = make()
        assert_same(workers.reset(seed=3)[0][0], here.reset(seed=3)[0])
        there, seen = workers.step(np.array([1]))[0][0].astype(int), here.step(1)[0]
        assert (np.abs(there - seen) <= 1).mean() >= 0.999, "up to rounding: the worker may use more threads"
    finally:
        workers.close()


def test_gymnasium_records_videos(world, tmp_path):
    env = gymnasium.make(ID, world=world, device="cpu", render_mode="rgb_array", max_episode_steps=3)
    env = RecordVideo(env, str(tmp_path / "single"), episode_trigger=lambda episode: episode == 0, disable_logger=True)
    env.reset(seed=0)
    for _ in range(3):
        env.step(0)
    env.close()
    envs = gymnasium.make_vec(ID, 2, world=world, device="cpu", render_mode="rgb_array", autoreset_mode="NextStep")
    envs = gymnasium.wrappers.vector.RecordVideo(
        envs, str(tmp_path / "vector"), episode_trigger=lambda episode: episode == 0, disable_logger=True
    )
    envs.reset(seed=0)
    for _ in range(52):
        envs.step([0, 0])
    envs.close()
    assert len(list((tmp_path / "single").glob("*.mp4"))) == len(list((tmp_path / "vector").glob("*.mp4"))) == 1


def test_gymnasium_records_episode_statistics(world):
    env = RecordEpisodeStatistics(gymnasium.make(ID, world=world, device="cpu", max_episode_steps=2, end_mode="never"))
    env.reset(seed=0)
    rewards = [env.step(0)[1], (last := env.step(0))[1]]
    assert (last[4]["episode"]["l"], last[4]["episode"]["r"]) == (2, sum(rewards))


def test_people_can_play(world, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    import pygame
    from gymnasium.utils.play import play

    env = gymnasium.make(ID, world=world, device="cpu", render_mode="rgb_array", max_episode_steps=4)
    actions = []

    def watch(before, after, action, *_):
        actions.append(action)
        key = pygame.K_ESCAPE if len(actions) == 6 else pygame.K_d
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))

    play(env, fps=200, zoom=2, callback=watch, seed=0)
    assert actions[0] == 0, "nothing pressed: NOOP"
    assert actions[1:3] == [2, 2], "D is RIGHT"


def test_repr_shows_the_values_in_force(world):
    env = gymnasium.make(ID, world=world, device="cpu", precision="fp32", num_denoising_steps=5, reward_mode="mode")
    for words in (
        f"world={world}",
        "device=cpu",
        "precision=fp32",
        "compile=False",
        "num_denoising_steps=5",
        "order=1",
        "reward_mode=mode",
        "end_mode=sample",
    ):
        assert words in repr(env)
        assert words in str(env.unwrapped)
    envs = gymnasium.make_vec(ID, 3, world=world, device="cpu")
    assert "num_envs=3" in repr(envs)
    assert "num_denoising_steps=1" in repr(envs), "the world's own value"


def test_a_compiled_step_dreams_as_well(world, monkeypatch):
    networks = []
    monkeypatch.setattr(torch, "compile", lambda network, **_: networks.append(type(network).__name__) or network)
    env = gymnasium.make(ID, world=world, device="cpu", compile=True)
    env.reset(seed=0), env.step(0)
    assert networks == ["Preparation", "Pass", "RewardEndModel", "method", "function"]  # the last two draw numbers
    assert "compile=True" in repr(env)


def test_make_and_make_vec_take_the_same_arguments_and_every_value_of_the_sampler():
    single, vector = (
        {name: parameter.default for name, parameter in inspect.signature(cls).parameters.items()}
        for cls in (LoadedDreamEnv, LoadedDreamVectorEnv)
    )
    own = {"num_envs": 1, "max_episode_steps": None, "autoreset_mode": "SameStep", "stagger": False}
    assert vector == single | own
    shared = {field.name: field.default for field in fields(DreamArguments)}
    assert single == shared | {"render_mode": None}
    assert {field.name for field in fields(Sampling)} < set(shared)


def row(snapshot, i):
    """The dream of row i, as a snapshot of its own."""
    index = torch.tensor([i])
    return Snapshot(rows.gather(snapshot.state, index), *(leaf[index] for leaf in snapshot[1:]))


def test_a_row_of_a_network_dreams_as_it_would_alone_up_to_rounding(world):
    envs = gymnasium.make_vec(
        ID, 3, world=world, device="cpu", precision="fp32", end_mode="never", max_episode_steps=-1
    ).unwrapped
    alone = gymnasium.make(ID, world=world, device="cpu", precision="fp32", end_mode="never").unwrapped
    envs.reset(seed=4), alone.reset()
    model, near = envs.dream.world, []
    for t in range(50):  # each step from the same state: a rounding difference would grow in free running
        moment, actions = envs.snapshot(), [t % 4, 1, 3]
        frames = envs.step(actions)[0].astype(int)
        noise = model.draw(moment.keys, moment.counter)
        for i in range(3):
            own = row(moment, i)
            assert all(torch.equal(a[0], b[i]) for a, b in zip(model.draw(own.keys, own.counter), noise, strict=True))
            alone.restore(own)
            near.append((np.abs(alone.step(actions[i])[0] - frames[i]) <= 1).mean())
    assert np.mean(near) >= 0.999


@pytest.mark.parametrize("make", [gymnasium.make, gymnasium.make_vec])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"device": "cuda:9"}, InvalidArgument, "device 'cuda:9' asked for, but . CUDA devices were found"),
        ({"device": "gpu"}, InvalidArgument, "device 'gpu' is not known"),
        ({"precision": "fp16"}, InvalidArgument, "precision is 'fp16'; it must be one of 'auto', 'fp32', 'bf16'"),
        ({"num_denoising_steps": 0}, InvalidArgument, "num_denoising_steps is 0; it must be at least 1"),
        (
            {"num_denoising_steps": "3"},
            InvalidArgument,
            r"sampling\.num_denoising_steps is '3'; it must be of type int",
        ),
        (
            {"reward_mode": "best"},
            InvalidArgument,
            r"reward_mode is 'best'; it must be one of 'sample', 'mode', 'mean'",
        ),
        ({"frame_stack": 9}, InvalidArgument, "frame_stack is 9; this world remembers 1 to 4 frames"),
        ({"render_mode": "ansi"}, InvalidArgument, "render_mode is 'ansi'"),
        ({"world": "no/such/place"}, InvalidWorld, "'no/such/place' does not exist"),
        ({"world": "hub:a/b"}, HubError, r"hub:a/b@main is not in the cache .*HF_HUB_OFFLINE is set"),
        ({"world": "hub:b"}, InvalidArgument, "'hub:b' names no repository; it must be OWNER/NAME"),
        ({"world": "official:Asterix"}, HubError, r"HF_HUB_OFFLINE is set.\n.*`gym-diamond pull Asterix` gets it"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*that is not in the possible render_modes")  # Gymnasium's own word on "ansi"
def test_a_wrong_argument_is_named(make, arguments, error, message, world):
    with pytest.raises(error, match=message):
        make(ID, **{"world": world, "device": "cpu"} | arguments)


def test_a_world_of_another_game_is_refused_under_a_games_id(world):
    with pytest.raises(
        InvalidArgument, match=r"dreams Breakout, not Pong; make it by its own id, or by .*DiamondDream-v0"
    ):
        gymnasium.make("DiamondDream-Pong-v0", world=world)


def test_where_no_world_is_bundled_the_error_says_how_to_make_one():
    with pytest.raises(InvalidWorld, match="No world is bundled for Skiing") as caught:
        gymnasium.make("DiamondDream-Skiing-v0")
    assert "gym-diamond collect Skiing --policy random=0.3 sticky=0.7 --dataset skiing/mixed-v0\n" in str(caught.value)
    assert "gym-diamond fit --dataset skiing/mixed-v0 --out runs/skiing --max-minutes 60\n" in str(caught.value)
    with pytest.raises(InvalidArgument, match="Which world"):
        gymnasium.make("DiamondDream-v0")
    with pytest.raises(UnknownGame, match="did you mean Breakout"):
        find_world(None, "Braekout")
