// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/notifications.hpp>
#include <hookd/protocol/params.hpp>
#include <hookd/protocol/results.hpp>

/// The methods of the wire contract (PROTOCOL.md): one struct for the parameters of each, one for its result, and the
/// notifications.
namespace hookd::protocol {}
