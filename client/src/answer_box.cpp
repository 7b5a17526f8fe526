// SPDX-License-Identifier: BSL-1.0
#include "answer_box.hpp"

#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>
#include <utility>

namespace hookd::detail {

answer_box::answer_box() : wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wakeup_) {
        throw std::system_error(errno, std::system_category(), "hook_runner: eventfd");
    }
}

void answer_box::put(entry answered) {
    {
        const std::lock_guard lock{mutex_};
        answers_.push_back(std::move(answered));
    }
    wake();
}

void answer_box::request_stop() noexcept {
    const int saved = errno;  // a signal handler must leave it alone
    stop_.store(true);
    wake();
    errno = saved;
}

std::vector<answer_box::entry> answer_box::take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(answers_, {});
}

// Neither call can fail in a way that matters: a full counter is a wake-up that is under way, an empty one has been
// cleared.
void answer_box::wake() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);
}

void answer_box::clear_wakeup() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(wakeup_.get(), &count, sizeof count);
}

}  // namespace hookd::detail
