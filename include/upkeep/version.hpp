#pragma once
// The version of upkeep: its one home.

#define UPKEEP_VERSION_MAJOR 0
#define UPKEEP_VERSION_MINOR 1
#define UPKEEP_VERSION_PATCH 0
#define UPKEEP_VERSION_STRING "0.1.0"
