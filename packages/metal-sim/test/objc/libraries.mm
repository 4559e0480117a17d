#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>

#include "harness.h"
#include "kernels.h"

namespace {

NSString* kernels() { return [NSString stringWithUTF8String:kKernels]; }

}  // namespace

CASE(compile) {
  id<MTLDevice> gpu = device();
  NSError* error = nil;
  id<MTLLibrary> library = [[gpu newLibraryWithSource:kernels() options:nil error:&error] autorelease];
  EXPECT(library != nil && error == nil);
  EXPECT([library.functionNames containsObject:@"axpy"] && library.functionNames.count == 6 &&
         library.type == MTLLibraryTypeExecutable);
  id<MTLFunction> function = [[library newFunctionWithName:@"axpy"] autorelease];
  EXPECT([function.name isEqualToString:@"axpy"] && function.functionType == MTLFunctionTypeKernel &&
         function.device == gpu);
  EXPECT([library newFunctionWithName:@"none"] == nil);
  MTLFunctionConstant* constant = [function.functionConstantsDictionary objectForKey:@"scale"];
  EXPECT(constant.index == 0 && constant.type == MTLDataTypeUInt && [constant.name isEqualToString:@"scale"]);
}

CASE(compile_error) {
  id<MTLDevice> gpu = device();
  NSError* error = nil;
  id<MTLLibrary> library =
      [gpu newLibraryWithSource:@"#include <metal_stdlib>\nkernel void k(device float* x) {\n  x[0] = nothing;\n}\n"
                        options:nil
                          error:&error];
  EXPECT(library == nil && [error.domain isEqualToString:MTLLibraryErrorDomain] &&
         error.code == MTLLibraryErrorCompileFailure);
  EXPECT_IN("program_source:3", error.localizedDescription.UTF8String);
  EXPECT_IN("nothing", error.localizedDescription.UTF8String);
  MTLSimFail(MTLSimFailNextCompile);
  EXPECT([gpu newLibraryWithSource:kernels() options:nil error:&error] == nil &&
         error.code == MTLLibraryErrorCompileFailure);
}

CASE(compile_options) {
  id<MTLDevice> gpu = device();
  MTLCompileOptions* options = [[[MTLCompileOptions alloc] init] autorelease];
  EXPECT(options.fastMathEnabled && options.mathMode == MTLMathModeFast);
  options.mathMode = MTLMathModeSafe;
  EXPECT(!options.fastMathEnabled);
  options.preprocessorMacros = [NSDictionary dictionaryWithObject:[NSNumber numberWithInt:5] forKey:@"FIVE"];
  NSString* text = @"#include <metal_stdlib>\nkernel void five(device int* x [[buffer(0)]]) { x[0] = FIVE; }\n";
  MTLSimTakeStatistics();
  NSError* error = nil;
  EXPECT([[gpu newLibraryWithSource:text options:options error:&error] autorelease] != nil);
  EXPECT(MTLSimTakeStatistics().librariesWithFastMath == 0);
  EXPECT([gpu newLibraryWithSource:text options:nil error:&error] == nil);
  EXPECT(MTLSimTakeStatistics().librariesWithFastMath == 1);
}

CASE(library_from_a_file) {
  id<MTLDevice> gpu = device();
  char path[] = "/tmp/metal-sim-library-XXXXXX";
  close(mkstemp(path));
  std::ofstream(path) << kKernels;
  NSError* error = nil;
  EXPECT([[gpu newLibraryWithURL:[NSURL fileURLWithPath:[NSString stringWithUTF8String:path]]
                           error:&error] autorelease] != nil);
  unlink(path);
  EXPECT([gpu newLibraryWithURL:[NSURL fileURLWithPath:[NSString stringWithUTF8String:path]] error:&error] == nil &&
         error.code == MTLLibraryErrorFileNotFound);
}

CASE(function_constants) {
  id<MTLDevice> gpu = device();
  NSError* error = nil;
  id<MTLLibrary> library = [[gpu newLibraryWithSource:kernels() options:nil error:&error] autorelease];
  MTLFunctionConstantValues* values = [[[MTLFunctionConstantValues alloc] init] autorelease];
  const int wrong = 1;
  [values setConstantValue:&wrong type:MTLDataTypeInt atIndex:0];
  EXPECT([library newFunctionWithName:@"axpy" constantValues:values error:&error] == nil);
  EXPECT_IN("'scale' at index 0 is declared as uint", error.localizedDescription.UTF8String);
  [values reset];
  const unsigned right = 1;
  [values setConstantValue:&right type:MTLDataTypeUInt withName:@"scale"];
  EXPECT([[library newFunctionWithName:@"axpy" constantValues:values error:&error] autorelease] != nil);
  EXPECT([library newFunctionWithName:@"none" constantValues:values error:&error] == nil &&
         error.code == MTLLibraryErrorFunctionNotFound);
}

CASE(reflection) {
  id<MTLDevice> gpu = device();
  NSError* error = nil;
  id<MTLLibrary> library = [[gpu newLibraryWithSource:kernels() options:nil error:&error] autorelease];
  MTLFunctionConstantValues* values = [[[MTLFunctionConstantValues alloc] init] autorelease];
  const bool shifted = false;
  [values setConstantValue:&shifted type:MTLDataTypeBool withName:@"shifted"];
  MTLComputePipelineDescriptor* descriptor = [[[MTLComputePipelineDescriptor alloc] init] autorelease];
  descriptor.computeFunction = [[library newFunctionWithName:@"shift" constantValues:values error:&error] autorelease];
  descriptor.maxTotalThreadsPerThreadgroup = 64;
  MTLComputePipelineReflection* reflection = nil;
  id<MTLComputePipelineState> state = [[gpu newComputePipelineStateWithDescriptor:descriptor
                                                                          options:MTLPipelineOptionBindingInfo
                                                                       reflection:&reflection
                                                                            error:&error] autorelease];
  EXPECT(state.maxTotalThreadsPerThreadgroup == 64 && state.threadExecutionWidth == 32);
  // Without its constant the third argument is not there.
  EXPECT(reflection.bindings.count == 2);
  id<MTLBufferBinding> x = (id<MTLBufferBinding>)[reflection.bindings objectAtIndex:0];
  EXPECT([x.name isEqualToString:@"x"] && x.type == MTLBindingTypeBuffer && x.access == MTLBindingAccessReadOnly &&
         x.index == 0);
  EXPECT(x.bufferDataSize == 4 && x.bufferAlignment == 4 && x.bufferDataType == MTLDataTypeFloat && x.used);
  EXPECT([reflection.bindings objectAtIndex:1].access != MTLBindingAccessReadOnly);

  descriptor.computeFunction = [[library newFunctionWithName:@"total"] autorelease];
  [[gpu newComputePipelineStateWithDescriptor:descriptor
                                      options:MTLPipelineOptionBindingInfo
                                   reflection:&reflection
                                        error:&error] release];
  EXPECT([reflection.bindings objectAtIndex:2].type == MTLBindingTypeThreadgroupMemory);
  MTLSimFail(MTLSimFailNextPipeline);
  EXPECT([gpu newComputePipelineStateWithFunction:descriptor.computeFunction error:&error] == nil && error != nil);
  id<MTLFunction> none = nil;
  EXPECT([gpu newComputePipelineStateWithFunction:none error:&error] == nil);
  EXPECT_IN("computeFunction", error.localizedDescription.UTF8String);
}

CASE(in_the_background) {
  id<MTLDevice> gpu = device();
  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    int done = 0;
    void finish() {
      std::lock_guard lock(mutex);
      ++done;
      changed.notify_all();
    }
  };
  auto waiting = std::make_shared<Waiting>();
  __block id<MTLLibrary> library = nil;
  [gpu newLibraryWithSource:kernels()
                    options:nil
          completionHandler:^(id<MTLLibrary> made, NSError* error) {
            EXPECT(error == nil);
            library = [made retain];
            waiting->finish();
          }];
  [gpu newLibraryWithSource:@"kernel void k() { double x = 1; }"
                    options:nil
          completionHandler:^(id<MTLLibrary> made, NSError* error) {
            EXPECT(made == nil && error.code == MTLLibraryErrorCompileFailure);
            waiting->finish();
          }];
  std::unique_lock lock(waiting->mutex);
  waiting->changed.wait(lock, [&] { return waiting->done == 2; });
  lock.unlock();
  MTLFunctionConstantValues* values = [[[MTLFunctionConstantValues alloc] init] autorelease];
  [library newFunctionWithName:@"axpy"
                constantValues:values
             completionHandler:^(id<MTLFunction> function, NSError*) {
               [gpu newComputePipelineStateWithFunction:function
                                      completionHandler:^(id<MTLComputePipelineState> state, NSError* error) {
                                        EXPECT(state.maxTotalThreadsPerThreadgroup == 1024 && error == nil);
                                        waiting->finish();
                                      }];
             }];
  lock.lock();
  waiting->changed.wait(lock, [&] { return waiting->done == 3; });
  lock.unlock();
  MTLSimLiveObjects();  // waits until the handlers' threads have let go
  [library release];
}
