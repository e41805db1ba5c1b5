// A user of the component crypto.
#include <upkeep/crypto/hmac.hpp>

int main() { return upkeep::hmac_sha256({}, "message") != upkeep::hmac_sha256({}, "another") ? 0 : 1; }
