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
    EXPECT_EQ(after_command(before, done), [&] {
        auto expected = in_state(step.after);
        expected.last_command = done;
        return expected;
    }());
    const CommandRecord failed{.kind = step.command, .status = CommandStatus::failed};
    EXPECT_EQ(after_command(before, failed).state, step.after_failure);
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
        Step{State::staged, CommandKind::prepare, {}, State::staged, State::available},
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
    EXPECT_EQ(after_command(status, done).state, State::idle);
}

} // namespace
} // namespace holdfast::update
