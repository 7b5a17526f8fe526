# SPDX-License-Identifier: BSL-1.0
# `cpack -G DEB`, `cpack -G RPM` and `cpack -G TXZ` in a build tree: a package for each component that the build has. The tarball of the preset
# `static` runs on any Linux of its processor. tests/packaging/check_packages installs, uses and removes them.

# The clients that are not compiled. Only packages install them: pip and npm take them from client/python and client/node.
set(HOOKD_PYTHON_DIR lib/python3/dist-packages CACHE STRING "Where the package python3-hookd has its module")
set(HOOKD_NODE_DIR share/nodejs CACHE STRING "Where the package node-hookd has its module")
install(DIRECTORY client/python/hookd DESTINATION ${HOOKD_PYTHON_DIR}
    COMPONENT python EXCLUDE_FROM_ALL PATTERN __pycache__ EXCLUDE)
install(FILES client/python/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/python3-hookd COMPONENT python EXCLUDE_FROM_ALL)
install(DIRECTORY client/node/lib DESTINATION ${HOOKD_NODE_DIR}/hookd COMPONENT node EXCLUDE_FROM_ALL)
install(FILES client/node/hookd.js client/node/hookd.d.ts client/node/package.json
    DESTINATION ${HOOKD_NODE_DIR}/hookd COMPONENT node EXCLUDE_FROM_ALL)
install(FILES client/node/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/node-hookd COMPONENT node EXCLUDE_FROM_ALL)

set(CPACK_PACKAGE_NAME hookd)
set(CPACK_PACKAGE_VENDOR "hookd contributors")
set(CPACK_PACKAGE_CONTACT "hookd contributors <maintainers@users.noreply.r-seed-e3c66478.example>" CACHE STRING "Maintainer of the packages")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)  # the units name the path after installation, not the one while packing
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/generator.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/finish.cmake)
set(CPACK_HOOKD_PACKAGING_DIR ${CMAKE_CURRENT_LIST_DIR})
set(CPACK_HOOKD_CHANGELOG ${PROJECT_SOURCE_DIR}/.github/CHANGELOG.md)

# One package: COMPONENT of the install rules, its name on Debian, its section there, one line, and more about it.
function(hookd_package component name section summary description)
    get_cmake_property(known COMPONENTS)
    if(NOT component IN_LIST known)
        return()
    endif()
    string(TOUPPER ${component} COMPONENT)
    set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} PARENT_SCOPE)
    set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME ${name} PARENT_SCOPE)
    set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_SECTION ${section} PARENT_SCOPE)
    set(CPACK_DEBIAN_${COMPONENT}_DESCRIPTION "${summary}\n${description}" PARENT_SCOPE)
    set(CPACK_RPM_${COMPONENT}_PACKAGE_SUMMARY "${summary}" PARENT_SCOPE)
    set(CPACK_RPM_${COMPONENT}_PACKAGE_DESCRIPTION "${description}" PARENT_SCOPE)
endfunction()

set(CPACK_COMPONENTS_ALL "")
hookd_package(hookd hookd admin "daemon through which tools ask hooks for leave" [[
Tools fire events; hooks, which are any program, see them and may veto with a
reason. hookd stands between them: it asks the hooks that are there, waits no
longer than it was told, and gives the tool their verdict.]])
hookd_package(hookctl hookctl utils "command line of hookd, for shells, git and coding agents" [[
hookctl fires events and prints their verdicts, runs a command for each event,
fires git's hooks and those of coding agents through hookd, and shows what
happens there.]])
hookd_package(dev libhookd-dev libdevel "C++ libraries of hookd" [[
The client library for tools and hooks, the broker to embed into a program of
your own, and what both share; for CMake and pkg-config.]])
hookd_package(hookd-postgres hookd-postgres admin "joins the hookd of several hosts through PostgreSQL" [[
hookd starts this program where its option --cluster names a PostgreSQL
server. Hooks of all hosts that do so then answer the events of each.]])
hookd_package(hookd-nats hookd-nats admin "joins the hookd of several hosts through NATS" [[
hookd starts this program where its option --cluster names a NATS server.
Hooks of all hosts that do so then answer the events of each.]])
hookd_package(python python3-hookd python "client of hookd for Python" [[
A module without dependencies, for programs that block and for asyncio: fire
events, wait for verdicts, be a hook.]])
hookd_package(node node-hookd javascript "client of hookd for Node.js" [[
An ES module with types and without dependencies: fire events, wait for
verdicts, be a hook. A project installs it with
npm install /usr/share/nodejs/hookd]])

# Debian
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
foreach(component IN ITEMS PYTHON NODE)
    set(CPACK_DEBIAN_${component}_PACKAGE_ARCHITECTURE all)
    set(CPACK_DEBIAN_${component}_PACKAGE_SHLIBDEPS OFF)
endforeach()
set(CPACK_DEBIAN_HOOKD_PACKAGE_RECOMMENDS hookctl)
set(CPACK_DEBIAN_HOOKCTL_PACKAGE_RECOMMENDS hookd)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libboost1.81-dev | libboost1.83-dev, libboost-json1.81-dev | libboost-json1.83-dev, libre2-dev")
set(CPACK_DEBIAN_HOOKD-POSTGRES_PACKAGE_DEPENDS "hookd (= ${PROJECT_VERSION}-1)")
set(CPACK_DEBIAN_HOOKD-NATS_PACKAGE_DEPENDS "hookd (= ${PROJECT_VERSION}-1)")
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS "python3:any (>= 3.9)")
set(CPACK_DEBIAN_NODE_PACKAGE_DEPENDS "nodejs:any (>= 18)")
foreach(script IN ITEMS postinst prerm postrm)
    list(APPEND CPACK_DEBIAN_HOOKD_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/hookd/${script})
endforeach()
foreach(script IN ITEMS postinst prerm)
    list(APPEND CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/python/${script})
endforeach()

# RPM
set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE BSL-1.0)
set(CPACK_RPM_MAIN_COMPONENT hookd)
set(CPACK_RPM_HOOKCTL_PACKAGE_NAME hookctl)
set(CPACK_RPM_DEV_PACKAGE_NAME hookd-devel)
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/lib/systemd /usr/lib/systemd/system /usr/lib/systemd/user
    /usr/share/bash-completion /usr/share/bash-completion/completions /usr/share/zsh /usr/share/zsh/site-functions
    /usr/share/fish /usr/share/fish/vendor_completions.d)

# Archives: all in one.
set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)
set(CPACK_PACKAGE_FILE_NAME "hookd-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")
if(HOOKD_STATIC)
    string(APPEND CPACK_PACKAGE_FILE_NAME -static)
endif()

include(CPack)
