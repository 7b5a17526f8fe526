// SPDX-License-Identifier: BSL-1.0
#include "pass_list.hpp"

#include <algorithm>

namespace hookd::core {

using protocol::passed_over_hooks;

bool pass_list::equals(const passed_over_hooks& other) const noexcept {
    return total_ == other.total &&
           std::equal(named_.begin(), named_.end(), other.named.begin(), other.named.end(),
               [](const auto& a, const passed_over_hooks::hook& b) { return a.second == b.why && a.first == b.name; });
}

std::shared_ptr<const passed_over_hooks> pass_list::share(std::shared_ptr<const passed_over_hooks>& last) const {
    if (total_ == 0) {
        return nullptr;
    }
    if (!last || !equals(*last)) {
        auto made = std::make_shared<passed_over_hooks>();
        made->total = total_;
        for (const auto& [name, why] : named_) {
            made->named.push_back({std::string{name}, why});
        }
        last = std::move(made);
    }
    return last;
}

}  // namespace hookd::core
