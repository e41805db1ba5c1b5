# Copying include/ is enough: no CMake, no library to link where no *_json.hpp header is used.
include("${HERE}/steps.cmake")
file(COPY "${ROOT}/include" DESTINATION "${THERE}/vendor")
succeeds("compiling with the copied headers" "${CXX}" -std=c++20 -I "${THERE}/vendor/include" "${HERE}/program.cpp" -o "${THERE}/program" -pthread)
succeeds("running" "${THERE}/program")
if(NOT printed STREQUAL "${VERSION}\n")
  message(FATAL_ERROR "the program printed '${printed}', the project's version is ${VERSION}")
endif()
# What config.hpp refuses, it refuses in a sentence.
refused("C++17" "upkeep needs C\\+\\+20" "${CXX}" -std=c++17 -I "${THERE}/vendor/include" -fsyntax-only "${HERE}/program.cpp")
refused("no exceptions" "upkeep needs exceptions" "${CXX}" -std=c++20 -fno-exceptions -I "${THERE}/vendor/include" -fsyntax-only "${HERE}/program.cpp")
refused("fast-math" "upkeep's exactness needs IEEE arithmetic" "${CXX}" -std=c++20 -ffast-math -I "${THERE}/vendor/include" -fsyntax-only "${HERE}/program.cpp")
# A Boost that is too old, which nobody else may notice where no build system looks for it.
file(WRITE "${THERE}/old/boost/version.hpp" "#define BOOST_VERSION 107400\n")
file(WRITE "${THERE}/json.cpp" "#include <upkeep/base/json.hpp>\n")
refused("an old Boost" "upkeep needs Boost 1\\.81 or later" "${CXX}" -std=c++20 -I "${THERE}/old" -I "${THERE}/vendor/include" -fsyntax-only
  "${THERE}/json.cpp")
