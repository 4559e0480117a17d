"""Trains the default model: teachers, distillation into a small mixture of experts, fp4-aware finish.

    python train.py --corpus DIR --out DIR
"""

import argparse
import json
import math
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import data
import distil
import export
import quantize
from evaluate import nll, perplexity, repeated_words, sample
from model import Config, Model, linear
from optimizer import Optimizer, schedule

GOLDEN_PROMPTS = (
    "Once upon a time, there was a little girl named Lily.",
    "Tom had a big red ball. One day,",
    "The old bear was sad because",
)
SAMPLE_PROMPTS = (
    "Once upon a time",
    "Once upon a time, there was a little fox",
    "One day, a boy named Ben",
    "Lily and her mom",
    "There was a small house in the forest.",
    "Tim had a toy boat.",
    "Once upon a time, a bird wanted",
    "The king was very tired.",
    "Anna found a shiny key.",
    "It was a rainy day,",
)


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--corpus", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--batch", type=int, default=32768, help="tokens a step")
    p.add_argument("--teachers", type=int, default=6)
    p.add_argument("--teacher-steps", type=int, default=2200)
    p.add_argument("--teacher-width", type=int, default=512)
    p.add_argument("--teacher-layers", type=int, default=8)
    p.add_argument("--dropout", type=float, default=0.2, help="of the teachers")
    p.add_argument("--teacher-decay", type=float, default=0.4, help="weight decay of the teachers")
    p.add_argument("--gutenberg", type=float, default=0.5, help="share of books in the teachers' text")
    p.add_argument("--rounds", type=int, default=2, help="times that the teachers write new stories")
    p.add_argument("--stories", type=int, default=7168, help="new stories by each teacher in a round")
    p.add_argument("--story-tokens", type=int, default=768)
    p.add_argument("--student-steps", type=int, default=12000)
    p.add_argument("--student-decay", type=float, default=0.02, help="weight decay of the student")
    p.add_argument("--hard", type=float, default=0.1, help="weight of the true next token on real stories")
    p.add_argument("--fp4-from", type=float, default=0.7, help="part of the student's steps with float weights")
    p.add_argument("--group", type=int, default=32, help="weights with one scale")
    return p.parse_args()


@torch.compile(dynamic=False)
def next_token_loss(h, table, target):
    return F.cross_entropy(linear(h, table).float(), target)


@torch.compile(dynamic=False)
def distillation_loss(h, table, probabilities, target, hard):
    """Cross-entropy with the teachers' distribution; `hard` is the weight of the true token at each place."""
    logits = linear(h, table).float()
    norm = logits.logsumexp(-1)
    soft = norm - (probabilities.float() * logits).sum(-1)
    true = norm - logits.gather(-1, target[:, None])[:, 0]
    return (soft + hard * (true - soft)).mean()


class Log:
    def __init__(self, path):
        self.start, self.file = time.time(), open(path, "a")

    def __call__(self, text):
        line = f"[{time.time() - self.start:7.1f}s] {text}"
        print(line, flush=True)
        print(line, file=self.file, flush=True)


def train_teacher(args, number, real, flat, book_range, validation, log):
    """A dense model on real text, stories and books mixed."""
    seed = args.seed * 1000 + number
    torch.manual_seed(seed)
    c = Config(
        width=args.teacher_width, layers=args.teacher_layers, heads=args.teacher_width // 64, head_dim=64,
        kv_heads=args.teacher_width // 128, inner=args.teacher_width * 3, experts=1, dropout=args.dropout,
    )  # fmt: skip
    model, steps = Model(c).cuda(), args.teacher_steps
    optimizer = Optimizer(model, weight_decay=args.teacher_decay)
    stream = data.endless(*real, args.batch, "cuda", np.random.default_rng(seed), (*book_range, args.gutenberg))
    total = 0.0
    for step in range(steps):
        index, position, cu = next(stream)
        h, table, _ = model.hidden(flat[index][None], position, cu)
        loss = next_token_loss(h[0], table, flat[index + 1])
        loss.backward()
        optimizer.step(schedule(step, steps, 100, 0.7))
        total += loss.detach()
        if (step + 1) % 200 == 0:
            model.eval()
            v = nll([model], validation, torch.bfloat16)[0]
            model.train()
            log(f"teacher {number} step {step + 1}: training loss {total.item() / 200:.4f}, validation {v:.4f}")
            total = 0.0
    return model.eval().requires_grad_(False)


def new_pool(args, round_number, teachers, real, real_flat, log):
    """Real stories and the teachers' new ones, with the teachers' mean distribution at every place."""
    stories = []
    for k, teacher in enumerate(teachers):
        seed = args.seed * 10**6 + round_number * 1000 + k
        stories += distil.write_stories(teacher, args.stories, args.story_tokens, seed)
        torch.cuda.empty_cache()
    flat, starts, lengths = distil.pool((real_flat, *real), stories)
    log(f"round {round_number}: {len(stories)} new stories, {len(flat) - len(real_flat)} tokens")
    probabilities = torch.empty(len(flat), teachers[0].c.vocab, dtype=torch.half, device="cuda")
    distil.label(teachers, flat, starts, lengths, args.batch, probabilities)
    log(f"round {round_number}: labelled {len(flat)} tokens")
    return torch.from_numpy(np.append(flat, 0)).cuda(), starts, lengths, probabilities


def train_student(args, teachers, real, real_flat, validation, log):
    torch.manual_seed(args.seed)
    model, steps = Model(Config()).cuda(), args.student_steps
    log(f"student: {model.counts()[0]} parameters, {model.counts()[1]} active a token")
    optimizer = Optimizer(model, weight_decay=args.student_decay)
    rng, total, balance_total = np.random.default_rng(args.seed), 0.0, 0.0
    flat = probabilities = stream = None
    for step in range(steps):
        if step % math.ceil(steps / args.rounds) == 0:
            del flat, probabilities, stream
            torch.cuda.empty_cache()
            number = step // math.ceil(steps / args.rounds)
            flat, starts, lengths, probabilities = new_pool(args, number, teachers, real, real_flat, log)
            stream = data.endless(starts, lengths, args.batch, "cuda", rng)
        if step == int(args.fp4_from * steps):
            model.eval()
            state = export.to_state(model)
            for group in (32, 64, 128):
                packed = quantize.quantize_state(state, partial(quantize.fp4, group=group))
                v = nll([export.from_state(packed, model.c, "cuda")], validation)[0]
                log(f"student step {step}: validation {v:.4f} if packed now, group {group}")
            model.train()
            model.quantize_with(quantize.StraightThrough(args.group))
        index, position, cu = next(stream)
        h, table, balance = model.hidden(flat[index][None], position, cu)
        hard = torch.where(index < len(real_flat), args.hard, 0.0)
        loss = distillation_loss(h[0], table, probabilities[index], flat[index + 1], hard)
        (loss + 0.01 * balance).backward()
        optimizer.step(schedule(step, steps, 200, 0.5))
        total, balance_total = total + loss.detach(), balance_total + balance.detach()
        if (step + 1) % 500 == 0 or step + 1 == steps:
            model.eval()
            v = nll([model], validation, torch.bfloat16)[0]
            model.train()
            n = (step % 500) + 1
            log(
                f"student step {step + 1}: training loss {total.item() / n:.4f}, balance "
                f"{balance_total.item() / n:.3f}, validation {v:.4f}{' (fp4)' if model.quantizer else ''}"
            )
            total, balance_total = 0.0, 0.0
    log(f"student: at most {torch.cuda.max_memory_allocated() / 2**30:.0f} GiB of GPU memory")
    model.quantize_with(None)
    return model.eval()


def write_samples(model, tokenizer, path, log):
    lines = ["# Ten stories", "", "FP4 weights, temperature 0.8, top-p 0.95, at most 250 tokens. Nothing was picked:"]
    lines += ["the prompts (bold) and the seeds (1 to 10) were fixed beforehand.", ""]
    for seed, prompt in enumerate(SAMPLE_PROMPTS, 1):
        ids, ended = sample(model, [0, *tokenizer.encode(prompt).ids], 250, 0.8, 0.95, seed)
        text = tokenizer.decode(ids[1:])
        repeat = repeated_words(text)
        log(f"sample {seed}: {len(ids) - 1} tokens, {'ended' if ended else 'cut'}, repeated 8-gram: {repeat}")
        lines += [f"## {seed}", "", f"**{prompt}**" + text[len(prompt) :].replace("\n", "\n\n"), ""]
        lines += [f"({len(ids) - 1} tokens, {'ended by itself' if ended else 'cut'})", ""]
    path.write_text("\n".join(lines))


def report(args, model, tokenizer, corpus, teachers, log):
    """Writes the checkpoint, and measures what was written."""
    folder, c = args.out / "checkpoint", model.c
    export.write_folder(export.to_state(model), c, tokenizer, folder)
    held_out = data.encode(tokenizer, corpus.held_out)
    state = export.read_state(folder)
    count = sum(len(d) + 1 for d in held_out)
    results = {
        "parameters": model.counts()[0],
        "activeParameters": model.counts()[1],
        "groupSize": args.group,
        "heldOutStories": len(held_out),
        "heldOutTokens": count,
        "heldOutBytes": sum(len(s.encode()) for s in corpus.held_out),
        "config": asdict(c),
        "perplexity": {},
    }
    formats = {
        "float": lambda w: w,
        "fp4": partial(quantize.fp4, group=args.group),
        "mxfp4": quantize.mxfp4,
        "nvfp4": quantize.nvfp4,
    }
    for name, quantizer in formats.items():
        packed = export.from_state(quantize.quantize_state(state, quantizer), c, "cuda")
        mean = nll([packed], held_out)[0]
        results["perplexity"][name] = math.exp(mean)
        bits = mean * count / math.log(2) / results["heldOutBytes"]
        log(f"held-out perplexity, {name}: {math.exp(mean):.4f} ({bits:.4f} bits a byte)")
        if name == "fp4":
            write_samples(packed, tokenizer, args.out / "samples.md", log)
    for name, models in (("one teacher", teachers[:1]), ("all teachers", teachers)):
        if models:
            results["perplexity"][name] = perplexity(models, held_out, torch.bfloat16)
            log(f"held-out perplexity, {name}: {results['perplexity'][name]:.4f}")
    worst, goldens = export.compare_and_expect(
        folder, c, tokenizer, held_out[:8], GOLDEN_PROMPTS, partial(quantize.fp4, group=args.group)
    )
    log(f"largest difference of logits to transformers' Qwen3MoeForCausalLM: {worst:.2e}")
    (args.out / "goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")
    results["largestLogitDifference"] = worst
    (args.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    assert worst < 2e-3, "transformers disagrees"


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    log = Log(args.out / "train.log")
    log(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    log(" ".join(f"{k}={v}" for k, v in vars(args).items() if k not in ("corpus", "out")))
    torch._dynamo.config.recompile_limit = 64
    torch.backends.cuda.enable_cudnn_sdp(False)  # it plans anew for every length, which decoding cannot afford
    quantize.check()

    corpus = data.Corpus(args.corpus)
    tokenizer = data.train_tokenizer(corpus.stories)
    real_flat, *documents = data.flatten(data.encode(tokenizer, corpus.stories))
    real = data.spans(*documents)
    books, *_ = data.flatten(data.encode(tokenizer, corpus.books))
    flat = torch.from_numpy(np.concatenate([real_flat, books, [0]])).cuda()
    validation = data.encode(tokenizer, corpus.validation)
    log(f"{len(corpus.stories)} stories, {len(real_flat)} tokens; {len(corpus.books)} books, {len(books)} tokens")

    teachers = []
    for number in range(args.teachers):
        saved = args.out / f"teacher-{number}.pt"
        if saved.exists():
            teacher = torch.load(saved, weights_only=False)
        else:
            book_range = (len(real_flat), len(real_flat) + len(books))
            teacher = train_teacher(args, number, real, flat, book_range, validation, log)
            torch.save(teacher, saved)
        teachers.append(teacher)
        log(f"teachers 0 to {number} together: validation {nll(teachers, validation, torch.bfloat16)[0]:.4f}")

    saved = args.out / "student.pt"
    if saved.exists():
        student = torch.load(saved, weights_only=False)
    else:
        student = train_student(args, teachers, real, real_flat, validation, log)
        torch.save(student, saved)
    report(args, student, tokenizer, corpus, teachers, log)
    log("done")


if __name__ == "__main__":
    main()
