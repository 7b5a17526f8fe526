// SPDX-License-Identifier: BSL-1.0
#include <base/json/value_view.hpp>
#include <base/text/number.hpp>
#include <base/text/utf8.hpp>
#include <hookd/protocol/message.hpp>

#include "name_set.hpp"
#include "reply_scan.hpp"

#include <base/json/scanner.hpp>
#include <base/text/terminal_text.hpp>
#include <hookd/protocol/limits.hpp>

#include <optional>
#include <string>
#include <utility>

namespace hookd::protocol {

static_assert(max_depth == base::max_json_depth, "what base checks is the limit of a frame");

namespace {

enum class member_name : std::uint8_t { jsonrpc, id, method, params, result, error, other };

member_name name_of_plain(std::string_view key) noexcept {
    // By length first: a comparison of known length is an instruction or two.
    switch (key.size()) {
        case 2:
            return key == "id" ? member_name::id : member_name::other;
        case 5:
            return key == "error" ? member_name::error : member_name::other;
        case 6:
            return key == "params"   ? member_name::params
                   : key == "method" ? member_name::method
                   : key == "result" ? member_name::result
                                     : member_name::other;
        case 7:
            return key == "jsonrpc" ? member_name::jsonrpc : member_name::other;
        default:
            return member_name::other;
    }
}

constexpr unsigned bit_of(member_name name) noexcept { return 1U << static_cast<unsigned>(name); }

/// Which member of an envelope `key` names.
member_name name_of(base::json_string key, bool may_be_escaped) {
    return may_be_escaped && key.has_escapes() ? name_of_plain(key.decode()) : name_of_plain(key.raw);
}

/// The members of a JSON-RPC 2.0 message, as sent; empty where absent. Not yet judged.
struct envelope {
    std::string_view jsonrpc{};
    std::string_view id{};
    std::string_view method{};
    std::string_view params{};
    std::string_view result{};
    std::string_view error{};
    unsigned seen = 0;  // one bit a known member_name
    bool id_repeated = false;
    std::optional<base::json_string> repeated{};            // a member that stands twice in the envelope
    std::optional<base::json_string> repeated_in_params{};  // or in `params`
};

base::json_string inside_quotes(std::string_view token) noexcept { return {token.substr(1, token.size() - 2)}; }

bool is_kind(std::string_view value, base::json_kind kind) noexcept {
    return !value.empty() && base::kind_of(value) == kind;
}

bool is_version_2(std::string_view jsonrpc) noexcept {
    // As everyone writes it, else with escapes.
    return jsonrpc == R"("2.0")" || (is_kind(jsonrpc, base::json_kind::string) && inside_quotes(jsonrpc).equals("2.0"));
}

/// Walks the object `params` and keeps its members.
const char* scan_params(base::json_scanner& scanner, const char* at, envelope& found, request& result) {
    result.members.clear();
    result.reply = {};  // where `params` stands twice, the last counts until that is refused
    detail::name_set names{{scanner.begin(), scanner.end()}};
    at = scanner.walk_object(at, [&](base::json_string key, const char* value) {
        const bool may_be_escaped = scanner.escape_seen();
        const bool is_reply = scanner.is(value, '{') && detail::is_named(key, "response", may_be_escaped);
        const char* const after =
            is_reply ? detail::skip_reply(scanner, value, result.reply) : scanner.skip_value(value);
        if (after == nullptr) {
            return after;
        }
        names.add(key, may_be_escaped);
        if (result.members.size() < max_params_members) {
            result.members.push_back({key, {value, static_cast<std::size_t>(after - value)}});
        }
        return after;
    });
    if (at != nullptr) {
        found.repeated_in_params = names.repeated();
        result.may_have_escapes = scanner.escape_seen();
    }
    return at;
}

/// Walks the object at `at`. Returns the place after it, or null where it is no JSON.
const char* scan_envelope(base::json_scanner& scanner, const char* at, envelope& found, request& result) {
    detail::name_set names{{scanner.begin(), scanner.end()}};
    const auto on_member = [&](base::json_string key, const char* value) {
        const member_name name = name_of(key, scanner.escape_seen());
        const char* const after = name == member_name::params && scanner.is(value, '{')
                                      ? scan_params(scanner, value, found, result)
                                      : scanner.skip_value(value);
        if (after == nullptr) {
            return after;
        }
        const std::string_view bytes{value, static_cast<std::size_t>(after - value)};
        if (name == member_name::other) {
            names.add(key, scanner.escape_seen());
            return after;
        }
        if ((found.seen & bit_of(name)) != 0) {
            found.repeated = key;
            found.id_repeated = found.id_repeated || name == member_name::id;
        }
        found.seen |= bit_of(name);
        switch (name) {
            case member_name::jsonrpc:
                found.jsonrpc = bytes;
                break;
            case member_name::id:
                found.id = bytes;
                break;
            case member_name::method:
                found.method = bytes;
                break;
            case member_name::params:
                found.params = bytes;
                break;
            case member_name::result:
                found.result = bytes;
                break;
            case member_name::error:
                found.error = bytes;
                break;
            case member_name::other:
                break;
        }
        return after;
    };
    // What nearly every message begins with needs no walk.
    constexpr std::string_view usual_start = R"({"jsonrpc":"2.0",)";
    constexpr std::string_view usual_version = R"("2.0")";
    if (std::string_view{at, scanner.end()}.starts_with(usual_start)) {
        found.jsonrpc = {at + usual_start.find(usual_version), usual_version.size()};
        found.seen = bit_of(member_name::jsonrpc);
        at = scanner.walk_members(scanner.skip_space(at + usual_start.size()), on_member);
    } else {
        at = scanner.walk_object(at, on_member);
    }
    if (at != nullptr && !found.repeated) {
        found.repeated = names.repeated();
    }
    return at;
}

bool is_id(std::string_view value) noexcept {
    const base::json_kind kind = base::kind_of(value);
    return kind == base::json_kind::string || kind == base::json_kind::number || kind == base::json_kind::null;
}

// As it stands, quotes not counted: it is kept as long as its request waits.
constexpr std::size_t max_id_bytes = 1024;

bool is_short_id(std::string_view id) noexcept {
    return id.size() <= max_id_bytes + (base::kind_of(id) == base::json_kind::string ? 2 : 0);
}

/// Names in messages are cut: a peer may have sent one of megabytes.
std::string quoted(base::json_string name) {
    constexpr std::size_t shown = 64;
    const std::string text = name.decode();
    const auto front = base::cut_at_character(text, shown);
    return '"' + base::harmless(front) + (front.size() < text.size() ? "...\"" : "\"");
}

/// Why `found` is no request; empty where it is one.
std::string request_fault(const envelope& found) {
    if (found.repeated) {
        return "The member " + quoted(*found.repeated) + " is repeated in the request: send each member once.";
    }
    if (!is_version_2(found.jsonrpc)) {
        return R"(The member "jsonrpc" must be the string "2.0".)";
    }
    if (found.method.empty()) {
        return R"(The member "method" is missing: name the method to call.)";
    }
    if (base::kind_of(found.method) != base::json_kind::string) {
        return R"(The member "method" must be a string.)";
    }
    if (!found.id.empty() && !is_id(found.id)) {
        return R"(The member "id" must be a string, a number or null.)";
    }
    if (!found.id.empty() && !is_short_id(found.id)) {
        return "The member \"id\" is longer than " + std::to_string(max_id_bytes) + " bytes: send a shorter one.";
    }
    if (!found.params.empty()) {
        const base::json_kind kind = base::kind_of(found.params);
        if (kind != base::json_kind::object && kind != base::json_kind::array && kind != base::json_kind::null) {
            return R"(The member "params" must be an object that names the parameters.)";
        }
    }
    if (found.repeated_in_params) {
        return "The member " + quoted(*found.repeated_in_params) +
               " is repeated in \"params\": send each parameter once.";
    }
    return {};
}

void set_invalid(message& out, error why) {
    out.type = message::kind::invalid;
    out.failure = std::move(why);
}

/// A notification gets no answer once its envelope is valid (JSON-RPC 2.0, section 4.1).
bool is_valid_notification(envelope found) {
    found.repeated_in_params.reset();
    return found.id.empty() && request_fault(found).empty();
}

/// Puts the judged envelope into `out`.
void conclude_request(const envelope& found, message& out) {
    if (std::string fault = request_fault(found); !fault.empty()) {
        if (!found.id.empty() && !found.id_repeated && is_id(found.id) && is_short_id(found.id)) {
            out.failed_id = found.id;
        } else if (found.repeated_in_params && is_valid_notification(found)) {
            out.failed_id = {};
        }
        set_invalid(out, {errc::invalid_request, std::move(fault)});
        return;
    }
    out.type = message::kind::request;
    out.single.id = found.id;
    out.single.method = inside_quotes(found.method);
    out.single.params = found.params;
}

void clear(request& value) {
    value.id = {};
    value.method = {};
    value.params = {};
    value.members.clear();
    value.may_have_escapes = false;
    value.reply = {};
}

void clear(message& value) {
    value.type = message::kind::invalid;
    clear(value.single);
    value.elements.clear();
    value.failed_id = "null";
    value.ends_early = false;
    value.failure.message.clear();
    value.failure.data.clear();
}

constexpr const char* no_object =
    "A request is a JSON object with the members jsonrpc, method and, unless it is a notification, id.";

const char* scan_batch(base::json_scanner& scanner, const char* at, std::size_t& count, message& out) {
    return scanner.walk_array(at, [&](const char* element) {
        const char* const after = scanner.skip_value(element);
        if (after != nullptr && ++count <= max_batch) {
            out.elements.emplace_back(element, static_cast<std::size_t>(after - element));
        }
        return after;
    });
}

void conclude_batch(std::size_t count, message& out) {
    if (count == 0) {
        set_invalid(out, {errc::invalid_request, "A batch must have at least one request in it."});
    } else if (count > max_batch) {
        out.elements.clear();
        set_invalid(out, limit_error("batch", max_batch,
                             "The batch has " + std::to_string(count) + " requests: send at most " +
                                 std::to_string(max_batch) + " at a time."));
    } else {
        out.type = message::kind::batch;
    }
}

}  // namespace

bool request::has_no_params() const noexcept {
    if (params.empty() || params.front() == 'n') {
        return true;
    }
    if (params.front() == '{') {
        return members.empty();
    }
    return !base::json_cursor{params}.next().has_value();
}

void read_message(std::string_view frame, message& out) {
    clear(out);
    base::json_scanner scanner{frame};
    const char* at = scanner.skip_space(scanner.begin());
    envelope found;
    std::size_t elements = 0;
    const bool is_object = scanner.is(at, '{');
    const bool is_array = scanner.is(at, '[');
    if (is_object) {
        at = scan_envelope(scanner, at, found, out.single);
    } else if (is_array) {
        at = scan_batch(scanner, at, elements, out);
    } else {
        at = scanner.skip_value(at);
    }
    // What is no JSON is nothing else either: the envelope is judged only after the last byte has been looked at.
    if (at == nullptr || scanner.expect_end(at) == nullptr) {
        clear(out.single);
        out.elements.clear();
        out.ends_early = scanner.has_run_out();
        set_invalid(
            out, {errc::parse_error, "This is not JSON (RFC 8259): at byte " + std::to_string(scanner.fault().offset) +
                                         ", " + std::string{scanner.fault().reason} + '.'});
    } else if (is_object) {
        conclude_request(found, out);
    } else if (is_array) {
        conclude_batch(elements, out);
    } else {
        set_invalid(out, {errc::invalid_request, no_object});
    }
}

void read_element(std::string_view element, message& out) {
    clear(out);
    base::json_scanner scanner{element};
    envelope found;
    if (!scanner.is(scanner.begin(), '{') || scan_envelope(scanner, scanner.begin(), found, out.single) == nullptr) {
        set_invalid(out, {errc::invalid_request, no_object});
        return;
    }
    conclude_request(found, out);
}

void begin_result(std::string& out, std::string_view id) {
    out += R"({"jsonrpc":"2.0","id":)";
    out += id;
    out += R"(,"result":)";
}

void append_error(std::string& out, std::string_view id, const error& failure) {
    out += R"({"jsonrpc":"2.0","id":)";
    out += id;
    out += R"(,"error":{"code":)";
    out += std::to_string(static_cast<int>(failure.code));
    out += R"(,"message":)";
    base::append_json_string(out, failure.message);
    if (!failure.data.empty()) {
        out += R"(,"data":)";
        out += failure.data;
    }
    out += "}}";
}

void append_request(std::string& out, std::string_view id, std::string_view method, std::string_view params) {
    out += R"({"jsonrpc":"2.0")";
    if (!id.empty()) {
        out += R"(,"id":)";
        out += id;
    }
    out += R"(,"method":)";
    base::append_json_string(out, method);
    if (!params.empty()) {
        out += R"(,"params":)";
        out += params;
    }
    out += '}';
}

namespace {

/// Reads the object `error` of a response; false where it is none.
bool read_error(std::string_view object, response& out) {
    if (!is_kind(object, base::json_kind::object)) {
        return false;
    }
    bool has_code = false;
    bool has_message = false;
    for (const auto& member : base::value_view(object).members()) {
        if (member.key.equals("code")) {
            const auto code = base::parse_number<int>(member.value);
            if (!code) {
                return false;
            }
            out.error_code = *code;
            has_code = true;
        } else if (member.key.equals("message")) {
            if (!is_kind(member.value, base::json_kind::string)) {
                return false;
            }
            out.error_message = inside_quotes(member.value);
            has_message = true;
        } else if (member.key.equals("data")) {
            out.error_data = member.value;
        }
    }
    return has_code && has_message;
}

}  // namespace

void read_incoming(std::string_view frame, incoming& out) {
    out.type = incoming::kind::invalid;
    out.reply = {};
    clear(out.notification);
    // A verdict holds a reply two levels deeper than the `respond` that brought it: in an element of `responses` of the
    // result, where that had it in its params.
    base::json_scanner scanner{frame, max_depth + 2};
    const char* at = scanner.skip_space(scanner.begin());
    envelope found;
    if (!scanner.is(at, '{')) {
        return;
    }
    at = scan_envelope(scanner, at, found, out.notification);
    if (at == nullptr || scanner.expect_end(at) == nullptr) {
        return;
    }
    if (!found.method.empty()) {
        if (!found.id.empty() || !request_fault(found).empty()) {
            return;
        }
        out.type = incoming::kind::notification;
        out.notification.method = inside_quotes(found.method);
        out.notification.params = found.params;
        return;
    }
    if (found.repeated || found.id.empty() || !is_id(found.id)) {
        return;
    }
    if (!is_version_2(found.jsonrpc)) {
        return;
    }
    // Exactly one of the two (JSON-RPC 2.0, section 5).
    if (found.result.empty() == found.error.empty()) {
        return;
    }
    if (!found.error.empty() && !read_error(found.error, out.reply)) {
        return;
    }
    out.reply.id = found.id;
    out.reply.result = found.result;
    out.type = incoming::kind::response;
}

}  // namespace hookd::protocol
