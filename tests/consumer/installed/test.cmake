# Installed into a folder of its own, moved, found from there.
include("${HERE}/steps.cmake")
succeeds("configuring upkeep" ${configure} -S "${ROOT}" -B "${THERE}/upkeep" -DBUILD_TESTING=OFF -DUPKEEP_BUILD_EXAMPLES=OFF)
succeeds("building its compiled part" "${CMAKE_COMMAND}" --build "${THERE}/upkeep")
succeeds("installing upkeep" "${CMAKE_COMMAND}" --install "${THERE}/upkeep" --prefix "${THERE}/first")
file(RENAME "${THERE}/first" "${THERE}/prefix")  # a package can be moved

# Every header is there.
file(GLOB_RECURSE headers RELATIVE "${ROOT}/include" "${ROOT}/include/*.hpp")
foreach(header IN LISTS headers)
  if(NOT EXISTS "${THERE}/prefix/include/${header}")
    message(FATAL_ERROR "${header} was not installed")
  endif()
endforeach()
# No path of this machine stands in the package, and no flag of ours.
file(GLOB files "${THERE}/prefix/${PACKAGE_DIR}/*.cmake")
foreach(file IN LISTS files)
  file(READ "${file}" text)
  string(FIND "${text}" "${ROOT}" at)
  if(NOT at EQUAL -1 OR text MATCHES "-W[a-z]|-march|-fsanitize")
    message(FATAL_ERROR "${file} holds a path or a flag of our own build")
  endif()
endforeach()

set(use ${configure} -S "${HERE}/installed" "-DCMAKE_PREFIX_PATH=${THERE}/prefix")
string(REGEX MATCH "^([0-9]+)\\.([0-9]+)" same "${VERSION}")
set(major "${CMAKE_MATCH_1}")
math(EXPR next "${CMAKE_MATCH_2} + 1")

succeeds("finding this minor version with sqlite" ${use} -B "${THERE}/with" -DWANTED=${same} -DCOMPONENTS=sqlite)
succeeds("building" "${CMAKE_COMMAND}" --build "${THERE}/with")
succeeds("running" "${THERE}/with/program")
if(NOT printed STREQUAL "${VERSION}\n")
  message(FATAL_ERROR "the installed headers say '${printed}', the package ${VERSION}")
endif()
succeeds("running with SQLite" "${THERE}/with/sqlite_program")
succeeds("finding it with crypto" ${use} -B "${THERE}/crypto" -DWANTED=${VERSION} -DCOMPONENTS=crypto)
succeeds("building with crypto" "${CMAKE_COMMAND}" --build "${THERE}/crypto" --target crypto_program)
succeeds("running with crypto" "${THERE}/crypto/crypto_program")
succeeds("finding it with http" ${use} -B "${THERE}/http" -DWANTED=${VERSION} -DCOMPONENTS=http)
succeeds("building with http" "${CMAKE_COMMAND}" --build "${THERE}/http" --target http_program)
succeeds("running with http" "${THERE}/http/http_program")
succeeds("finding it with kernels" ${use} -B "${THERE}/kernels" -DWANTED=${VERSION} -DCOMPONENTS=kernels)
succeeds("building with kernels" "${CMAKE_COMMAND}" --build "${THERE}/kernels")
succeeds("running with kernels" "${THERE}/kernels/kernels_program")
succeeds("finding it without a component" ${use} -B "${THERE}/without" -DWANTED=${VERSION})

set(no_version "requested version|not compatible|could not find|Could not find")
refused("the next minor version" "${no_version}" ${use} -B "${THERE}/newer" -DWANTED=${major}.${next})
refused("another major version" "${no_version}" ${use} -B "${THERE}/major" -DWANTED=99.0)
refused("a component that does not exist" "upkeep has no component not_there" ${use} -B "${THERE}/component" -DCOMPONENTS=not_there)
# Without its compiled part, the package is headers alone: it fits every machine, and says what it does not have.
succeeds("configuring upkeep without kernels" ${configure} -S "${ROOT}" -B "${THERE}/headers" -DBUILD_TESTING=OFF -DUPKEEP_BUILD_EXAMPLES=OFF
  -DUPKEEP_BUILD_KERNELS=OFF)
succeeds("installing it without building anything" "${CMAKE_COMMAND}" --install "${THERE}/headers" --prefix "${THERE}/headers_only")
set(use_headers ${configure} -S "${HERE}/installed" "-DCMAKE_PREFIX_PATH=${THERE}/headers_only")
succeeds("finding the headers" ${use_headers} -B "${THERE}/found" -DWANTED=${VERSION} -DCOMPONENTS=sqlite)
refused("kernels that were not installed" "upkeep was installed without its component kernels: .* -DUPKEEP_BUILD_KERNELS=ON" ${use_headers}
  -B "${THERE}/no_kernels" -DCOMPONENTS=kernels)
# With it, it fits machines of its own kind only: CMake's version file ends early where the question is not asked.
foreach(package IN ITEMS prefix headers_only)
  file(READ "${THERE}/${package}/${PACKAGE_DIR}/upkeep-config-version.cmake" text)
  string(REGEX MATCH "if\\(\"TRUE\"\\)" every_machine "${text}")
  if((package MATCHES headers AND NOT every_machine) OR (package MATCHES prefix AND every_machine))
    message(FATAL_ERROR "the package in ${package} is wrong about which machines it fits")
  endif()
endforeach()
# Headers of one release and a library of another do not become a program.
file(READ "${THERE}/prefix/include/upkeep/version.hpp" text)
string(REGEX REPLACE "VERSION_PATCH [0-9]+" "VERSION_PATCH 99" text "${text}")
file(COPY "${THERE}/prefix/" DESTINATION "${THERE}/other_release")
file(WRITE "${THERE}/other_release/include/upkeep/version.hpp" "${text}")
succeeds("finding another release's headers" ${configure} -S "${HERE}/installed" "-DCMAKE_PREFIX_PATH=${THERE}/other_release" -B "${THERE}/mixed"
  -DCOMPONENTS=kernels)
refused("another release's library" "release_${major}_[0-9]+_99" "${CMAKE_COMMAND}" --build "${THERE}/mixed" --target kernels_program)
refused("a Boost that is too old" "upkeep refuses Boost 1\\.74\\.0" ${use} -B "${THERE}/boost"
  "-DBoost_DIR=${HERE}/boost_too_old" -DWANTED=${same})
