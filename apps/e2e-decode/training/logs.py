"""One log for all processes: lines with the seconds since the run's beginning."""

import time


class Log:
    def __init__(self, args):
        self.start, self.path = args.started, args.out / "train.log"

    def __call__(self, text):
        line = f"[{time.time() - self.start:7.1f}s] {text}"
        print(line, flush=True)
        with open(self.path, "a") as file:
            print(line, file=file)
