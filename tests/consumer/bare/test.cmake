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
