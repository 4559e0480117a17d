// Properties that are members of the state that state(self) gives.
#ifndef METAL_SIM_OBJC_PROPERTY_H
#define METAL_SIM_OBJC_PROPERTY_H

#define METAL_SIM_PROPERTY(Type, name, setter) \
  -(Type)name {                                \
    return state(self).name;                   \
  }                                            \
  -(void)setter : (Type)value {                \
    state(self).name = value;                  \
  }

// The member is a Strong<Type>; `take` is retain or copy.
#define METAL_SIM_OBJECT_PROPERTY(Type, name, setter, take)          \
  -(Type)name {                                                      \
    return state(self).name.get();                                   \
  }                                                                  \
  -(void)setter : (Type)value {                                      \
    state(self).name = metal_sim::Strong<Type>::adopt([value take]); \
  }

#endif
