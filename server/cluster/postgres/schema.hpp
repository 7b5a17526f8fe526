// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace hookd::postgres {

/// The version of the schema that this program makes and speaks to; hookd.schema_version() returns it.
inline constexpr int schema_version = 1;

/// The statements that make schema `hookd` in an empty place: unlogged tables that no host may touch, and the functions
/// that hosts call. To be run in a transaction, by a role that is a member of hookd_owner; the roles hookd_owner and
/// hookd_host must be there.
///
/// Who is who: a host is its role (session_user); the schema's owner alone may enter as any. Every function works for
/// the host that has entered on this very connection. An event is named by its origin's number and a number that the
/// origin's link counts up, also across restarts; neither means anything after the epoch, which dies with the unlogged
/// rows. Times are the server's. A notification is a hint without content: `e ORIGIN SEQ` (an event for you), `r SEQ
/// HOST` (an answer to yours), `c ORIGIN SEQ` (a question is over), `h` (presence has changed); what it says is read
/// from the tables.
extern const char* const schema_statements;

}  // namespace hookd::postgres
