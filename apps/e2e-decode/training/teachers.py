"""Dense models on real text: the teachers of the student, and the readers that judge its stories. The teachers' text
has the readings (readings.py) too; the readers', which learn to judge those, has not."""

import numpy as np
import torch
import torch.nn.functional as F

import data
import material
from evaluate import nll
from logs import Log
from model import DEVICE, Config, Model, linear
from optimizer import Optimizer, schedule


@torch.compile(dynamic=False)
def next_token_loss(h, table, target):
    return F.cross_entropy(linear(h, table).float(), target)


def train(args, name, number):
    """Trains model `number` on stories and books mixed and saves it."""
    saved, log = args.out / f"{name}-{number}.pt", Log(args)
    if saved.exists():
        return
    seed = args.seed * 1000 + number + (500 if name == "reader" else 0)
    torch.manual_seed(seed)
    text = material.of(args)
    flat, real, book_range = text.training_text(args.teacher_readings if name == "teacher" else 0)
    c = Config(
        width=args.teacher_width, layers=args.teacher_layers, heads=args.teacher_width // 64, head_dim=64,
        kv_heads=args.teacher_width // 128, inner=args.teacher_width * 3, experts=1, dropout=args.dropout,
    )  # fmt: skip
    model, steps = Model(c).to(DEVICE), getattr(args, f"{name}_steps")
    optimizer = Optimizer(model, weight_decay=args.teacher_decay)
    stream = data.endless(*real, args.batch, DEVICE, np.random.default_rng(seed), (*book_range, args.gutenberg))
    total = 0.0
    for step in range(steps):
        index, position, cu = next(stream)
        h, table, _ = model.hidden(flat[index][None], position, cu)
        loss = next_token_loss(h[0], table, flat[index + 1])
        loss.backward()
        optimizer.step(schedule(step, steps, 100, 0.7))
        total += loss.detach()
        if (step + 1) % 400 == 0 or step + 1 == steps:
            model.eval()
            v = nll([model], text.validation, torch.bfloat16)[0]
            model.train()
            mean = total.item() / (step % 400 + 1)
            log(f"{name} {number} step {step + 1}: training loss {mean:.4f}, validation {v:.4f}")
            total = 0.0
    torch.save(model.state_dict(), saved)
    torch.save(c, args.out / f"{name}.config.pt")


def load(args, name, numbers):
    """Trained models, fixed."""
    c = torch.load(args.out / f"{name}.config.pt", weights_only=False)
    models = []
    for number in numbers:
        model = Model(c).to(DEVICE)
        model.load_state_dict(torch.load(args.out / f"{name}-{number}.pt", map_location=DEVICE))
        models.append(model.eval().requires_grad_(False))
    return models
