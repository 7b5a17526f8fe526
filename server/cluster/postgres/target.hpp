// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hookd::postgres {

/// A URL that libpq does not understand; what() says why, without the password.
class wrong_url : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The parameters of a connection, as PQconnectStartParams takes them.
using settings = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string setting(const settings& target, const std::string& keyword);
void set(settings& target, const std::string& keyword, const std::string& value);

/// What the URL says, and what libpq takes besides: environment and service file are as it has them. Throws wrong_url.
[[nodiscard]] settings parse_url(const std::string& url);

/// `host` and `hostaddr` of `target` with every host's addresses looked up, since libpq would block for that: each name
/// is repeated for each of its addresses, and stays what a certificate is checked against. `done` gets the settings,
/// and, where no host has an address, an error.
void resolve(const boost::asio::any_io_executor& executor, const settings& target,
    std::function<void(settings, std::string)> done);

/// Moves what is before host number `first` to the end: where the one before it did not answer.
void rotate_hosts(settings& target, std::size_t first);

/// "host:port/database", for people.
[[nodiscard]] std::string place(const settings& target);

}  // namespace hookd::postgres
