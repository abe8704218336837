"""Each thing that is timed lives in a process of its own.

So its peak memory is its own, what one compiles does not change what another finds compiled, and the modules of the
reference, which are called `utils`, `data` and `models`, meet no others. They take turns: while one computes the others
wait for a message, which costs nothing.
"""

import multiprocessing
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, Self, TypeVar

from gym_diamond.errors import GymDiamondError, InvalidArgument

T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")
P = ParamSpec("P")

LEAVE_SECONDS = 10.0  # that a process has to end by itself


class Crashed(RuntimeError):
    """A process raised what nobody expected; its traceback is the message."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason  # one line


class Answer(NamedTuple):
    """What a process sends back."""

    value: Any = None
    error: GymDiamondError | None = None  # for people
    crash: tuple[str, str] | None = None  # traceback and reason, of anything else


class Worker(Generic[T]):
    """A process in which `make(argument)` lives, and answers calls one by one, until the `with` block ends.

    Args:
        name: of what is timed, for messages.
        make: a function or class of a module.
        argument: its argument, which can be pickled.

    Raises:
        GymDiamondError: `make` raised it.
        InvalidArgument: the memory was not enough.
        Crashed: `make` raised anything else.
    """

    def __init__(self, name: str, make: Callable[[A], T], argument: A) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would inherit threads and CUDA in no good state
        self.name = name
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, argument))
        self._process.start()
        theirs.close()
        try:
            self._answer()
        except BaseException:
            self._end(patience=0.0)
            raise

    def call(self, function: Callable[Concatenate[T, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function(made, *args)` gives there, for example a method.

        Raises:
            GymDiamondError: it raised it.
            InvalidArgument: the memory was not enough.
            Crashed: it raised anything else.
        """
        self._pipe.send((function, args, kwargs))
        return self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(patience=LEAVE_SECONDS if error is None else 0.0)

    def _answer(self) -> Any:
        try:
            answer: Answer = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join(LEAVE_SECONDS)
            raise InvalidArgument(
                f"{self.name}: its process ended unasked (exit code {self._process.exitcode}), most often for want of "
                "memory. Ask for fewer dreams with --num-envs."
            ) from None
        if answer.error is not None:
            raise answer.error
        if answer.crash is not None:
            raise Crashed(f"{self.name}:\n{answer.crash[0]}", answer.crash[1])
        return answer.value

    def _end(self, patience: float) -> None:
        self._pipe.close()  # which ends its loop
        self._process.join(patience)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(LEAVE_SECONDS)


def isolated(name: str, function: Callable[[A], R], argument: A) -> R:
    """What `function(argument)` gives in a process of its own. Raises what `Worker` raises."""
    with Worker(name, function, argument) as worker:
        return worker.call(itself)


def itself(made: R) -> R:
    """What it is given."""
    return made


def _serve(pipe: Connection, make: Callable[[Any], Any], argument: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the other side's, which ends this process
    made: list[Any] = []

    def begin() -> None:
        made.append(make(argument))

    pipe.send(_attempt(begin))
    while made:
        try:
            function, args, kwargs = pipe.recv()
        except EOFError:  # the other side has seen enough
            return
        pipe.send(_attempt(lambda: function(made[0], *args, **kwargs)))  # noqa: B023


def _attempt(call: Callable[[], Any]) -> Answer:
    try:
        return Answer(call())
    except GymDiamondError as error:
        return Answer(error=error)
    except Exception as error:
        if _is_want_of_memory(error):
            words = f"The memory is not enough ({_line(error)}). Give a smaller --num-envs."
            return Answer(error=InvalidArgument(words))
        return Answer(crash=(traceback.format_exc(), _line(error)))


def _is_want_of_memory(error: Exception) -> bool:
    import torch  # takes a second, which only those wait for who failed

    return isinstance(error, (MemoryError, torch.OutOfMemoryError))


def _line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join([type(error).__name__, *lines[:1]])
