#include "library.h"

#include <algorithm>
#include <map>

#include "../description.h"
#include "kernel.h"
#include "text.h"

namespace metal_core {
namespace {

class MetalLibrary final : public Library, public std::enable_shared_from_this<MetalLibrary> {
 public:
  MetalLibrary(std::shared_ptr<MetalContext> context, std::weak_ptr<Compiler> compiler, Retained<id<MTLLibrary>> library,
               const std::vector<KernelDescription>& described)
      : context_(std::move(context)), compiler_(std::move(compiler)), library_(std::move(library)) {
    for (const KernelDescription& description : described) {
      const auto function =
          Retained<id<MTLFunction>>::adopt([library_.get() newFunctionWithName:toFoundation(description.name)]);
      if (!function || [function.get() functionType] != MTLFunctionTypeKernel) {
        throw Error(ErrorCode::kLibrary, "[device.loadLibrary] expected the described kernel '" + description.name +
                                             "' in the library, got none; rename or drop its description");
      }
      entries_.push_back(std::make_shared<MetalEntry>(describedEntry(description)));
    }
    addOthers();
  }

  ~MetalLibrary() override {
    const AutoreleasePool pool;
    pipelines_.clear();
    library_ = {};
  }

  const std::string& isa() const override { return isa_; }

  std::vector<std::string> kernels() const override {
    std::vector<std::string> names;
    for (const auto& entry : entries_) names.push_back(entry->name);
    return names;
  }

  std::shared_ptr<const Kernel> kernel(const std::string& name, const std::vector<std::string>& constantNames,
                                       const std::vector<uint32_t>& constantValues) override {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e->name == name; });
    if (found == entries_.end()) {
      throw Error(ErrorCode::kArgument, "[library.kernel] expected a kernel of this library, got '" + name +
                                            "'; library.kernels lists them");
    }
    if ((*found)->unusable) throw *(*found)->unusable;
    auto kernel = std::make_shared<MetalKernel>();
    kernel->name = name;
    kernel->arguments = (*found)->arguments;
    kernel->constants = (*found)->constants;
    kernel->constantValues = constantsOf(name, kernel->constants, constantNames, constantValues);
    kernel->context = context_;
    kernel->library = shared_from_this();
    kernel->entry = *found;
    std::vector<MetalConstant> given = (*found)->metalConstants;
    for (size_t i = 0; i < given.size(); i++) {
      const std::string& constant = kernel->constants[i].name;
      given[i].given |= std::find(constantNames.begin(), constantNames.end(), constant) != constantNames.end();
    }
    kernel->pipeline = pipelineOf(name, std::move(given), kernel->constantValues);
    return kernel;
  }

 private:
  // Kernels without a description, by name.
  void addOthers() {
    NSArray<NSString*>* names = [library_.get() functionNames];
    std::vector<std::string> others;
    for (NSUInteger i = 0; i < [names count]; i++) {
      const std::string name = fromFoundation([names objectAtIndex:i]);
      const bool known = std::any_of(entries_.begin(), entries_.end(), [&](const auto& e) { return e->name == name; });
      if (!known) others.push_back(name);
    }
    std::sort(others.begin(), others.end());
    for (const std::string& name : others) {
      const auto function = Retained<id<MTLFunction>>::adopt([library_.get() newFunctionWithName:toFoundation(name)]);
      if (function && [function.get() functionType] != MTLFunctionTypeKernel) continue;
      entries_.push_back(std::make_shared<MetalEntry>(reflectedEntry(context_->device(), library_.get(), name)));
    }
  }

  std::shared_ptr<Pipeline> pipelineOf(const std::string& name, std::vector<MetalConstant> constants,
                                       std::vector<uint32_t> values) {
    std::string key = name;
    for (size_t i = 0; i < values.size(); i++) key += constants[i].given ? "/" + std::to_string(values[i]) : "/-";
    std::shared_ptr<Pipeline>& pipeline = pipelines_[key];
    if (pipeline) return pipeline;
    pipeline = std::make_shared<Pipeline>();
    const auto compile = [context = context_, library = library_, pipeline = pipeline, name,
                          constants = std::move(constants), values = std::move(values)](bool stopped) {
      try {
        if (stopped) throw Error(ErrorCode::kDisposed, "[" + name + "] expected a live device, got a disposed one");
        const auto function = specialize(library.get(), name, constants, values);
        pipeline->finish(compilePipeline(context->device(), function.get(), name, nullptr));
      } catch (const Error& error) {
        pipeline->fail(error);
      } catch (const std::exception& error) {
        pipeline->fail(Error(ErrorCode::kOutOfMemory, "[" + name + "] " + error.what()));
      }
    };
    // Without a compiler the device has ended, and nothing will wait for the pipeline.
    if (const auto compiler = compiler_.lock()) compiler->push(compile);
    return pipeline;
  }

  const std::shared_ptr<MetalContext> context_;
  const std::weak_ptr<Compiler> compiler_;
  Retained<id<MTLLibrary>> library_;
  std::vector<std::shared_ptr<const MetalEntry>> entries_;
  std::map<std::string, std::shared_ptr<Pipeline>> pipelines_;  // of JavaScript's thread
  const std::string isa_;
};

Retained<id<MTLLibrary>> openMetallib(id<MTLDevice> device, const std::string& path) {
  NSError* error = nil;
  auto library = Retained<id<MTLLibrary>>::adopt([device newLibraryWithURL:[NSURL fileURLWithPath:toFoundation(path)]
                                                                     error:&error]);
  if (library) return library;
  throw Error(ErrorCode::kLibrary, "[device.loadLibrary] expected a metallib that loads, got \"" + reasonOf(error) +
                                       "\"; build it for this system and check the path: " + path);
}

}  // namespace

std::shared_ptr<Library> loadMetalLibrary(const std::shared_ptr<MetalContext>& context,
                                          const std::weak_ptr<Compiler>& compiler, const LibrarySource& source) {
  if (source.kind == "shared") {
    throw Error(ErrorCode::kLibrary, "[device.loadLibrary] expected a library of kind 'metal' or 'metallib' for the metal "
                                     "device, got 'shared'; load shared libraries on the cpu device");
  }
  auto library = source.kind == "metal" ? compileSource(context->device(), source.source, source.name)
                                        : openMetallib(context->device(), source.path);
  return std::make_shared<MetalLibrary>(context, compiler, std::move(library), source.kernels);
}

}  // namespace metal_core
