// Runs a fuzz target over stored inputs: `fuzz_x_replay DIRECTORY…`. So what crashed once is tried for ever after, by every compiler.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        std::cout << file.filename().string() << std::endl;  // flushed: the last line names the input that crashed
        std::ifstream in{file, std::ios::binary};
        if (!in) {
            std::cerr << "cannot read " << file << '\n';
            return 1;
        }
        const std::vector<char> bytes{std::istreambuf_iterator<char>{in}, {}};
        const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    if (files.empty()) {
        std::cerr << "no inputs: name a directory of the corpus\n";
        return 1;
    }
    return 0;
}
