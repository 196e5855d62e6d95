#include "image/root_tree.hpp"

#include "base/text.hpp"
#include "image/glob.hpp"

#include <algorithm>
#include <cctype>

namespace holdfast::image {

namespace fs = std::filesystem;

namespace {

Result<void> fs_result(const std::error_code& error, std::string_view what)
{
    if (error) {
        return fail_errno(what, error.value());
    }
    return {};
}

/// Removes what matches `drop` and not `keep`, then folders that became empty by it.
Result<void> trim(const fs::path& folder, const std::vector<std::string>& drop,
                  const std::vector<std::string>& keep)
{
    std::vector<fs::path> doomed;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
        const auto path = entry.path().lexically_relative(folder).native();
        const bool is_folder = entry.is_directory(error) && !entry.is_symlink(error);
        if (!is_folder && matches_any(drop, path) && !matches_any(keep, path)) {
            doomed.push_back(entry.path());
        }
    }
    for (const auto& path : doomed) {
        fs::remove(path, error);
        TRY(fs_result(error, std::format("removing {}", path.native())));
        for (auto parent = path.parent_path();
             matches_any(drop, parent.lexically_relative(folder).native()) &&
             fs::is_empty(parent, error);
             parent = parent.parent_path()) {
            fs::remove(parent, error);
        }
    }
    return {};
}

/// No program of the host runs with more rights than its caller.
Result<void> strip_setuid(const fs::path& folder)
{
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
        if (entry.is_symlink(error) || !entry.is_regular_file(error)) {
            continue;
        }
        constexpr auto bits = fs::perms::set_uid | fs::perms::set_gid;
        if ((entry.status(error).permissions() & bits) != fs::perms::none) {
            fs::permissions(entry.path(), bits, fs::perm_options::remove, error);
            TRY(fs_result(error, std::format("changing the mode of {}", entry.path().native())));
        }
    }
    return {};
}

/// Joins the certificates that Debian trusts to one file, as update-ca-certificates would do on an
/// installed system. /etc/pki leads to it until settings.pki says otherwise.
Result<void> bundle_certificates(Context& context, const fs::path& folder)
{
    auto& files = context.system.files;
    const auto source = folder / "usr/share/ca-certificates/mozilla";
    if (!files.exists(source)) {
        return {};
    }
    TRY_ASSIGN(const auto names, files.list(source));
    std::string bundle;
    for (const auto& name : names) {
        TRY_ASSIGN(const auto certificate, files.read(source / name));
        bundle += certificate;
    }
    TRY(files.create_directories(folder / "usr/share/holdfast"));
    return io::replace_file(files, folder / "usr/share/holdfast/ca-bundle.crt", bundle);
}

/// Takes the wanted modules out of their compression.
Result<void> unpack_modules(Context& context, const fs::path& modules,
                            const std::vector<std::string>& wanted)
{
    std::map<std::string, fs::path> packed;
    for (const auto& entry : fs::recursive_directory_iterator(modules)) {
        if (entry.path().extension() == ".xz") {
            packed.insert_or_assign(module_name(entry.path()), entry.path());
        }
    }
    for (const auto& name : wanted) {
        const auto found = packed.find(name);
        if (found == packed.end()) {
            return no_such_module("kernel.unpacked-modules", name);
        }
        TRY(run_tool(context, {"xz", "--decompress", found->second.native()}));
    }
    return {};
}

Result<void> prepare_kernel(Context& context, PackageTree& tree,
                            const std::vector<std::string>& unpacked_modules)
{
    std::error_code error;
    const auto modules = tree.folder / "usr/lib/modules";
    for (const auto& entry : fs::directory_iterator(modules, error)) {
        tree.kernel_version = entry.path().filename().native();
    }
    if (tree.kernel_version.empty()) {
        return {};
    }
    tree.kernel = tree.folder / "boot" / ("vmlinuz-" + tree.kernel_version);
    // The others stay compressed by xz: the file system could not press them as small, and a machine
    // loads few of them.
    TRY(unpack_modules(context, modules, unpacked_modules));
    TRY(run_tool(context, {"depmod", "--basedir", tree.folder.native(), tree.kernel_version}));
    return {};
}

/// A folder that appears under its name only when it is whole.
Result<void> build_tree(Context& context, PackageTree& tree, const TreeContent& content)
{
    const auto final_folder = tree.folder;
    tree.folder += ".new";
    std::error_code error;
    fs::remove_all(tree.folder, error);
    TRY(extract_packages(context, tree.packages, tree.folder));
    TRY(bundle_certificates(context, tree.folder));
    TRY(trim(tree.folder, content.drop, content.keep));
    TRY(strip_setuid(tree.folder));
    TRY(prepare_kernel(context, tree, content.unpacked_modules));
    fs::rename(tree.folder, final_folder, error);
    tree.folder = final_folder;
    return fs_result(error, std::format("naming {}", final_folder.native()));
}

} // namespace

std::string module_name(const fs::path& path)
{
    auto name = path.filename().native();
    name.resize(std::min(name.size(), name.find(".ko")));
    std::ranges::replace(name, '-', '_');
    return name;
}

Failure<Error> no_such_module(std::string_view key, std::string_view name)
{
    return fail(Errc::not_found,
                "{}: the kernel has no module \"{}\" (built in, dropped by root.drop, or misspelt)",
                key, name);
}

Result<PackageTree> make_package_tree(Context& context, const TreeContent& content)
{
    PackageTree tree;
    TRY_ASSIGN(tree.packages, fetch_packages(context, content.packages, content.exclude));
    Key key;
    key.add("package-tree-5").add(content.drop).add(content.keep).add(content.unpacked_modules);
    for (const auto& package : tree.packages) {
        key.add(package.file.filename().native());
    }
    tree.folder = context.cache / "trees" / key.hex().substr(0, 16);
    TRY(context.system.files.create_directories(tree.folder.parent_path()));
    if (!context.system.files.exists(tree.folder)) {
        TRY(build_tree(context, tree, content));
    }
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(tree.folder / "usr/lib/modules", error)) {
        tree.kernel_version = entry.path().filename().native();
        tree.kernel = tree.folder / "boot" / ("vmlinuz-" + tree.kernel_version);
    }
    return tree;
}

Result<void> install_program(Context& context, const std::string& name, const fs::path& folder)
{
    TRY(context.system.files.create_directories(folder));
    TRY(run_tool(context, {"strip", "--strip-all", "-o", (folder / name).native(),
                           (context.programs / name).native()})
            .while_(std::format("installing {}", name)));
    return context.system.files.set_mode(folder / name, 0755);
}

Json description_of(const Variant& variant)
{
    return {{"variant", variant.name},
            {"groups", variant.settings_groups},
            {"settings", variant.settings}};
}

std::string os_release(const Variant& variant, const Release& release)
{
    auto text = std::format("NAME=\"Holdfast\"\n"
                            "ID=holdfast\n"
                            "VERSION=\"{0} ({1})\"\n"
                            "PRETTY_NAME=\"Holdfast OS {0} ({1})\"\n"
                            "VARIANT_ID={1}\n"
                            "VERSION_ID={0}\n"
                            "BUILD_ID={2}\n",
                            release.version, variant.name, release.commit8);
    for (const auto& [key, url] : variant.urls) {
        auto name = key;
        std::ranges::transform(name, name.begin(), [](char c) {
            return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        });
        text += std::format("{}=\"{}\"\n", name, url);
    }
    return text;
}

namespace {

/// What `GET /os` and host containers see as the list of installed software (boot.md §9).
Json inventory(const std::vector<Package>& packages, const Release& release)
{
    Json content = Json::array();
    for (const auto& package : packages) {
        content.push_back({{"Name", package.name},
                           {"Publisher", "Debian"},
                           {"Version", package.version},
                           {"Release", release.commit8},
                           {"Epoch", "0"},
                           {"InstalledTime", "1970-01-01T00:00:00Z"},
                           {"ApplicationType", "Unspecified"},
                           {"Architecture", release.architecture},
                           {"Url", package.homepage},
                           {"Summary", package.summary}});
    }
    return {{"Content", content}};
}

Result<void> copy_overlay(const fs::path& from, const fs::path& to)
{
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(from, error)) {
        const auto target = to / entry.path().lexically_relative(from);
        if (entry.is_symlink(error)) {
            fs::remove(target, error);
            fs::copy_symlink(entry.path(), target, error);
        } else if (entry.is_directory(error)) {
            fs::create_directories(target, error);
        } else {
            // The tree is made of hard links into the cache: replace names, never write through.
            fs::remove(target, error);
            fs::copy_file(entry.path(), target, error);
            const bool executable =
                (entry.status(error).permissions() & fs::perms::owner_exec) != fs::perms::none;
            fs::permissions(target, executable ? fs::perms{0755} : fs::perms{0644}, error);
        }
        TRY(fs_result(error, std::format("copying {}", entry.path().native())));
    }
    return {};
}

/// Package tree, overlays and programs: what a root and a container image have in common.
Result<void> lay_tree(Context& context, const PackageTree& packages,
                      const std::vector<std::string>& overlays,
                      const std::vector<std::string>& programs, const fs::path& folder)
{
    std::error_code error;
    fs::remove_all(folder, error);
    TRY(run_tool(context, {"cp", "--archive", "--link", packages.folder.native(), folder.native()}));
    fs::remove_all(folder / "boot", error);
    for (const auto& overlay : overlays) {
        TRY(copy_overlay(context.checkout / overlay, folder));
    }
    for (const auto& program : programs) {
        fs::remove(folder / "usr/bin" / program, error);
        TRY(install_program(context, program, folder / "usr/bin"));
    }
    return {};
}

} // namespace

Result<void> make_container_tree(Context& context, const ContainerImage& image,
                                 const PackageTree& packages, const fs::path& folder)
{
    return lay_tree(context, packages, image.overlays, image.programs, folder);
}

fs::path update_root_of(const Context& context)
{
    return context.checkout / "keys/repository/root.json";
}

namespace {

/// Without it the image takes no updates.
Result<void> copy_update_root(Context& context, const fs::path& folder)
{
    auto& files = context.system.files;
    const auto source = update_root_of(context);
    if (!files.exists(source)) {
        return {};
    }
    TRY_ASSIGN(const auto text, files.read(source));
    TRY(files.create_directories(folder / "usr/share/updog"));
    return io::replace_file(files, folder / "usr/share/updog/root.json", text);
}

/// The archive where `host-containers.<name>.source` finds it, imported at the first boot.
Result<void> lay_container(const std::string& name, const fs::path& archive, const fs::path& folder,
                           io::Files& files)
{
    const auto images = folder / "usr/share/holdfast/images";
    const auto wants = folder / "usr/lib/systemd/system/host-containerd.service.wants";
    TRY(files.create_directories(images));
    TRY(files.create_directories(wants));
    std::error_code error;
    fs::copy_file(archive, images / (name + ".tar"), error);
    TRY(fs_result(error, std::format("copying the container image {}", name)));
    fs::create_symlink("../host-container-image@.service",
                       wants / std::format("host-container-image@{}.service", name), error);
    return fs_result(error, std::format("enabling the import of the container image {}", name));
}

} // namespace

Result<void> make_root_tree(Context& context, const Variant& variant, const Release& release,
                            const PackageTree& packages,
                            const std::map<std::string, fs::path>& container_archives,
                            const fs::path& folder)
{
    auto& files = context.system.files;
    std::error_code error;
    TRY(lay_tree(context, packages, variant.overlays, variant.programs, folder));
    const auto share = folder / "usr/share/holdfast";
    TRY(files.create_directories(share));
    for (const auto& [name, archive] : container_archives) {
        TRY(lay_container(name, archive, folder, files));
    }
    fs::remove(folder / "usr/lib/os-release", error);
    TRY(io::replace_file(files, folder / "usr/lib/os-release", os_release(variant, release)));
    TRY(io::replace_file(files, share / "variant.json", to_pretty_text(description_of(variant)) + "\n"));
    TRY(io::replace_file(files, share / "application-inventory.json",
                         to_pretty_text(inventory(packages.packages, release)) + "\n"));
    TRY(copy_update_root(context, folder));
    for (const auto* mount_point :
         {"boot", "dev", "proc", "run", "sys", "tmp", "home", "local", "media/cdrom", "mnt", "opt",
          "srv", "root", "etc", "var", ".bottlerocket"}) {
        fs::create_directories(folder / mount_point, error);
        TRY(fs_result(error, std::format("making /{}", mount_point)));
    }
    // Everything below these is another file system at run time; Debian's content must not differ
    // between what the image carries and what the machine shows.
    for (const auto* emptied : {"etc", "var", "boot", "opt", "srv", "mnt", "home", "root", "run", "tmp"}) {
        fs::remove_all(folder / emptied, error);
        fs::create_directory(folder / emptied, error);
        TRY(fs_result(error, std::format("emptying /{}", emptied)));
    }
    return {};
}

} // namespace holdfast::image
