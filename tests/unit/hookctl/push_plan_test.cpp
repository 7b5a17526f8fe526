// SPDX-License-Identifier: BSL-1.0
#include <hookctl/jj/push_plan.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::hookctl;

namespace {

/// `REMOTE KIND NAME ACTION FROM TO;` for each change; `?` if the output can't be read.
std::string plan_of(const std::string& output) {
    const auto changes = read_push_plan(output);
    if (!changes) {
        return "?";
    }
    std::string text;
    for (const auto& each : *changes) {
        text +=
            each.remote + " " + each.kind + " " + each.name + " " + each.action + " " + each.from + " " + each.to + ";";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(push_plan)

BOOST_AUTO_TEST_CASE(the_entries_of_jj_0_41_are_read) {
    BOOST_TEST(plan_of("Changes to push to origin:\n"
                       "  bookmark: a [add to 7059ff5e606e]\n"
                       "  bookmark: b [move forward from 7059ff5e606e to f0d06d4a6bea]\n"
                       "  bookmark: c [move sideways from 7059ff5e606e to 8eda643fe5f7]\n"
                       "  bookmark: d [move backward from 8eda643fe5f7 to b78c7fbedec5]\n"
                       "  tag: v1 [delete from 8eda643fe5f7]\n"
                       "Dry-run requested, not pushing.\n") ==
               "origin bookmark a add  7059ff5e606e;"
               "origin bookmark b move_forward 7059ff5e606e f0d06d4a6bea;"
               "origin bookmark c move_sideways 7059ff5e606e 8eda643fe5f7;"
               "origin bookmark d move_backward 8eda643fe5f7 b78c7fbedec5;"
               "origin tag v1 delete 8eda643fe5f7 ;");
}

BOOST_AUTO_TEST_CASE(the_sentences_of_older_versions_are_read) {
    BOOST_TEST(plan_of("Warning: something\nChanges to push to up stream:\n"
                       "  Move forward bookmark main from 8476341eb395 to bc7610b65a91\n"
                       "  Delete bookmark x to from 8476341eb395\n") ==
               "up stream bookmark main move_forward 8476341eb395 bc7610b65a91;"
               "up stream bookmark x to delete 8476341eb395 ;");
    BOOST_TEST(plan_of("Branch changes to push to origin:\n"
                       "  Force branch b from 132be02d5c96 to f232e174c898\n"
                       "  Move branch c from 132be02d5c96 to f232e174c898\n") ==
               "origin branch b force 132be02d5c96 f232e174c898;origin branch c move 132be02d5c96 f232e174c898;");
}

BOOST_AUTO_TEST_CASE(nothing_changed_is_an_empty_plan) { BOOST_TEST(plan_of("Nothing changed.\n") == ""); }

BOOST_AUTO_TEST_CASE(what_is_not_understood_is_not_a_plan) {
    for (const char* const output : {"", "Dry-run requested, not pushing.\n", "Changes to push to origin:\n",
             "Changes to push to origin:\n  bookmark: a [add to 7059ff5e606e]\n  Rename bookmark a to b\n",
             "Changes to push to origin:\n  bookmark: a [add]\n",
             "Changes to push to origin:\n  bookmark: a [move forward to 7059ff5e606e]\n",
             "Changes to push to origin:\n  Add bookmark a to main\n",
             "Changes to push to origin:\n  bookmark:  [add to 7059ff5e606e\n"}) {
        BOOST_TEST(plan_of(output) == "?", output);
    }
}

BOOST_AUTO_TEST_SUITE_END()
