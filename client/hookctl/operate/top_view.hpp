// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"
#include "top_model.hpp"

#include <cstddef>
#include <string>

namespace hookd::hookctl {

/// What the person at `hookctl top` has chosen.
struct top_choices {
    std::string filter{};        ///< only what has this in its name; empty: all
    bool typing_filter = false;  ///< the keys go to the filter
    bool paused = false;
    std::size_t selected = 0;  ///< which of the verdicts that are shown
    bool opened = false;       ///< that verdict, with its payload, instead of the tables
    std::size_t scrolled = 0;  ///< lines of it above the screen
    std::string trouble{};     ///< why nothing new comes; empty: it does
};

/// The verdicts that the filter lets through, newest first.
[[nodiscard]] std::vector<const top_model::past_verdict*> chosen_verdicts(
    const top_model& model, const top_choices& choices);

/// The full screen of `hookctl top`: at most `rows` lines of at most `columns` columns, without a line end after the
/// last. From 80x24 on all sections have room; from 150 columns on they stand side by side. `now` as for top_model.
[[nodiscard]] std::string top_screen(const top_model& model, const top_choices& choices, std::size_t rows,
    std::size_t columns, const palette& colour, top_model::clock::time_point now);

}  // namespace hookd::hookctl
