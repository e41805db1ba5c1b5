# A stand-in for Debian's unversioned Boost: what upkeep must refuse.
set(Boost_FOUND TRUE)
set(Boost_VERSION 1.74.0)
set(Boost_VERSION_STRING 1.74.0)
