// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/bucket.hpp"

#include <boost/beast/core/detail/base64.hpp>
#include <boost/json.hpp>

#include <utility>

namespace hookd::nats {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds api_limit = 2s;
constexpr std::chrono::milliseconds longest_duplicate_window = 2min;
constexpr std::int64_t wrong_last_sequence = 10071;  // JetStream's error codes
constexpr std::int64_t stream_not_found = 10059;
constexpr std::int64_t no_message_found = 10037;
constexpr std::int64_t name_in_use = 10058;

std::int64_t nanoseconds(std::chrono::milliseconds span) { return std::chrono::nanoseconds{span}.count(); }

const bucket_fault no_jetstream{bucket_fault::kind::refused,
    "JetStream does not answer: enable it in the server's configuration (`jetstream {}`) and for the account"};
const bucket_fault no_bucket{bucket_fault::kind::absent, "the bucket is gone"};

bucket_fault to_fault(const answer& missing, const bucket_fault& nobody) {
    switch (missing.type) {
        case answer::kind::no_responders:
            return nobody;
        case answer::kind::timed_out:
            return {bucket_fault::kind::unreachable, "JetStream has not answered for 2 s"};
        case answer::kind::disconnected:
        case answer::kind::reply:
            break;
    }
    return {bucket_fault::kind::unreachable, "the connection is lost"};
}

bucket_fault to_fault(const json::object& error) {
    const auto* code = error.if_contains("err_code");
    const auto* description = error.if_contains("description");
    const std::int64_t number = code != nullptr && code->is_int64() ? code->get_int64() : 0;
    std::string text = description != nullptr && description->is_string()
                           ? std::string{std::string_view{description->get_string()}}
                           : "?";
    switch (number) {
        case wrong_last_sequence:
            return {bucket_fault::kind::wrong_sequence, std::move(text)};
        case stream_not_found:
        case no_message_found:
            return {bucket_fault::kind::absent, std::move(text)};
        case name_in_use:
            return {bucket_fault::kind::taken, std::move(text)};
        default:
            return {bucket_fault::kind::refused, "JetStream: " + text};
    }
}

// Hands an answer to `read`, which makes a value of it, or a fault to `done`: `nobody` where no one listens there.
template <typename Value>
engine::answer_handler answered(bucket::handler<Value> done,
    std::function<std::optional<Value>(const json::object&)> read, const bucket_fault& nobody = no_jetstream) {
    return [done = std::move(done), read = std::move(read), &nobody](const answer& got) {
        if (got.type != answer::kind::reply) {
            return done({std::nullopt, to_fault(got, nobody)});
        }
        boost::system::error_code failure;
        const json::value document = json::parse(json::string_view{got.body.data(), got.body.size()}, failure);
        const auto* object = failure ? nullptr : document.if_object();
        if (object == nullptr) {
            return done({std::nullopt, {bucket_fault::kind::refused, "JetStream's answer is not JSON"}});
        }
        if (const auto* error = object->if_contains("error"); error != nullptr && error->is_object()) {
            return done({std::nullopt, to_fault(error->get_object())});
        }
        auto value = read(*object);
        done({value, value ? bucket_fault{}
                           : bucket_fault{bucket_fault::kind::refused, "JetStream's answer lacks what was asked for"}});
    };
}

const json::object* object_in(const json::object& whole, std::string_view name) {
    const auto* found = whole.if_contains(name);
    return found == nullptr ? nullptr : found->if_object();
}

std::optional<bucket_state> to_state(const json::object& info, std::string_view prefix) {
    const auto* created = info.if_contains("created");
    const auto* config = object_in(info, "config");
    const auto* max_age = config == nullptr ? nullptr : config->if_contains("max_age");
    if (created == nullptr || !created->is_string() || max_age == nullptr || !max_age->is_int64()) {
        return std::nullopt;
    }
    bucket_state state;
    state.created = std::string_view{created->get_string()};
    state.lease = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds{max_age->get_int64()});
    const auto* details = object_in(info, "state");
    const auto* subjects = details == nullptr ? nullptr : object_in(*details, "subjects");
    if (subjects != nullptr) {
        for (const auto& each : *subjects) {
            const std::string_view subject = each.key();
            if (subject.starts_with(prefix)) {
                state.keys.emplace_back(subject.substr(prefix.size()));
            }
        }
    }
    return state;
}

std::optional<bucket_entry> to_entry(const json::object& whole) {
    const auto* message = object_in(whole, "message");
    const auto* sequence = message == nullptr ? nullptr : message->if_contains("seq");
    const auto* data = message == nullptr ? nullptr : message->if_contains("data");
    if (sequence == nullptr || !sequence->is_int64()) {
        return std::nullopt;
    }
    bucket_entry entry;
    entry.sequence = static_cast<std::uint64_t>(sequence->get_int64());
    if (data != nullptr && data->is_string()) {
        namespace base64 = boost::beast::detail::base64;
        const std::string_view text = data->get_string();
        entry.value.resize(base64::decoded_size(text.size()));
        entry.value.resize(base64::decode(entry.value.data(), text.data(), text.size()).first);
    }
    return entry;
}

std::optional<std::uint64_t> to_sequence(const json::object& ack) {
    const auto* sequence = ack.if_contains("seq");
    return sequence != nullptr && sequence->is_int64()
               ? std::optional{static_cast<std::uint64_t>(sequence->get_int64())}
               : std::nullopt;
}

}  // namespace

bucket::bucket(engine& connection, const std::string& name)
    : engine_(connection), stream_("KV_" + name), prefix_("$KV." + name + ".") {}

void bucket::look(handler<bucket_state> done) {
    const json::object wanted{{"subjects_filter", prefix_ + ">"}};
    const auto read = [prefix = prefix_](const json::object& info) { return to_state(info, prefix); };
    engine_.request("$JS.API.STREAM.INFO." + stream_, {}, json::serialize(wanted), api_limit,
        answered<bucket_state>(std::move(done), read));
}

void bucket::create(std::chrono::milliseconds lease, handler<bucket_state> done) {
    create(lease, 3, [this, lease, done = std::move(done)](const bucket_result<bucket_state>& made) {
        if (!made.value && made.fault.type == bucket_fault::kind::refused) {
            return create(lease, 1, done);
        }
        done(made);
    });
}

// In files: hosts that may not create a bucket find theirs after a restart of all servers. Keys expire as ever.
void bucket::create(std::chrono::milliseconds lease, int replicas, handler<bucket_state> done) {
    const json::object wanted{
        {"name", stream_},
        {"subjects", json::array{prefix_ + ">"}},
        {"storage", "file"},
        {"retention", "limits"},
        {"discard", "new"},
        {"max_msgs_per_subject", 1},
        {"max_age", nanoseconds(lease)},
        {"duplicate_window", nanoseconds(std::min(lease, longest_duplicate_window))},
        {"num_replicas", replicas},
        {"allow_rollup_hdrs", true},
        {"deny_delete", true},
        {"max_consumers", -1},
        {"max_msgs", -1},
        {"max_bytes", -1},
        {"max_msg_size", -1},
    };
    const auto read = [prefix = prefix_](const json::object& info) { return to_state(info, prefix); };
    engine_.request("$JS.API.STREAM.CREATE." + stream_, {}, json::serialize(wanted), api_limit,
        answered<bucket_state>(std::move(done), read));
}

void bucket::get(const std::string& key, handler<bucket_entry> done) {
    const json::object wanted{{"last_by_subj", prefix_ + key}};
    engine_.request("$JS.API.STREAM.MSG.GET." + stream_, {}, json::serialize(wanted), api_limit,
        answered<bucket_entry>(std::move(done), to_entry));
}

void bucket::put(const std::string& key, std::string_view value, std::uint64_t expected, handler<std::uint64_t> done) {
    put(key, {}, value, expected, std::move(done));
}

// As key-value clients of NATS mark a key that was deleted.
void bucket::clear(const std::string& key, std::uint64_t expected, handler<std::uint64_t> done) {
    put(key, "KV-Operation: DEL\r\n", {}, expected, std::move(done));
}

void bucket::put(const std::string& key, const std::string& headers, std::string_view value, std::uint64_t expected,
    handler<std::uint64_t> done) {
    const std::string condition = "Nats-Expected-Last-Subject-Sequence: " + std::to_string(expected) + "\r\n";
    engine_.request(prefix_ + key, headers + condition, value, api_limit,
        answered<std::uint64_t>(std::move(done), to_sequence, no_bucket));
}

void look_for_jetstream(engine& connection, bucket::handler<bool> done) {
    const auto read = [](const json::object&) { return std::optional{true}; };
    connection.request("$JS.API.INFO", {}, {}, api_limit, answered<bool>(std::move(done), read));
}

}  // namespace hookd::nats
