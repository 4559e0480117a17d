"""Writes the checkpoint, and measures what was written."""

import json
import math
from dataclasses import asdict
from functools import partial

import torch

import export
import material
import quantize
import teachers
from evaluate import nll, perplexity
from logs import Log
from model import DEVICE, Config

GOLDEN_PROMPTS = (
    "Once upon a time, there was a little girl named Lily.",
    "Tom had a big red ball. One day,",
    "The old bear was sad because",
)


def write(args, file):
    log, text, c = Log(args), material.of(args), Config()
    folder, held_out = args.out / "checkpoint", text.held_out
    export.write_folder(torch.load(file), c, text.tokenizer, folder)
    state = export.read_state(folder)
    model = export.from_state(state, c, DEVICE)
    count = sum(len(d) + 1 for d in held_out)
    results = {
        "parameters": model.counts()[0],
        "activeParameters": model.counts()[1],
        "groupSize": args.group,
        "heldOutStories": len(held_out),
        "heldOutTokens": count,
        "heldOutBytes": text.held_out_bytes,
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
        packed = export.from_state(quantize.quantize_state(state, quantizer), c, DEVICE)
        mean = nll([packed], held_out)[0]
        results["perplexity"][name] = math.exp(mean)
        bits = mean * count / math.log(2) / results["heldOutBytes"]
        log(f"held-out perplexity, {name}: {math.exp(mean):.4f} ({bits:.4f} bits a byte)")
    readers = teachers.load(args, "reader", range(args.readers))
    for name, models in (("one reader", readers[:1]), ("all readers", readers)):
        results["perplexity"][name] = perplexity(models, held_out, torch.bfloat16)
        log(f"held-out perplexity, {name}: {results['perplexity'][name]:.4f}")
    worst, goldens = export.compare_and_expect(
        folder, c, text.tokenizer, held_out[:8], GOLDEN_PROMPTS, partial(quantize.fp4, group=args.group)
    )
    log(f"largest difference of logits to transformers' Qwen3MoeForCausalLM: {worst:.2e}")
    (args.out / "goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")
    results["largestLogitDifference"] = worst
    (args.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    assert worst < 2e-3, "transformers disagrees"
