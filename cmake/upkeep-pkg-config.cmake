# upkeep_pkg_config(name description [REQUIRES module...] [CFLAGS flag...] [LIBS flag...] [LINKED target]): makes NAME.pc and installs it. What has
# a pkg-config file is named in REQUIRES; what has none, Boost above all, is taken from what LINKED links.

# upkeep_pkg_config_flags(CFLAGS LIBS target): the flags of what a target links, directly or not. Folders that every compiler searches are left out.
function(upkeep_pkg_config_flags cflags_variable libs_variable target)
  set(cflags "")
  set(libs "")
  set(seen "")
  get_target_property(waiting ${target} INTERFACE_LINK_LIBRARIES)
  while(waiting)
    list(POP_FRONT waiting item)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" item "${item}")
    if(item IN_LIST seen)
      continue()
    endif()
    list(APPEND seen "${item}")
    if(item STREQUAL "Threads::Threads")
      list(APPEND cflags -pthread)
      list(APPEND libs -pthread)
    elseif(TARGET "${item}")
      get_target_property(folders ${item} INTERFACE_INCLUDE_DIRECTORIES)
      foreach(folder IN LISTS folders)
        if(IS_ABSOLUTE "${folder}" AND NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
          list(APPEND cflags "-I${folder}")
        endif()
      endforeach()
      get_target_property(type ${item} TYPE)
      if(NOT type STREQUAL "INTERFACE_LIBRARY")
        get_target_property(file ${item} LOCATION)
        cmake_path(GET file PARENT_PATH folder)
        if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
          list(APPEND libs "-L${folder}")
        endif()
        cmake_path(GET file STEM name)
        string(REGEX REPLACE "^lib" "-l" name "${name}")
        list(APPEND libs "${name}")
      endif()
      get_target_property(linked ${item} INTERFACE_LINK_LIBRARIES)
      if(linked AND NOT type STREQUAL "SHARED_LIBRARY")  # a shared library brings its own
        list(APPEND waiting ${linked})
      endif()
    endif()
  endwhile()
  list(REMOVE_DUPLICATES cflags)
  list(REMOVE_DUPLICATES libs)
  set(${cflags_variable} "${cflags}" PARENT_SCOPE)
  set(${libs_variable} "${libs}" PARENT_SCOPE)
endfunction()

function(upkeep_pkg_config name description)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "LINKED" "REQUIRES;CFLAGS;LIBS")
  set(cflags "")
  set(libs "")
  if(arg_LINKED)
    upkeep_pkg_config_flags(cflags libs ${arg_LINKED})
  endif()
  set(folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  # From the file to the prefix, so that an installation can be moved, unless the packager has spread it over the machine.
  set(prefix "${CMAKE_INSTALL_PREFIX}")
  if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" AND NOT IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    string(REGEX REPLACE "[^/]+" ".." up "${folder}")
    set(prefix "\${pcfiledir}/${up}")
  endif()
  foreach(part IN ITEMS includedir libdir)
    string(TOUPPER "${part}" variable)
    set(${part} "${CMAKE_INSTALL_${variable}}")
    if(NOT IS_ABSOLUTE "${${part}}")
      string(PREPEND ${part} "\${prefix}/")
    endif()
  endforeach()
  string(REPLACE " " "\\ " prefix "${prefix}")
  foreach(flags IN ITEMS cflags libs)
    list(TRANSFORM ${flags} REPLACE " " "\\\\ ")
    string(TOUPPER "${flags}" own)
    list(JOIN ${flags} " " ${flags})
    list(JOIN arg_${own} " " own)
    string(STRIP "${own} ${${flags}}" ${flags})
  endforeach()
  list(JOIN arg_REQUIRES ", " requires)
  file(CONFIGURE OUTPUT "${name}.pc" @ONLY CONTENT [[
prefix=@prefix@
includedir=@includedir@
libdir=@libdir@

Name: @name@
Description: @description@
Version: @PROJECT_VERSION@
Requires: @requires@
Cflags: @cflags@
Libs: @libs@
]])
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc" DESTINATION "${folder}")
endfunction()
