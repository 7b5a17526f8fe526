// SPDX-License-Identifier: BSL-1.0
#include "doctor_agents.hpp"
#include "doctor_checks.hpp"
#include "doctor_repository.hpp"
#include "finding.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/exit_status.hpp"

#include <algorithm>
#include <iterator>

namespace hookd::hookctl {

int run_doctor(const invocation& call) {
    auto all = check_daemon(call);
    for (auto& more : {check_settings(), check_git(), check_repository(call), check_agents(), check_units()}) {
        std::copy(more.begin(), more.end(), std::back_inserter(all));
    }
    return print_findings(all, call.json) ? exit_status::done : exit_status::not_done;
}

}  // namespace hookd::hookctl
