#include "update/status/status.hpp"

#include <gtest/gtest.h>

namespace holdfast::update {
namespace {

using namespace std::chrono_literals;

Status in_state(State state)
{
    const ImageIdentity next{"x86_64", "1.1.0", "metal-dev"};
    Status status{.state = state,
                  .available = {"1.1.0", "1.0.0"},
                  .chosen = next,
                  .active = PartitionStatus{{"x86_64", "1.0.0", "metal-dev"}, true}};
    if (state == State::staged || state == State::ready) {
        status.staging = PartitionStatus{next, state == State::ready};
        status.active->next_to_boot = state == State::staged;
    }
    return status;
}

TEST(Status, ReadsWhatItWrites)
{
    auto status = in_state(State::ready);
    status.last_command = CommandRecord{.kind = CommandKind::prepare,
                                        .status = CommandStatus::failed,
                                        .timestamp = std::chrono::sys_days() + 24h + 5s,
                                        .exit_status = 1,
                                        .stderr_text = "no \"space\"\n"};
    status.progress = ProgressReport{5, 10, 50, 1000};
    const auto again = parse_status(to_pretty_text(to_json(status)));
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_EQ(*again, status);
    EXPECT_EQ(*parse_status(to_text(to_json(Status()))), Status());
}

TEST(Status, HasTheFieldsOfTheReference)
{
    EXPECT_EQ(to_json(in_state(State::staged)), *parse_json(R"({
        "update_state": "Staged", "available_updates": ["1.1.0", "1.0.0"],
        "chosen_update": {"arch": "x86_64", "version": "1.1.0", "variant": "metal-dev"},
        "active_partition": {"next_to_boot": true,
            "image": {"arch": "x86_64", "version": "1.0.0", "variant": "metal-dev"}},
        "staging_partition": {"next_to_boot": false,
            "image": {"arch": "x86_64", "version": "1.1.0", "variant": "metal-dev"}},
        "most_recent_command": null, "progress": null})"));
}

TEST(Status, RefusesWhatIsNone)
{
    for (const auto* text : {"", "[]", "{}", R"({"update_state": "Busy"})",
                             R"({"update_state": "Idle", "chosen_update": {}})",
                             R"({"update_state": "Idle", "most_recent_command": 1})",
                             R"({"update_state": "Idle", "progress": {"bytes": -1}})"}) {
        EXPECT_FALSE(parse_status(text).has_value()) << text;
    }
}

/// What is true of the other set where the state is right.
std::optional<OtherSet> other_set_in(State state)
{
    const ImageIdentity next{"x86_64", "1.1.0", "metal-dev"};
    switch (state) {
    case State::idle:
    case State::available: return OtherSet{};
    case State::staged: return OtherSet{OtherSet::Use::may_be_activated, next};
    case State::ready: return OtherSet{OtherSet::Use::boots_next, next};
    }
    return std::nullopt;
}

struct Step {
    State state;
    CommandKind command;
    std::optional<ExitStatus> refused;
    State after;
    State after_failure;
};

class StateMachine : public ::testing::TestWithParam<Step> {};

TEST_P(StateMachine, GoesByTheTable)
{
    const auto& step = GetParam();
    const auto before = in_state(step.state);
    EXPECT_EQ(refusal(before, step.command), step.refused);
    if (step.refused) {
        return;
    }
    const CommandRecord done{.kind = step.command, .status = CommandStatus::success};
    EXPECT_EQ(after_command(before, done, other_set_in(step.after)), [&] {
        auto expected = in_state(step.after);
        expected.last_command = done;
        return expected;
    }());
    const CommandRecord failed{.kind = step.command, .status = CommandStatus::failed};
    EXPECT_EQ(after_command(before, failed, other_set_in(step.state)).state, step.after_failure);
}

constexpr auto disallowed = ExitStatus::disallowed;
constexpr State any = State::idle;

INSTANTIATE_TEST_SUITE_P(
    Table, StateMachine,
    ::testing::Values(
        Step{State::idle, CommandKind::refresh, {}, State::available, State::idle},
        Step{State::available, CommandKind::refresh, {}, State::available, State::idle},
        Step{State::staged, CommandKind::refresh, {}, State::staged, State::staged},
        Step{State::ready, CommandKind::refresh, {}, State::ready, State::ready},
        Step{State::idle, CommandKind::prepare, disallowed, any, any},
        Step{State::available, CommandKind::prepare, {}, State::staged, State::available},
        Step{State::staged, CommandKind::prepare, {}, State::staged, State::staged},
        Step{State::ready, CommandKind::prepare, disallowed, any, any},
        Step{State::idle, CommandKind::activate, disallowed, any, any},
        Step{State::available, CommandKind::activate, disallowed, any, any},
        Step{State::staged, CommandKind::activate, {}, State::ready, State::staged},
        Step{State::ready, CommandKind::activate, disallowed, any, any},
        Step{State::idle, CommandKind::deactivate, disallowed, any, any},
        Step{State::available, CommandKind::deactivate, disallowed, any, any},
        Step{State::staged, CommandKind::deactivate, disallowed, any, any},
        Step{State::ready, CommandKind::deactivate, {}, State::staged, State::ready}));

TEST(StateMachine, NeedsWhatTheCommandIsAbout)
{
    auto available = in_state(State::available);
    available.chosen.reset();
    EXPECT_EQ(refusal(available, CommandKind::prepare), ExitStatus::update_missing);
    auto staged = in_state(State::staged);
    staged.staging.reset();
    EXPECT_EQ(refusal(staged, CommandKind::activate), ExitStatus::nothing_staged);
}

TEST(StateMachine, IsIdleWhenARefreshFindsNothing)
{
    auto status = in_state(State::available);
    status.chosen.reset();
    const CommandRecord done{.kind = CommandKind::refresh, .status = CommandStatus::success};
    EXPECT_EQ(after_command(status, done, std::nullopt).state, State::idle);
}

TEST(StateMachine, TellsNothingAfterAFailureThatTheDiskDoesNotBearOut)
{
    struct Case {
        const char* what;
        State before;
        CommandKind command;
        State disk;
        State after;
    };
    for (const auto& [what, before, command, disk, after] : {
             Case{"it had begun to fill the set", State::staged, CommandKind::prepare,
                  State::available, State::available},
             Case{"what lay there before was not chosen now", State::available,
                  CommandKind::prepare, State::staged, State::available},
             Case{"it flipped, and was killed", State::staged, CommandKind::activate, State::ready,
                  State::ready},
             Case{"it took back, and was killed", State::ready, CommandKind::deactivate,
                  State::staged, State::staged},
         }) {
        SCOPED_TRACE(what);
        const CommandRecord failed{.kind = command, .status = CommandStatus::failed};
        auto expected = in_state(after);
        expected.last_command = failed;
        EXPECT_EQ(after_command(in_state(before), failed, other_set_in(disk)), expected);
        EXPECT_EQ(after_command(in_state(before), failed, std::nullopt).state, before)
            << "nobody knows";
    }
}

TEST(OtherSet, IsWhatFlagsAndTheNoteOfTheLastUpdateSay)
{
    const ImageIdentity old{"x86_64", "1.0.0", "metal-dev"};
    const ImageIdentity next{"x86_64", "1.1.0", "metal-dev"};
    const StagedUpdate note{.image = next, .when = {}, .before = old};
    const BootSet active{'a', 1, 0, true};
    using Use = OtherSet::Use;
    struct Case {
        const char* what;
        BootSet other;
        bool is_next;
        ImageIdentity running;
        OtherSet expected;
    };
    for (const auto& [what, other, is_next, running, expected] : {
             Case{"prepared", {'b', 0, 1, false}, false, old, {Use::may_be_activated, next}},
             Case{"activated", {'b', 2, 1, false}, true, old, {Use::boots_next, next}},
             Case{"being filled", {'b', 0, 0, false}, false, old, {Use::none, next}},
             Case{"left again", {'b', 2, 0, false}, false, old, {Use::none, next}},
             Case{"the one before", {'b', 1, 0, true}, false, next, {Use::none, old}},
             Case{"gone back to", {'b', 2, 0, true}, true, next, {Use::boots_next, old}},
         }) {
        EXPECT_EQ(other_set({active, other, is_next}, note, running), expected) << what;
    }
    EXPECT_EQ(other_set({active}, std::nullopt, old), OtherSet{});
}

TEST(StagedUpdate, ReadsWhatItWrites)
{
    StagedUpdate note{.image = {"x86_64", "1.1.0", "metal-dev"},
                      .when = std::chrono::sys_days() + 24h,
                      .before = ImageIdentity{"x86_64", "1.0.0", "metal-dev"}};
    EXPECT_EQ(*parse_staged(to_text(to_json(note))), note);
    note.before.reset();
    EXPECT_EQ(*parse_staged(to_text(to_json(note))), note);
    for (const auto* text : {"", "[]", R"({"version": "1.1.0", "when": "2024-01-01T00:00:00Z"})"}) {
        EXPECT_FALSE(parse_staged(text).has_value()) << text;
    }
}

} // namespace
} // namespace holdfast::update
