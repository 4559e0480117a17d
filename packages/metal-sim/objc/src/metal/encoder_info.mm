#include "encoder_info.h"

NSErrorUserInfoKey const MTLCommandBufferEncoderInfoErrorKey = @"MTLCommandBufferEncoderInfoErrorKey";

@interface SimCommandBufferEncoderInfo : NSObject <MTLCommandBufferEncoderInfo>
@end

namespace {

struct Info : metal_sim::State {
  explicit Info(const metal_sim::EncoderRecord& record)
      : label(record.label), signposts(record.signposts), state(record.state) {}
  std::string label;
  std::vector<std::string> signposts;
  MTLCommandEncoderErrorState state;
};

}  // namespace

NSArray* metal_sim::encoderInfos(const std::vector<EncoderRecord>& encoders) {
  std::vector<id> infos;
  for (const EncoderRecord& record : encoders) {
    infos.push_back([withState<Info>([SimCommandBufferEncoderInfo alloc], record) autorelease]);
  }
  return [NSArray arrayWithObjects:infos.data() count:infos.size()];
}

@implementation SimCommandBufferEncoderInfo

- (NSString*)label {
  return metal_sim::string(metal_sim::stateOf<Info>(self).label);
}

- (NSArray*)debugSignposts {
  std::vector<id> strings;
  for (const auto& text : metal_sim::stateOf<Info>(self).signposts) strings.push_back(metal_sim::string(text));
  return [NSArray arrayWithObjects:strings.data() count:strings.size()];
}

- (MTLCommandEncoderErrorState)errorState {
  return metal_sim::stateOf<Info>(self).state;
}

@end
