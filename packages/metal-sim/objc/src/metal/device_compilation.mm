// Libraries and pipelines of a device, now or on a thread of their own.
#include <Block.h>

#include <memory>
#include <thread>
#include <utility>

#include "configuration.h"
#include "device.h"
#include "idle.h"
#include "reflection.h"

using metal_sim::Strong;
using metal_sim::tell;

namespace {

// Apple documents neither.
NSErrorDomain const kPipelineErrorDomain = @"MetalSimPipelineErrorDomain";
constexpr NSInteger kPipelineErrorCode = 3;

// Calls the block on a thread of its own, as Metal does; `work` is copied and owns what it needs.
template <class Work>
void elsewhere(Work work) {
  std::thread([work = std::move(work), flight = std::make_unique<metal_sim::InFlight>()]() mutable {
    // Emptied inside the pool and before the flight is over.
    @autoreleasepool {
      Work once = std::move(work);
      once();
    }
  }).detach();
}

}  // namespace

@implementation SimCompiler

- (id<MTLLibrary>)newLibraryWithSource:(NSString*)source options:(MTLCompileOptions*)options error:(NSError**)error {
  return metal_sim::makeLibrary((id<MTLDevice>)self, source.UTF8String, "program_source", options, error);
}

- (void)newLibraryWithSource:(NSString*)source
                     options:(MTLCompileOptions*)options
           completionHandler:(MTLNewLibraryCompletionHandler)handler {
  auto text = Strong<NSString*>::adopt([source copy]);
  auto settings = Strong<MTLCompileOptions*>::adopt([options copy]);
  auto block = Block_copy(handler);
  elsewhere([device = Strong<SimCompiler*>(self), text, settings, block] {
    NSError* error = nil;
    id<MTLLibrary> library = [device.get() newLibraryWithSource:text.get() options:settings.get() error:&error];
    block([library autorelease], error);
    Block_release(block);
  });
}

- (id<MTLLibrary>)newLibraryWithURL:(NSURL*)url error:(NSError**)error {
  return metal_sim::makeLibraryFromFile((id<MTLDevice>)self, url.fileSystemRepresentation, error);
}

- (id<MTLComputePipelineState>)newComputePipelineStateWithDescriptor:(MTLComputePipelineDescriptor*)descriptor
                                                             options:(MTLPipelineOption)options
                                                          reflection:
                                                              (MTLAutoreleasedComputePipelineReflection*)reflection
                                                               error:(NSError**)error {
  const bool fault = metal_sim::takeFault(MTLSimFailNextPipeline);
  if (fault || !descriptor.computeFunction) {
    tell(error, metal_sim::error(kPipelineErrorDomain, kPipelineErrorCode,
                                 fault ? "Compiler encountered an internal error (a fault that was asked for)"
                                       : "computeFunction must not be nil"));
    return nil;
  }
  id<MTLComputePipelineState> pipeline = metal_sim::makePipeline((id<MTLDevice>)self, descriptor);
  if (reflection && options != MTLPipelineOptionNone)
    *reflection = metal_sim::reflectionOf(metal_sim::pipelineOf(pipeline));
  return pipeline;
}

- (id<MTLComputePipelineState>)newComputePipelineStateWithFunction:(id<MTLFunction>)function
                                                           options:(MTLPipelineOption)options
                                                        reflection:(MTLAutoreleasedComputePipelineReflection*)reflection
                                                             error:(NSError**)error {
  MTLComputePipelineDescriptor* descriptor = [[[MTLComputePipelineDescriptor alloc] init] autorelease];
  descriptor.computeFunction = function;
  return [self newComputePipelineStateWithDescriptor:descriptor options:options reflection:reflection error:error];
}

- (id<MTLComputePipelineState>)newComputePipelineStateWithFunction:(id<MTLFunction>)function error:(NSError**)error {
  return [self newComputePipelineStateWithFunction:function
                                           options:MTLPipelineOptionNone
                                        reflection:nullptr
                                             error:error];
}

- (void)newComputePipelineStateWithDescriptor:(MTLComputePipelineDescriptor*)descriptor
                                      options:(MTLPipelineOption)options
                            completionHandler:(MTLNewComputePipelineStateWithReflectionCompletionHandler)handler {
  auto copy = Strong<MTLComputePipelineDescriptor*>::adopt([descriptor copy]);
  auto block = Block_copy(handler);
  elsewhere([device = Strong<SimCompiler*>(self), copy, options, block] {
    NSError* error = nil;
    MTLComputePipelineReflection* reflection = nil;
    id<MTLComputePipelineState> pipeline = [device.get() newComputePipelineStateWithDescriptor:copy.get()
                                                                                       options:options
                                                                                    reflection:&reflection
                                                                                         error:&error];
    block([pipeline autorelease], reflection, error);
    Block_release(block);
  });
}

- (void)newComputePipelineStateWithFunction:(id<MTLFunction>)function
                                    options:(MTLPipelineOption)options
                          completionHandler:(MTLNewComputePipelineStateWithReflectionCompletionHandler)handler {
  MTLComputePipelineDescriptor* descriptor = [[MTLComputePipelineDescriptor alloc] init];
  descriptor.computeFunction = function;
  [self newComputePipelineStateWithDescriptor:descriptor options:options completionHandler:handler];
  [descriptor release];
}

- (void)newComputePipelineStateWithFunction:(id<MTLFunction>)function
                          completionHandler:(MTLNewComputePipelineStateCompletionHandler)handler {
  [self newComputePipelineStateWithFunction:function
                                    options:MTLPipelineOptionNone
                          completionHandler:^(id<MTLComputePipelineState> pipeline, MTLComputePipelineReflection*,
                                              NSError* error) {
                            handler(pipeline, error);
                          }];
}

@end
