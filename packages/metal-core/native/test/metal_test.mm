// The Metal device over software Metal, for the sanitizers, without Node: metal_test <driver command...>. Prints what
// passed; exits with 1 at the first failure.
#import <MetalSim/MetalSim.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>

#include "../graph.h"
#include "../metal/metal_device.h"

using namespace metal_core;

namespace {

void check(bool condition, const char* what, int line) {
  if (condition) return;
  std::fprintf(stderr, "metal_test.mm:%d: expected %s\n", line, what);
  std::exit(1);
}
#define CHECK(condition) check(condition, #condition, __LINE__)

constexpr const char* kSource = R"(
#include <metal_stdlib>
using namespace metal;
kernel void append(device uint* log [[buffer(0)]], constant uint& value [[buffer(1)]]) {
  log[1 + log[0]] = value;
  log[0] += 1;
}
kernel void countdown(device uint* state [[buffer(0)]]) {
  state[0] -= 1;
  if (state[0] == 0) state[1] = 1;
}
)";

LibrarySource source() {
  LibrarySource result;
  result.kind = "metal";
  result.source = kSource;
  const Argument log{"log", Access::kReadWrite, 4, 0, false, 0}, value{"value", Access::kValue, 4, 4, false, 0};
  result.kernels.push_back({"append", {log, value}, {}, {}});
  result.kernels.push_back({"countdown", {log}, {}, {}});
  return result;
}

std::shared_ptr<Library> load(Device& device) {
  std::promise<std::shared_ptr<Library>> promise;
  device.loadLibrary(source(), [&](std::optional<Error> error, std::shared_ptr<Library> library) {
    if (error) std::fprintf(stderr, "%s\n", error->what());
    promise.set_value(std::move(library));
  });
  auto library = promise.get_future().get();
  CHECK(library != nullptr);
  return library;
}

std::shared_ptr<Graph> graphOf(Device& device, Library& library, const char* name, std::shared_ptr<Buffer> buffer,
                               std::optional<uint32_t> value) {
  auto graph = std::make_shared<Graph>(device.maxThreadsPerThreadgroup());
  Dispatch dispatch;
  dispatch.kernel = library.kernel(name, {}, {});
  dispatch.bindings.push_back({buffer, 0, buffer->byteLength, {}});
  if (value) {
    Binding binding;
    binding.value = AlignedBytes(4);
    std::memcpy(binding.value.data(), &*value, 4);
    dispatch.bindings.push_back(std::move(binding));
  }
  graph->record(std::move(dispatch));
  graph->freeze(device);
  return graph;
}

void end(std::shared_ptr<Device> device) {
  std::promise<void> stopped;
  device->stop([&] { stopped.set_value(); });
  stopped.get_future().wait();
}

// Submissions, reads and writes in flight together keep their order.
void keepsOrder() {
  const auto device = createMetalDevice();
  const auto library = load(*device);
  const auto log = device->allocate(4 * 256, Storage::kPrivate, nullptr);
  std::atomic<uint32_t> told{0};
  for (uint32_t i = 0; i < 60; i++) {
    device->submit(graphOf(*device, *library, "append", log, i), {}, [&, i](Outcome outcome) {
      CHECK(!outcome.error && outcome.steps == 1);
      CHECK(told.fetch_add(1) == i);
    });
  }
  std::promise<std::vector<uint8_t>> read;
  device->read(log, 0, 4 * 61, [&](std::optional<Error> error, std::vector<uint8_t> bytes) {
    CHECK(!error);
    read.set_value(std::move(bytes));
  });
  const uint32_t zero = 0;
  std::promise<void> written;
  device->write(log, 0, reinterpret_cast<const uint8_t*>(&zero), 4, [&](Outcome outcome) {
    CHECK(!outcome.error);
    written.set_value();
  });
  const auto bytes = read.get_future().get();
  for (uint32_t i = 0; i < 61; i++) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data() + 4 * i, 4);
    CHECK(word == (i == 0 ? 60 : i - 1));
  }
  written.get_future().wait();
  end(device);
}

// Many steps, a done flag in the middle, and submissions of one graph that overlap.
void stopsAtDone() {
  const auto device = createMetalDevice();
  const auto library = load(*device);
  const uint32_t initial[2] = {5, 0};
  const auto state = device->allocate(8, Storage::kShared, initial);
  const auto graph = graphOf(*device, *library, "countdown", state, std::nullopt);
  std::vector<std::promise<uint32_t>> steps(3);
  for (auto& promise : steps) {
    SubmitOptions options;
    options.steps = 2000;
    options.done = state;
    options.doneOffset = 4;
    device->submit(graph, options, [&](Outcome outcome) {
      CHECK(!outcome.error);
      promise.set_value(outcome.steps);
    });
  }
  CHECK(steps[0].get_future().get() == 5);
  CHECK(steps[1].get_future().get() == 0);
  CHECK(steps[2].get_future().get() == 0);
  end(device);
}

// Stopped with work in flight and a library that compiles: every callback comes once.
void tellsEverythingOnce() {
  for (int round = 0; round < 6; round++) {
    const auto device = createMetalDevice();
    const auto library = load(*device);
    const auto log = device->allocate(1 << 16, Storage::kPrivate, nullptr);
    const auto graph = graphOf(*device, *library, "countdown", log, std::nullopt);
    std::atomic<int> expected{0}, told{0};
    for (int i = 0; i < 5; i++) {
      SubmitOptions options;
      options.steps = 100000;
      options.profile = false;
      expected++;
      const auto submission = device->submit(graph, options, [&](Outcome) { told++; });
      if (i % 2 == 1) submission->cancel.store(true);
      expected += 2;
      device->read(log, 0, 16, [&](std::optional<Error>, std::vector<uint8_t>) { told++; });
      device->write(log, 1, reinterpret_cast<const uint8_t*>(&round), 3, [&](Outcome) { told++; });
    }
    expected++;
    device->loadLibrary(source(), [&](std::optional<Error>, std::shared_ptr<Library>) { told++; });
    if (round % 2 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(10 * round));
    end(device);
    CHECK(told.load() == expected.load());
  }
}

void run(const char* name, void (*test)()) {
  test();
  std::printf("passed: %s\n", name);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  MetalSimConfiguration configuration;
  configuration.driver.assign(argv + 1, argv + argc);
  metal_sim_configure(configuration);
  run("keeps order", keepsOrder);
  run("stops at done", stopsAtDone);
  run("tells everything once", tellsEverythingOnce);
  const auto alive = MTLSimLiveObjects();
  for (const auto& [name, count] : alive) std::fprintf(stderr, "alive: %zu %s\n", count, name.c_str());
  CHECK(alive.empty());
  return 0;
}
