# Finds the headers of xsimd and makes the target upkeep_xsimd::headers of them.
find_path(XsimdHeaders_INCLUDE_DIR NAMES xsimd/xsimd.hpp)
mark_as_advanced(XsimdHeaders_INCLUDE_DIR)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(XsimdHeaders REQUIRED_VARS XsimdHeaders_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install xsimd (Debian: libxsimd-dev) or add its prefix to CMAKE_PREFIX_PATH")
if(XsimdHeaders_FOUND AND NOT TARGET upkeep_xsimd::headers)
  add_library(upkeep_xsimd::headers INTERFACE IMPORTED)
  set_target_properties(upkeep_xsimd::headers PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${XsimdHeaders_INCLUDE_DIR}")
endif()
