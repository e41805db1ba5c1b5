// Compiled for this machine, with the kernels of the headers.
#define SIDE header_side
#include "side.inc"
