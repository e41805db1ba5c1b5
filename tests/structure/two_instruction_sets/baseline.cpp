// Compiled for the plainest machine of the architecture.
#define SIDE baseline_side
#include "side.inc"
