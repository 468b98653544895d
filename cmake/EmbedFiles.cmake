# mores_embed(TARGET HEADER NAMESPACE NAME=FILE...)
#
# Adds a generated source to TARGET that defines `const std::string_view NAME` with the text of
# FILE, for each pair, in NAMESPACE; HEADER declares them. Made again when a file changes.
#
# The file is also the script that the build runs: cmake -DOUT=... -P EmbedFiles.cmake.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n")
  string(REPLACE "|" ";" pairs "${PAIRS}")
  foreach(pair IN LISTS pairs)
    string(REGEX MATCH "^([A-Za-z0-9]+)=(.+)$" matched "${pair}")
    set(name ${CMAKE_MATCH_1})
    file(READ "${CMAKE_MATCH_2}" content)
    string(FIND "${content}" ")mores_file\"" clash)
    if(NOT clash EQUAL -1)
      message(FATAL_ERROR "${CMAKE_MATCH_2}: holds the end mark of an embedded file")
    endif()
    string(APPEND text "const std::string_view ${name} = R\"mores_file(${content})mores_file\";\n")
  endforeach()
  string(APPEND text "}  // namespace ${NAMESPACE}\n")
  file(WRITE "${OUT}" "${text}")
  return()
endif()

set(MORES_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(mores_embed target header namespace)
  set(files)
  foreach(pair ${ARGN})
    string(REGEX REPLACE "^[^=]*=" "" file ${pair})
    list(APPEND files ${file})
  endforeach()
  string(REPLACE ";" "|" pairs "${ARGN}")
  string(MAKE_C_IDENTIFIER ${header} stem)
  set(out ${CMAKE_BINARY_DIR}/embedded/${stem}.cc)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DHEADER=${header} -DNAMESPACE=${namespace}
            "-DPAIRS=${pairs}" -P ${MORES_EMBED_SCRIPT}
    DEPENDS ${files} ${MORES_EMBED_SCRIPT}
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
