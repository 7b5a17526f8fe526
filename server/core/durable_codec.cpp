// SPDX-License-Identifier: BSL-1.0
#include "durable_codec.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace hookd::core {
namespace {

using protocol::uuid;
using protocol::wait_result;

class record_writer {
public:
    template <class Number>
    record_writer& number(Number value) {
        auto left = static_cast<std::uint64_t>(value);
        for (std::size_t i = 0; i < sizeof(Number); ++i, left >>= 8) {
            out_ += static_cast<char>(left & 0xff);
        }
        return *this;
    }
    record_writer& text(std::string_view value) {
        number(value.size());
        out_ += value;
        return *this;
    }
    record_writer& id(const uuid& value) {
        out_.append(reinterpret_cast<const char*>(value.data), value.size());
        return *this;
    }
    record_writer& digest(const operation_table::digest& value) { return number(value[0]).number(value[1]); }
    record_writer& time(wall_time value) {
        return number(std::chrono::duration_cast<std::chrono::nanoseconds>(value.time_since_epoch()).count());
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    std::string out_{};
};

class record_reader {
public:
    explicit record_reader(std::string_view record) noexcept : left_(record) {}

    template <class Number>
    [[nodiscard]] Number number() {
        const auto bytes = take(sizeof(Number));
        std::uint64_t value = 0;
        for (std::size_t i = sizeof(Number); i > 0; --i) {
            value = (value << 8) | static_cast<unsigned char>(bytes[i - 1]);
        }
        return static_cast<Number>(value);
    }
    [[nodiscard]] bool flag() { return choice<std::uint8_t>(1) != 0; }
    /// One of an enumeration, or number, of which `last` is the highest.
    template <class Choice>
    [[nodiscard]] Choice choice(std::uint8_t last) {
        const auto value = number<std::uint8_t>();
        if (value > last) {
            throw durable_damage("a record holds a number that it cannot hold");
        }
        return static_cast<Choice>(value);
    }
    [[nodiscard]] std::string_view text() { return take(number<std::size_t>()); }
    [[nodiscard]] std::string string() { return std::string{text()}; }
    [[nodiscard]] uuid id() {
        uuid value{};
        std::memcpy(value.data, take(value.size()).data(), value.size());
        return value;
    }
    [[nodiscard]] operation_table::digest digest() {
        const auto first = number<std::uint64_t>();
        return {first, number<std::uint64_t>()};
    }
    [[nodiscard]] wall_time time() { return wall_time{std::chrono::nanoseconds{number<std::int64_t>()}}; }
    /// How many of something follow, each of which takes a byte at least.
    [[nodiscard]] std::size_t count() {
        const auto value = number<std::uint32_t>();
        if (value > left_.size()) {
            throw durable_damage("a record is too short");
        }
        return value;
    }
    void end() const {
        if (!left_.empty()) {
            throw durable_damage("a record is too long");
        }
    }

private:
    [[nodiscard]] std::string_view take(std::size_t size) {
        if (size > left_.size()) {
            throw durable_damage("a record is too short");
        }
        const auto taken = left_.substr(0, size);
        left_.remove_prefix(size);
        return taken;
    }

    std::string_view left_;
};

template <class Enumeration>
std::uint8_t raw(Enumeration value) noexcept {
    return static_cast<std::uint8_t>(value);
}

void put(record_writer& out, const wait_result& result) {
    out.text(result.hook_event_id).number(std::uint8_t{result.seq.has_value()}).number(result.seq.value_or(0));
    out.number(raw(result.outcome)).text(result.abort).text(result.payload).text(result.bypassed);
    out.number(static_cast<std::uint32_t>(result.responses.size()));
    for (const auto& each : result.responses) {
        out.text(each.text()).text(each.responder).number(each.uid).text(each.host).number(each.elapsed.count());
    }
    out.number(static_cast<std::uint32_t>(result.missing.size()));
    for (const auto& each : result.missing) {
        out.text(each.responder).text(each.why).text(each.host);
    }
}

wait_result take_wait_result(record_reader& record) {
    wait_result result;
    result.hook_event_id = record.string();
    const bool has_seq = record.flag();
    const auto seq = record.number<std::uint64_t>();
    result.seq = has_seq ? std::optional{seq} : std::nullopt;
    result.outcome = record.choice<protocol::outcome>(protocol::outcome_count - 1);
    result.abort = record.string();
    result.payload = record.string();
    result.bypassed = record.string();
    for (auto left = record.count(); left > 0; --left) {
        auto& each = result.responses.emplace_back();
        each.response = record.string();
        each.responder = record.string();
        each.uid = record.number<std::uint32_t>();
        each.host = record.string();
        each.elapsed = std::chrono::nanoseconds{record.number<std::int64_t>()};
    }
    for (auto left = record.count(); left > 0; --left) {
        auto& each = result.missing.emplace_back();
        each.responder = record.string();
        each.why = record.string();
        each.host = record.string();
    }
    return result;
}

}  // namespace

std::string key_of(std::uint64_t number) {
    std::string key(sizeof number, '\0');
    for (std::size_t i = key.size(); i > 0; --i, number >>= 8) {
        key[i - 1] = static_cast<char>(number & 0xff);
    }
    return key;
}

std::string key_of(const uuid& id) { return {reinterpret_cast<const char*>(id.data), id.size()}; }

std::string key_of(const uuid& id, std::uint32_t number) { return key_of(id) + key_of(std::uint64_t{number}); }

std::string encode(const durable_run& run) { return record_writer{}.id(run.instance).digest(run.seed).take(); }

durable_run decode_run(std::string_view record) {
    record_reader in{record};
    durable_run run;
    run.instance = in.id();
    run.seed = in.digest();
    in.end();
    return run;
}

std::string encode_number(std::uint64_t number) { return record_writer{}.number(number).take(); }

std::uint64_t decode_number(std::string_view record) {
    record_reader in{record};
    const auto number = in.number<std::uint64_t>();
    in.end();
    return number;
}

std::string encode(const event& event) {
    record_writer out;
    out.number(event.seq()).id(event.id()).text(event.name()).time(event.emitted_at());
    out.number(std::uint8_t{event.expects_response()}).number(std::int64_t{event.timeout().count()});
    return out.text(event.cause()).text(event.host()).text(event.payload()).take();
}

durable_event decode_event(std::string_view record) {
    record_reader in{record};
    durable_event found;
    auto& fields = found.fields;
    fields.seq = in.number<std::uint64_t>();
    fields.hook_event_id = in.id();
    fields.event = in.text();
    fields.emitted_at = in.time();
    fields.expects_response = in.flag();
    const std::chrono::milliseconds timeout{in.number<std::int64_t>()};
    fields.timeout = fields.expects_response ? std::optional{timeout} : std::nullopt;
    fields.cause = in.text();
    fields.host = in.text();
    found.payload = in.text();
    in.end();
    if (!protocol::is_event_name(fields.event)) {
        throw durable_damage("a record holds an event with a name that none can have");
    }
    return found;
}

std::string encode(const durable_wait& wait) {
    record_writer out;
    out.id(wait.id).number(wait.seq).text(wait.event_name).number(wait.uid).number(std::uint8_t{wait.is_named});
    out.time(wait.emitted).time(wait.due).number(std::uint8_t{wait.reserved}).number(raw(wait.policy));
    out.number(raw(wait.on_failure)).number(static_cast<std::uint32_t>(wait.require.size()));
    for (const auto& each : wait.require) {
        out.text(each);
    }
    out.number(std::uint8_t{wait.operation.has_value()}).id(wait.operation.value_or(uuid{})).digest(wait.digest);
    out.number(std::uint8_t{wait.is_chain}).text(wait.payload).number(std::uint8_t{wait.asks_cluster});
    out.number(static_cast<std::uint32_t>(wait.responders.size()));
    for (const auto& each : wait.responders) {
        out.text(each.name).number(each.order).number(std::uint8_t{each.insists});
        out.number(std::uint8_t{each.is_waited_for});
    }
    return out.take();
}

durable_wait decode_wait(std::string_view record) {
    record_reader in{record};
    durable_wait found;
    found.id = in.id();
    found.seq = in.number<std::uint64_t>();
    found.event_name = in.text();
    found.uid = in.number<std::uint32_t>();
    found.is_named = in.flag();
    found.emitted = in.time();
    found.due = in.time();
    found.reserved = in.flag();
    found.policy = in.choice<protocol::wait_policy>(raw(protocol::wait_policy::chain));
    found.on_failure = in.choice<protocol::failure_policy>(raw(protocol::failure_policy::closed));
    for (auto left = in.count(); left > 0; --left) {
        found.require.push_back(in.text());
    }
    const bool has_operation = in.flag();
    const auto operation = in.id();
    found.operation = has_operation ? std::optional{operation} : std::nullopt;
    found.digest = in.digest();
    found.is_chain = in.flag();
    found.payload = in.text();
    found.asks_cluster = in.flag();
    for (auto left = in.count(); left > 0; --left) {
        auto& each = found.responders.emplace_back();
        each.name = in.text();
        each.order = in.number<std::int64_t>();
        each.insists = in.flag();
        each.is_waited_for = in.flag();
    }
    in.end();
    return found;
}

std::string encode(const durable_reply& reply) {
    record_writer out;
    out.id(reply.id).number(raw(reply.is)).number(std::uint8_t{reply.nth.has_value()}).number(reply.nth.value_or(0));
    out.text(reply.name).text(reply.host).number(reply.uid).number(reply.order);
    out.number(std::uint8_t{reply.insists}).number(std::int64_t{reply.elapsed.count()});
    return out.text(reply.text).text(reply.abort).take();
}

durable_reply decode_reply(std::string_view record) {
    record_reader in{record};
    durable_reply found;
    found.id = in.id();
    found.is = in.choice<durable_reply::kind>(raw(durable_reply::kind::failed));
    const bool is_responder = in.flag();
    const auto nth = in.number<std::uint32_t>();
    found.nth = is_responder ? std::optional{nth} : std::nullopt;
    found.name = in.text();
    found.host = in.text();
    found.uid = in.number<std::uint32_t>();
    found.order = in.number<std::int64_t>();
    found.insists = in.flag();
    found.elapsed = std::chrono::nanoseconds{in.number<std::int64_t>()};
    found.text = in.text();
    found.abort = in.text();
    in.end();
    return found;
}

std::string encode(const durable_operation& operation) {
    record_writer out;
    out.id(operation.id).text(operation.method).digest(operation.digest).time(operation.done_at);
    out.number(static_cast<std::uint8_t>(operation.done.index()));
    if (const auto* const emitted = std::get_if<protocol::emit_result>(&operation.done)) {
        out.id(emitted->hook_event_id).number(emitted->seq).number(emitted->subscribers);
    } else if (const auto* const waited = std::get_if<wait_result>(&operation.done)) {
        put(out, *waited);
    } else if (const auto* const text = std::get_if<std::string>(&operation.done)) {
        out.text(*text);
    }
    return out.take();
}

durable_operation decode_operation(std::string_view record) {
    record_reader in{record};
    durable_operation found;
    found.id = in.id();
    found.method = in.text();
    found.digest = in.digest();
    found.done_at = in.time();
    switch (in.choice<std::uint8_t>(std::variant_size_v<operation_table::result> - 1)) {
        case 1: {
            protocol::emit_result emitted;
            emitted.hook_event_id = in.id();
            emitted.seq = in.number<std::uint64_t>();
            emitted.subscribers = in.number<std::size_t>();
            found.done = emitted;
            break;
        }
        case 2:
            found.done = take_wait_result(in);
            break;
        case 3:
            found.done = in.string();
            break;
        default:
            break;
    }
    in.end();
    return found;
}

}  // namespace hookd::core
