# An overlay port: it builds the tree that it lies in.
cmake_path(SET SOURCE_PATH NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../..")

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
  FEATURES
    crypto CMAKE_REQUIRE_FIND_PACKAGE_OpenSSL
    http CMAKE_REQUIRE_FIND_PACKAGE_CppHttplib
    kernels UPKEEP_BUILD_KERNELS
    sqlite CMAKE_REQUIRE_FIND_PACKAGE_SQLite3
  INVERTED_FEATURES
    crypto CMAKE_DISABLE_FIND_PACKAGE_OpenSSL
    http CMAKE_DISABLE_FIND_PACKAGE_CppHttplib
    sqlite CMAKE_DISABLE_FIND_PACKAGE_SQLite3
)

if(NOT "kernels" IN_LIST FEATURES)
  set(VCPKG_BUILD_TYPE release) # header-only
endif()

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DBUILD_TESTING=OFF
    -DUPKEEP_BUILD_EXAMPLES=OFF
    ${FEATURE_OPTIONS}
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/upkeep)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")

file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
