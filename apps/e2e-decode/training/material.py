"""What every process reads first: the texts as tokens, and the tokenizer."""

from functools import lru_cache

import numpy as np
import torch
from tokenizers import Tokenizer

import data
import readings
from model import DEVICE


class Material:
    def __init__(self, corpus_folder, tokenizer_file):
        corpus = data.Corpus(corpus_folder)
        self.tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self.held_out_bytes = sum(len(s.encode()) for s in corpus.held_out)
        self.held_out = data.encode(self.tokenizer, corpus.held_out)
        self.validation = data.encode(self.tokenizer, corpus.validation)
        self.stories = data.encode(self.tokenizer, corpus.stories)
        self.whole = self.stories[: len(corpus.whole)]  # those of the usual kind, from beginning to end
        self.readings = readings.Readings(self.tokenizer)
        self.books = data.flatten(data.encode(self.tokenizer, corpus.books))[0]

    def real(self, times):
        """Stories by people, with those of the readings so many times: flat text, spans."""
        flat, *documents = data.flatten(self.stories + times * self.readings.stories())
        return flat, data.spans(*documents)

    def training_text(self, times):
        """(flat text on the device, spans of the stories, range of the books)."""
        flat, spans = self.real(times)
        text = torch.from_numpy(np.concatenate([flat, self.books, [0]])).to(DEVICE)
        return text, spans, (len(flat), len(flat) + len(self.books))


@lru_cache
def material(corpus_folder, tokenizer_file):
    return Material(corpus_folder, tokenizer_file)


def of(args):
    return material(args.corpus, args.out / "tokenizer.json")
