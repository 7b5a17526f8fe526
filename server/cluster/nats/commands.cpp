// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/commands.hpp"

#include <base/json/text.hpp>
#include <hookd/protocol/version.hpp>

#include <initializer_list>

namespace hookd::nats {
namespace {

constexpr std::string_view line_end = "\r\n";

void append_line(std::string& out, std::initializer_list<std::string_view> words) {
    std::string_view between;
    for (const std::string_view each : words) {
        if (!each.empty()) {
            out.append(between).append(each);
            between = " ";
        }
    }
    out += line_end;
}

void append_text_member(std::string& out, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        out.append(",\"").append(name).append("\":");
        base::append_json_string(out, value);
    }
}

}  // namespace

void append_connect(std::string& out, const credentials& account, std::string_view name) {
    out +=
        R"(CONNECT {"verbose":false,"pedantic":false,"echo":false,"headers":true,"no_responders":true,"protocol":1,"lang":"hookd")";
    append_text_member(out, "version", protocol::release_version);
    append_text_member(out, "name", name);
    append_text_member(out, "user", account.user);
    append_text_member(out, "pass", account.password);
    append_text_member(out, "auth_token", account.token);
    out.append("}").append(line_end);
}

void append_publish(std::string& out, std::string_view subject, std::string_view reply, std::string_view headers,
    std::string_view payload) {
    constexpr std::string_view version = "NATS/1.0\r\n";
    if (headers.empty()) {
        append_line(out, {"PUB", subject, reply, std::to_string(payload.size())});
    } else {
        const std::size_t header_bytes = version.size() + headers.size() + line_end.size();
        append_line(
            out, {"HPUB", subject, reply, std::to_string(header_bytes), std::to_string(header_bytes + payload.size())});
        out.append(version).append(headers).append(line_end);
    }
    out.append(payload).append(line_end);
}

void append_subscribe(std::string& out, std::string_view subject, std::uint64_t subscription) {
    append_line(out, {"SUB", subject, std::to_string(subscription)});
}

void append_ping(std::string& out) { out.append("PING").append(line_end); }

void append_pong(std::string& out) { out.append("PONG").append(line_end); }

}  // namespace hookd::nats
