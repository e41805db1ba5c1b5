# vcpkg installs the overlay port and a consumer uses it, with a vcpkg of this machine (VCPKG_ROOT, or in the path).
find_program(vcpkg vcpkg HINTS ENV VCPKG_ROOT)
if(NOT vcpkg)
  message("skipped: no vcpkg was found: VCPKG_ROOT names none, and none is in the path")
  return()
endif()
include("${HERE}/steps.cmake")
cmake_path(GET vcpkg PARENT_PATH root)
if(DEFINED ENV{VCPKG_ROOT})
  set(root "$ENV{VCPKG_ROOT}")
endif()
file(WRITE "${THERE}/vcpkg.json" [[{ "dependencies": [{ "name": "upkeep", "features": ["kernels", "sqlite"] }] }]])
succeeds("configuring a project with a manifest" ${configure} -S "${HERE}/installed" -B "${THERE}/use" -DVCPKG_MANIFEST_DIR=${THERE}
  -DVCPKG_OVERLAY_PORTS=${ROOT}/cmake/ports -DCMAKE_TOOLCHAIN_FILE=${root}/scripts/buildsystems/vcpkg.cmake -DWANTED=${VERSION}
  "-DCOMPONENTS=sqlite;kernels")
succeeds("building" "${CMAKE_COMMAND}" --build "${THERE}/use")
foreach(program IN ITEMS program sqlite_program kernels_program)
  succeeds("running ${program}" "${THERE}/use/${program}")
endforeach()
