#include "image/boot_files.hpp"

#include "base/text.hpp"
#include "io/posix/posix_system.hpp"
#include "update/blocks/block_list.hpp"

#include <algorithm>
#include <set>

namespace holdfast::image {

namespace fs = std::filesystem;

namespace {

Result<void> make_key(Context& context, const fs::path& folder, std::string_view name)
{
    const auto key = folder / (std::string(name) + ".key");
    const auto certificate = folder / (std::string(name) + ".pem");
    if (context.system.files.exists(key) && context.system.files.exists(certificate)) {
        return {};
    }
    TRY(run_tool(context,
                 {"openssl", "req", "-x509", "-newkey", "rsa:2048", "-sha256", "-nodes", "-days",
                  "3650", "-subj", std::format("/CN=Holdfast development {}/", name), "-keyout",
                  key.native(), "-out", certificate.native()})
            .while_(std::format("making the development key {}", name)));
    return context.system.files.set_mode(key, 0600);
}

} // namespace

Result<SigningKeys> development_keys(Context& context)
{
    const auto folder = context.checkout / "keys/secure-boot";
    TRY(context.system.files.create_directories(folder, 0700));
    for (const auto* name : {"PK", "KEK", "db"}) {
        TRY(make_key(context, folder, name));
    }
    return SigningKeys{.key = folder / "db.key", .certificate = folder / "db.pem"};
}

Result<void> make_root_file_system(Context& context, const Variant& variant, const fs::path& folder,
                                   const fs::path& image)
{
    std::error_code error;
    fs::remove(image, error);
    // Without times in the inodes only the superblock says when a release was made, so that a small
    // change stays small. docs/decisions/erofs-options.md says why this and no other compression.
    // With SOURCE_DATE_EPOCH in its environment mkfs.erofs would take that for the one time.
    TRY(run_tool(context,
                 {"env", "--unset=SOURCE_DATE_EPOCH", "mkfs.erofs", "--quiet",
                  std::format("-zzstd,level={}", context.compression_level), "-C65536",
                  "-Eforce-inode-compact,noinline_data", "--ignore-mtime", "--all-root", "-T",
                  context.source_date_epoch, "-U", uuid_of("holdfast root " + variant.name),
                  image.native(), folder.native()}));
    return {};
}

Result<Verity> make_verity(Context& context, const Variant& variant, const fs::path& root_image,
                           const fs::path& hash_image)
{
    std::error_code error;
    fs::remove(hash_image, error);
    // One salt for all versions of a variant: a block that did not change keeps its hash, which is
    // what small updates live on.
    Verity verity;
    verity.salt = crypto::sha256("holdfast verity salt " + variant.name).hex();
    verity.data_blocks = fs::file_size(root_image, error) / 4096;
    const auto hash_file = hash_image.native() + ".root";
    TRY(run_tool(context,
                 {"veritysetup", "format", "--hash=sha256", "--data-block-size=4096",
                  "--hash-block-size=4096", "--salt=" + verity.salt,
                  "--uuid=" + uuid_of("holdfast verity " + variant.name),
                  "--root-hash-file=" + hash_file, root_image.native(), hash_image.native()}));
    TRY_ASSIGN(const auto hash, context.system.files.read(hash_file));
    TRY(context.system.files.remove(hash_file));
    TRY(context.system.files.set_mode(hash_image, 0644));
    verity.root_hash = trimmed(hash);
    return verity;
}

namespace {

struct Module {
    fs::path path;                         ///< Relative to the kernel's module folder.
    std::vector<std::string> dependencies; ///< Names, the ones to load last first.
};

/// Reads depmod's "modules.dep": "path: dependency dependency".
std::map<std::string, Module> read_dependencies(std::string_view text)
{
    std::map<std::string, Module> modules;
    for (const auto& line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) {
            continue;
        }
        Module module{.path = line.substr(0, colon), .dependencies = {}};
        for (const auto& word : split(trimmed(std::string_view(line).substr(colon + 1)), ' ')) {
            if (!word.empty()) {
                module.dependencies.push_back(module_name(word));
            }
        }
        modules[module_name(module.path)] = std::move(module);
    }
    return modules;
}

/// The modules of a "modules.builtin", by name: part of the kernel itself.
std::set<std::string> read_built_in(std::string_view text)
{
    std::set<std::string> names;
    for (const auto& line : split(text, '\n')) {
        names.insert(module_name(line));
    }
    return names;
}

/// The wanted modules with all that they need, each after what it needs. Another kernel may have some
/// of them built in.
Result<std::vector<std::string>> load_order(const std::map<std::string, Module>& modules,
                                            const std::set<std::string>& built_in,
                                            const std::vector<std::string>& wanted)
{
    std::vector<std::string> order;
    const auto add = [&order](const std::string& name) {
        if (std::ranges::find(order, name) == order.end()) {
            order.push_back(name);
        }
    };
    for (const auto& name : wanted) {
        const auto module = modules.find(name);
        if (module == modules.end() && built_in.contains(name)) {
            continue;
        }
        if (module == modules.end()) {
            return no_such_module("kernel.initrd-modules", name);
        }
        const auto& needed = module->second.dependencies;
        std::for_each(needed.rbegin(), needed.rend(), add);
        add(name);
    }
    return order;
}

Result<void> copy_modules(Context& context, const Variant& variant, const PackageTree& packages,
                          const fs::path& to)
{
    const auto folder = packages.folder / "usr/lib/modules" / packages.kernel_version;
    TRY_ASSIGN(const auto index, context.system.files.read(folder / "modules.dep"));
    const auto modules = read_dependencies(index);
    TRY_ASSIGN(const auto built_in, context.system.files.read(folder / "modules.builtin"));
    TRY_ASSIGN(const auto order,
               load_order(modules, read_built_in(built_in), variant.initrd_modules));
    int number = 10;
    for (const auto& name : order) {
        const auto& path = modules.at(name).path;
        const auto target = to / std::format("{}-{}.ko", number++, name);
        const auto packed = target.native() + path.extension().native();
        std::error_code error;
        fs::copy_file(folder / path, path.extension() == ".xz" ? fs::path(packed) : target, error);
        if (error) {
            return fail_errno(std::format("copying the module {}", name), error.value());
        }
        if (path.extension() == ".xz") {
            TRY(run_tool(context, {"xz", "--decompress", packed}));
        }
        // --strip-debug would cut off the signature that lockdown asks for.
    }
    return {};
}

} // namespace

Result<void> make_initrd(Context& context, const Variant& variant, const PackageTree& packages,
                         const fs::path& work, const fs::path& file)
{
    auto& files = context.system.files;
    std::error_code error;
    fs::remove_all(work, error);
    for (const auto* folder : {"modules", "proc", "sys", "dev", "run", "sysroot"}) {
        TRY(files.create_directories(work / folder));
    }
    TRY(copy_modules(context, variant, packages, work / "modules"));
    TRY(run_tool(context, {"strip", "--strip-all", "-o", (work / "init").native(),
                           (context.programs / "initrd").native()}));
    TRY(files.set_mode(work / "init", 0755));

    // Not the time of the release: the initrd of two releases with the same programs and modules is
    // the same bytes, and an update need not fetch it.
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(work)) {
        names.push_back(entry.path().lexically_relative(work).native());
        TRY(run_tool(context, {"touch", "--no-dereference", "--date=@0", entry.path().native()}));
    }
    std::ranges::sort(names);
    TRY_ASSIGN(const auto archive,
               run_tool(context,
                        {"env", "-C", work.native(), "cpio", "--quiet", "--create", "--format=newc",
                         "--reproducible", "--owner=+0:+0"},
                        join(names, "\n") + "\n"));
    const auto plain = file.native() + ".cpio";
    TRY(io::replace_file(files, plain, archive));
    TRY(run_tool(context, {"zstd", "--quiet", "--force", "--ultra", "-22", "--rm", "-o",
                           file.native(), plain}));
    return {};
}

Result<void> make_block_list_file(Context& context, const fs::path& uki, const fs::path& hash_image,
                                  const fs::path& file)
{
    using io::PosixBlockDevice;
    TRY_ASSIGN(const auto boot, PosixBlockDevice::open(uki, PosixBlockDevice::Access::read_only));
    TRY_ASSIGN(const auto hash,
               PosixBlockDevice::open(hash_image, PosixBlockDevice::Access::read_only));
    TRY_ASSIGN(const auto list, update::make_block_list(*boot, *hash));
    return io::replace_file(
        context.system.files, file,
        std::string_view(reinterpret_cast<const char*>(list.data()), list.size()));
}

Result<void> make_uki(Context& context, const Variant& variant, const Release& release,
                      const PackageTree& packages, const Verity& verity, const SigningKeys& keys,
                      const fs::path& initrd, const fs::path& file)
{
    const auto command_line = std::format(
        "{} holdfast.verity={} holdfast.verity_data_blocks={} holdfast.verity_salt={}",
        join(variant.kernel_parameters, " "), verity.root_hash, verity.data_blocks, verity.salt);
    const auto release_file = file.native() + ".os-release";
    TRY(io::replace_file(context.system.files, release_file, os_release(variant, release)));
    const auto unsigned_file = file.native() + ".unsigned";
    TRY(run_tool(context, {"ukify", "build", "--linux=" + packages.kernel.native(),
                           "--initrd=" + initrd.native(), "--cmdline=" + command_line,
                           "--os-release=@" + release_file, "--uname=" + packages.kernel_version,
                           "--output=" + unsigned_file}));
    TRY(sign_efi(context, keys, unsigned_file, file));
    TRY(context.system.files.remove(unsigned_file));
    return context.system.files.remove(release_file);
}

Result<void> sign_efi(Context& context, const SigningKeys& keys, const fs::path& input,
                      const fs::path& output)
{
    // osslsigncode, not sbsign: it takes the signature's time from us, so two builds stay the same.
    TRY(context.system.files.remove(output));
    TRY(run_tool(context, {"osslsigncode", "sign", "-h", "sha256", "-time",
                           context.source_date_epoch, "-certs", keys.certificate.native(), "-key",
                           keys.key.native(), "-in", input.native(), "-out", output.native()})
            .while_(std::format("signing {}", output.filename().native())));
    return {};
}

} // namespace holdfast::image
