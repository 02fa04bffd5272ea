# Fails the build if an object compiled for a SIMD level defines a weak function outside that level's namespace: the
# linker could take it instead of the same inline function of base code, which would then need AVX2.
# clang's own __clang_call_terminate only ends the process, and has no vector instruction.
# Run by CMakeLists.txt after linking: cmake -DNM=... -DLEVEL=avx2 -DOBJECTS=a.o,b.o -P check_levels.cmake
string(REPLACE "," ";" OBJECTS "${OBJECTS}")
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND "${NM}" -C "${object}" OUTPUT_VARIABLE symbols ERROR_QUIET)
  string(REGEX MATCHALL "[^\n]* W [^\n]*" weak "${symbols}")
  foreach(symbol IN LISTS weak)
    if(NOT symbol MATCHES "ember::${LEVEL}::" AND symbol MATCHES "^[0-9a-f]+ "
       AND NOT symbol MATCHES "__clang_call_terminate$")
      message(FATAL_ERROR "${object} defines the weak function\n  ${symbol}\ncompiled for ${LEVEL}: inline it always, "
                          "or put it into namespace ember::${LEVEL}")
    endif()
  endforeach()
endforeach()
