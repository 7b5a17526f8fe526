// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "instant.hpp"

#include <boost/intrusive/set.hpp>

#include <cstdint>

namespace hookd::core {

/// A slot or a waiter that is due at a time: sorted in one set, so that one timer serves all. Leaves the set when it
/// goes.
class deadline : public boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    enum class kind : std::uint8_t { slot, waiter };

    [[nodiscard]] steady_time when() const noexcept { return when_; }
    friend bool operator<(const deadline& a, const deadline& b) noexcept { return a.when_ < b.when_; }

protected:
    explicit deadline(kind type) noexcept : type_(type) {}
    ~deadline() = default;

private:
    friend class waits;

    steady_time when_{};
    kind type_;
};

}  // namespace hookd::core
