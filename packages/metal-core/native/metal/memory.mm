#include "memory.h"

#include <sys/mman.h>

#include "../file_map.h"

namespace metal_core {
namespace {

[[noreturn]] void tooLarge(const char* op, uint64_t byteLength, uint64_t most) {
  throw Error(ErrorCode::kOutOfMemory, std::string("[") + op + "] expected at most the " + std::to_string(most) +
                                           " bytes that the GPU takes in one buffer, got " +
                                           std::to_string(byteLength) + "; split it");
}

}  // namespace

MetalBuffer::MetalBuffer(std::shared_ptr<MetalContext> context, Retained<id<MTLBuffer>> memory, uint64_t start,
                         uint64_t byteLength, Storage storage, bool writable)
    : Buffer(byteLength, storage, writable), context_(std::move(context)), memory_(std::move(memory)), start_(start) {
  // A map is private by name (JavaScript must not write to it), and yet the host sees it.
  if ([this->memory() storageMode] == MTLStorageModeShared) {
    host_ = static_cast<uint8_t*>([this->memory() contents]) + start;
  }
  context_->residency().add(this->memory());
}

MetalBuffer::~MetalBuffer() {
  const AutoreleasePool pool;
  context_->residency().remove(memory());
  memory_ = {};
}

std::shared_ptr<MetalBuffer> allocateMetal(const std::shared_ptr<MetalContext>& context, uint64_t byteLength,
                                           Storage storage) {
  const uint64_t most = [context->device() maxBufferLength];
  if (byteLength > most) tooLarge("device.createBuffer", byteLength, most);
  const MTLResourceOptions options =
      storage == Storage::kShared ? MTLResourceStorageModeShared : MTLResourceStorageModePrivate;
  // Blits copy whole words. New buffers are zero-filled in either storage mode.
  auto memory = context->newBuffer((byteLength + 3) / 4 * 4, options);
  if (!memory) {
    throw Error(ErrorCode::kOutOfMemory, "[device.createBuffer] expected room for " + std::to_string(byteLength) +
                                             " bytes, got none from the GPU; dispose buffers or use smaller ones");
  }
  return std::make_shared<MetalBuffer>(context, std::move(memory), 0, byteLength, storage, true);
}

std::shared_ptr<MetalBuffer> mapFileMetal(const std::shared_ptr<MetalContext>& context, const std::string& path,
                                          uint64_t offset, uint64_t byteLength) {
  FileMap map(path, offset, byteLength);
  const uint64_t most = [context->device() maxBufferLength];
  if (map.pageBytes() > most) tooLarge("device.mapFile", map.pageBytes(), most);
  // The block rather than our destructor: Metal may hold the buffer for longer than we do.
  auto memory = Retained<id<MTLBuffer>>::adopt([context->device()
      newBufferWithBytesNoCopy:map.pages()
                        length:map.pageBytes()
                       options:MTLResourceStorageModeShared
                   deallocator:^(void* pages, NSUInteger pageBytes) {
                     munmap(pages, pageBytes);
                   }]);
  if (!memory) {
    throw Error(ErrorCode::kOutOfMemory, "[device.mapFile] expected the GPU to take " + std::to_string(map.pageBytes()) +
                                             " mapped bytes, got no buffer; dispose buffers: " + path);
  }
  const uint64_t start = map.start(), length = map.byteLength();
  map.release();
  return std::make_shared<MetalBuffer>(context, std::move(memory), start, length, Storage::kPrivate, false);
}

}  // namespace metal_core
