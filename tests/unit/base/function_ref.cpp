#include "upkeep/base/function_ref.hpp"

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <type_traits>

using namespace upkeep;

namespace {

int twice(int x) { return 2 * x; }
int call(function_ref<int(int)> f) { return f(21); }

}  // namespace

TEST_CASE("a reference calls what it refers to", "[function_ref]") {
  int calls = 0;
  const auto counting = [&](int x) { return ++calls, x + 1; };
  REQUIRE(call(counting) == 22);
  REQUIRE(calls == 1);
  REQUIRE(call(twice) == 42);
  REQUIRE(call([](int x) { return x; }) == 21);
}

TEST_CASE("a callable keeps its state, and a void result swallows any", "[function_ref]") {
  struct adder {
    int sum = 0;
    int operator()(int x) { return sum += x; }
  } add;
  const function_ref<void(int)> f = add;
  f(1);
  f(2);
  REQUIRE(add.sum == 3);
}

TEST_CASE("arguments are forwarded, moves included", "[function_ref]") {
  const auto take = [](std::unique_ptr<std::string> text) { return *text; };
  REQUIRE(function_ref<std::string(std::unique_ptr<std::string>)>(take)(std::make_unique<std::string>("moved")) == "moved");
  STATIC_REQUIRE(std::is_trivially_copyable_v<function_ref<void()>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<function_ref<void(int)>, void (*)(std::string)>);
}
