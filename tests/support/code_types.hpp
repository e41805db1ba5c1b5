#pragma once
// Every type of registers of byte codes that this translation unit is compiled for, for tests that hold them to the same integers.

#include "upkeep/simd/code_lanes.hpp"

#include <tuple>
#include <utility>

namespace upkeep_test {

using code_types = decltype(std::tuple_cat(std::declval<std::tuple<upkeep::portable_codes>>()
#if defined(__SSE2__)
                                               ,
                                           std::declval<std::tuple<upkeep::sse2_codes>>()
#endif
#if defined(__AVX2__)
                                               ,
                                           std::declval<std::tuple<upkeep::avx2_codes>>()
#endif
#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))
                                               ,
                                           std::declval<std::tuple<upkeep::avxvnni_codes>>()
#endif
#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
                                               ,
                                           std::declval<std::tuple<upkeep::avx512vnni_codes>>()
#endif
                                               ));

}  // namespace upkeep_test
