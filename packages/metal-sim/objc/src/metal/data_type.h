// Names of Metal's types <-> MTLDataType.
#ifndef METAL_SIM_OBJC_DATA_TYPE_H
#define METAL_SIM_OBJC_DATA_TYPE_H

#import <Metal/MTLArgument.h>

#include <cstddef>
#include <string_view>

namespace metal_sim {

// "uint", "const device half4 *", "constant bool &" -> its element; MTLDataTypeStruct for what is no scalar or vector.
MTLDataType dataTypeOf(std::string_view type);
// Bytes of a scalar or a vector (three elements take the room of four); 0 for others.
size_t dataTypeBytes(MTLDataType type);

}  // namespace metal_sim
#endif
