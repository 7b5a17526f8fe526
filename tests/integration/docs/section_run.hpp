// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "document.hpp"
#include "terminal.hpp"
#include "transcript.hpp"

#include "support/temp_directory.hpp"
#include "support/test_daemon.hpp"

#include <memory>
#include <string>

namespace hookd::test::docs {

/// Does what a reader of one section would do in a shell, command by command, in a directory of its own that holds the
/// programs of the whole document, against a daemon of its own. Reports what differs to Boost.Test.
///
/// A block `fish` is for that shell alone, and a block `not-fish` for the others. `echo $?` is `echo $status` there.
/// A command that ends in `&`, and for which nothing is shown, has started once the daemon is there or has another
/// subscriber. One that fails must be followed by `echo $?`.
class section_run {
public:
    section_run(const document& all, const section& which, shell used = shell::bash);

    void run();

private:
    void prepare_programs();
    void write_programs();
    void install();
    /// Whether the block has commands for this shell.
    [[nodiscard]] bool is_run(const block& which) const;
    void run_step(const step& what, bool next_shows_status);
    /// Subscribers of the daemon; -1 where none answers.
    [[nodiscard]] int subscribers() const;

    const document& document_;
    const section& section_;
    shell shell_;
    temp_directory directory_{};
    std::string socket_path_;
    std::unique_ptr<test_daemon> daemon_{};
    std::unique_ptr<terminal> terminal_{};
    id_book ids_{};
    bool in_background_ = false;
};

/// Whether the commands of a section begin with, or go through, a program.
[[nodiscard]] bool uses(const section& which, const std::string& program);

}  // namespace hookd::test::docs
