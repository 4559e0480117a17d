// Tests of what does not need Node, for the sanitizers: node ../../scripts/native.mjs tests --sanitize=thread, then
// build/thread/tests/native_test. Prints what passed; exits with 1 at the first failure.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>

#if defined(__linux__)
#include <sched.h>
#endif

#include "../cpu/cpu_device.h"
#include "../cpu/executor.h"
#include "../cpu/library.h"
#include "../cpu/limits.h"
#include "../cpu/memory.h"
#include "../cpu/placement.h"
#include "../cpu/pool.h"
#include "../cpu/shared_pages.h"
#include "../task_queue.h"

using namespace metal_core;

namespace {

void check(bool condition, const char* what, int line) {
  if (condition) return;
  std::fprintf(stderr, "native_test.cc:%d: expected %s\n", line, what);
  std::exit(1);
}
#define CHECK(condition) check(condition, #condition, __LINE__)

void pause(int microseconds) { std::this_thread::sleep_for(std::chrono::microseconds(microseconds)); }

// Each chunk once, plain (not atomic) writes, read by the caller afterwards.
void poolRunsEachChunkOnce() {
  for (uint32_t threads : {1u, 2u, 3u, 8u}) {
    Pool pool(threads);
    std::vector<uint32_t> counts(64);
    struct Context {
      uint32_t* counts;
      uint32_t threads;
    } context{counts.data(), threads};
    for (int round = 0; round < 3000; round++) {
      const uint64_t chunks = static_cast<uint64_t>(round) % 65;
      std::fill(counts.begin(), counts.end(), 0);
      pool.run(
          chunks,
          [](void* data, uint64_t chunk, uint32_t thread) {
            const Context& context = *static_cast<Context*>(data);
            if (thread >= context.threads) std::abort();
            context.counts[chunk]++;
          },
          &context);
      for (uint64_t i = 0; i < counts.size(); i++) CHECK(counts[i] == (i < chunks ? 1u : 0u));
      if (round % 500 == 0) pause(3000);  // long enough for workers to fall asleep
      if (round % 700 == 0) pool.setEager(round % 1400 == 0);
    }
  }
}

void poolsComeAndGo() {
  for (int i = 0; i < 200; i++) {
    Pool pool(4);
    uint64_t values[8] = {};
    if (i % 3 != 0) pool.run(8, [](void* data, uint64_t chunk, uint32_t) { static_cast<uint64_t*>(data)[chunk] = chunk; }, values);
    if (i % 3 == 1) pause(100);
  }
}

// Where the system says on which processor a thread is, and there is more than one.
void workersLeaveTheirCallersProcessor() {
#if defined(__linux__)
  cpu_set_t allowed, here, after;
  CHECK(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
  if (CPU_COUNT(&allowed) < 2) return;
  const int processor = sched_getcpu();
  CPU_ZERO(&here);
  CPU_SET(processor, &here);
  if (sched_setaffinity(0, sizeof(here), &here) != 0) return;  // not in this container
  Placement placement(2);
  placement.note(0);
  int moved = -1;
  std::thread worker([&] {  // starts where this thread is, and may then run anywhere
    CHECK(sched_getcpu() == processor && sched_setaffinity(0, sizeof(allowed), &allowed) == 0);
    placement.spread(1);
    moved = sched_getcpu();
    CHECK(sched_getaffinity(0, sizeof(after), &after) == 0);
  });
  worker.join();
  CHECK(sched_setaffinity(0, sizeof(allowed), &allowed) == 0);
  CHECK(moved != processor && CPU_EQUAL(&after, &allowed));
#endif
}

void piecesShareHugePages() {
  const uint64_t bytes = 100'000;
  std::weak_ptr<Pages> pages;
  for (int round = 0; round < 3; round++) {
    std::vector<Piece> pieces;
    for (int i = 0; i < 100; i++) {
      pieces.push_back(takePiece(bytes));
      const Piece& piece = pieces.back();
      CHECK(piece.owner && reinterpret_cast<uintptr_t>(piece.data) % kPageBytes == 0);
      CHECK(std::all_of(piece.data, piece.data + bytes, [](uint8_t byte) { return byte == 0; }));
      std::memset(piece.data, i + 1, bytes);
    }
    CHECK(pieces[0].owner == pieces[1].owner && pieces[0].owner != pieces[99].owner);
    for (int i = 0; i < 100; i++) {
      CHECK(std::all_of(pieces[i].data, pieces[i].data + bytes, [i](uint8_t byte) { return byte == i + 1; }));
    }
    CHECK(pages.expired());
    pages = pieces[0].owner;
    discard(pieces[3]);  // its neighbours keep what they have
    CHECK(pieces[3].data[0] == 0 && pieces[2].data[bytes - 1] == 3 && pieces[4].data[0] == 5);
  }
  // From several threads, each to itself.
  std::vector<std::thread> threads;
  for (int i = 1; i <= 4; i++) {
    threads.emplace_back([i, bytes] {
      std::vector<Piece> pieces;
      for (int k = 0; k < 50; k++) {
        pieces.push_back(takePiece(bytes));
        std::memset(pieces.back().data, i, bytes);
      }
      for (const Piece& piece : pieces) {
        CHECK(std::all_of(piece.data, piece.data + bytes, [i](uint8_t byte) { return byte == i; }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto device = createCpuDevice(1);
  const std::vector<uint8_t> data(bytes, 7);
  const auto a = device->allocate(bytes, Storage::kPrivate, data.data()), b = device->allocate(bytes, Storage::kPrivate, data.data());
  CHECK(a->host() != b->host() && std::memcmp(a->host(), data.data(), bytes) == 0 && std::memcmp(b->host(), data.data(), bytes) == 0);
}

void queueKeepsOrderAndStops() {
  std::vector<int> order, stopped;
  bool ended = false;
  {
    TaskQueue queue;
    for (int i = 0; i < 100; i++) {
      queue.push([&order, &stopped, i](bool late) { (late ? stopped : order).push_back(i); });
    }
    while (!queue.idle()) pause(50);
    CHECK(order.size() == 100 && std::is_sorted(order.begin(), order.end()));
    queue.push([](bool) { pause(5000); });
    for (int i = 0; i < 10; i++) queue.push([&order, &stopped, i](bool late) { (late ? stopped : order).push_back(i); });
    queue.stop([&ended] { ended = true; });
    queue.stop(nullptr);
  }
  CHECK(ended && stopped.size() == 10);
}

// A kernel of the test's own, so that the sanitizers see its accesses too.
class TestKernel final : public Kernel {
 public:
  using Run = int (*)(const cpu_kernel_call*, uint64_t, uint64_t);
  TestKernel(Run run, std::vector<Access> accesses, uint64_t scratch = 0) : run_(run), scratch_(scratch) {
    name = "test";
    for (size_t i = 0; i < accesses.size(); i++) arguments.push_back({std::to_string(i), accesses[i], 4, 0, false});
  }
  std::unique_ptr<Prepared> prepare(const Dispatch& dispatch) const override {
    auto prepared = std::make_unique<CpuPrepared>();
    for (const Binding& binding : dispatch.bindings) {
      prepared->bindings.push_back({static_cast<uint8_t*>(binding.buffer->host()) + binding.offset, binding.size});
    }
    prepared->call.bindings = prepared->bindings.data();
    prepared->threadgroups = uint64_t{dispatch.grid[0]} * dispatch.grid[1] * dispatch.grid[2];
    prepared->scratchBytes = scratch_;
    prepared->run = run_;
    return prepared;
  }

 private:
  Run run_;
  uint64_t scratch_;
};

int addOne(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  auto* values = static_cast<uint32_t*>(call->bindings[0].data);
  auto* scratch = static_cast<uint8_t*>(call->scratch);
  for (uint64_t i = 0; i < call->scratch_size; i++) scratch[i] = static_cast<uint8_t>(i);
  for (uint64_t i = begin; i < end; i++) values[i]++;
  return 0;
}

int copyAll(const cpu_kernel_call* call, uint64_t begin, uint64_t end) {
  const auto* from = static_cast<const uint32_t*>(call->bindings[0].data);
  auto* to = static_cast<uint32_t*>(call->bindings[1].data);
  for (uint64_t i = begin; i < end; i++) to[i] = from[i];
  return 0;
}

int failAlways(const cpu_kernel_call* call, uint64_t begin, uint64_t) {
  std::snprintf(call->message, call->message_size, "at %d", static_cast<int>(begin));
  return 1;
}

Dispatch dispatchOf(std::shared_ptr<const Kernel> kernel, uint32_t groups, std::vector<std::shared_ptr<Buffer>> buffers) {
  Dispatch dispatch;
  dispatch.kernel = std::move(kernel);
  dispatch.grid = {groups, 1, 1};
  for (auto& buffer : buffers) {
    Binding binding;
    binding.size = buffer->byteLength;
    binding.buffer = std::move(buffer);
    dispatch.bindings.push_back(std::move(binding));
  }
  return dispatch;
}

constexpr uint32_t kGroups = 1000;

// add one to a, copy a to b, add one to b: three stages; beside them c, which depends on nothing.
std::shared_ptr<Graph> chain(Device& device, std::shared_ptr<Buffer> a, std::shared_ptr<Buffer> b, std::shared_ptr<Buffer> c) {
  const auto add = std::make_shared<TestKernel>(addOne, std::vector<Access>{Access::kReadWrite}, 100);
  const auto copy = std::make_shared<TestKernel>(copyAll, std::vector<Access>{Access::kRead, Access::kWrite});
  auto graph = std::make_shared<Graph>(device.maxThreadsPerThreadgroup());
  graph->record(dispatchOf(add, kGroups, {a}));
  graph->record(dispatchOf(add, kGroups, {c}));
  graph->record(dispatchOf(copy, kGroups, {a, b}));
  graph->record(dispatchOf(add, kGroups, {b}));
  CHECK((graph->stages() == std::vector<uint32_t>{0, 0, 1, 2}));
  graph->freeze(device);
  return graph;
}

Outcome run(Device& device, std::shared_ptr<const Graph> graph, SubmitOptions options) {
  std::promise<Outcome> promise;
  device.submit(std::move(graph), std::move(options), [&promise](Outcome outcome) { promise.set_value(std::move(outcome)); });
  return promise.get_future().get();
}

void deviceRunsGraphs() {
  const auto device = createCpuDevice(0);
  const auto a = device->allocate(kGroups * 4, Storage::kShared, nullptr);
  const auto b = device->allocate(kGroups * 4, Storage::kPrivate, nullptr);
  const auto c = device->allocate(1 << 20, Storage::kShared, nullptr);
  const auto graph = chain(*device, a, b, c);
  SubmitOptions options;
  options.steps = 200;
  const Outcome outcome = run(*device, graph, options);
  CHECK(!outcome.error && outcome.steps == 200);
  for (uint32_t i = 0; i < kGroups; i++) {
    CHECK(static_cast<uint32_t*>(a->host())[i] == 200);
    CHECK(static_cast<uint32_t*>(b->host())[i] == 201);
    CHECK(static_cast<uint32_t*>(c->host())[i] == 200);
  }
  options.profile = true;
  options.steps = 3;
  const Outcome profiled = run(*device, graph, options);
  CHECK(profiled.times.size() == 2 * 3 * 4 && profiled.busy.size() == 3 * 4);
  for (size_t i = 0; i < profiled.busy.size(); i++) {
    CHECK(profiled.busy[i] > 0 && profiled.busy[i] <= profiled.times[2 * i + 1] - profiled.times[2 * i]);
  }
  const uint32_t one = 1;
  options.done = device->allocate(4, Storage::kShared, &one);
  CHECK(run(*device, graph, options).steps == 0);
}

// However a dispatch is cut, before it was timed and after.
void eachThreadgroupRunsOnce() {
  for (uint32_t threads : {1u, 2u, 3u}) {
    const auto device = createCpuDevice(threads);
    for (uint32_t groups : {1u, 2u, 3u, 5u, 8u, 13u, 63u, 64u, 65u, 127u, 1000u, 4099u}) {
      for (int work : {0, 300, 20000}) {
        if (static_cast<int64_t>(work) * groups > 2'000'000) continue;
        const auto counts = device->allocate((groups + 1) * 4, Storage::kShared, nullptr);
        const auto kernel = std::make_shared<TestKernel>(addOne, std::vector<Access>{Access::kReadWrite}, work);
        auto graph = std::make_shared<Graph>(device->maxThreadsPerThreadgroup());
        graph->record(dispatchOf(kernel, groups, {counts}));
        graph->freeze(*device);
        SubmitOptions options;
        options.steps = 5;
        for (int i = 0; i < 2; i++) CHECK(run(*device, graph, options).steps == 5);
        const auto* values = static_cast<const uint32_t*>(counts->host());
        for (uint32_t i = 0; i < groups; i++) CHECK(values[i] == 10);
        CHECK(values[groups] == 0);
      }
    }
  }
}

std::atomic<int> calls{0};
std::atomic<bool> slow{false};
int countCalls(const cpu_kernel_call*, uint64_t, uint64_t) {
  calls++;
  if (slow.load()) pause(100);
  return 0;
}

// Little work stays on one thread, and does not once it has grown: graphs that take turns are timed like one alone.
void chunksFollowTheWork() {
  const auto device = createCpuDevice(2);
  std::vector<std::shared_ptr<Graph>> graphs;
  for (int i = 0; i < 2; i++) {
    graphs.push_back(std::make_shared<Graph>(1024));
    graphs.back()->record(dispatchOf(std::make_shared<TestKernel>(countCalls, std::vector<Access>{}), 64, {}));
    graphs.back()->freeze(*device);
  }
  const auto callsOf = [&](int steps) {
    calls = 0;
    for (int step = 0; step < steps; step++) {
      for (const auto& graph : graphs) CHECK(run(*device, graph, {}).steps == 1);
    }
    return calls.load();
  };
  callsOf(200);
  const int few = callsOf(10);
  slow = true;
  callsOf(400);
  const int many = callsOf(10);
  slow = false;
  const bool alone = readLimits("").cores == 1;  // then there is one thread, and nothing to share
  CHECK(alone ? many == few : many > 2 * few);
}

void deviceKeepsOrder() {
  const auto device = createCpuDevice(2);
  const auto a = device->allocate(kGroups * 4, Storage::kShared, nullptr);
  const auto b = device->allocate(kGroups * 4, Storage::kShared, nullptr);
  const auto c = device->allocate(kGroups * 4, Storage::kShared, nullptr);
  const auto graph = chain(*device, a, b, c);
  std::atomic<int> finished{0};
  for (int i = 0; i < 50; i++) {
    device->submit(graph, {}, [&finished, i](Outcome) { CHECK(finished.fetch_add(1) == 2 * i); });
    device->read(b, 0, 4, [&finished, i](std::optional<Error> error, std::vector<uint8_t> bytes) {
      uint32_t value = 0;
      std::memcpy(&value, bytes.data(), 4);
      CHECK(!error && value == static_cast<uint32_t>(i) + 2);
      CHECK(finished.fetch_add(1) == 2 * i + 1);
    });
  }
  std::promise<void> written;
  const uint32_t zero = 0;
  device->write(a, 0, reinterpret_cast<const uint8_t*>(&zero), 4, [&written](Outcome) { written.set_value(); });
  written.get_future().get();
  CHECK(finished.load() == 100);
}

void kernelsFailOnce() {
  const auto device = createCpuDevice(2);
  auto graph = std::make_shared<Graph>(1024);
  graph->record(dispatchOf(std::make_shared<TestKernel>(failAlways, std::vector<Access>{}), 100, {}));
  graph->freeze(*device);
  for (int i = 0; i < 50; i++) {
    const Outcome outcome = run(*device, graph, {});
    CHECK(outcome.error && outcome.error->message().rfind("[test] at ", 0) == 0);
  }
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

class FarBuffer final : public Buffer {  // of a device whose memory the host does not see
 public:
  FarBuffer() : Buffer(64, Storage::kPrivate, true) {}
  void* host() const override { return nullptr; }
  uint64_t address() const override { return 1 << 20; }
};

void doneFlagsAreChecked() {
  SubmitOptions options;
  options.done = std::make_shared<FarBuffer>();
  CHECK(refusal([&] { checkDone(options, true); }).find("that the host sees") != std::string::npos);
  CHECK(refusal([&] { checkDone(options, false); }).empty());
  options.doneOffset = 61;
  CHECK(refusal([&] { checkDone(options, false); }).find("got offset 61") != std::string::npos);
  options.doneOffset = 2;
  CHECK(refusal([&] { checkDone(options, false); }).find("aligned to 4 bytes") != std::string::npos);
}

void writtenRangesDoNotOverlap() {
  const auto device = createCpuDevice(1);
  const auto buffer = device->allocate(64, Storage::kShared, nullptr);
  const auto record = [&](uint32_t mayAlias, uint64_t from, uint64_t to) {
    auto kernel = std::make_shared<TestKernel>(copyAll, std::vector<Access>{Access::kRead, Access::kWrite});
    kernel->arguments[1].mayAlias = mayAlias;
    Dispatch dispatch = dispatchOf(kernel, 1, {buffer, buffer});
    dispatch.bindings[0].offset = from;
    dispatch.bindings[1].offset = to;
    dispatch.bindings[0].size = 16;
    dispatch.bindings[1].size = 64 - to;
    return refusal([&] { Graph(1024).record(std::move(dispatch)); });
  };
  const std::string refused = "[test] expected arguments '0' and '1' to share no bytes";
  CHECK(record(0, 0, 0).rfind(refused, 0) == 0);
  CHECK(record(1, 0, 0).empty());
  CHECK(record(1, 4, 0).rfind(refused, 0) == 0);
  CHECK(record(0, 0, 12).rfind(refused, 0) == 0);
  CHECK(record(0, 0, 16).empty());
}

// A device that makes something of whole graphs, and a kernel that takes less than its threads.
void graphsKeepWhatTheDeviceMakes() {
  class Narrow final : public Kernel {
   public:
    Narrow() { name = "narrow"; }
    std::unique_ptr<Prepared> prepare(const Dispatch&) const override { return nullptr; }
    uint32_t maxThreadsPerThreadgroup() const override { return 64; }
  };
  class Finishing final : public Device {
   public:
    void describe(OnInfo) override {}
    std::shared_ptr<Buffer> allocate(uint64_t, Storage, const void*) override { return nullptr; }
    std::shared_ptr<Buffer> mapFile(const std::string&, uint64_t, uint64_t) override { return nullptr; }
    void loadLibrary(const LibrarySource&, OnLibrary) override {}
    std::shared_ptr<Submission> submit(std::shared_ptr<const Graph>, SubmitOptions, OnDone) override { return nullptr; }
    void read(std::shared_ptr<Buffer>, uint64_t, uint64_t, OnRead) override {}
    void write(std::shared_ptr<Buffer>, uint64_t, const uint8_t*, uint64_t, OnDone) override {}
    void stop(std::function<void()>) override {}
    uint32_t maxThreadsPerThreadgroup() const override { return 1024; }
    std::unique_ptr<Prepared> finish(const Graph& graph) override {
      finished++;
      CHECK(graph.dispatches().size() == 1);
      return std::make_unique<Prepared>();
    }
    int finished = 0;
  } device;
  Graph graph(device.maxThreadsPerThreadgroup());
  Dispatch dispatch;
  dispatch.kernel = std::make_shared<Narrow>();
  dispatch.threadgroup = {65, 1, 1};
  CHECK(refusal([&] { graph.record(std::move(dispatch)); }).find("threadgroup of at most 64 in all") != std::string::npos);
  dispatch = Dispatch();
  dispatch.kernel = std::make_shared<Narrow>();
  dispatch.threadgroup = {64, 1, 1};
  graph.record(std::move(dispatch));
  CHECK(!graph.finished());
  graph.freeze(device);
  const Prepared* made = graph.finished();
  graph.freeze(device);
  CHECK(made && graph.finished() == made && device.finished == 1);
}

void devicesEndInFlight() {
  for (int i = 0; i < 50; i++) {
    std::atomic<int> ended{0};
    std::shared_ptr<Submission> submission;
    {
      const auto device = createCpuDevice(2);
      const auto buffers = [&] { return device->allocate(kGroups * 4, Storage::kShared, nullptr); };
      const auto graph = chain(*device, buffers(), buffers(), buffers());
      SubmitOptions options;
      options.steps = 1'000'000;
      for (int k = 0; k < 3; k++) submission = device->submit(graph, options, [&ended](Outcome) { ended++; });
      submission->cancel.store(true);
      pause(100 * (i % 5));
      if (i % 2) device->stop([&ended] { ended++; });
      if (i % 3 == 0) pause(200);
    }
    CHECK(ended.load() == 3 + i % 2);
  }
}

}  // namespace

int main() {
  const struct {
    const char* name;
    void (*run)();
  } tests[] = {
      {"the pool runs each chunk once", poolRunsEachChunkOnce},
      {"pools come and go", poolsComeAndGo},
      {"workers leave their caller's processor", workersLeaveTheirCallersProcessor},
      {"pieces share huge pages", piecesShareHugePages},
      {"the queue keeps order and stops", queueKeepsOrderAndStops},
      {"the device runs graphs", deviceRunsGraphs},
      {"each threadgroup runs once", eachThreadgroupRunsOnce},
      {"chunks follow the work", chunksFollowTheWork},
      {"the device keeps order", deviceKeepsOrder},
      {"kernels fail once", kernelsFailOnce},
      {"done flags are checked", doneFlagsAreChecked},
      {"written ranges do not overlap", writtenRangesDoNotOverlap},
      {"graphs keep what the device makes", graphsKeepWhatTheDeviceMakes},
      {"devices end in flight", devicesEndInFlight},
  };
  for (const auto& test : tests) {
    test.run();
    std::printf("passed: %s\n", test.name);
    std::fflush(stdout);
  }
  return 0;
}
