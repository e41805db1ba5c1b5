#pragma once
// A borrowed callable: lets a policy take a visitor without becoming a template and without an allocation.

#include "../config.hpp"

#include <memory>
#include <type_traits>
#include <utility>

namespace upkeep::inline v0 {

template <class Signature>
class function_ref;

/// Refers to a callable that outlives the call it is passed to; two words, trivially copyable, never empty.
/// The shape follows std::function_ref of C++26 (P0792).
template <class Result, class... Arguments>
class function_ref<Result(Arguments...)> {
 public:
  template <class Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, function_ref>)
  &&std::is_invocable_r_v<Result, Callable&, Arguments...> function_ref(
      Callable&& callable) noexcept  // NOLINT(google-explicit-constructor): a parameter type, made from lambdas at the call
  {
    using target = std::remove_reference_t<Callable>;
    if constexpr (std::is_function_v<target>) {
      target_.function = reinterpret_cast<void (*)()>(&callable);
      call_ = [](storage s, Arguments... arguments) -> Result {
        return reinterpret_cast<target*>(s.function)(std::forward<Arguments>(arguments)...);
      };
    } else {
      target_.object = const_cast<void*>(static_cast<const void*>(std::addressof(callable)));
      call_ = [](storage s, Arguments... arguments) -> Result {
        return static_cast<Result>((*static_cast<target*>(s.object))(std::forward<Arguments>(arguments)...));
      };
    }
  }

  Result operator()(Arguments... arguments) const { return call_(target_, std::forward<Arguments>(arguments)...); }

 private:
  union storage {
    void* object;
    void (*function)();
  };
  storage target_;
  Result (*call_)(storage, Arguments...);
};

}  // namespace upkeep::inline v0
