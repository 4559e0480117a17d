#include "blits.h"

#include <algorithm>
#include <cstring>

#include "encoders.h"

namespace metal_core {
namespace {

void blit(id<MTLCommandBuffer> commands, id<MTLBuffer> from, uint64_t fromOffset, id<MTLBuffer> to, uint64_t toOffset,
          uint64_t byteLength) {
  id<MTLBlitCommandEncoder> encoder = opened([commands blitCommandEncoder]);
  [encoder copyFromBuffer:from sourceOffset:fromOffset toBuffer:to destinationOffset:toOffset size:byteLength];
  [encoder endEncoding];
}

// What a download has so far; on the waiting thread.
struct Reading {
  std::vector<uint8_t> bytes;
  std::optional<Error> error;
};

}  // namespace

Upload::Upload(std::shared_ptr<MetalContext> context, std::shared_ptr<MetalBuffer> buffer, uint64_t offset,
               const uint8_t* data, uint64_t byteLength)
    : context_(std::move(context)), buffer_(std::move(buffer)) {
  for (uint64_t at = 0; at < byteLength; at += Staging::kPieceBytes) {
    const uint64_t size = std::min(byteLength - at, Staging::kPieceBytes);
    Piece piece{context_->staging().take(size), offset + at, size};
    std::memcpy([piece.memory.get() contents], data + at, size);
    pieces_.push_back(std::move(piece));
  }
}

Upload::~Upload() {
  for (Piece& piece : pieces_) context_->staging().give(std::move(piece.memory));
}

void Upload::encode(id<MTLCommandBuffer> commands, Builtins& builtins) const {
  for (const Piece& piece : pieces_) {
    const uint64_t to = buffer_->start() + piece.offset;
    const bool last = piece.offset + piece.byteLength == buffer_->byteLength;
    const uint64_t size = last ? (piece.byteLength + 3) / 4 * 4 : piece.byteLength;  // both have room for whole words
    if (to % 4 == 0 && size % 4 == 0) {
      blit(commands, piece.memory.get(), 0, buffer_->memory(), to, size);
    } else {
      builtins.copyBytes(commands, piece.memory.get(), buffer_->memory(), to, piece.byteLength);
    }
  }
}

void download(const std::shared_ptr<MetalContext>& context, Stream& stream, std::shared_ptr<MetalBuffer> buffer,
              uint64_t offset, uint64_t byteLength, OnRead onRead) {
  auto reading = std::make_shared<Reading>();
  try {
    if (buffer->writable) reading->bytes.resize(byteLength);
    for (uint64_t at = 0; buffer->writable && at < byteLength && !stream.stopping();) {
      // Blits copy whole words: a piece begins at one and leaves out what was not asked for.
      const uint64_t from = buffer->start() + offset + at, begin = from / 4 * 4, skip = from - begin;
      const uint64_t size = std::min(byteLength - at, Staging::kPieceBytes - 4);
      const auto memory = context->staging().take((skip + size + 3) / 4 * 4);
      const auto commands = stream.commands("read");
      blit(commands.get(), buffer->memory(), begin, memory.get(), 0, (skip + size + 3) / 4 * 4);
      stream.commit(commands, [context, reading, buffer, memory, at, skip, size](id<MTLCommandBuffer> done) {
        if ([done status] == MTLCommandBufferStatusError) {
          if (!reading->error) reading->error = failureOf(done, "buffer.read");
        } else {
          std::memcpy(reading->bytes.data() + at, static_cast<const uint8_t*>([memory.get() contents]) + skip, size);
        }
        context->staging().give(memory);
      });
      at += size;
    }
  } catch (const Error& error) {
    stream.after([reading, error](bool) { reading->error = error; });
  } catch (const std::bad_alloc&) {
    stream.after([reading](bool) {
      reading->error = Error(ErrorCode::kOutOfMemory, "[buffer.read] expected memory for the bytes, got none; read less");
    });
  }
  stream.after([&stream, reading, buffer = std::move(buffer), offset, byteLength, onRead = std::move(onRead)](bool stopped) {
    if (stopped || stream.stopping()) {  // then not all of it may have been read
      onRead(Error(ErrorCode::kDisposed, "[buffer.read] expected a device that lives until the work is done, got a "
                                         "disposed one; await the work before dispose()"),
             {});
      return;
    }
    if (!reading->error) reading->error = stream.takeFailure();
    if (reading->error) return onRead(std::move(reading->error), {});
    if (!buffer->writable) {  // a mapped file
      const auto* from = static_cast<const uint8_t*>(buffer->host()) + offset;
      reading->bytes.assign(from, from + byteLength);
    }
    onRead(std::nullopt, std::move(reading->bytes));
  });
}

}  // namespace metal_core
