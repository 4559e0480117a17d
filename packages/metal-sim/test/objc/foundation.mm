#include <Block.h>

#include "harness.h"

CASE(strings) {
  NSString* grown = [@"Käse" stringByAppendingString:@" 𝄞"];
  EXPECT(grown.length == 7);
  EXPECT([grown lengthOfBytesUsingEncoding:NSUTF8StringEncoding] == 10);
  EXPECT([grown isEqualToString:[NSString stringWithUTF8String:"Käse 𝄞"]]);
  EXPECT([grown isEqual:grown] && ![grown isEqual:[NSArray array]] && [grown hasPrefix:@"Kä"]);
  EXPECT([[NSString alloc] initWithBytes:"x" length:1 encoding:99] == nil);
}

CASE(collections) {
  NSArray<NSString*>* names = [NSArray arrayWithObjects:(const id[]){@"a", @"b", @"c"} count:3];
  std::string joined;
  for (NSString* name in names) joined += name.UTF8String;
  EXPECT(joined == "abc" && names.count == 3 && [names.firstObject isEqual:@"a"] && [names containsObject:@"c"] &&
         ![names containsObject:@"d"]);
  NSNumber* seven = [NSNumber numberWithUnsignedInt:7];
  NSDictionary* table = [NSDictionary dictionaryWithObjects:(const id[]){seven, @"x"}
                                                    forKeys:(const id<NSCopying>[]){@"seven", @"letter"}
                                                      count:2];
  EXPECT([[table objectForKey:@"seven"] unsignedIntValue] == 7 && [table objectForKey:@"none"] == nil);
  joined.clear();
  for (NSString* key in table) joined += key.UTF8String;
  EXPECT(joined == "sevenletter");
  EXPECT([[NSNumber numberWithDouble:0.5].stringValue isEqualToString:@"0.5"] &&
         [[NSNumber numberWithBool:YES] boolValue]);
}

CASE(errors) {
  NSError* plain = [NSError errorWithDomain:NSPOSIXErrorDomain code:12 userInfo:nil];
  EXPECT_IN("NSPOSIXErrorDomain error 12", plain.localizedDescription.UTF8String);
  NSDictionary* info = [NSDictionary dictionaryWithObject:@"no room" forKey:NSLocalizedDescriptionKey];
  NSError* told = [NSError errorWithDomain:NSPOSIXErrorDomain code:12 userInfo:info];
  EXPECT([told.localizedDescription isEqualToString:@"no room"] && told.code == 12);
}

// A copied block keeps what it captured, and lets go of it.
CASE(blocks) {
  NSArray* captured = [[NSArray alloc] init];
  __block int calls = 0;
  void (^block)() = Block_copy(^{
    calls += static_cast<int>(captured.count) + 1;
  });
  EXPECT(captured.retainCount == 2);
  void (^again)() = Block_copy(block);
  block();
  Block_release(again);
  block();
  EXPECT(calls == 2 && captured.retainCount == 2);
  Block_release(block);
  EXPECT(captured.retainCount == 1);
  [captured release];
}

CASE(objects) {
  id<MTLDevice> gpu = device();
  EXPECT([gpu conformsToProtocol:@protocol(MTLDevice)] && [gpu conformsToProtocol:@protocol(NSObject)]);
  EXPECT(![gpu conformsToProtocol:@protocol(MTLBuffer)]);
  EXPECT([gpu respondsToSelector:@selector(newCommandQueue)] && ![gpu respondsToSelector:@selector(contents)]);
  EXPECT([shared(gpu, 16) conformsToProtocol:@protocol(MTLAllocation)]);
  EXPECT(MTLSimLiveObjects()["MTLDevice"] == 1 && MTLSimLiveObjects()["MTLBuffer"] == 1);
}
