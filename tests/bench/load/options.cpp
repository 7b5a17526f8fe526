// SPDX-License-Identifier: BSL-1.0
#include "workloads.hpp"

#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>

namespace hookd::bench {

load_options read_options(int argc, char** argv) {
    load_options result;
    const std::map<std::string_view, std::function<void(const std::string&)>> known = {
        {"--dialect", [&](const std::string& value) { result.dialect = value; }},
        {"--address", [&](const std::string& value) { result.address = value; }},
        {"--hook-address", [&](const std::string& value) { result.hook_addresses.push_back(value); }},
        {"--broker", [&](const std::string& value) { result.broker = std::stoi(value); }},
        {"--count", [&](const std::string& value) { result.count = std::stoull(value); }},
        {"--warm-up", [&](const std::string& value) { result.warm_up = std::stoull(value); }},
        {"--size", [&](const std::string& value) { result.size = std::stoull(value); }},
        {"--shape",
            [&](const std::string& value) {
                result.shape = value == "tree" ? payload_shape::tree : payload_shape::text;
            }},
        {"--subscribers",
            [&](const std::string& value) { result.subscribers = static_cast<unsigned>(std::stoul(value)); }},
        {"--window", [&](const std::string& value) { result.window = std::stoull(value); }},
        {"--batch", [&](const std::string& value) { result.batch = std::stoull(value); }},
        {"--input", [&](const std::string& value) { result.input = value; }},
        {"--check", [&](const std::string& value) { result.check = value == "yes"; }},
    };
    int i = 2;
    for (; i < argc && std::string_view{argv[i]} != "--"; i += 2) {
        const auto option = known.find(argv[i]);
        if (option == known.end() || i + 1 == argc) {
            throw std::runtime_error("unknown option, or one without a value: " + std::string{argv[i]});
        }
        option->second(argv[i + 1]);
    }
    for (++i; i < argc; ++i) {
        result.command.emplace_back(argv[i]);
    }
    return result;
}

}  // namespace hookd::bench
