// The devices of this build, best first.
#include "cpu/cpu_device.h"
#include "device.h"
#if defined(METAL_CORE_METAL)
#include "metal/metal_device.h"
#endif

namespace metal_core {

std::vector<std::string> backends() {
#if defined(METAL_CORE_METAL)
  if (metalSupported()) return {"metal", "cpu"};
#endif
  return {"cpu"};
}

std::shared_ptr<Device> createDevice(const std::string& backend, const DeviceOptions& options) {
  if (backend == "cpu") return createCpuDevice(options.threads);
#if defined(METAL_CORE_METAL)
  if (backend == "metal" && metalSupported()) return createMetalDevice();
#endif
  std::string all;
  for (const std::string& name : backends()) all += (all.empty() ? "" : ", ") + name;
  throw Error(ErrorCode::kUnavailable, "[createDevice] expected a backend of this build (" + all + "), got '" + backend + "'");
}

}  // namespace metal_core
