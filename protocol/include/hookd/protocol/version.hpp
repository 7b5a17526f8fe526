// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace hookd::protocol {

/// The version of this release: what `hookd --version` prints and `ping` reports. The one place where it stands: the
/// builds and the packages read it from this line. (protocol::version is another number, that of the wire contract.)
inline constexpr const char* release_version = "0.2.0";

}  // namespace hookd::protocol
