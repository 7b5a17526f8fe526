// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace hookd::hookctl {

/// What hookctl's exit status says (man page, "EXIT STATUS"). A veto's own is chosen with --abort-exit-code.
namespace exit_status {

inline constexpr int done = 0;    ///< done, or proceed
inline constexpr int vetoed = 1;  ///< vetoed, or a reply that was not accepted
inline constexpr int not_done =
    1;  ///< git's hooks could not be changed, or a hook could not be asked whether git may go on
inline constexpr int usage = 2;      ///< wrong usage; nothing was sent
inline constexpr int no_daemon = 3;  ///< nothing is at the socket's path, or nobody listens there
inline constexpr int refused =
    4;  ///< the daemon answered with an error, can't be reached although it is there, or is another user's
inline constexpr int broken =
    5;  ///< the connection broke, the daemon did not answer, or the result could not be written
inline constexpr int could_not_start =
    126;  ///< of what runs a hook in git's place: that could not start, as a shell says it

}  // namespace exit_status

}  // namespace hookd::hookctl
