#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "harness.h"

namespace {

const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));

// values[i] += 1 for the first four.
std::string incrementFour(id<MTLDevice> gpu, id<MTLBuffer> buffer) {
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLComputeCommandEncoder> encoder = [commands computeCommandEncoder];
  [encoder setComputePipelineState:pipeline(gpu, "increment")];
  [encoder setBuffer:buffer offset:0 atIndex:0];
  [encoder dispatchThreads:MTLSizeMake(4, 1, 1) threadsPerThreadgroup:MTLSizeMake(4, 1, 1)];
  [encoder endEncoding];
  [commands commit];
  [commands waitUntilCompleted];
  return errorOf(commands);
}

}  // namespace

CASE(allocation) {
  id<MTLDevice> gpu = device();
  const NSUInteger before = gpu.currentAllocatedSize;
  id<MTLBuffer> buffer = floats(gpu, {1, 2, 3});
  EXPECT(buffer.length == 12 && static_cast<float*>(buffer.contents)[2] == 3 &&
         gpu.currentAllocatedSize == before + 12);
  EXPECT(buffer.storageMode == MTLStorageModeShared && buffer.hazardTrackingMode == MTLHazardTrackingModeTracked);
  EXPECT(buffer.gpuAddress % 16384 == 0 && buffer.gpuAddress != shared(gpu, 1).gpuAddress &&
         buffer.allocatedSize == page);
  id<MTLBuffer> untracked =
      [[gpu newBufferWithLength:4
                        options:MTLResourceStorageModePrivate | MTLResourceHazardTrackingModeUntracked] autorelease];
  EXPECT(untracked.storageMode == MTLStorageModePrivate &&
         untracked.hazardTrackingMode == MTLHazardTrackingModeUntracked);
  buffer.label = @"weights";
  EXPECT([buffer.label isEqualToString:@"weights"] && buffer.device == gpu);
}

CASE(allocation_fails) {
  id<MTLDevice> gpu = device();
  EXPECT([gpu newBufferWithLength:gpu.maxBufferLength + 1 options:0] == nil);
  MTLSimFail(MTLSimFailNextAllocation, 1);
  EXPECT(shared(gpu, 4) != nil && shared(gpu, 4) == nil && shared(gpu, 4) != nil);
}

CASE(allocation_validation) {
  id<MTLDevice> gpu = device();
  id<MTLBuffer> hidden = [[gpu newBufferWithLength:4 options:MTLResourceStorageModePrivate] autorelease];
  EXPECT(hidden.contents == nullptr);
  EXPECT_IN("contents", rejected());
  EXPECT([gpu newBufferWithLength:0 options:0] == nil);
  EXPECT_IN("must not be 0", rejected());
  [shared(gpu, 4) didModifyRange:NSMakeRange(0, 4)];
  EXPECT_IN("managed", rejected());
}

// Any memory of the caller: the kernel sees it, and the caller what the kernel wrote.
CASE(no_copy) {
  id<MTLDevice> gpu = device();
  auto* bytes = static_cast<float*>(mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  bytes[3] = 41;
  __block NSUInteger freed = 0;
  @autoreleasepool {
    id<MTLBuffer> buffer = [[gpu newBufferWithBytesNoCopy:bytes
                                                   length:page
                                                  options:MTLResourceStorageModeShared
                                              deallocator:^(void* at, NSUInteger length) {
                                                EXPECT(at == bytes);
                                                freed = length;
                                              }] autorelease];
    EXPECT(buffer.contents == bytes);
    EXPECT(incrementFour(gpu, buffer) == "");
    EXPECT(bytes[3] == 42 && bytes[4] == 0);
    bytes[3] = 7;
    EXPECT(incrementFour(gpu, buffer) == "" && bytes[3] == 8);
    EXPECT(freed == 0);
  }
  EXPECT(freed == page);
  munmap(bytes, page);
}

// A shared mapping of a file: the runner maps the file itself, and the file has what the kernel wrote.
CASE(no_copy_of_a_file) {
  id<MTLDevice> gpu = device();
  char path[] = "/tmp/metal-sim-file-XXXXXX";
  const int file = mkstemp(path);
  // It ends inside the last page that is mapped.
  EXPECT(ftruncate(file, static_cast<off_t>(2 * page + 100)) == 0);
  auto* bytes =
      static_cast<float*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, static_cast<off_t>(page)));
  bytes[0] = 1;
  id<MTLBuffer> buffer = [[gpu newBufferWithBytesNoCopy:bytes length:2 * page options:0 deallocator:nil] autorelease];
  EXPECT(incrementFour(gpu, buffer) == "");
  float written = 0;
  EXPECT(pread(file, &written, sizeof written, static_cast<off_t>(page)) == sizeof written && written == 2 &&
         bytes[0] == 2);
  // Mapped to be read: a kernel that writes is told so.
  void* constant = mmap(nullptr, page, PROT_READ, MAP_PRIVATE, file, 0);
  id<MTLBuffer> readable = [[gpu newBufferWithBytesNoCopy:constant length:page options:0 deallocator:nil] autorelease];
  EXPECT_IN("read-only", incrementFour(gpu, readable));
  munmap(bytes, 2 * page);
  munmap(constant, page);
  close(file);
  unlink(path);
}

CASE(no_copy_validation) {
  id<MTLDevice> gpu = device();
  auto* bytes = static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  EXPECT([gpu newBufferWithBytesNoCopy:bytes + 64 length:page options:0 deallocator:nil] == nil);
  EXPECT_IN("byte aligned", rejected());
  EXPECT([gpu newBufferWithBytesNoCopy:bytes length:page + 4 options:0 deallocator:nil] == nil);
  EXPECT_IN("not a multiple of the page size", rejected());
  EXPECT([gpu newBufferWithBytesNoCopy:bytes length:page options:MTLResourceStorageModePrivate deallocator:nil] == nil);
  EXPECT_IN("private", rejected());
  munmap(bytes, 2 * page);
}

CASE(blit) {
  id<MTLDevice> gpu = device();
  id<MTLBuffer> source = floats(gpu, {1, 2, 3, 4}), destination = shared(gpu, 16);
  id<MTLBuffer> hidden = [[gpu newBufferWithLength:16 options:MTLResourceStorageModePrivate] autorelease];
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];
  [encoder copyFromBuffer:source sourceOffset:4 toBuffer:hidden destinationOffset:0 size:12];
  [encoder fillBuffer:destination range:NSMakeRange(12, 4) value:1];
  [encoder endEncoding];
  // What a kernel writes to the private buffer is copied back.
  id<MTLComputeCommandEncoder> compute = [commands computeCommandEncoder];
  [compute setComputePipelineState:pipeline(gpu, "increment")];
  [compute setBuffer:hidden offset:0 atIndex:0];
  [compute dispatchThreadgroups:MTLSizeMake(1, 1, 1) threadsPerThreadgroup:MTLSizeMake(3, 1, 1)];
  [compute endEncoding];
  encoder = [commands blitCommandEncoder];
  [encoder copyFromBuffer:hidden sourceOffset:0 toBuffer:destination destinationOffset:0 size:12];
  [encoder endEncoding];
  [commands commit];
  [commands waitUntilCompleted];
  const auto* result = static_cast<float*>(destination.contents);
  EXPECT(errorOf(commands) == "" && result[0] == 3 && result[1] == 4 && result[2] == 5);
  EXPECT(std::memcmp(result + 3, "\1\1\1\1", 4) == 0);
}

CASE(blit_validation) {
  id<MTLDevice> gpu = device();
  id<MTLBuffer> one = shared(gpu, 16), other = shared(gpu, 8);
  id<MTLCommandBuffer> commands = [queue(gpu) commandBuffer];
  id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];
  [encoder copyFromBuffer:one sourceOffset:0 toBuffer:other destinationOffset:4 size:8];
  EXPECT_IN("beyond the buffer's length", rejected());
  [encoder copyFromBuffer:one sourceOffset:2 toBuffer:other destinationOffset:0 size:4];
  EXPECT_IN("multiples of 4", rejected());
  [encoder copyFromBuffer:one sourceOffset:0 toBuffer:one destinationOffset:4 size:8];
  EXPECT_IN("overlap", rejected());
  [encoder fillBuffer:one range:NSMakeRange(8, 12) value:0];
  EXPECT_IN("beyond the buffer's length", rejected());
  [encoder fillBuffer:one range:NSMakeRange(0, 0) value:0];
  EXPECT_IN("must not be 0", rejected());
  [encoder endEncoding];
}
