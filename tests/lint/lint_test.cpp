// Checks that no compiler makes: which room may include which, and that the outside world is
// reached only through io/ (STYLE of the project: ARCHITECTURE.md, "Rules that a test keeps").

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace {

namespace fs = std::filesystem;

struct Room {
    std::string name;
    std::string folder;
    std::set<std::string> uses;
};

/// Written by host_room() in cmake/rooms.cmake: "name folder use use …".
std::vector<Room> read_rooms()
{
    std::vector<Room> rooms;
    std::ifstream file(HOLDFAST_ROOMS_FILE);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        Room room;
        words >> room.name >> room.folder;
        for (std::string use; words >> use;) {
            room.uses.insert(use);
        }
        rooms.push_back(room);
    }
    return rooms;
}

/// The room whose folder is the longest that leads to the path.
const Room* room_of(const std::vector<Room>& rooms, const std::string& path)
{
    const Room* found = nullptr;
    for (const auto& room : rooms) {
        if (path.starts_with(room.folder + "/") &&
            (found == nullptr || room.folder.size() > found->folder.size())) {
            found = &room;
        }
    }
    return found;
}

std::vector<fs::path> sources_of(const fs::path& folder)
{
    std::vector<fs::path> sources;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".cpp" || entry.path().extension() == ".hpp") {
            sources.push_back(entry.path());
        }
    }
    return sources;
}

bool is_test(const fs::path& source)
{
    const auto stem = source.stem().native();
    return stem.ends_with("_test") || stem.ends_with("_fuzz");
}

TEST(Rooms, IncludeOnlyWhatTheyUse)
{
    const auto rooms = read_rooms();
    ASSERT_GT(rooms.size(), 4U) << "rooms.txt is empty: the check would check nothing";
    const std::regex include(R"re(^\s*#\s*include\s+"([^"]+)")re");
    for (const auto& room : rooms) {
        for (const auto& source : sources_of(fs::path("src") / room.folder)) {
            const auto path = source.lexically_relative("src").native();
            if (room_of(rooms, path) != &room || is_test(source) ||
                source.filename() == "main.cpp") {
                continue;
            }
            std::ifstream file(source);
            for (std::string line; std::getline(file, line);) {
                std::smatch match;
                if (!std::regex_search(line, match, include)) {
                    continue;
                }
                const auto* other = room_of(rooms, match[1]);
                if (other != nullptr && other != &room) {
                    EXPECT_TRUE(room.uses.contains(other->name))
                        << path << " includes " << match[1] << ", but the room " << room.name
                        << " does not USE " << other->name;
                }
            }
        }
    }
}

TEST(Rooms, ReachTheOutsideWorldThroughIo)
{
    // The image builder, the tool and the benchmarks run on a workstation and handle whole trees of
    // files; a seam there would be a copy of std::filesystem. The machine room drives QEMU, and tests are tests.
    const std::regex exempt(
        "^src/(io/posix|io/testing|image|tool|bench|machine|boot/initrd|boot/manager)/");
    const std::regex forbidden(
        R"(system_clock::now|steady_clock::now|sleep_for|\bgetenv\b|[^_]fork\(\)|std::filesystem::(?!path\b)\w+)");
    for (const auto& source : sources_of("src")) {
        const auto path = source.native();
        if (is_test(source) || std::regex_search(path, exempt)) {
            continue;
        }
        std::ifstream file(source);
        int number = 0;
        for (std::string line; std::getline(file, line);) {
            ++number;
            const auto code = line.substr(0, line.find("//"));
            EXPECT_FALSE(std::regex_search(code, forbidden))
                << path << ":" << number << ": " << line;
        }
    }
}

} // namespace
