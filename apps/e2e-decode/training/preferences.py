"""Direct preference optimization (Rafailov et al., 2023): of two stories for one opening, the better one becomes more
likely against the worse one, in comparison with the model before."""

import numpy as np
import torch
import torch.nn.functional as F

import candidates
import data
import selection
from model import DEVICE

PAIRS = 64  # in a step; two stories each, so they always fit into a batch


class Preferences:
    def __init__(self, args, pairs, before, rng):
        """`pairs` [n, 2, ...], the better story first; `before` is the model that is being refined, as it was."""
        stories = {name: part.flatten(0, 1).long().to(DEVICE) for name, part in pairs.items()}
        stories["ended"] = stories["ended"].bool()
        self.flat, self.starts, self.lengths = candidates.packed(stories)
        self.size, self.rng = args.batch, rng
        logp = selection.reading([before], self.flat, self.starts, self.lengths, args.batch)
        first = torch.from_numpy(self.starts).to(DEVICE)
        # what follows the last token is counted only where the story ended there
        self.counted = self.lengths - 1 + stories["ended"].cpu().numpy()
        counted = torch.from_numpy(self.counted).to(DEVICE)
        self.before = selection.means(logp, first, first + counted) * counted
        self.left = np.empty(0, dtype=np.int64)

    def loss(self, model, beta):
        """The loss on the next pairs, and the share of them in which the model already prefers the better story."""
        if len(self.left) < PAIRS:
            self.left = self.rng.permutation(len(self.starts) // 2)
        pairs, self.left = self.left[:PAIRS], self.left[PAIRS:]
        order = np.stack([2 * pairs, 2 * pairs + 1], 1).reshape(-1)
        lengths = self.lengths[order]
        index, position, cu, used = next(
            data.batches(self.starts[order], lengths, self.size, DEVICE, keep_rest=True)
        )
        h, table, _ = model.hidden(self.flat[index][None], position, cu)
        logp = selection.log_probability(h[0], table, self.flat[index + 1])[:used]
        story = torch.from_numpy(np.repeat(np.arange(len(order)), lengths)).to(DEVICE)
        uncounted = np.cumsum(lengths)[self.counted[order] < lengths] - 1
        logp = logp.index_fill(0, torch.from_numpy(uncounted).to(DEVICE), 0.0)
        sums = torch.zeros(len(order), device=DEVICE).index_add(0, story, logp)
        gain = (sums - self.before[torch.from_numpy(order).to(DEVICE)]).unflatten(0, (-1, 2))
        margin = gain[:, 0] - gain[:, 1]
        return -F.logsigmoid(beta * margin).mean(), (margin > 0).float().mean().detach()
