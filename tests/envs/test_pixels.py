"""Any env is seen as frames, and played by choices."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from gym_diamond.envs.own_games import PixelGames, make_pixel_env
from gym_diamond.envs.pixels import PixelConfig, PixelEnv, to_frame
from gym_diamond.errors import InvalidArgument, UnknownGame
from tests.own_game import Dot

DOT = "tests.own_game:Dot-v0"
NATIVE = PixelConfig(size="native")


def cell(frame: np.ndarray) -> int:
    return int(frame.max()) // 10


def test_native_frames_are_the_observations():
    env = make_pixel_env(DOT, NATIVE)
    frame, info = env.reset(seed=0)
    assert env.observation_space == gymnasium.spaces.Box(0, 255, (8, 10, 3), np.uint8)
    assert (frame == env.unwrapped.render()).all()
    assert (env.action_space, env.code.meanings, env.fps, info) == (Discrete(2), ("LEFT", "RIGHT"), 10, {})


def test_a_picture_is_cropped_and_then_shrunk_by_area():
    picture = np.arange(6 * 8, dtype=np.uint8).reshape(6, 8)
    frame = to_frame(picture, PixelConfig(size=(2, 3), crop=(2, 1, 4, 6)))
    means = picture[2:, 1:-1].reshape(2, 2, 3, 2).mean(axis=(1, 3))
    assert frame.shape == (2, 3, 1)
    assert np.abs(frame[..., 0] - means).max() <= 0.5


def test_frames_may_be_neither_square_nor_coloured():
    env = make_pixel_env(DOT, PixelConfig(size=(12, 20), grey=True))
    frame, _ = env.reset(seed=0)
    assert frame.shape == (12, 20, 1)
    assert cell(frame) in (1, 2, 3)


def test_games_that_nobody_seeded_differ():
    """Also where an env had to be reset before, to see how large its pictures are."""
    games = PixelGames(DOT, 30, PixelConfig(size="native", pixels="render"))
    frames, _ = games.reset()
    assert {cell(frame) for frame in frames} == {1, 2, 3}


def test_grey_is_the_luminance():
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 100
    assert to_frame(red, PixelConfig(size="native", grey=True)).tolist() == [[[30]] * 4] * 4


def test_a_frame_stays_when_the_env_draws_into_its_picture_again():
    picture = np.full((4, 4, 3), 7, np.uint8)
    frame = to_frame(picture, NATIVE)
    picture[:] = 0
    assert (frame == 7).all()


def test_what_is_rendered_can_be_played_whatever_is_observed():
    env = make_pixel_env("tests.own_game:Blind-v0", PixelConfig(pixels="render", size="native"))
    start = cell(env.reset(seed=0)[0])
    assert cell(env.step(1)[0]) == start + 1  # its own 6: it counts from 5
    assert cell(env.step(0)[0]) == start


def test_an_action_is_held_and_its_rewards_are_summed():
    env = make_pixel_env(DOT, PixelConfig(size="native", frame_skip=5))
    env.reset(seed=0)
    env.unwrapped.cell = 2
    frame, reward, terminated, truncated, _ = env.step(0)  # 1, 0, 0, 0, 0
    assert (cell(frame), reward, terminated, truncated) == (0, pytest.approx(-0.4), False, False)
    assert env.fps == 2


def test_nothing_is_played_after_the_end():
    env = make_pixel_env(DOT, PixelConfig(size="native", frame_skip=5))
    env.reset(seed=0)
    frame, reward, terminated, truncated, _ = env.step(1)
    assert (cell(frame), reward, terminated, truncated) == (4, 0.5, True, False)


def test_the_clock_truncates():
    env = make_pixel_env(DOT, PixelConfig(size="native", max_episode_steps=2))
    env.reset(seed=0)
    assert [env.step(0)[2:4] for _ in range(2)] == [(False, False), (False, True)]


def test_the_actions_of_a_box_are_binned():
    env = make_pixel_env("tests.own_game:Wheel-v0", PixelConfig(size="native", bins="-1,1;0,0.5,1"))
    start = cell(env.reset(seed=0)[0])
    assert env.action_space == MultiDiscrete([2, 3])
    frame, reward, *_ = env.step(np.array([1, 1]))
    assert cell(frame) == start + 1
    assert reward == (0.5 if start < 3 else 1.0)


def test_names_of_the_envs_own_that_do_not_fit_are_left_out():
    assert make_pixel_env("tests.own_game:Pair-v0", NATIVE).code.meanings == ("0", "1", "2", "0", "1")


@pytest.mark.parametrize(
    ("told", "meanings"),
    [([7, 8], ("7", "8")), ({0: "LEFT", 1: "RIGHT"}, ("LEFT", "RIGHT")), (np.array(["L", "R"]), ("L", "R"))],
    ids=["list", "dict", "array"],
)
def test_whatever_an_env_calls_its_actions_their_names_are_strings(told: object, meanings: tuple[str, ...]):
    env = Dot()
    env.get_action_meanings = lambda: told  # pyright: ignore[reportAttributeAccessIssue]
    found = PixelEnv(env, NATIVE).code.meanings
    assert found == meanings
    assert {type(name) for name in found} == {str}


def test_arguments_reach_the_env():
    env = make_pixel_env(DOT, PixelConfig(env_kwargs='{"render_mode": "rgb_array"}'))
    assert env.render_mode == "rgb_array"


def test_rows_have_their_own_seeds_and_begin_anew_by_themselves():
    games = PixelGames(DOT, 3, NATIVE)
    frames, _ = games.reset(seed=7)
    alone = [cell(make_pixel_env(DOT, NATIVE).reset(seed=seed)[0]) for seed in (7, 8, 9)]
    assert [cell(frame) for frame in frames] == alone
    for _ in range(3):
        frames, rewards, terminated, _, info = games.step(np.array([1, 1, 1]))
        if terminated.any():
            break
    row = int(np.flatnonzero(terminated)[0])
    assert (cell(info["final_obs"][row]), rewards[row]) == (4, 0.5)
    assert cell(frames[row]) in (1, 2, 3)
    assert (games.game, games.frame_shape, games.fps) == ("Dot-v0", (8, 10, 3), 10)
    games.close()


@pytest.fixture
def _a_dot_called_entombed():
    gymnasium.register("Entombed", Dot)
    yield
    del gymnasium.registry["Entombed"]


@pytest.mark.usefixtures("_a_dot_called_entombed")
def test_a_game_of_ones_own_is_never_taken_for_an_atari_game():
    games = PixelGames("tests.own_game:Entombed", 1, NATIVE)
    assert games.game == "tests.own_game:Entombed"
    games.close()


@pytest.mark.parametrize(
    ("id", "options", "complaint"),
    [
        ("tests.own_game:Blind-v0", {}, "add --pixels render"),
        ("tests.own_game:Wheel-v0", {}, "Declare them"),
        (DOT, {"crop": (4, 0, 5, 10)}, "beyond pictures of 8 x 10"),
        (DOT, {"env_kwargs": '{"speed": 2}'}, "cannot be made with the arguments {'speed': 2}"),
        (DOT, {"env_kwargs": "{speed: 2}"}, "is no JSON"),
        (DOT, {"env_kwargs": "[1]"}, "must be a JSON object"),
        ("no_such_module:Dot-v0", {}, "no_such_module"),
        ("CartPole-v1", {}, "no images"),
    ],
)
def test_an_env_that_cannot_be_played_is_explained(id: str, options: dict, complaint: str):
    with pytest.raises(InvalidArgument, match=complaint):
        make_pixel_env(id, PixelConfig(**options))


def test_an_env_that_renders_nothing_is_explained():
    with pytest.raises(InvalidArgument, match="gives NoneType"):
        PixelEnv(_Unseen(), PixelConfig(pixels="render"))


class _Unseen(Dot):
    def render(self):
        return None

    def reset(self, *, seed=None, options=None):
        return np.zeros((8, 10, 3), np.uint8), {}


class _Unable(_Unseen):
    def render(self):
        raise NotImplementedError


class _Bright(Dot):
    def render(self):
        return super().render() / 255


def test_an_env_that_cannot_render_is_explained():
    with pytest.raises(InvalidArgument, match=r"has no render\(\), which --pixels render looks at"):
        PixelEnv(_Unable(), PixelConfig(pixels="render"))


def test_an_env_whose_frames_are_not_what_its_space_says_is_explained_with_what_they_are():
    env = PixelEnv(_Bright(), NATIVE)
    complaint = r"float64 of shape \(8, 10, 3\); as its observation space says it must be an array of uint8"
    with pytest.raises(InvalidArgument, match=complaint):
        env.reset(seed=0)
    env.unwrapped.cell = 2
    with pytest.raises(InvalidArgument, match=complaint):
        env.step(0)


def test_an_env_that_renders_floats_is_explained_with_what_they_are():
    complaint = r"render\(\) of .* gives float64 of shape \(8, 10, 3\); with render_mode='rgb_array' it must be"
    with pytest.raises(InvalidArgument, match=complaint):
        PixelEnv(_Bright(), PixelConfig(pixels="render"))


@pytest.mark.parametrize("options", [{}, {"size": "native"}, {"size": (8, 10)}, {"grey": True}], ids=str)
@pytest.mark.parametrize("pixels", ["observation", "render"])
@pytest.mark.parametrize("channels", [2, 4, 12])
def test_an_env_that_stacks_its_frames_is_told_to_give_the_newest(channels: int, pixels: str, options: dict):
    stack = np.zeros((8, 10, channels), np.uint8)
    env = Dot()
    env.observation_space = Box(0, 255, stack.shape, np.uint8)
    env.render = lambda: stack
    complaint = f"have {channels} channels; they must have 3, or 1 if they are grey. .* let it give the newest alone"
    with pytest.raises(InvalidArgument, match=complaint):
        PixelEnv(env, PixelConfig(pixels=pixels, **options))  # pyright: ignore[reportArgumentType]


class _Choosy(Dot):
    def __init__(self, level: str, render_mode: str | None = None):
        super().__init__(render_mode)
        assert level, "there must be a level"
        self.speed = int({"easy": "1", "hard": "fast"}[level])


gymnasium.register("Choosy-v0", _Choosy)


@pytest.mark.parametrize(
    ("level", "complaint"),
    [
        ('"easier"', "KeyError: 'easier'"),
        ('"hard"', "ValueError: invalid literal"),
        ('""', "AssertionError: there must be a level"),
        ("[1]", "TypeError: unhashable type"),
    ],
)
def test_an_argument_that_means_nothing_to_the_env_is_told_with_what_the_env_says(level: str, complaint: str):
    with pytest.raises(
        InvalidArgument, match=f"'Choosy-v0' cannot be made with the arguments .*'level'.*: {complaint}"
    ):
        make_pixel_env("Choosy-v0", PixelConfig(env_kwargs=f'{{"level": {level}}}'))
    assert make_pixel_env("Choosy-v0", PixelConfig(env_kwargs='{"level": "easy"}')).unwrapped.speed == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"size": (0, 64)}, "at least 1 x 1"),
        ({"crop": (0, -1, 2, 2)}, "begin at 0"),
        ({"frame_skip": 0}, "--frame-skip is 0"),
        ({"max_episode_steps": 0}, "--max-episode-steps is 0"),
        ({"action_names": ("A,A,A",)}, "--action-names A,A,A must be distinct names"),
        ({"action_names": ("A,B", "C,,D")}, "--action-names C,,D must be distinct names"),
    ],
)
def test_a_number_that_means_nothing_is_refused(options: dict, complaint: str):
    with pytest.raises(InvalidArgument, match=complaint):
        PixelConfig(**options)


@pytest.mark.parametrize(
    ("id", "near"), [("Brekout", "Breakout"), ("CarRacin-v3", "CarRacing-v3"), ("dot-v0", "Dot-v0")]
)
def test_a_name_that_nobody_knows_brings_those_near_it(id: str, near: str):
    with pytest.raises(UnknownGame, match=f"neither a game that ALE knows.*did you mean .*{near}.*MODULE:ID"):
        make_pixel_env(id, NATIVE)


@pytest.mark.parametrize("id", ["python:odd:G", ":G", "::", "tests.own_game:Dot:v0"])
def test_what_is_no_module_and_no_id_is_answered_with_how_they_are_written(id: str):
    with pytest.raises(UnknownGame, match=f"'{id}' is neither a game that ALE knows.*An env of your own is MODULE:ID"):
        make_pixel_env(id, NATIVE)
