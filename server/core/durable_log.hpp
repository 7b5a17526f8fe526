// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hookd::core {

/// What a record is about; with its key it names the record.
enum class durable_kind : std::uint8_t {
    run = 1,        ///< the one record of the run: its instance, and what operation_ids are compared with
    head = 2,       ///< the newest seq; only where no event says it
    event = 3,      ///< by seq: an event that is retained, or that an open wait needs
    wait = 4,       ///< by the event's id: an open slot that is reserved or has an operation_id
    reply = 5,      ///< by the event's id and a number: what a responder said to such a slot
    operation = 6,  ///< by operation_id: a remembered result
};

/// One record is written, in place of the one that it had before, or erased.
struct durable_change {
    durable_kind kind{};
    std::string key{};
    std::optional<std::string> value{};  ///< absent: erased
};

/// All records that there are, as a daemon finds them when it starts; of each kind ascending by key.
using durable_records = std::vector<durable_change>;

/// Where the broker writes what has to outlive the daemon. It keeps records; what is in them is the broker's.
///
/// The broker calls write() once a turn, with all that the turn has changed. Whoever implements this tells the broker
/// later, on its strand, how far it has come: broker::committed(position), or broker::lost(why). After a
/// failure everything that was not committed is void. What comes until resume() is dropped, too; of what is dropped,
/// erasures are kept and done with the next write that succeeds.
///
/// Thread-safety: called on the broker's strand; must not block. Lifetime: it must outlive the broker.
class durable_log {
public:
    /// Either all of `changes` or none of them are found after a crash, and none of a later position without them.
    virtual void write(std::uint64_t position, std::vector<durable_change> changes) = 0;
    /// The broker has taken back what was lost.
    virtual void resume() = 0;

protected:
    ~durable_log() = default;
};

}  // namespace hookd::core
