import type { KernelDescription } from '../../src/index.js'

/** Kernels that tests look at the Metal device with. */
export const probeSource = `
#include <metal_stdlib>
using namespace metal;

// out[i] += 1 for each threadgroup i.
kernel void cover(device uint* out [[buffer(0)]],
                  uint3 group [[threadgroup_position_in_grid]],
                  uint3 groups [[threadgroups_per_grid]],
                  uint index [[thread_index_in_threadgroup]]) {
  if (index == 0) out[group.x + groups.x * (group.y + groups.y * group.z)] += 1;
}

kernel void copy(device const uchar* in [[buffer(0)]],
                 device uchar* out [[buffer(1)]],
                 constant uint& length [[buffer(2)]],
                 uint i [[thread_position_in_grid]]) {
  if (i < length) out[i] = in[i];
}

// log[0] counts, log[1 + count] = value.
kernel void append(device uint* log [[buffer(0)]], constant uint& value [[buffer(1)]]) {
  log[1 + log[0]] = value;
  log[0] += 1;
}

// state[0] -= 1 and, when that gives 0, state[1] = 1 (the done flag).
kernel void countdown(device uint* state [[buffer(0)]]) {
  state[0] -= 1;
  if (state[0] == 0) state[1] = 1;
}

// Takes a while: state[0] += rounds, one by one.
kernel void spin(device uint* state [[buffer(0)]], constant uint& rounds [[buffer(1)]]) {
  for (uint i = 0; i < rounds; i++) state[0] += 1;
}

// out = x, or a * x + y where y is bound.
constant uint constant0 [[function_constant(0)]];
constant uint constant1 [[function_constant(1)]];
constant bool scale_has_y = constant0 == 1;
struct scale_params {
  float a;
  uint n;
};
kernel void scale(device const float* x [[buffer(0)]],
                  device const float* y [[buffer(1), function_constant(scale_has_y)]],
                  device float* out [[buffer(2)]],
                  constant scale_params& params [[buffer(3)]],
                  uint i [[thread_position_in_grid]]) {
  if (i >= params.n) return;
  out[i] = scale_has_y ? fma(params.a, x[i], y[i]) : params.a * x[i] + float(constant1);
}

// Refuses values above the limit, and clamps them.
kernel void limit(device uint* values [[buffer(0)]],
                  constant uint& most [[buffer(1)]],
                  device atomic_uint* status [[buffer(2)]],
                  uint i [[thread_position_in_grid]]) {
  if (values[i] <= most) return;
  uint none = 0;
  if (atomic_compare_exchange_weak_explicit(status, &none, 1u, memory_order_relaxed, memory_order_relaxed)) {
    atomic_store_explicit(status + 1, values[i], memory_order_relaxed);
    atomic_store_explicit(status + 2, i, memory_order_relaxed);
  }
  values[i] = most;
}

// The sum of 4096 bytes of parameters.
struct big_params {
  uint words[1024];
};
kernel void big(constant big_params& params [[buffer(0)]], device uint* out [[buffer(1)]]) {
  uint sum = 0;
  for (uint i = 0; i < 1024; i++) sum += params.words[i];
  out[0] = sum;
}
`

const buffer = (name: string, access: 'read' | 'write' | 'read_write', alignment: number, optional = false) => ({
  name,
  access,
  alignment,
  valueBytes: 0,
  optional,
})
const value = (name: string, valueBytes: number) => ({
  name,
  access: 'value' as const,
  alignment: 4,
  valueBytes,
  optional: false,
})
const plain = { constants: [], failures: [] }

export const probeKernels: readonly KernelDescription[] = [
  { name: 'cover', arguments: [buffer('out', 'read_write', 4)], ...plain },
  { name: 'copy', arguments: [buffer('in', 'read', 1), buffer('out', 'write', 1), value('length', 4)], ...plain },
  { name: 'append', arguments: [buffer('log', 'read_write', 4), value('value', 4)], ...plain },
  { name: 'countdown', arguments: [buffer('state', 'read_write', 4)], ...plain },
  { name: 'spin', arguments: [buffer('state', 'read_write', 4), value('rounds', 4)], ...plain },
  {
    name: 'scale',
    arguments: [
      buffer('x', 'read', 4),
      buffer('y', 'read', 4, true),
      { ...buffer('out', 'write', 4), mayAlias: 'x' },
      value('params', 8),
    ],
    constants: [
      { name: 'hasY', defaultValue: 0, maxValue: 1 },
      { name: 'offset', defaultValue: 2, maxValue: 100 },
    ],
    failures: [],
  },
  {
    name: 'limit',
    arguments: [buffer('values', 'read_write', 4), value('most', 4)],
    constants: [],
    failures: ['expected values of at most the limit, got {0} at {1}. Lower it.'],
  },
  { name: 'big', arguments: [value('params', 4096), buffer('out', 'write', 4)], ...plain },
]
