# cmake -DPROGRAM=... -DCASE=... -DSAYS=... -P expect_abort.cmake: the program must end with an error and say so.
execute_process(COMMAND "${PROGRAM}" "${CASE}" RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(result EQUAL 0 OR NOT err MATCHES "${SAYS}")
  message(FATAL_ERROR "${CASE} ended with ${result}, without '${SAYS}':\n${out}\n${err}")
endif()
