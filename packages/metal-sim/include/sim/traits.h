// <metal_type_traits>
#pragma once
#include "base.h"
#include "bfloat.h"

namespace metal {

template <class T, T v>
struct integral_constant {
  static constexpr T value = v;
  using value_type = T;
  using type = integral_constant;
  constexpr operator T() const { return v; }
  constexpr T operator()() const { return v; }
};
template <bool b>
using bool_constant = integral_constant<bool, b>;
using true_type = bool_constant<true>;
using false_type = bool_constant<false>;

template <bool, class T = void>
struct enable_if {};
template <class T>
struct enable_if<true, T> {
  using type = T;
};
template <bool b, class T = void>
using enable_if_t = typename enable_if<b, T>::type;

template <bool, class T, class>
struct conditional {
  using type = T;
};
template <class T, class F>
struct conditional<false, T, F> {
  using type = F;
};
template <bool b, class T, class F>
using conditional_t = typename conditional<b, T, F>::type;

template <class T>
struct type_identity {
  using type = T;
};
template <class T>
using type_identity_t = typename type_identity<T>::type;

template <class T>
struct remove_const : type_identity<T> {};
template <class T>
struct remove_const<const T> : type_identity<T> {};
template <class T>
struct remove_volatile : type_identity<T> {};
template <class T>
struct remove_volatile<volatile T> : type_identity<T> {};
template <class T>
struct remove_cv : remove_const<typename remove_volatile<T>::type> {};
template <class T>
struct remove_addrspace : type_identity<T> {};
template <class T>
struct remove_addrspace<SIM_DEVICE T> : type_identity<T> {};
template <class T>
struct remove_addrspace<SIM_CONSTANT T> : type_identity<T> {};
template <class T>
struct remove_addrspace<SIM_THREADGROUP T> : type_identity<T> {};
template <class T>
struct remove_reference : type_identity<T> {};
template <class T>
struct remove_reference<T&> : type_identity<T> {};
template <class T>
struct remove_reference<T&&> : type_identity<T> {};
template <class T>
struct remove_pointer : type_identity<T> {};
template <class T>
struct remove_pointer<T*> : type_identity<T> {};
template <class T>
struct remove_extent : type_identity<T> {};
template <class T, size_t n>
struct remove_extent<T[n]> : type_identity<T> {};

template <class T>
using remove_const_t = typename remove_const<T>::type;
template <class T>
using remove_volatile_t = typename remove_volatile<T>::type;
template <class T>
using remove_cv_t = typename remove_cv<T>::type;
template <class T>
using remove_addrspace_t = typename remove_addrspace<T>::type;
template <class T>
using remove_reference_t = typename remove_reference<T>::type;
template <class T>
using remove_pointer_t = typename remove_pointer<T>::type;
template <class T>
using remove_extent_t = typename remove_extent<T>::type;
template <class T>
using decay_t = remove_cv_t<remove_addrspace_t<remove_cv_t<remove_reference_t<T>>>>;
template <class T>
using underlying_type_t = __underlying_type(T);
template <class T>
using make_unsigned_t = __make_unsigned(T);
template <class T>
using make_signed_t = __make_signed(T);
template <class T>
struct make_unsigned : type_identity<__make_unsigned(T)> {};
template <class T>
struct make_signed : type_identity<__make_signed(T)> {};

template <class T, class U>
struct is_same : bool_constant<__is_same(T, U)> {};
template <class T>
struct is_integral
    : bool_constant<__is_integral(T)> {};
template <class T>
struct is_floating_point
    : bool_constant<__is_same(remove_cv_t<T>, float) || __is_same(remove_cv_t<T>, half) || __is_same(remove_cv_t<T>, bfloat)> {};
template <class T>
struct is_arithmetic : bool_constant<is_integral<T>::value || is_floating_point<T>::value> {};
template <class T>
struct is_scalar : bool_constant<is_arithmetic<T>::value || __is_enum(T) || __is_pointer(T)> {};
template <class T>
struct is_signed : bool_constant<is_floating_point<T>::value || __is_signed(T)> {};
template <class T>
struct is_unsigned : bool_constant<__is_unsigned(T)> {};
template <class T>
struct is_void : bool_constant<__is_void(T)> {};
template <class T>
struct is_pointer : bool_constant<__is_pointer(T)> {};
template <class T>
struct is_reference : bool_constant<__is_reference(T)> {};
template <class T>
struct is_array : bool_constant<__is_array(T)> {};
template <class T>
struct is_const : bool_constant<__is_const(T)> {};
template <class T>
struct is_class : bool_constant<__is_class(T)> {};
template <class T>
struct is_enum : bool_constant<__is_enum(T)> {};
template <class T>
struct is_trivially_copyable : bool_constant<__is_trivially_copyable(T)> {};
template <class From, class To>
struct is_convertible : bool_constant<__is_convertible_to(From, To)> {};
template <class Base, class Derived>
struct is_base_of : bool_constant<__is_base_of(Base, Derived)> {};
template <class T, class... A>
struct is_constructible : bool_constant<__is_constructible(T, A...)> {};

template <class T, class U>
constexpr bool is_same_v = is_same<T, U>::value;
template <class From, class To>
constexpr bool is_convertible_v = is_convertible<From, To>::value;
template <class Base, class Derived>
constexpr bool is_base_of_v = is_base_of<Base, Derived>::value;
template <class T, class... A>
constexpr bool is_constructible_v = is_constructible<T, A...>::value;
#define SIM_TRAIT(name) \
  template <class T>    \
  constexpr bool name##_v = name<T>::value;
SIM_TRAIT(is_integral)
SIM_TRAIT(is_floating_point)
SIM_TRAIT(is_arithmetic)
SIM_TRAIT(is_scalar)
SIM_TRAIT(is_signed)
SIM_TRAIT(is_unsigned)
SIM_TRAIT(is_void)
SIM_TRAIT(is_pointer)
SIM_TRAIT(is_reference)
SIM_TRAIT(is_array)
SIM_TRAIT(is_const)
SIM_TRAIT(is_class)
SIM_TRAIT(is_enum)
SIM_TRAIT(is_trivially_copyable)
#undef SIM_TRAIT

template <class... B>
struct _disjunction : bool_constant<(B::value || ...)> {};
template <class... B>
struct _conjunction : bool_constant<(B::value && ...)> {};
template <class B>
struct _negation : bool_constant<!B::value> {};

// A value that is the same in all threads: the type says no more here.
template <class T>
using uniform = T;
template <class T>
SIM_INLINE constexpr T make_uniform(T value) {
  return value;
}

template <class... T>
struct common_type;
template <class T>
struct common_type<T> : type_identity<T> {};
template <class T, class U>
struct common_type<T, U> : type_identity<decltype(true ? T() : U())> {};
template <class... T>
using common_type_t = typename common_type<T...>::type;

template <class T>
T declval();
}  // namespace metal
