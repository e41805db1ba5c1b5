# add_subdirectory: the targets, and nothing else of ours.
include("${HERE}/steps.cmake")
succeeds("configuring" ${configure} -S "${HERE}/subdirectory" -B "${THERE}" "-DUPKEEP=${ROOT}")
succeeds("building" "${CMAKE_COMMAND}" --build "${THERE}")
succeeds("running" "${THERE}/program")
succeeds("running with SQLite" "${THERE}/sqlite_program")
