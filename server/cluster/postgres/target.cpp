// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/target.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace hookd::postgres {
namespace {

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0;;) {
        const auto comma = list.find(',', begin);
        parts.push_back(list.substr(begin, comma - begin));
        if (comma == std::string::npos) {
            return parts;
        }
        begin = comma + 1;
    }
}

std::string join(const std::vector<std::string>& parts) {
    std::string list;
    for (const auto& each : parts) {
        list += list.empty() && &each == &parts.front() ? each : "," + each;
    }
    return list;
}

std::string password_in(const std::string& url) {
    const auto begin = url.find("//");
    const auto at = url.find('@');
    const auto colon = url.find(':', begin == std::string::npos ? 0 : begin);
    return begin != std::string::npos && at != std::string::npos && colon < at ? url.substr(colon + 1, at - colon - 1)
                                                                               : std::string{};
}

void replace_all(std::string& text, const std::string& secret, std::string_view substitute) {
    for (std::size_t at = 0; !secret.empty() && (at = text.find(secret, at)) != std::string::npos;
         at += substitute.size()) {
        text.replace(at, secret.size(), substitute);
    }
}

std::string on_one_line(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    replace_all(text, "\n", "; ");
    return text;
}

struct host_entry {
    std::string host;
    std::string address;
    std::string port;
};

std::vector<host_entry> hosts_of(const settings& target) {
    const auto hosts = split(setting(target, "host"));
    const auto addresses = split(setting(target, "hostaddr"));
    const auto ports = split(setting(target, "port"));
    std::vector<host_entry> entries;
    for (std::size_t i = 0; i < std::max(hosts.size(), addresses.size()); ++i) {
        entries.push_back({i < hosts.size() ? hosts[i] : "", i < addresses.size() ? addresses[i] : "",
            ports.size() == 1  ? ports.front()
            : i < ports.size() ? ports[i]
                               : ""});
    }
    return entries;
}

void put_hosts(settings& target, const std::vector<host_entry>& entries) {
    std::vector<std::string> hosts;
    std::vector<std::string> addresses;
    std::vector<std::string> ports;
    for (const auto& each : entries) {
        hosts.push_back(each.host);
        addresses.push_back(each.address);
        ports.push_back(each.port);
    }
    set(target, "host", join(hosts));
    set(target, "hostaddr", join(addresses));
    set(target, "port", join(ports));
}

bool needs_lookup(const host_entry& entry) {
    return entry.address.empty() && !entry.host.empty() && entry.host.front() != '/' && entry.host.front() != '@';
}

/// One host after the other; keeps itself alive.
class lookup : public std::enable_shared_from_this<lookup> {
public:
    lookup(
        const boost::asio::any_io_executor& executor, settings target, std::function<void(settings, std::string)> done)
        : resolver_(executor), settings_(std::move(target)), done_(std::move(done)), left_(hosts_of(settings_)) {}

    void run() {
        while (next_ < left_.size() && !needs_lookup(left_[next_])) {
            found_.push_back(left_[next_++]);
        }
        if (next_ == left_.size()) {
            return finish();
        }
        resolver_.async_resolve(left_[next_].host, "",
            [self = shared_from_this()](
                boost::system::error_code failure, const boost::asio::ip::tcp::resolver::results_type& results) {
                self->take(failure, results);
                self->run();
            });
    }

private:
    void take(boost::system::error_code failure, const boost::asio::ip::tcp::resolver::results_type& results) {
        const auto& entry = left_[next_++];
        if (failure) {
            trouble_ +=
                (trouble_.empty() ? "" : "; ") + ("cannot look up host " + entry.host + ": " + failure.message());
        }
        for (const auto& each : results) {
            const auto address = each.endpoint().address().to_string();
            const auto known = std::any_of(found_.begin(), found_.end(), [&](const host_entry& other) {
                return other.host == entry.host && other.port == entry.port && other.address == address;
            });
            if (!known) {
                found_.push_back({entry.host, address, entry.port});
            }
        }
    }

    void finish() {
        if (found_.empty()) {
            return done_({}, trouble_);
        }
        put_hosts(settings_, found_);
        done_(std::move(settings_), {});
    }

    boost::asio::ip::tcp::resolver resolver_;
    settings settings_;
    std::function<void(settings, std::string)> done_;
    std::vector<host_entry> left_;
    std::size_t next_ = 0;
    std::vector<host_entry> found_{};
    std::string trouble_{};
};

}  // namespace

std::string setting(const settings& target, const std::string& keyword) {
    const auto found =
        std::find_if(target.begin(), target.end(), [&](const auto& each) { return each.first == keyword; });
    return found == target.end() ? std::string{} : found->second;
}

void set(settings& target, const std::string& keyword, const std::string& value) {
    const auto found =
        std::find_if(target.begin(), target.end(), [&](const auto& each) { return each.first == keyword; });
    if (found == target.end()) {
        target.emplace_back(keyword, value);
    } else {
        found->second = value;
    }
}

settings parse_url(const std::string& url) {
    if (url.rfind("postgresql://", 0) != 0 && url.rfind("postgres://", 0) != 0) {
        throw wrong_url("the URL is wrong: it must begin with postgresql://, as in postgresql://USER@HOST/hookd");
    }
    char* fault = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed{
        PQconninfoParse(url.c_str(), &fault), &PQconninfoFree};
    const std::unique_ptr<char, decltype(&PQfreemem)> freed{fault, &PQfreemem};
    if (!parsed) {
        std::string reason = fault != nullptr ? fault : "out of memory";
        replace_all(reason, url, "the URL");
        replace_all(reason, password_in(url), "***");
        throw wrong_url("the URL is wrong: " + on_one_line(std::move(reason)));
    }
    settings found;
    for (const auto* each = parsed.get(); each->keyword != nullptr; ++each) {
        if (each->val != nullptr) {
            found.emplace_back(each->keyword, each->val);
        }
    }
    const auto set_default = [&found](const char* keyword, const char* value) {
        if (setting(found, keyword).empty()) {
            found.emplace_back(keyword, value);
        }
    };
    set_default("gssencmode", "disable");  // the Kerberos library would block while it looks for tickets
    set_default("fallback_application_name", "hookd-postgres");
    set_default("target_session_attrs", "read-write");
    set(found, "client_encoding", "UTF8");
    return found;
}

void resolve(const boost::asio::any_io_executor& executor, const settings& target,
    std::function<void(settings, std::string)> done) {
    std::make_shared<lookup>(executor, target, std::move(done))->run();
}

void rotate_hosts(settings& target, std::size_t first) {
    auto entries = hosts_of(target);
    if (entries.size() > 1) {
        std::rotate(
            entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(first % entries.size()), entries.end());
        put_hosts(target, entries);
    }
}

std::string place(const settings& target) {
    std::string text;
    for (const auto& each : hosts_of(target)) {
        const auto& name = each.host.empty() ? each.address : each.host;
        text += (text.empty() ? "" : ",") + (name.empty() ? "local socket" : name) +
                (each.port.empty() ? "" : ":" + each.port);
    }
    const auto database = setting(target, "dbname");
    return text + (database.empty() ? "" : "/" + database);
}

}  // namespace hookd::postgres
