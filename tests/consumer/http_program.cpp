// A user of the component http.
#include <upkeep/net/http_client.hpp>

int main() {
  try {
    static_cast<void>(upkeep::http_client().send({.url = "no address"}));
  } catch (const upkeep::error& failure) {
    return failure.code() == upkeep::errc::invalid_argument ? 0 : 1;
  }
  return 1;
}
