"""Muon for the matrices of the blocks, AdamW for embedding, router and norms."""

import torch


@torch.compile(dynamic=False)
def orthogonalize(g):
    """Nearest semi-orthogonal matrices of a stack [n, rows, columns], by a quintic Newton-Schulz iteration."""
    x = g.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.mT if tall else x


class Optimizer:
    def __init__(self, model, lr=0.02, adam_lr=0.003, weight_decay=0.1, momentum=0.95):
        self.lr, self.adam_lr, self.weight_decay, self.momentum = lr, adam_lr, weight_decay, momentum
        self.groups = {}  # shape -> matrices of that shape, orthogonalized together
        small = []
        for name, p in model.named_parameters():
            if name.startswith("blocks.") and p.ndim > 1 and not name.endswith("router"):
                self.groups.setdefault(p.shape[-2:], []).append(p)
            elif p is not model.embedding:
                small.append(p)
        self.buffers = {}
        groups = [{"params": [model.embedding], "weight_decay": 0.1}, {"params": small, "weight_decay": 0.0}]
        self.adam = torch.optim.AdamW(groups, lr=adam_lr, betas=(0.9, 0.95), fused=True)

    @torch.no_grad()
    def step(self, scale):
        """One update with both learning rates multiplied by `scale`; clears the gradients."""
        for group in self.adam.param_groups:
            group["lr"] = self.adam_lr * scale
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        lr = self.lr * scale
        for shape, params in self.groups.items():
            g = torch.cat([p.grad.reshape(-1, *shape) for p in params])
            buffer = self.buffers.setdefault(shape, torch.zeros_like(g))
            buffer.lerp_(g, 1 - self.momentum)
            update = orthogonalize(g.lerp_(buffer, self.momentum)).float()
            counts = [p.numel() // (shape[0] * shape[1]) for p in params]
            updates = [u.reshape(p.shape) for u, p in zip(update.split(counts), params)]
            torch._foreach_mul_(params, 1 - lr * self.weight_decay)
            torch._foreach_add_(params, updates, alpha=-lr * max(1, shape[0] / shape[1]) ** 0.5)
            for p in params:
                p.grad = None


def schedule(step, steps, warmup, decay):
    """Linear warm-up, constant, then linear decay to zero over the last `decay` of the steps."""
    return min((step + 1) / warmup, 1.0, (steps - step) / (decay * steps))
