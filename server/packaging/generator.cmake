# SPDX-License-Identifier: BSL-1.0
# What differs between the kinds of package; read by cpack before it installs what goes into them.
set(CPACK_INSTALL_PREFIX /usr)
if(CPACK_GENERATOR STREQUAL "RPM")
    # Where these two go differs between the distributions of RPM packages; pip and npm take them from the tree.
    list(REMOVE_ITEM CPACK_COMPONENTS_ALL python node)
elseif(CPACK_GENERATOR STREQUAL "DEB")
    set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
else()
    set(CPACK_INSTALL_PREFIX /usr/local)  # tar -C / --strip-components=1
    set(CPACK_MONOLITHIC_INSTALL ON)
endif()
