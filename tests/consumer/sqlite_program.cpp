// A user of the component sqlite.
#include <upkeep/sqlite/connection.hpp>

#include <sqlite3.h>

int main() { return sqlite3_libversion_number() > 3000000 ? 0 : 1; }
