#include "machine/user_data.hpp"

namespace holdfast::machine {

Result<void> make_user_data_cd(io::Files& files, io::Processes& processes,
                               std::string_view user_data, const std::filesystem::path& image)
{
    auto source = image;
    source += ".user-data";
    TRY(files.remove(source));
    TRY_ASSIGN(auto file, files.create(source, 0600));
    TRY(file->write_all(user_data));
    // Rock Ridge and Joliet keep the name's case and its hyphen.
    io::Command command{.arguments = {"xorriso", "-as", "mkisofs", "-quiet", "-rock", "-joliet",
                                      "-V", "user-data", "-graft-points", "-o", image.native(),
                                      "user-data=" + source.native()},
                        .input = {},
                        .environment = {},
                        .time_limit = std::chrono::seconds{30}};
    TRY(io::run_checked(processes, command).while_("making the user data CD"));
    return files.remove(source);
}

} // namespace holdfast::machine
