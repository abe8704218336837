"""Where a command writes for people. Its reader may go before it is done, as `tee` does at a Ctrl-C, or `head`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO, cast


class Unread:
    """A stream that goes on when nobody reads it any more: what is written then is lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """The number of characters, written or lost."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._lose()
            return len(text)

    def flush(self) -> None:
        """Write what is left, if someone reads it."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._lose()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _lose(self) -> None:
        """From here on the stream leads nowhere: Python writes to it once more at its end, and would complain."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


@contextmanager
def unread() -> Iterator[None]:
    """Within it nothing ends because nobody reads what is written to stdout and stderr: bars, lines, complaints."""
    with Path(os.devnull).open("w") as nowhere:  # for streams that were closed before the program began
        out, err = (cast(TextIO, Unread(stream or nowhere)) for stream in (sys.stdout, sys.stderr))
        with redirect_stdout(out), redirect_stderr(err):
            yield
