"""Stories that were read: each up to its first sentence that does not fit, and some of them mended from there on.

`readings.jsonl.xz` has one story a line: `text`, as a model told it; `first`, the character with which its first
sentence that does not fit begins, or -1 where it is whole; and perhaps `ending`, which mends it: it takes the place of
all that comes from there on.
"""

import json
import lzma
from pathlib import Path

FILE = Path(__file__).with_name("readings.jsonl.xz")
BLOCK, BLOCKS = 20, 10  # of ten blocks of twenty readings the last is held out, and so on


class Readings:
    """As tokens, `told` stories, and `fitting` ones: the same ones if they are whole, or mended, or None. `first` is
    how many tokens come before the misfit, or -1."""

    def __init__(self, tokenizer, file=FILE):
        with lzma.open(file, "rt", encoding="utf8") as opened:
            lines = [json.loads(line) for line in opened]
        encoded = tokenizer.encode_batch([line["text"] for line in lines])
        self.told = [e.ids for e in encoded]
        self.first = [
            -1 if line["first"] < 0 else sum(end <= line["first"] for _, end in e.offsets)
            for line, e in zip(lines, encoded)
        ]
        self.fitting = [None if text is None else tokenizer.encode(text).ids for text in map(fit, lines)]
        self.held_out = [i // BLOCK % BLOCKS == BLOCKS - 1 for i in range(len(lines))]

    def rows(self, held_out=False):
        return [i for i, held in enumerate(self.held_out) if held == held_out]

    def stories(self):
        """The whole and the mended ones."""
        return [self.fitting[i] for i in self.rows() if self.fitting[i] is not None]

    def prefixes(self):
        """What fits of the others."""
        return [self.told[i][: self.first[i]] for i in self.rows() if self.first[i] > 0]


def fit(line):
    """The text of a whole or mended story, or None."""
    if line["first"] < 0:
        return line["text"]
    return line["text"][: line["first"]] + line["ending"] if "ending" in line else None
