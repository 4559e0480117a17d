"""FP4 matrices of few rows against the memory roof of an NVIDIA GPU, from Metal sources. See README.md."""
import argparse
import itertools
import json
import statistics
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cupy

from gpu import Function, compile_cuda
from lower import lower

HERE = Path(__file__).parent
FOLDERS = [HERE.parent / 'metal', HERE.parent / 'build/generated/metal', HERE]
SHAPES = [(4096, 4096), (14336, 4096), (4096, 14336), (28672, 8192), (128256, 4096)]
GROUP = 128
# Threadgroups of the tile operation: simdgroups, of which so many side by side in N, quads of columns a lane, threadgroups at a time.
SWEEP = [(4, 1, 2, 4), (8, 4, 2, 2), (8, 8, 2, 2), (16, 4, 2, 1), (16, 8, 2, 1), (16, 1, 1, 1), (4, 1, 1, 7), (4, 4, 1, 7), (8, 8, 1, 3),
         (8, 8, 1, 2), (8, 2, 1, 2), (16, 8, 1, 1), (16, 2, 1, 1), (8, 8, 2, 1)]

REFERENCE = r'''
struct halfbits { unsigned short x; };
extern "C" __global__ void reference(const float* x, const unsigned* codes, const halfbits* scales, double* out, int m, int n, int k) {
  const int column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= n) return;
  const unsigned long long words = k / 8, groups = k / 128, tile = column / 64, c = column % 64;
  const double values[8] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for (int row = blockIdx.y; row < m; row += gridDim.y) {
    double sum = 0;
    for (int w = 0; w < words; w++) {
      const unsigned word = codes[(tile * words + w) * 64 + c];
      float scale;
      asm("cvt.f32.f16 %0, %1;" : "=f"(scale) : "h"(scales[(tile * groups + w / 16) * 64 + c].x));
      for (int i = 0; i < 8; i++) {
        const unsigned code = word >> 4 * i & 15;
        sum += (code & 8 ? -1 : 1) * values[code & 7] * scale * (double)x[(long long)row * k + 8 * w + i];
      }
    }
    out[(long long)row * n + column] = sum;
  }
}
'''


class Variant:
    """A kernel and its compile-time choices; `launches` gives (function, grid, threads, arguments) for one product."""

    def __init__(self, family, file, name, defines, threads, columns=64):
        self.family, self.file, self.name, self.defines, self.threads, self.columns = family, file, name, defines, threads, columns

    def build(self):
        base = {'ROWS': 1, 'TERMS': 1, 'LAUNCH_BOUNDS': '', 'CONSTANT0': 0, 'CONSTANT1': 0, 'CONSTANT2': 0, 'CONSTANT3': 0}
        self.cubin = compile_cuda(lower(HERE / self.file, FOLDERS), base | self.defines)


def float_variant(m):
    rows = {1: 1, 2: 2, 4: 3, 8: 0}[m]
    return Variant('float32', '../metal/gemv_fp4_partial.metal', 'gemv_fp4_partial', {'CONSTANT2': rows}, 256)


def tile_variant(m, terms, warps, column_warps, quads, bounds):
    """None where a threadgroup would need more than 48 KB or has no whole shares."""
    shares = warps // column_warps
    items = max(1, shares * m // (2 * warps))
    slice_ = items * 2 * warps // m
    if slice_ * m != items * 2 * warps or slice_ % shares:
        return None
    if max(2 * slice_ * terms * m * 256, warps * terms * m * quads * 128) > 48 << 10:
        return None
    defines = {'ROWS': m, 'TERMS': terms, 'WARPS': warps, 'COLUMN_WARPS': column_warps, 'QUADS': quads, 'SLICE': slice_,
               'LAUNCH_BOUNDS': f'__launch_bounds__({32 * warps},{bounds})'}
    return Variant(f'tile{terms}', 'gemv_tile.metal', 'gemv_tile', defines, 32 * warps, 32 * quads * column_warps)


class Matrix:
    """Copies of one shape's weights: random codes and scales, enough to be cold."""

    def __init__(self, n, k):
        self.n, self.k = n, k
        self.bytes = n * k // 2 + n * k // GROUP * 2
        self.copies = -(-(512 << 20) // self.bytes)
        self.codes = [cupy.random.randint(0, 1 << 32, n * k // 8, dtype=cupy.uint32)
                      for _ in range(self.copies)]
        self.scales = [cupy.random.uniform(0.005, 0.02, n * k // GROUP).astype(cupy.float16) for _ in range(self.copies)]
        self.x = cupy.random.standard_normal((16, k)).astype(cupy.float32)
        self.partials = cupy.empty(32 * 16 * n, dtype=cupy.float32)
        self.out = cupy.empty((16, n), dtype=cupy.float32)
        self.expected = cupy.empty((16, n))

    def reference(self, function):
        n, k = self.n, self.k
        grid = (-(-n // 128), 16, 1)
        function.launch(0, grid, 128, self.x.data.ptr, self.codes[0].data.ptr, self.scales[0].data.ptr, self.expected.data.ptr,
                        struct.pack('i', 16), struct.pack('i', n), struct.pack('i', k))


def launch(stream, variant, combine, matrix, copy, m, splits):
    tiles = matrix.n // 64
    blocks = -(-matrix.n // variant.columns)
    to = matrix.out if splits == 1 else matrix.partials
    problem = struct.pack('5I', m, matrix.n, matrix.k, GROUP, splits)
    codes, scales = matrix.codes[copy].data.ptr, matrix.scales[copy].data.ptr
    if variant.family == 'float32':
        variant.function.launch(stream, (blocks, 1, splits), variant.threads, matrix.x.data.ptr, codes, scales, 0, to.data.ptr, problem)
    else:
        variant.function.launch(stream, (blocks, splits, 1), variant.threads, matrix.x.data.ptr, codes, scales, to.data.ptr, problem)
    if splits > 1:
        combine.launch(stream, (tiles, m, 1), 64, matrix.partials.data.ptr, 0, matrix.out.data.ptr, struct.pack('3I', m, matrix.n, splits))


def milliseconds(stream, run, times):
    run()
    taken = []
    for _ in range(times):
        begin, end = cupy.cuda.Event(), cupy.cuda.Event()
        begin.record(stream)
        run()
        end.record(stream)
        end.synchronize()
        taken.append(cupy.cuda.get_elapsed_time(begin, end))
    return statistics.median(taken)


def measure(stream, variant, combine, matrix, m, splits):
    matrix.out.fill(float('nan'))
    matrix.partials.fill(float('nan'))
    cupy.cuda.Device().synchronize()
    launch(stream.ptr, variant, combine, matrix, 0, m, splits)
    stream.synchronize()
    got, expected = matrix.out[:m].astype(cupy.float64), matrix.expected[:m]
    nmse = float(((got - expected) ** 2).sum() / (expected ** 2).sum())
    first = matrix.out[0].get().tobytes()
    count = -(-max(8, matrix.copies) // matrix.copies) * matrix.copies
    with stream:
        stream.begin_capture()
        for i in range(count):
            launch(stream.ptr, variant, combine, matrix, i % matrix.copies, m, splits)
        graph = stream.end_capture()
        us = 1000 * milliseconds(stream, lambda: graph.launch(stream), 12) / count
    return us, nmse, first


def launch_floor(stream, combine):
    """Microseconds of the smallest kernel in a graph of many."""
    values = cupy.zeros(8192, dtype=cupy.float32)
    with stream:
        stream.begin_capture()
        for _ in range(64):
            combine.launch(stream.ptr, (64, 1, 1), 64, values.data.ptr, 0, values[4096:].data.ptr, struct.pack('3I', 1, 4096, 1))
        graph = stream.end_capture()
        return 1000 * milliseconds(stream, lambda: graph.launch(stream), 10) / 64


def copy_roof(stream):
    """Bytes read and written a second by a plain copy."""
    size = 2 << 30
    a, b = cupy.zeros(size, dtype=cupy.uint8), cupy.empty(size, dtype=cupy.uint8)
    with stream:
        ms = milliseconds(stream, lambda: b.data.copy_from_device_async(a.data, size, stream), 10)
    return 2 * size / ms * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rows', type=int, nargs='+', default=[1, 2, 4, 8, 16])
    parser.add_argument('--terms', type=int, nargs='+', default=[1, 2, 3], help='see prelude_cuda.h')
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    cupy.random.seed(7)
    stream = cupy.cuda.Stream(non_blocking=True)

    variants = [(m, float_variant(m)) for m in options.rows if m <= 8]
    for m, terms, (warps, column_warps, quads, bounds) in itertools.product(options.rows, options.terms, SWEEP):
        variants.append((m, tile_variant(m, terms, warps, column_warps, quads, bounds)))
    variants = [(m, variant) for m, variant in variants if variant is not None]
    combine = Variant('combine', '../metal/combine_partials.metal', 'combine_partials', {}, 64)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda v: v.build(), [combine, *(v for _, v in variants)]))
    for variant in [combine, *(v for _, v in variants)]:
        variant.function = Function(variant.cubin, variant.name)
    reference = Function(compile_cuda(REFERENCE, {}), 'reference')
    print('compiled', len(variants), file=sys.stderr, flush=True)

    roof = copy_roof(stream)
    name = cupy.cuda.runtime.getDeviceProperties(0)['name'].decode()
    floor = launch_floor(stream, combine.function)
    print(f'{name}: a copy moves {roof / 1e9:.0f} GB/s; combine_partials alone, of one split, takes {floor:.1f} us', flush=True)
    rows = []
    for n, k in SHAPES:
        matrix = Matrix(n, k)
        matrix.reference(reference)
        cupy.cuda.Device().synchronize()
        for m, variant in variants:
            for splits in (1, 2, 3, 4, 6, 8, 12, 16, 24):
                blocks = -(-n // variant.columns) * splits
                if splits > 1 and blocks > 3000 or splits > k // GROUP // 2 or splits == 1 and blocks < 60:
                    continue
                us, nmse, first = measure(stream, variant, combine.function, matrix, m, splits)
                bytes_ = matrix.bytes + 4 * m * (n + k)
                rows.append({'n': n, 'k': k, 'm': m, 'family': variant.family, 'splits': splits, 'us': us, 'nmse': nmse,
                             'share': bytes_ / us * 1e6 / roof, 'first': hash(first),
                             **{d: variant.defines.get(d) for d in ('WARPS', 'COLUMN_WARPS', 'QUADS', 'SLICE')}})
        report(rows, n, k, options.rows)
        del matrix
        cupy.get_default_memory_pool().free_all_blocks()
    if options.json:
        options.json.write_text(json.dumps({'device': name, 'roof': roof, 'rows': rows}))


def report(rows, n, k, counts):
    for m in counts:
        for family in ('float32', 'tile1', 'tile2', 'tile3'):
            some = [r for r in rows if (r['n'], r['k'], r['m'], r['family']) == (n, k, m, family)]
            if not some:
                continue
            best = min(some, key=lambda r: r['us'])
            how = f"splits {best['splits']}" + (f", {best['WARPS']} warps, {best['COLUMN_WARPS']} x {32 * best['QUADS']} columns" if best['WARPS'] else '')
            print(f"{n} x {k}  M {m:2}  {family:8} {best['us']:7.1f} us  {100 * best['share']:5.1f} % of the roof  nmse {best['nmse']:.1e}  ({how})", flush=True)


if __name__ == '__main__':
    main()
