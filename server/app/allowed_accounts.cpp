// SPDX-License-Identifier: BSL-1.0
#include "app/allowed_accounts.hpp"

#include "app/option_values.hpp"
#include "rpc/peer.hpp"

#include <algorithm>

namespace hookd::server {

using rpc::named_role;
using rpc::role_names;

namespace {

const named_role* find_role(std::string_view name) {
    const auto* const at = std::find_if(
        role_names.begin(), role_names.end(), [name](const named_role& each) { return each.name == name; });
    return at == role_names.end() ? nullptr : at;
}

roles parse_roles(std::string_view names, const std::string& account) {
    roles may{false, false, false};
    for (std::size_t begin = 0; begin <= names.size();) {
        const auto end = std::min(names.find(',', begin), names.size());
        const auto* const known = find_role(names.substr(begin, end - begin));
        if (known == nullptr) {
            throw bad_value(
                "must be NAME or NAME:ROLE,... with the roles emit, observe and answer, not \"" + account + "\"");
        }
        may.*known->role = true;
        begin = end + 1;
    }
    return may;
}

}  // namespace

std::vector<allowed_account> parse_accounts(
    const std::vector<std::string>& texts, std::uint32_t (*resolve)(std::string_view)) {
    std::vector<allowed_account> accounts;
    for (const auto& text : texts) {
        const std::string_view all{text};
        const auto colon = all.find(':');
        const auto id = resolve(all.substr(0, colon));
        accounts.push_back({id, colon == std::string_view::npos ? roles{} : parse_roles(all.substr(colon + 1), text)});
    }
    return accounts;
}

std::vector<std::string> account_texts(const std::vector<allowed_account>& accounts) {
    std::vector<std::string> texts;
    for (const auto& account : accounts) {
        auto& text = texts.emplace_back(std::to_string(account.id));
        if (account.may != roles{}) {
            text += ':' + rpc::describe(account.may);
        }
    }
    return texts;
}

std::vector<std::string> with_roles_joined(const std::vector<std::string>& parts) {
    std::vector<std::string> accounts;
    for (const auto& part : parts) {
        if (find_role(part) != nullptr && !accounts.empty() && accounts.back().find(':') != std::string::npos) {
            accounts.back() += ',' + part;
        } else {
            accounts.push_back(part);
        }
    }
    return accounts;
}

}  // namespace hookd::server
