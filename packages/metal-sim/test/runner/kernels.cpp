// The library of the runner's tests.
#include "clean.h"
#include "planted.h"

static const sim_parameter plain[] = {CONST_DEVICE(0, 4), DEVICE(1, 4), CONSTANT(2, 4)};
static const sim_parameter two[] = {CONST_DEVICE(0, 4), DEVICE(1, 4)};
static const sim_parameter one[] = {DEVICE(0, 4)};
static const sim_parameter with_shared[] = {CONST_DEVICE(0, 4), DEVICE(1, 4), SHARED(0)};
static const sim_parameter absent[] = {
    CONST_DEVICE(0, 4), DEVICE(1, 4), CONSTANT(2, 4), {"b3", "device float*", sim_device_buffer, 3, 3, 4, 4, "never", [] { return false; }}};
static const sim_parameter sometimes[] = {
    {"b0", "const device float*", sim_device_buffer, 0, 1, 4, 4, "when_one", only_when_one}, DEVICE(1, 4)};

#define K(name, parameters) {#name, parameters, sizeof parameters / sizeof *parameters, 0, name}
static const sim_kernel kernels[] = {
    K(add, plain), K(group_sum, two), K(exchange, with_shared), K(count_atomically, one), K(simd_exchange, two), K(divergent_sum, two), K(divergent_loop, two),
    K(positions, two), K(reads_beyond, two), K(writes_beyond, two), K(reads_null, absent), K(leaves_variable, two), K(leaves_array, two),
    K(leaves_table, two), K(writes_constant, plain), K(misaligned, two), K(reads_unwritten, two), K(no_barrier, two), K(wrong_flag, two),
    K(simd_barrier_only, two), K(overwrites_too_early, two), K(groups_collide, two), K(bytes_collide, two), K(atomic_and_plain, two),
    K(some_leave, two), K(two_barriers, two), K(overflows, two), K(never_ends, two), K(divides, two), K(unreachable, two), K(recurses, two), K(says_so, two), K(too_much_memory, two),
    K(counted, two), K(stepping, two), K(optional, sometimes), {"at_most_64", two, 2, 64, stepping},
};
static const sim_constant constants[] = {{"constant0", "uint", 0, 4, &constant0, &constant0_defined}};
static void initialize() { derived = constant0 * 2; }
static const sim_library library = {SIM_ABI_VERSION, kernels, sizeof kernels / sizeof *kernels, constants, 1, initialize};

extern "C" const sim_library* sim_library_table() { return &library; }
