// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/engine.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::nats {

/// Why JetStream did not do what was asked.
struct bucket_fault {
    enum class kind : std::uint8_t {
        absent,          ///< there is no such bucket, or no such key
        wrong_sequence,  ///< the key has another value by now
        unreachable,     ///< no answer: worth another try
        taken,           ///< of create(): there is one with other settings
        refused,         ///< what no other try cures: JetStream is off, or a limit or permission is in the way
    };
    kind type = kind::unreachable;
    std::string text{};
};

/// What a call ends with: a value or a fault.
template <typename Value>
struct bucket_result {
    std::optional<Value> value{};
    bucket_fault fault{};
};

struct bucket_state {
    std::string created{};              ///< when its stream was: another time is another bucket
    std::chrono::milliseconds lease{};  ///< how long a key lives that is not put again
    std::vector<std::string> keys{};
};

struct bucket_entry {
    std::string value{};
    std::uint64_t sequence = 0;
};

/// A bucket of JetStream's key-value store whose keys expire, as far as members need it. Read from the stream's leader,
/// never from a replica, which may lag (`allow_direct` is off).
///
/// Thread-safety: none. Lifetime: the engine's handlers hold no reference to it.
class bucket {
public:
    template <typename Value>
    using handler = std::function<void(const bucket_result<Value>&)>;

    bucket(engine& connection, const std::string& name);

    /// Its state with its keys.
    void look(handler<bucket_state> done);
    /// On three servers, or one where there are not as many.
    void create(std::chrono::milliseconds lease, handler<bucket_state> done);
    void get(const std::string& key, handler<bucket_entry> done);
    /// Puts a value where the key's sequence is still `expected` (0: there is none); the new sequence.
    void put(const std::string& key, std::string_view value, std::uint64_t expected, handler<std::uint64_t> done);
    /// Puts an empty value, which no member has, where the key's sequence is `expected`: it stays until its time is
    /// over. A host may thus take its key back with no right but that to its own key.
    void clear(const std::string& key, std::uint64_t expected, handler<std::uint64_t> done);

private:
    void create(std::chrono::milliseconds lease, int replicas, handler<bucket_state> done);
    void put(const std::string& key, const std::string& headers, std::string_view value, std::uint64_t expected,
        handler<std::uint64_t> done);

    engine& engine_;
    std::string stream_;
    std::string prefix_;  // of a key's subject
};

/// Whether the account has JetStream at all.
void look_for_jetstream(engine& connection, bucket::handler<bool> done);

}  // namespace hookd::nats
