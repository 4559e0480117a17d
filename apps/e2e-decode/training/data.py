"""Corpora, tokenizer, and streams of packed documents.

A document is `<|endoftext|>` followed by its tokens. Documents lie one after the other in one flat
array, so the target of every position is simply the next element (at a document's end that is the
next document's `<|endoftext|>`). A batch is a fixed number of consecutive positions of a shuffled
stream; `cu` holds the document boundaries, and attention never crosses one.
"""

import io
import lzma
import tarfile
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

EOT = "<|endoftext|>"
HELD_OUT, VALIDATION = 400, 200
FRAGMENTS = 880  # about so many entries at the end of the file are paragraphs of longer stories
MAX_DOCUMENT = 2048  # longest span of one document in training
WINDOW = 1024  # span cut from a book
MAX_SPANS = 1024  # most document spans in one batch (the boundary array has a fixed size)


def read_stories(path):
    with lzma.open(path, "rt", encoding="utf8") as f:
        return [s.strip() for s in f.read().split(EOT) if s.strip()]


def read_books(path):
    with lzma.open(path) as f, tarfile.open(fileobj=io.BytesIO(f.read())) as tar:
        members = sorted((m for m in tar if m.name.endswith(".txt")), key=lambda m: m.name)
        return [tar.extractfile(m).read().decode("utf8").strip() for m in members]


class Corpus:
    """Training stories and books, validation stories (before the last 400) and held-out ones (the last 400)."""

    def __init__(self, folder):
        folder = Path(folder)
        tiny = read_stories(folder / "tinystories.txt.xz")
        self.held_out = tiny[-HELD_OUT:]
        self.validation = tiny[-HELD_OUT - VALIDATION : -HELD_OUT]
        unseen = set(self.held_out) | set(self.validation)
        train = tiny[: -HELD_OUT - VALIDATION] + read_stories(folder / "ccby_stories.txt.xz")
        self.stories = [s for s in train if s not in unseen]
        self.whole = [s for s in tiny[:-FRAGMENTS] if s not in unseen]  # the first of the stories
        self.books = read_books(folder / "gutenberg.tar.xz")


def train_tokenizer(texts, vocab_size=4096):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[EOT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    assert tokenizer.get_vocab_size() == vocab_size and tokenizer.token_to_id(EOT) == 0
    return tokenizer


def encode(tokenizer, texts):
    return [e.ids for e in tokenizer.encode_batch(texts)]


def flatten(documents, eot=0):
    """Documents (token lists, without `<|endoftext|>`) to a flat array and (start, length) of each one."""
    lengths = np.array([len(d) + 1 for d in documents])
    starts = np.cumsum(lengths) - lengths
    flat = np.full(lengths.sum(), eot, dtype=np.int64)
    for start, document in zip(starts, documents):
        flat[start + 1 : start + 1 + len(document)] = document
    return flat, starts, lengths


def spans(starts, lengths, longest=MAX_DOCUMENT):
    """Cuts documents longer than `longest`; returns the (start, length) arrays of all spans."""
    pieces = [
        (start + offset, min(longest, length - offset))
        for start, length in zip(starts, lengths)
        for offset in range(0, length, longest)
    ]
    return np.array(pieces, dtype=np.int64).T


def batches(starts, lengths, size, device, keep_rest=False):
    """Yields (index, position, cu, used): flat indices, places within the span, boundaries, real positions.

    The spans are taken in the given order; one that crosses a batch's end is continued in the next
    batch without its earlier part. With `keep_rest` the last batch is filled up with its first index.
    """
    ends = np.cumsum(lengths)
    index = np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1])
    total = len(index)
    if keep_rest:
        index = np.concatenate([index, np.full(-total % size, index[0])])
    index = torch.from_numpy(index).to(device)
    place = torch.arange(size, device=device, dtype=torch.int32)
    for begin in range(0, len(index) - size + 1, size):
        used = min(size, total - begin)
        inner = ends[(ends > begin) & (ends < begin + used)] - begin
        filling = np.arange(used, size, MAX_DOCUMENT)
        boundaries = np.concatenate([[0], inner, filling])
        assert len(boundaries) <= MAX_SPANS, "too many spans in one batch"
        cu = np.full(MAX_SPANS + 1, size, dtype=np.int32)
        cu[: len(boundaries)] = boundaries
        cu = torch.from_numpy(cu).to(device)
        position = place - cu[torch.searchsorted(cu, place, right=True) - 1]
        yield index[begin : begin + size], position.long(), cu, used


def endless(starts, lengths, size, device, rng, books=None):
    """Shuffled epochs without end. With `books` = (first, last, share), random windows of flat[first:last]
    are mixed in so that they make up `share` of the tokens."""
    while True:
        s, n = starts, lengths
        if books is not None:
            first, last, share = books
            count = int(share / (1 - share) * n.sum() / WINDOW)
            s = np.concatenate([s, rng.integers(first, last - WINDOW, count)])
            n = np.concatenate([n, np.full(count, WINDOW)])
        order = rng.permutation(len(s))
        for index, position, cu, _ in batches(s[order], n[order], size, device):
            yield index, position, cu
