// Compiled with -march=native.
#define SIDE native_side
#include "side.inc"
