// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/url.hpp"

#include <base/text/number.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace hookd::nats {
namespace {

constexpr std::size_t max_cluster_name = 64;

[[noreturn]] void refuse(const std::string& reason) { throw std::invalid_argument("the cluster's URL: " + reason); }

// What is before the first `separator` in `rest`, which is left with what is behind it.
std::string_view take_until(std::string_view& rest, char separator) {
    const std::size_t end = rest.find(separator);
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return part;
}

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        unsigned char byte = 0;
        const std::string_view digits = text.substr(i + 1, 2);
        const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (digits.size() != 2 || fault != std::errc{} || end != digits.data() + 2) {
            refuse("% is not followed by two hexadecimal digits (write % itself as %25)");
        }
        decoded += static_cast<char>(byte);
        i += 2;
    }
    return decoded;
}

std::uint16_t to_port(std::string_view text) {
    const auto port = base::parse_number<std::uint16_t>(text).value_or(0);
    if (port == 0) {
        refuse("\"" + std::string{text} + "\" is not a port (1 to 65535)");
    }
    return port;
}

server_address to_server(std::string_view text) {
    server_address server;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || (end + 1 < text.size() && text[end + 1] != ':')) {
            refuse("an IPv6 address is written in brackets, as in nats://[::1]:4222");
        }
        server.host = text.substr(1, end - 1);
        port = text.substr(std::min(end + 2, text.size()));
    } else {
        server.host = take_until(text, ':');
        port = text;
    }
    if (server.host.empty()) {
        refuse("a server has no host; write it as in nats://nats.example.com:4222");
    }
    if (!port.empty()) {
        server.port = to_port(port);
    }
    return server;
}

credentials to_credentials(std::string_view text) {
    credentials account;
    if (text.find(':') == std::string_view::npos) {
        account.token = percent_decoded(text);
    } else {
        account.user = percent_decoded(take_until(text, ':'));
        account.password = percent_decoded(text);
    }
    return account;
}

bool is_cluster_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void read_option(std::string_view option, url& out) {
    const std::string name{take_until(option, '=')};
    std::string value = percent_decoded(option);
    if (name == "tls_ca") {
        out.tls_ca = std::move(value);
    } else if (name == "tls_cert") {
        out.tls_cert = std::move(value);
    } else if (name == "tls_key") {
        out.tls_key = std::move(value);
    } else if (name == "creds" || name == "jwt" || name == "nkey") {
        refuse("\"" + name +
               "\": NATS credentials by nkey or JWT are not supported; use a user and password, a token or a TLS "
               "certificate");
    } else {
        refuse("unknown option \"" + name + "\"; there are tls_ca, tls_cert and tls_key");
    }
}

}  // namespace

url parse_url(std::string_view text) {
    url result;
    if (text.starts_with("tls://")) {
        result.needs_tls = true;
    } else if (!text.starts_with("nats://")) {
        refuse("it begins with neither nats:// nor tls://");
    }
    text.remove_prefix(text.find("//") + 2);
    std::string_view options = text;
    text = take_until(options, '?');
    std::string_view path = text;
    std::string_view servers = take_until(path, '/');
    if (const std::size_t at = servers.rfind('@'); at != std::string_view::npos) {
        result.who = to_credentials(servers.substr(0, at));
        servers.remove_prefix(at + 1);
    }
    do {
        result.servers.push_back(to_server(take_until(servers, ',')));
    } while (!servers.empty());
    if (!path.empty()) {
        if (path.size() > max_cluster_name || !std::all_of(path.begin(), path.end(), is_cluster_letter)) {
            refuse("the cluster's name (after the last /) has 1 to 64 letters, digits, \"-\" or \"_\"");
        }
        result.cluster = path;
    }
    while (!options.empty()) {
        read_option(take_until(options, '&'), result);
    }
    if (result.tls_cert.empty() != result.tls_key.empty()) {
        refuse("tls_cert and tls_key go together");
    }
    return result;
}

std::string to_text(const server_address& server) {
    const bool has_colons = server.host.find(':') != std::string::npos;
    return (has_colons ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

}  // namespace hookd::nats
