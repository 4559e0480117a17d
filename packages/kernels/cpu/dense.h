// The inner loops over dense weights, row-major [N, K], of float32, half or bfloat16.
//
// The order of operations of an output element, `rows/1`, is the same in every function here, whatever the number of rows: 16 lanes
// along K; blocks of 16 with an even number add to one vector, those with an odd number to another, upwards:
// fma(weight, x, sum), the last block filled up with zeros; then reduce_add(even + odd).
#ifndef METAL_FP4_DENSE_H
#define METAL_FP4_DENSE_H

#include "params.h"
#include "simd.h"

namespace ISA_NAMESPACE {

using WeightType = gemv_dense_type;

constexpr uint32_t dense_columns = 16; // of a work item
constexpr uint32_t dense_rows = 8;     // of activations together

constexpr uint32_t weight_bytes(WeightType type) { return type == WeightType::f32 ? 4 : 2; }

// result[r * 16 + c] = column c < columns <= 16 times row r < count <= 8: every weight is read once for all rows. (dense.cpp)
void multiply_dense_rows(WeightType type, const uint8_t* weights, uint64_t k, const float* const* rows, uint32_t count,
                         uint32_t columns, float* result);

}  // namespace ISA_NAMESPACE

#endif
