// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hookd::core {

/// The kind of a record; with the key it identifies the record.
enum class durable_kind : std::uint8_t {
    run = 1,        ///< the one record of the run: its instance, and the seed of the digests of params
    head = 2,       ///< the newest seq; only if no event record has it
    event = 3,      ///< by seq: an event that is retained, or that an open wait needs
    wait = 4,       ///< by the event's id: an open slot that is reserved or has an operation_id
    reply = 5,      ///< by the event's id and a number: a responder's reply to such a slot, or its silence
    operation = 6,  ///< by operation_id: a remembered result
};

/// A record is written, in place of the one of that kind and key, or erased.
struct durable_change {
    durable_kind kind{};
    std::string key{};
    std::optional<std::string> value{};  ///< absent: erased
};

/// All records, as a daemon finds them when it starts; those of a kind ascending by key.
using durable_records = std::vector<durable_change>;

/// Where the broker writes what is to outlive the daemon: records whose content is the broker's.
///
/// The broker calls write() once a turn, with all changes of the turn. The log reports its progress to the broker's
/// strand: broker::committed(position), or broker::lost(reason). After a failure everything that was not committed is
/// void, and so is what is written until resume(); erasures among it are kept for the next commit that succeeds.
///
/// Thread-safety: called on the broker's strand; must not block. Lifetime: it must outlive the broker's turns.
class durable_log {
public:
    /// After a crash either all of `changes` are found or none, and none of a later position without them.
    virtual void write(std::uint64_t position, std::vector<durable_change> changes) = 0;
    /// The broker has taken back what was lost: batches count again.
    virtual void resume() = 0;

protected:
    ~durable_log() = default;
};

}  // namespace hookd::core
