# Boost below 1.81 is refused with one sentence that says what to do.
include("${HERE}/steps.cmake")
refused("Boost 1.74" "upkeep refuses Boost 1\\.74\\.0 .*: install Boost 1\\.81 or later" ${configure} -S "${ROOT}" -B "${THERE}" -DBUILD_TESTING=OFF
  "-DBoost_DIR=${HERE}/boost_too_old")
