# What the consumers' test scripts share.

# succeeds(what command...): runs a command that must end with 0; what it printed is in `printed`.
function(succeeds what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed (${result}):\n${out}\n${err}")
  endif()
  set(printed "${out}${err}" PARENT_SCOPE)
endfunction()

# refused(what sentence command...): runs a command that must fail and say `sentence` (a regular expression; white space counts once).
function(refused what sentence)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(result EQUAL 0)
    message(FATAL_ERROR "${what} should have been refused:\n${out}")
  endif()
  string(REGEX REPLACE "[ \n]+" " " said "${out} ${err}")
  if(NOT said MATCHES "${sentence}")
    message(FATAL_ERROR "${what} was refused, but without '${sentence}':\n${out}\n${err}")
  endif()
endfunction()

file(REMOVE_RECURSE "${THERE}")
file(MAKE_DIRECTORY "${THERE}")
set(configure "${CMAKE_COMMAND}" -G "${GENERATOR}" -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM} -DCMAKE_CXX_COMPILER=${CXX})
