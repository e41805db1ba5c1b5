// A user of what needs every flag: a kernel, a checksum and JSON, whose library is linked.
#include <upkeep/base/checksum.hpp>
#include <upkeep/base/json.hpp>
#include <upkeep/metric/cosine.hpp>

#include <vector>

int main() {
  const std::vector<float> a{1, 2, 3};
  if (upkeep::cosine{}.score(a, a) < 0.999999 || upkeep::checksum("a") == upkeep::checksum("b")) return 1;
  return upkeep::parse_json("[1, 2]", "a list").as_array().size() == 2 ? 0 : 1;
}
