// Compiled for the plainest machine of the architecture, with the kernels of upkeep::kernels.
#define SIDE kernel_side
#include "side.inc"
