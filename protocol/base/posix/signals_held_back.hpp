// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <pthread.h>

#include <csignal>

namespace hookd::base {

/// While it lives, this thread takes no signals, nor does any that it starts: signals are for the threads that run the
/// broker, and the default action of one that comes elsewhere would end the process.
class signals_held_back {
public:
    signals_held_back() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    signals_held_back(const signals_held_back&) = delete;
    signals_held_back& operator=(const signals_held_back&) = delete;
    ~signals_held_back() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

}  // namespace hookd::base
