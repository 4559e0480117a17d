// With -fobjc-runtime=gcc clang gives Objective-C++ functions the personality of GNU Objective-C, which finds no C++
// catch clause: every throw would end the process. C++'s own takes its place; Objective-C's @throw is not used. Alone
// in this file, so that a program that defines the symbol itself does not get this one from the archive.
#include <unwind.h>

extern "C" {

_Unwind_Reason_Code __gxx_personality_v0(int version, _Unwind_Action actions, _Unwind_Exception_Class kind,
                                         _Unwind_Exception* exception, _Unwind_Context* context);

__attribute__((visibility("hidden"))) _Unwind_Reason_Code __gnu_objc_personality_v0(int version, _Unwind_Action actions,
                                                                                    _Unwind_Exception_Class kind,
                                                                                    _Unwind_Exception* exception,
                                                                                    _Unwind_Context* context) {
  return __gxx_personality_v0(version, actions, kind, exception, context);
}

}  // extern "C"
