"""Trains the default model: teachers, a student distilled from them, its refinement by its own stories, and FP4.

    python train.py --corpus DIR --out DIR
"""

import argparse
import json
import shutil
import time
from pathlib import Path

import torch

import candidates
import data
import export
import finish
import judge
import quantize
import refine
import report
import selection
import student
import teachers
from logs import Log
from refine import Variant
from workers import Workers, results

# Ways to learn that compete in each round, in turn on the GPUs. The one whose stories have the best score goes on.
ROUNDS = (Variant("gentle", 400, 0.035, 0.5), Variant("firm", 400, 0.07, 0.5))


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--corpus", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--batch", type=int, default=32768, help="tokens a step")
    p.add_argument("--group", type=int, default=32, help="weights with one scale")
    t = p.add_argument_group("teachers and readers")
    t.add_argument("--teachers", type=int, default=6)
    t.add_argument("--teacher-steps", type=int, default=2200)
    t.add_argument("--teacher-width", type=int, default=512)
    t.add_argument("--teacher-layers", type=int, default=8)
    t.add_argument("--dropout", type=float, default=0.2)
    t.add_argument("--teacher-decay", type=float, default=0.4, help="weight decay")
    t.add_argument("--gutenberg", type=float, default=0.5, help="share of books in the text")
    t.add_argument("--readers", type=int, default=4, help="models that judge")
    t.add_argument("--reader-steps", type=int, default=1600)
    t.add_argument("--teacher-readings", type=int, default=1, help="times that the teachers' text has the readings")
    t.add_argument("--judge-epochs", type=int, default=6)
    t.add_argument("--judge-lr", type=float, default=1e-4)
    s = p.add_argument_group("student")
    s.add_argument("--student", type=Path, help="a finished student's checkpoint, instead of training one")
    s.add_argument("--rounds", type=int, default=1, help="times that the teachers write new stories")
    s.add_argument("--stories", type=int, default=7168, help="new stories by each teacher in a round")
    s.add_argument("--story-tokens", type=int, default=768)
    s.add_argument("--student-steps", type=int, default=8000)
    s.add_argument("--student-decay", type=float, default=0.02, help="weight decay")
    s.add_argument("--times", type=int, default=1, help="times that real stories have the readings with them")
    s.add_argument("--hard", type=float, default=0.1, help="weight of the true next token on real stories")
    r = p.add_argument_group("refinement")
    # The run of train.log had five. Read blind, fewer stories hold together after the third, the fourth and the fifth.
    r.add_argument("--refinements", type=int, default=2)
    r.add_argument("--groups", type=int, default=8192, help="openings of a round")
    r.add_argument("--late", type=float, default=0.5, help="share of them that are long")
    r.add_argument("--copies", type=int, default=16, help="stories told for each opening")
    r.add_argument("--write-batch", type=int, default=24576, help="stories told at once")
    r.add_argument("--temperature", type=float, default=0.65)
    r.add_argument("--min-p", type=float, default=0.05)
    r.add_argument("--keep", type=int, default=3, help="most stories kept of a group")
    r.add_argument("--poor", type=float, default=0.2, help="share of groups whose best story is not kept either")
    r.add_argument("--beta", type=float, default=0.1, help="how firmly preferences hold to the model before")
    r.add_argument("--bound", type=float, default=2.1, help="highest validation loss that a round may leave")
    r.add_argument("--shared", type=float, default=0.35, help="most pairs of stories that may share a run (variety.py)")
    f = p.add_argument_group("finish")
    f.add_argument("--finish-steps", type=int, default=800)
    f.add_argument("--finish-rate", type=float, default=0.04, help="learning rate against a fresh student's")
    f.add_argument("--draw", type=float, default=0.01, help="part of the way to the rounded value, each step")
    return p.parse_args()


def prepare(args, log):
    """The tokenizer, trained on the stories or taken from a finished student."""
    saved = args.out / "tokenizer.json"
    if args.student:
        shutil.copyfile(args.student / "tokenizer.json", saved)
        torch.save(export.read_state(args.student), args.out / "student.pt")
        log(f"student from {args.student.name}")
    elif not saved.exists():
        data.train_tokenizer(data.Corpus(args.corpus).stories).save(str(saved))


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    args.started = time.time()
    args.shards = max(1, torch.cuda.device_count())
    log = Log(args)
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    log(f"{args.shards} x {name}, torch {torch.__version__}")
    log(" ".join(f"{k}={v}" for k, v in vars(args).items() if k not in ("corpus", "out", "student", "started")))
    quantize.check()
    prepare(args, log)
    workers = Workers(args.shards)

    first = args.out / "student.pt"
    if not first.exists():
        workers.run(teachers.train, range(args.teachers), args, "teacher")
    beside = 0 if first.exists() else 1
    learning = workers.start(student.train, [first], args)
    results(workers.start(train_judge, range(args.readers), args, first=beside))
    results(workers.start(selection.calibrate, [args.out / "scale.pt"], args, first=1) + learning)

    saved = args.out / "rounds.json"
    rounds = json.loads(saved.read_text()) if saved.exists() else []
    if not rounds:
        workers.run(refine.evaluate, [first], args)
    while len(rounds) < args.refinements:
        rounds.append(refined(args, workers, log, rounds))
        saved.write_text(json.dumps(rounds, indent=1) + "\n")
    finished = args.out / "finished.pt"
    if not finished.exists():
        workers.run(finish.train, [finished], args, *latest(args, rounds))
    workers.run(report.write, [finished], args)
    workers.close()
    log("done")


def latest(args, rounds):
    """The file of the model that the last round left which goes on, and the number of that round."""
    for number in reversed(range(len(rounds))):
        if rounds[number]["chosen"]:
            return args.out / f"refined-{number}-{rounds[number]['chosen']}.pt", number
    return args.out / "student.pt", None


def refined(args, workers, log, rounds):
    """Another round: what became of each variant, and which of them goes on, if any."""
    number, (model, _) = len(rounds), latest(args, rounds)
    stricter = sum(not r["chosen"] for r in rounds)
    workers.run(candidates.write, range(args.shards), args, number, model)
    workers.run(selection.choose, range(args.shards), args, number, stricter)
    done = dict(zip((v.name for v in ROUNDS), workers.run(refine.train, ROUNDS, args, number, model)))
    fit = [name for name, r in done.items() if r["validation"] <= args.bound and r["shared"] <= args.shared]
    chosen = max(fit, key=lambda name: done[name]["score"], default=None)
    log(f"refinement {number}: {chosen or 'neither'} goes on")
    return {"chosen": chosen, "variants": done}


def train_judge(args, number):
    """A reader, and the judge that it becomes."""
    teachers.train(args, "reader", number)
    judge.train(args, number)


if __name__ == "__main__":
    main()
