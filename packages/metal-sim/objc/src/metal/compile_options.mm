#include "compile_options.h"

#import <Foundation/Foundation.h>

#include "../foundation/string.h"
#include "../object.h"
#include "configuration.h"
#include "property.h"

namespace {

struct Options : metal_sim::State {
  metal_sim::Strong<NSDictionary*> preprocessorMacros;
  BOOL fastMathEnabled = YES, preserveInvariance = NO;
  MTLLanguageVersion languageVersion = MTLLanguageVersion3_1;
  MTLLibraryType libraryType = MTLLibraryTypeExecutable;
  MTLLibraryOptimizationLevel optimizationLevel = MTLLibraryOptimizationLevelDefault;
  NSUInteger maxTotalThreadsPerThreadgroup = 0;
  MTLMathMode mathMode = MTLMathModeFast;
  MTLMathFloatingPointFunctions mathFloatingPointFunctions = MTLMathFloatingPointFunctionsFast;
};

Options& state(id options) { return metal_sim::stateOf<Options>(options); }

}  // namespace

bool metal_sim::fastMath(MTLCompileOptions* options) { return !options || state(options).mathMode != MTLMathModeSafe; }

std::vector<std::pair<std::string, std::string>> metal_sim::macrosOf(MTLCompileOptions* options) {
  std::vector<std::pair<std::string, std::string>> result;
  if (!options) return result;
  for (NSString* name in options.preprocessorMacros) {
    result.emplace_back(name.UTF8String, [[options.preprocessorMacros objectForKey:name] description].UTF8String);
  }
  return result;
}

@implementation MTLCompileOptions

- (instancetype)init {
  return metal_sim::withState<Options>(self);
}

METAL_SIM_PROPERTY(BOOL, preserveInvariance, setPreserveInvariance)
METAL_SIM_PROPERTY(MTLLanguageVersion, languageVersion, setLanguageVersion)
METAL_SIM_PROPERTY(MTLLibraryType, libraryType, setLibraryType)
METAL_SIM_PROPERTY(MTLLibraryOptimizationLevel, optimizationLevel, setOptimizationLevel)
METAL_SIM_PROPERTY(NSUInteger, maxTotalThreadsPerThreadgroup, setMaxTotalThreadsPerThreadgroup)
METAL_SIM_PROPERTY(MTLMathFloatingPointFunctions, mathFloatingPointFunctions, setMathFloatingPointFunctions)
METAL_SIM_OBJECT_PROPERTY(NSDictionary*, preprocessorMacros, setPreprocessorMacros, copy)

// Two names of one setting: the later call counts.
- (BOOL)fastMathEnabled {
  return state(self).fastMathEnabled;
}

- (void)setFastMathEnabled:(BOOL)enabled {
  state(self).fastMathEnabled = enabled;
  state(self).mathMode = enabled ? MTLMathModeFast : MTLMathModeSafe;
}

- (MTLMathMode)mathMode {
  return state(self).mathMode;
}

- (void)setMathMode:(MTLMathMode)mode {
  state(self).mathMode = mode;
  state(self).fastMathEnabled = mode == MTLMathModeFast;
}

- (BOOL)respondsToSelector:(SEL)selector {
  return metal_sim::withheld(selector,
                             {
                               @selector(mathMode), @selector(setMathMode:), @selector(mathFloatingPointFunctions),
                                   @selector(setMathFloatingPointFunctions:)
                             })
             ? NO
             : [super respondsToSelector:selector];
}

- (id)copyWithZone:(NSZone*)METAL_SIM_UNUSED zone {
  MTLCompileOptions* copy = [[MTLCompileOptions alloc] init];
  state(copy) = state(self);
  return copy;
}

@end
