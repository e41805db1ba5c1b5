# Finds Boost's headers and Boost.JSON; UPKEEP_BOOST_REFUSED is empty, or the sentence that says what is wrong with the Boost at hand.
# Used by the build and by the installed package.
set(UPKEEP_BOOST_REFUSED "")
set(upkeep_boost_remedy
  "install Boost 1.81 or later with Boost.JSON (Debian 12: libboost1.81-dev and libboost-json1.81-dev) or point Boost_DIR at it.")
find_package(Boost QUIET CONFIG)
if(NOT Boost_FOUND)
  set(UPKEEP_BOOST_REFUSED "upkeep found no Boost: ${upkeep_boost_remedy}")
elseif(Boost_VERSION_STRING VERSION_LESS 1.81)
  set(UPKEEP_BOOST_REFUSED "upkeep refuses Boost ${Boost_VERSION_STRING} (${Boost_DIR}): ${upkeep_boost_remedy}")
else()
  find_package(Boost QUIET CONFIG COMPONENTS json)
  if(NOT TARGET Boost::json)
    set(UPKEEP_BOOST_REFUSED "upkeep found Boost ${Boost_VERSION_STRING} without Boost.JSON: ${upkeep_boost_remedy}")
  endif()
endif()
