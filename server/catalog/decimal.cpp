// SPDX-License-Identifier: BSL-1.0
#include "decimal.hpp"

#include <algorithm>
#include <limits>

namespace hookd::catalogs {
namespace {

constexpr std::int64_t largest_exponent = 1'000'000'000'000'000;

}  // namespace

decimal::decimal(std::string_view number) {
    negative_ = !number.empty() && number.front() == '-';
    const auto mantissa_end = std::min(number.find_first_of("eE"), number.size());
    for (const char c : number.substr(0, mantissa_end)) {
        if (c >= '0' && c <= '9') {
            if (c != '0' || !digits_.empty()) {
                digits_.push_back(c);
            }
        }
    }
    const auto point = number.substr(0, mantissa_end).find('.');
    if (point != std::string_view::npos) {
        exponent_ = -static_cast<std::int64_t>(mantissa_end - point - 1);
    }
    if (mantissa_end < number.size()) {
        std::int64_t power = 0;
        for (const char c : number.substr(mantissa_end + 1)) {
            if (c >= '0' && c <= '9') {
                power = std::min(largest_exponent, power * 10 + (c - '0'));
            }
        }
        exponent_ += number[mantissa_end + 1] == '-' ? -power : power;
    }
    while (!digits_.empty() && digits_.back() == '0') {
        digits_.pop_back();
        ++exponent_;
    }
    if (digits_.empty()) {
        negative_ = false;
        exponent_ = 0;
    }
}

std::int64_t decimal::to_count() const noexcept {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if (static_cast<std::int64_t>(digits_.size()) + exponent_ > 18) {
        return most;
    }
    std::int64_t value = 0;
    for (const char digit : digits_) {
        value = value * 10 + (digit - '0');
    }
    for (std::int64_t i = 0; i < exponent_; ++i) {
        value *= 10;
    }
    return value;
}

std::optional<std::uint64_t> decimal::small_divisor() const noexcept {
    if (negative_ || digits_.empty() || digits_.size() > 18) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char digit : digits_) {
        value = value * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return value;
}

bool decimal::is_multiple_of(const decimal& divisor) const noexcept {
    if (digits_.empty()) {
        return true;
    }
    if (exponent_ < divisor.exponent_) {
        return false;  // the last digit is no zero
    }
    const auto factor = divisor.small_divisor().value_or(1);
    std::uint64_t rest = 0;
    for (const char digit : digits_) {
        rest = (rest * 10 + static_cast<std::uint64_t>(digit - '0')) % factor;
    }
    // After 60 more zeros all twos and fives of the divisor are used up, and no further zero makes a difference.
    for (std::int64_t i = 0; i < std::min<std::int64_t>(60, exponent_ - divisor.exponent_); ++i) {
        rest = rest * 10 % factor;
    }
    return rest == 0;
}

void decimal::append_canonical(std::string& out) const {
    if (digits_.empty()) {
        out += '0';
        return;
    }
    out += negative_ ? "-" : "";
    out += digits_;
    if (exponent_ != 0) {
        out += 'e' + std::to_string(exponent_);
    }
}

std::strong_ordering decimal::compare_magnitude(const decimal& other) const noexcept {
    const auto size = static_cast<std::int64_t>(digits_.size()) + exponent_;
    const auto other_size = static_cast<std::int64_t>(other.digits_.size()) + other.exponent_;
    if (digits_.empty() || other.digits_.empty()) {
        return digits_.size() <=> other.digits_.size();
    }
    return size != other_size ? size <=> other_size : digits_ <=> other.digits_;
}

std::strong_ordering operator<=>(const decimal& left, const decimal& right) noexcept {
    if (left.negative_ != right.negative_) {
        return left.negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    return left.negative_ ? right.compare_magnitude(left) : left.compare_magnitude(right);
}

}  // namespace hookd::catalogs
