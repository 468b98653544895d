# cmake --install: the binary, the model that it finds beside itself, and what it says of its own
# command line, asked of it at that time: the manual page, and completion for three shells.
include(GNUInstallDirs)
install(TARGETS mores RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/models/mini DESTINATION ${CMAKE_INSTALL_DATADIR}/mores/models)

# `destination`: the file below the prefix that what the binary prints becomes.
function(mores_install_said destination)
  install(CODE "
    set(said \"${CMAKE_BINARY_DIR}/said/${destination}\")
    get_filename_component(folder \"\${said}\" DIRECTORY)
    file(MAKE_DIRECTORY \"\${folder}\")
    execute_process(COMMAND \"$<TARGET_FILE:mores>\" ${ARGN} OUTPUT_FILE \"\${said}\"
                    COMMAND_ERROR_IS_FATAL ANY)
    get_filename_component(below \"${destination}\" DIRECTORY)
    file(INSTALL \"\${said}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/\${below}\")")
endfunction()
mores_install_said(${CMAKE_INSTALL_MANDIR}/man1/mores.1 man)
mores_install_said(${CMAKE_INSTALL_DATADIR}/bash-completion/completions/mores completion bash)
mores_install_said(${CMAKE_INSTALL_DATADIR}/zsh/site-functions/_mores completion zsh)
mores_install_said(${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/mores.fish completion fish)
