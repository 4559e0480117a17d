// createGraph, recordDispatch, graphStages, submitGraph, cancelSubmission, disposeGraph
#include "../cpu/placement.h"
#include "../graph.h"

#include <cstring>

#include "pending.h"
#include "values.h"

namespace metal_core {
namespace {

constexpr uint32_t kMaxBindings = 64;
constexpr size_t kMaxProfiled = 1 << 20;
constexpr size_t kGeometry = 6;  // grid x, y, z, threadgroup x, y, z; then an offset and a size for each binding

Napi::Value createGraph(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "device.createGraph");
  const DeviceHandle& handle = arguments.handle<DeviceHandle>(0, "device");
  auto graph = std::make_shared<Graph>(arguments.live(*handle.state).maxThreadsPerThreadgroup());
  return wrap(info.Env(), std::make_unique<GraphHandle>(GraphHandle{handle.state, std::move(graph)}));
}

Binding bindingOf(const Arguments& arguments, const DeviceState* device, const Napi::Value& value, uint32_t i) {
  Binding binding;
  Bytes bytes;
  if (value.IsNull() || value.IsUndefined()) return binding;
  if (toBytes(value, bytes)) {
    if (bytes.size > 4096) arguments.refuse("expected at most 4096 bytes by value, got " + std::to_string(bytes.size));
    binding.value = AlignedBytes(bytes.size);
    std::memcpy(binding.value.data(), bytes.data, bytes.size);
    return binding;
  }
  const BufferHandle* handle = tryUnwrap<BufferHandle>(value);
  if (!handle) arguments.expected("binding " + std::to_string(i), "a buffer, a Uint8Array or null", value);
  binding.buffer = arguments.live(*handle);
  if (handle->state.get() != device) {
    arguments.refuse("expected a buffer of this device for binding " + std::to_string(i) +
                     ", got one of another device; create it on this one");
  }
  return binding;
}

Size3 sizeOf(const Arguments& arguments, const char* name, const std::vector<uint64_t>& numbers, size_t at) {
  Size3 size{};
  for (size_t i = 0; i < 3; i++) {
    if (numbers[at + i] == 0 || numbers[at + i] > UINT32_MAX) {
      arguments.refuse(std::string("expected a ") + name + " of sizes from 1 to 4294967295, got " +
                       std::to_string(numbers[at + i]));
    }
    size[i] = static_cast<uint32_t>(numbers[at + i]);
  }
  return size;
}

Napi::Value recordDispatch(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "graph.dispatch");
  const std::vector<uint64_t> numbers = arguments.integers(2, "numbers");
  const Napi::Array items = arguments.array(3, "bindings");
  Dispatch dispatch;
  dispatch.label = arguments.stringOrEmpty(4, "label");
  const GraphHandle& graph = arguments.handle<GraphHandle>(0, "graph");
  const KernelHandle& kernel = arguments.handle<KernelHandle>(1, "kernel");
  const uint32_t count = items.Length();
  if (count > kMaxBindings || numbers.size() != kGeometry + 2 * size_t{count}) {
    arguments.refuse("expected at most 64 bindings and 6 + 2 x bindings numbers, got " + std::to_string(count) +
                     " and " + std::to_string(numbers.size()));
  }
  dispatch.grid = sizeOf(arguments, "grid", numbers, 0);
  dispatch.threadgroup = sizeOf(arguments, "threadgroup", numbers, 3);
  for (uint32_t i = 0; i < count; i++) {
    // Reading an element may run a getter, which may dispose anything: what is checked below is checked after it.
    Binding binding = bindingOf(arguments, graph.state.get(), items.Get(i), i);
    binding.offset = numbers[kGeometry + 2 * i];
    binding.size = numbers[kGeometry + 2 * i + 1];
    dispatch.bindings.push_back(std::move(binding));
  }
  const std::shared_ptr<Graph>& target = arguments.live(graph);
  arguments.live(*graph.state);
  arguments.live(*kernel.library);
  if (kernel.library->device != graph.state) {
    arguments.refuse("expected a kernel of this device, got one of another device; load its library on this one");
  }
  dispatch.kernel = kernel.kernel;
  target->record(std::move(dispatch));
  return info.Env().Undefined();
}

Napi::Value graphStages(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "graph.stages");
  const std::vector<uint32_t>& stages = arguments.live(arguments.handle<GraphHandle>(0, "graph"))->stages();
  Napi::Array result = Napi::Array::New(info.Env(), stages.size());
  for (size_t i = 0; i < stages.size(); i++) result.Set(static_cast<uint32_t>(i), stages[i]);
  return result;
}

Napi::Float64Array toArray(Napi::Env env, const std::vector<int64_t>& values) {
  Napi::Float64Array array = Napi::Float64Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value toObject(Napi::Env env, const Outcome& outcome) {
  if (outcome.error) throw *outcome.error;
  Napi::Object object = Napi::Object::New(env);
  object.Set("startNs", static_cast<double>(outcome.startNs));
  object.Set("endNs", static_cast<double>(outcome.endNs));
  object.Set("steps", outcome.steps);
  object.Set("cancelled", outcome.cancelled);
  object.Set("times", toArray(env, outcome.times));
  object.Set("busy", toArray(env, outcome.busy));
  object.Set("clockNs", outcome.clockNs);
  return object;
}

Napi::Value submitGraph(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "graph.submit");
  SubmitOptions options;
  options.steps = static_cast<uint32_t>(arguments.integer(1, "steps", 1, 1'000'000'000));
  options.doneOffset = arguments.integer(3, "doneOffset", 0, kMaxInteger);
  options.profile = arguments.boolean(4, "profile");
  const GraphHandle& handle = arguments.handle<GraphHandle>(0, "graph");
  const std::shared_ptr<Graph>& graph = arguments.live(handle);
  Device& device = arguments.live(*handle.state);
  if (!arguments.absent(2)) {
    const BufferHandle& done = arguments.handle<BufferHandle>(2, "done");
    options.done = arguments.live(done);
    if (done.state != handle.state) arguments.refuse("expected a done flag of this device, got one of another device");
    checkDone(options, device.looksAtDone());
  }
  const size_t dispatches = graph->dispatches().size();
  if (dispatches == 0) arguments.refuse("expected a graph with dispatches, got an empty one; record one first");
  if (options.profile && options.steps > kMaxProfiled / dispatches) {
    arguments.refuse("expected at most " + std::to_string(kMaxProfiled) + " dispatches to profile, got " +
                     std::to_string(options.steps) + " steps of " + std::to_string(dispatches) + "; use fewer steps");
  }
  graph->freeze(device);
  std::shared_ptr<Submission> submission;
  const Napi::Value completed = queued(arguments, handle.state, [&](auto completions, uint64_t id) {
    submission = device.submit(graph, options, [completions, id](Outcome outcome) {
      completions->post(id, [outcome = std::move(outcome)](Napi::Env env) {
        // The scheduler wakes JavaScript where it was told to, in the middle of the next submission, which would wait for it.
        leaveProcessor(outcome.processor);
        return toObject(env, outcome);
      });
    });
  });
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("completed", completed);
  result.Set("submission",
             wrap(info.Env(), std::make_unique<SubmissionHandle>(SubmissionHandle{std::move(submission)})));
  return result;
}

Napi::Value cancelSubmission(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "submission.cancel");
  arguments.handle<SubmissionHandle>(0, "submission").submission->cancel.store(true, std::memory_order_release);
  return info.Env().Undefined();
}

Napi::Value disposeGraph(const Napi::CallbackInfo& info) {
  const Arguments arguments(info, "graph.dispose");
  arguments.handle<GraphHandle>(0, "graph").graph.reset();
  return info.Env().Undefined();
}

}  // namespace

void defineGraph(Napi::Object& exports) {
  define<createGraph>(exports, "createGraph");
  define<recordDispatch>(exports, "recordDispatch");
  define<graphStages>(exports, "graphStages");
  define<submitGraph>(exports, "submitGraph");
  define<cancelSubmission>(exports, "cancelSubmission");
  define<disposeGraph>(exports, "disposeGraph");
}

}  // namespace metal_core
