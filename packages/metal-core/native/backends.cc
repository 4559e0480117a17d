// The devices of this build.
#include "cpu/cpu_device.h"
#include "device.h"

namespace metal_core {

std::vector<std::string> backends() { return {"cpu"}; }

std::shared_ptr<Device> createDevice(const std::string& backend, const DeviceOptions& options) {
  if (backend == "cpu") return createCpuDevice(options.threads);
  throw Error(ErrorCode::kUnavailable, "[createDevice] expected a backend of this build (cpu), got '" + backend + "'");
}

}  // namespace metal_core
