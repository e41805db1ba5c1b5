# add_subdirectory: the targets, and nothing else of ours.
include("${HERE}/steps.cmake")
succeeds("configuring" ${configure} -S "${HERE}/subdirectory" -B "${THERE}" "-DUPKEEP=${ROOT}")
succeeds("building" "${CMAKE_COMMAND}" --build "${THERE}")
succeeds("running" "${THERE}/program")
succeeds("running with SQLite" "${THERE}/sqlite_program")

succeeds("configuring with kernels" ${configure} -S "${HERE}/subdirectory" -B "${THERE}/kernels" "-DUPKEEP=${ROOT}" -DUPKEEP_BUILD_KERNELS=ON)
succeeds("building with kernels" "${CMAKE_COMMAND}" --build "${THERE}/kernels")
succeeds("running with kernels" "${THERE}/kernels/kernels_program")
