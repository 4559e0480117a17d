// The class of @"…" (clang: -fconstant-string-class=NSConstantString), laid out as the GNU runtime's compilers write it.
#pragma once
#ifndef __APPLE__
#import <Foundation/NSString.h>

@interface NSConstantString : NSString {
  const char* bytes_;
  unsigned int length_;
}
@end
#endif
