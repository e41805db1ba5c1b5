# Finds the header of xxHash (used inline, its library is not linked) and makes the target upkeep_xxhash::headers of it.
find_path(XxHashHeaders_INCLUDE_DIR NAMES xxhash.h)
mark_as_advanced(XxHashHeaders_INCLUDE_DIR)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(XxHashHeaders REQUIRED_VARS XxHashHeaders_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install xxHash (Debian: libxxhash-dev) or add its prefix to CMAKE_PREFIX_PATH")
if(XxHashHeaders_FOUND AND NOT TARGET upkeep_xxhash::headers)
  add_library(upkeep_xxhash::headers INTERFACE IMPORTED)
  set_target_properties(upkeep_xxhash::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${XxHashHeaders_INCLUDE_DIR}")
endif()
