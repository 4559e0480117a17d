"""How varied stories are, and how much of them is recited."""

import torch

import candidates
import material
from model import DEVICE

COUNT = 512
RUN = 12
BEGINNINGS = ("", "Once upon a time")


def shared(stories):
    """The share of pairs of stories that have a run of tokens in common."""
    hashed, inside = candidates.runs_of(stories["tokens"], stories["lengths"], RUN)
    own = stories["openings"][:, None] <= torch.arange(hashed.shape[1], device=DEVICE)
    n = len(hashed)
    rows = torch.arange(n, device=DEVICE)[:, None].expand_as(hashed)[inside & own]
    runs, which = hashed[inside & own].unique(return_inverse=True)
    has = torch.zeros(n, len(runs), device=DEVICE, dtype=torch.half if DEVICE == "cuda" else torch.float)
    has[rows, which] = 1
    return (((has @ has.T) > 0).sum() - n).item() / (n * (n - 1))


def commonest(stories):
    """The share of the commonest beginning, of so many tokens after the opening."""
    given = stories["openings"][0].item()
    beginnings = stories["tokens"][:, given : given + RUN]
    return beginnings.unique(dim=0, return_counts=True)[1].max().item() / len(beginnings)


def recited(stories, texts):
    """The share of the stories' runs of tokens that are in the texts (token lists)."""
    flat = torch.tensor([t for text in texts for t in [0, *text]], device=DEVICE)[None]
    known = candidates.runs_of(flat, torch.tensor([flat.shape[1]], device=DEVICE), RUN)[0][0].unique()
    hashed, inside = candidates.runs_of(stories["tokens"], stories["lengths"], RUN)
    return torch.isin(hashed[inside], known).float().mean().item()


def report(args, model):
    """In words, and the larger share of pairs of stories that have a run in common."""
    text, parts, most = material.of(args), [], 0.0
    for beginning in BEGINNINGS:
        ids = text.tokenizer.encode(beginning).ids
        given = torch.tensor([ids] * COUNT, dtype=torch.long, device=DEVICE).reshape(COUNT, len(ids))
        stories = candidates.tell(args, model, given, 1, args.seed, args.temperature, args.min_p)
        corpus, read = recited(stories, text.stories), recited(stories, text.readings.stories())
        most = max(most, share := shared(stories))
        parts.append(
            f"after {beginning!r} commonest {100 * commonest(stories):.1f} %, pairs that share "
            f"{100 * share:.2f} %, recited {100 * corpus:.2f} % (readings {100 * read:.2f} %)"
        )
    return "; ".join(parts), most
