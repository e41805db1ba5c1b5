# add_subdirectory and FetchContent: the targets, and nothing else of ours.
include("${HERE}/steps.cmake")
succeeds("configuring" ${configure} -S "${HERE}/subdirectory" -B "${THERE}" "-DUPKEEP=${ROOT}")
succeeds("building" "${CMAKE_COMMAND}" --build "${THERE}")
succeeds("running" "${THERE}/program")
succeeds("running with SQLite" "${THERE}/sqlite_program")
succeeds("running with HTTP" "${THERE}/http_program")
succeeds("running with OpenSSL" "${THERE}/crypto_program")

# Configured, not built: the compiled part is built and run from an installation.
succeeds("configuring with kernels" ${configure} -S "${HERE}/subdirectory" -B "${THERE}/kernels" "-DUPKEEP=${ROOT}" -DUPKEEP_BUILD_KERNELS=ON)

succeeds("configuring with FetchContent" ${configure} -S "${HERE}/subdirectory" -B "${THERE}/fetched" "-DUPKEEP=${ROOT}" -DFETCHED=ON)
succeeds("building what was fetched" "${CMAKE_COMMAND}" --build "${THERE}/fetched" --target program)
succeeds("running what was fetched" "${THERE}/fetched/program")
