"""Where messages go: lines without control characters, one after another."""

from typing import TextIO


class Screen:
    """A stream that messages are written to. Once it is gone, as a closed terminal is, nothing is said."""

    def __init__(self, stream: TextIO):
        self._stream: TextIO | None = stream

    def say(self, text: str, urgent: bool = False) -> None:
        """Write a message, which may have several lines. urgent: to be seen among others, where that can be."""
        if self._stream is None or not text or text == "None":
            return
        try:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        except (OSError, ValueError):
            # The study goes on: its logs have what it says.
            self._stream = None

    def close(self) -> None:
        """Leave the stream as it was."""
