# SPDX-License-Identifier: BSL-1.0
# What a distribution wants of a package's files beyond what `cmake --install` lays out. Run by cpack after it has installed them for packing.
file(GLOB_RECURSE pages ${CPACK_TEMPORARY_DIRECTORY}/*.[1-9])
list(FILTER pages INCLUDE REGEX /share/man/)
foreach(page IN LISTS pages)
    execute_process(COMMAND gzip -9 -n ${page} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

if(NOT CPACK_GENERATOR STREQUAL "DEB")
    return()
endif()

string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, where it is set
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    set(root ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/share)
    string(TOUPPER ${component} COMPONENT)
    set(documents ${root}/doc/${CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME})
    file(COPY ${CPACK_HOOKD_PACKAGING_DIR}/copyright DESTINATION ${documents})
    configure_file(${CPACK_HOOKD_CHANGELOG} ${documents}/changelog COPYONLY)
    file(WRITE ${documents}/changelog.Debian "hookd (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Release ${CPACK_PACKAGE_VERSION}; changelog.gz says what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
    execute_process(COMMAND gzip -9 -n ${documents}/changelog ${documents}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
    if(EXISTS ${root}/zsh/site-functions)
        file(RENAME ${root}/zsh/site-functions ${root}/zsh/vendor-completions)
    endif()
endforeach()
