// What software Metal has besides Apple's API: how it is set up, and what tests ask of it. Linux only.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

struct MetalSimConfiguration {
  // The command that compiles Metal source (dist/objc-driver.js of this package, after the path of node). Nothing is looked
  // for: without it newLibraryWithSource: fails with an error that says so.
  std::vector<std::string> driver;
  // "checked": kernels run under sanitizers, and races are looked for. "fast": neither.
  std::string mode = "checked";
  // Order of threads; 0 is ascending.
  unsigned seed = 0;
  // Besides those of the process, for driver and runner: NAME=VALUE.
  std::vector<std::string> environment;
  // What devices say of themselves; buffers beyond maxBufferLength (0: three quarters of the machine's memory) are refused.
  std::string deviceName = "Software Metal";
  size_t maxBufferLength = 0;
  // An encoded wait for an event ends its command buffer with MTLCommandBufferErrorTimeout after so long.
  double eventTimeoutSeconds = 30;
};

// Before the first device; later changes are seen by new devices and libraries.
void metal_sim_configure(const MetalSimConfiguration& configuration);

enum MTLSimValidation {
  MTLSimValidationAbort,   // print and abort(), as Apple's API validation does
  MTLSimValidationRecord,  // keep the message, leave the faulty call without effect
};
void MTLSimSetValidation(MTLSimValidation validation);
// Recorded since the last call.
std::vector<std::string> MTLSimValidationErrors();

// Objects that are not deallocated, by class or protocol ("MTLBuffer", "NSError"). Waits for command queues to be idle first.
std::map<std::string, size_t> MTLSimLiveObjects();

enum MTLSimFault {
  MTLSimFailNextAllocation,                  // newBuffer…: nil
  MTLSimFailNextCommandBufferOutOfMemory,    // MTLCommandBufferErrorOutOfMemory
  MTLSimFailNextCommandBufferDeviceRemoved,  // MTLCommandBufferErrorDeviceRemoved; the device stays removed
  MTLSimFailNextCompile,                     // MTLLibraryErrorCompileFailure
  MTLSimFailNextPipeline,                    // newComputePipelineState…: nil and an error
};
// The next one after `skip` of that kind.
void MTLSimFail(MTLSimFault fault, unsigned skip = 0);
// Faults that did not happen yet are forgotten.
void MTLSimClearFaults();

// What NSProcessInfo says (15.0 unless set). Below 15, objects do not respond to selectors that macOS 15 brought.
void MTLSimSetOperatingSystem(int major, int minor);

// Counted since the last call: what a test wants to know of how a backend encodes.
struct MTLSimStatistics {
  size_t commandBuffers = 0, computeEncoders = 0, blitEncoders = 0, dispatches = 0, barriers = 0;
  // Compiled with fast math, which is what no MTLCompileOptions asks for. It is counted, not simulated.
  size_t librariesWithFastMath = 0;
};
MTLSimStatistics MTLSimTakeStatistics();

// Leaves out every memoryBarrier… call (not the order that serial encoders and separate encoders have): to see a test fail.
void MTLSimIgnoreBarriers(bool ignore);
