#include "image/build.hpp"

#include "base/text.hpp"
#include "image/migrations.hpp"
#include "image/oci/oci_archive.hpp"
#include "image/sbom.hpp"

#include <chrono>

namespace holdfast::image {

namespace fs = std::filesystem;

namespace {

/// Grows when the builder itself changes what it makes from the same inputs.
constexpr auto builder_version = "8";

struct Paths {
    fs::path root;
    fs::path hash;
    fs::path verity;
    fs::path migrations;
    fs::path initrd;
    fs::path uki;
    fs::path blocks;
    fs::path boot_manager;
    fs::path image;
    fs::path sbom;
    fs::path manifest;
    fs::path work;
};

Paths paths_of(const Built& built)
{
    const auto file = [&](std::string_view suffix) {
        return built.folder / (built.prefix + std::string(suffix));
    };
    return {.root = file("-root.erofs"),
            .hash = file("-hash.verity"),
            // Of one build: the folder may hold several, and the kernel is told what stands here.
            .verity = built.folder / "work" / (built.prefix + "-verity.json"),
            .migrations = built.folder / "work" / (built.prefix + "-migrations.json"),
            .initrd = built.folder / "work/initrd.zst",
            .uki = file("-boot.efi"),
            .blocks = file("-blocks.list"),
            .boot_manager = built.folder / "work/BOOTX64.EFI",
            .image = file(".img"),
            .sbom = file(".spdx.json"),
            .manifest = file("-manifest.json"),
            .work = built.folder / "work"};
}

Json to_json(const Verity& verity)
{
    return {{"root-hash", verity.root_hash},
            {"salt", verity.salt},
            {"data-blocks", verity.data_blocks}};
}

Result<Verity> read_verity(Context& context, const fs::path& file)
{
    TRY_ASSIGN(const auto text, context.system.files.read(file));
    TRY_ASSIGN(const auto json, parse_json(text));
    return Verity{.root_hash = json.value("root-hash", ""),
                  .salt = json.value("salt", ""),
                  .data_blocks = json.value("data-blocks", std::uint64_t{0})};
}

/// What updates of machines with this image must fit into.
Json partition_bytes(const PartitionSizes& sizes)
{
    return {{"boot", sizes.boot << 20}, {"root", sizes.root << 20}, {"hash", sizes.hash << 20}};
}

/// Which repositories machines with this image take updates from: the SHA-256 of the root of trust that
/// it carries, or null. `repo add` compares it with the repository's own.
Json update_root_hash(const Context& context)
{
    const auto hash = crypto::sha256_of_file(update_root_of(context));
    return hash.has_value() ? Json(hash->hex()) : Json();
}

Json versions_of(const std::vector<Package>& packages)
{
    Json versions = Json::object();
    for (const auto& package : packages) {
        versions[package.name] = package.version;
    }
    return versions;
}

/// One build of one variant, step by step.
class Build {
public:
    Build(Context& context, const Variant& variant, Release release, Built built)
        : context_(context), variant_(variant), release_(std::move(release)),
          built_(std::move(built)), paths_(paths_of(built_))
    {
    }

    Result<Built> run()
    {
        TRY(check_overlays(variant_.overlays));
        for (const auto& [name, container] : variant_.containers) {
            TRY(check_overlays(container.overlays).while_(std::format("containers.{}", name)));
        }
        TRY(context_.system.files.create_directories(paths_.work));
        TRY_ASSIGN(keys_, development_keys(context_));
        TRY(fetch_packages_and_containers());
        TRY(make_root());
        TRY(make_boot());
        TRY(make_image());
        TRY(write_documents());
        TRY(link_latest());
        return built_;
    }

private:
    /// A missing one would have no content, and so no say in any key.
    Result<void> check_overlays(const std::vector<std::string>& overlays) const
    {
        for (const auto& overlay : overlays) {
            if (!fs::is_directory(context_.checkout / overlay)) {
                return fail(Errc::not_found, "the checkout has no folder for the overlay \"{}\"",
                            overlay);
            }
        }
        return {};
    }

    Result<void> fetch_packages_and_containers()
    {
        TRY_ASSIGN(const auto lock, lock_packages(context_));
        TRY_ASSIGN(package_index_, package_index(context_));
        TRY(fetch());
        return make_containers();
    }

    std::string packages_key() const
    {
        Key key;
        key.add(builder_version).add(context_.mirror).add(variant_.packages).add(variant_.exclude);
        key.add(variant_.drop).add(variant_.keep);
        key.add(variant_.kernel_package).add(variant_.unpacked_modules);
        return key.add(package_index_).hex();
    }

    Result<void> fetch()
    {
        // Resolving asks apt and takes a second, so its answer is part of what is kept.
        const auto record = paths_.work / "packages.json";
        if (is_current(context_, record, packages_key())) {
            TRY_ASSIGN(packages_, read_packages(record));
            if (context_.system.files.exists(packages_.folder)) {
                return {};
            }
        }
        const Step step(context_, "fetch and unpack Debian packages");
        auto names = variant_.packages;
        names.push_back(variant_.kernel_package);
        TRY_ASSIGN(packages_,
                   make_package_tree(context_, {.packages = names,
                                                .exclude = variant_.exclude,
                                                .drop = variant_.drop,
                                                .keep = variant_.keep,
                                                .unpacked_modules = variant_.unpacked_modules}));
        if (packages_.kernel_version.empty()) {
            return fail(Errc::invalid, "kernel.package: the package \"{}\" brings no kernel",
                        variant_.kernel_package);
        }
        TRY(mark_stale(context_, record));
        TRY(write_packages(record, packages_));
        // Fetching may have renewed the index.
        TRY_ASSIGN(package_index_, package_index(context_));
        return mark_current(context_, record, packages_key());
    }

    Result<void> write_packages(const fs::path& record, const PackageTree& tree)
    {
        Json list = Json::array();
        for (const auto& package : tree.packages) {
            list.push_back({{"name", package.name},
                            {"version", package.version},
                            {"architecture", package.architecture},
                            {"source", package.source},
                            {"maintainer", package.maintainer},
                            {"homepage", package.homepage},
                            {"summary", package.summary}});
        }
        const Json document{{"folder", tree.folder.native()},
                            {"kernel-version", tree.kernel_version},
                            {"kernel", tree.kernel.native()},
                            {"packages", list}};
        return io::replace_file(context_.system.files, record, to_pretty_text(document));
    }

    Result<PackageTree> read_packages(const fs::path& record)
    {
        TRY_ASSIGN(const auto text, context_.system.files.read(record));
        TRY_ASSIGN(const auto document, parse_json(text));
        PackageTree tree;
        tree.folder = document.value("folder", "");
        tree.kernel_version = document.value("kernel-version", "");
        tree.kernel = document.value("kernel", "");
        for (const auto& entry : document.value("packages", Json::array())) {
            tree.packages.push_back({.name = entry.value("name", ""),
                                     .version = entry.value("version", ""),
                                     .architecture = entry.value("architecture", ""),
                                     .source = entry.value("source", ""),
                                     .maintainer = entry.value("maintainer", ""),
                                     .homepage = entry.value("homepage", ""),
                                     .summary = entry.value("summary", ""),
                                     .file = {}});
        }
        return tree;
    }

    Result<void> make_containers()
    {
        for (const auto& [name, container] : variant_.containers) {
            TRY(make_container(name, container).while_(std::format("containers.{}", name)));
        }
        return {};
    }

    Result<void> make_container(const std::string& name, const ContainerImage& container)
    {
        const auto archive = paths_.work / (name + ".tar");
        archives_[name] = archive;
        Key key;
        key.add(builder_version).add(context_.mirror).add(context_.source_date_epoch);
        key.add(container.packages).add(container.exclude).add(container.drop);
        key.add(container.entrypoint).add(package_index_);
        for (const auto& overlay : container.overlays) {
            key.add_tree(context_.checkout / overlay);
        }
        for (const auto& program : container.programs) {
            key.add(program).add_file(context_.programs / program);
        }
        const auto archive_key = key.hex();
        const auto record = paths_.work / (name + "-packages.json");
        if (is_current(context_, archive, archive_key) &&
            is_current(context_, record, archive_key)) {
            TRY_ASSIGN(const auto known, read_packages(record));
            contained_[name] = known.packages;
            return {};
        }
        TRY(remake({archive, record}));
        const Step step(context_, std::format("make the container image {}", name));
        TRY_ASSIGN(const auto packages, make_package_tree(context_, {.packages = container.packages,
                                                                     .exclude = container.exclude,
                                                                     .drop = container.drop}));
        const auto tree = stage_folder(context_, built_.prefix + "-" + name);
        TRY(context_.system.files.create_directories(tree.parent_path()));
        TRY(make_container_tree(context_, container, packages, tree));
        TRY(build_oci_archive({.root = tree,
                               .entrypoint = container.entrypoint,
                               .environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                                               "/usr/bin:/sbin:/bin"},
                               .labels = {{"org.opencontainers.image.title", "holdfast-" + name},
                                          {"org.opencontainers.image.version", release_.version}},
                               .architecture = context_.architecture,
                               .source_date_epoch = std::stoll(context_.source_date_epoch)},
                              archive));
        std::error_code error;
        fs::remove_all(tree, error);
        contained_[name] = packages.packages;
        TRY(write_packages(record, packages));
        TRY(mark_current(context_, record, archive_key));
        return mark_current(context_, archive, archive_key);
    }

    Result<void> make_root()
    {
        Key key;
        key.add(builder_version).add(packages_.folder.native()).add(context_.source_date_epoch);
        key.add(os_release(variant_, release_)).add(to_text(variant_.settings));
        key.add_file(update_root_of(context_));
        key.add(variant_.settings_groups).add(std::to_string(context_.compression_level));
        for (const auto& program : variant_.programs) {
            key.add(program).add_file(context_.programs / program);
        }
        for (const auto& overlay : variant_.overlays) {
            key.add_tree(context_.checkout / overlay);
        }
        for (const auto& [name, archive] : archives_) {
            key.add(name).add_file(archive);
        }
        root_key_ = key.hex();
        if (!is_current(context_, paths_.root, root_key_) ||
            !is_current(context_, paths_.hash, root_key_) ||
            !is_current(context_, paths_.verity, root_key_) ||
            !is_current(context_, paths_.migrations, root_key_)) {
            TRY(make_root_files());
        }
        TRY_ASSIGN(verity_, read_verity(context_, paths_.verity));
        return {};
    }

    /// Before these are made anew, what stands for the whole build is taken away: where this one is
    /// interrupted, no manifest and no `latest` link may describe other files than there are.
    Result<void> remake(const std::vector<fs::path>& files)
    {
        for (const auto& file : files) {
            TRY(mark_stale(context_, file));
        }
        TRY(context_.system.files.remove(paths_.manifest));
        for (const auto& file : published_files()) {
            std::error_code error;
            if (fs::read_symlink(link_to(file), error) == file.filename()) {
                TRY(context_.system.files.remove(link_to(file)));
            }
        }
        return {};
    }

    Result<void> make_root_files()
    {
        TRY(remake({paths_.root, paths_.hash, paths_.verity, paths_.migrations}));
        const auto tree = stage_folder(context_, built_.prefix);
        TRY(context_.system.files.create_directories(tree.parent_path()));
        {
            const Step step(context_, "assemble the root tree");
            TRY(make_root_tree(context_, variant_, release_, packages_, archives_, tree));
        }
        TRY_ASSIGN(const auto migrations,
                   carried_migrations(context_.system.files, tree, release_.version));
        TRY(io::replace_file(context_.system.files, paths_.migrations, to_pretty_text(migrations)));
        {
            const Step step(context_, "make the root file system (EROFS)");
            TRY(make_root_file_system(context_, variant_, tree, paths_.root));
        }
        const Step step(context_, "make the hash tree (dm-verity)");
        TRY_ASSIGN(const auto verity, make_verity(context_, variant_, paths_.root, paths_.hash));
        TRY(io::replace_file(context_.system.files, paths_.verity,
                             to_pretty_text(to_json(verity))));
        std::error_code error;
        fs::remove_all(tree, error);
        TRY(mark_current(context_, paths_.verity, root_key_));
        TRY(mark_current(context_, paths_.migrations, root_key_));
        TRY(mark_current(context_, paths_.root, root_key_));
        return mark_current(context_, paths_.hash, root_key_);
    }

    Result<void> make_boot()
    {
        Key key;
        key.add(root_key_).add(variant_.kernel_parameters).add(variant_.initrd_modules);
        key.add_file(context_.programs / "initrd").add_file(context_.programs / "BOOTX64.EFI");
        key.add_file(keys_.certificate);
        boot_key_ = key.hex();
        if (is_current(context_, paths_.uki, boot_key_) &&
            is_current(context_, paths_.blocks, boot_key_) &&
            is_current(context_, paths_.boot_manager, boot_key_)) {
            return {};
        }
        TRY(remake({paths_.uki, paths_.blocks, paths_.boot_manager}));
        const Step step(context_, "make initrd and unified kernel image, sign");
        TRY(make_initrd(context_, variant_, packages_, paths_.work / "initrd", paths_.initrd));
        TRY(make_uki(context_, variant_, release_, packages_, verity_, keys_, paths_.initrd,
                     paths_.uki));
        TRY(sign_efi(context_, keys_, context_.programs / "BOOTX64.EFI", paths_.boot_manager));
        TRY(make_block_list_file(context_, paths_.uki, paths_.hash, paths_.blocks)
                .while_("making the block list"));
        TRY(mark_current(context_, paths_.uki, boot_key_));
        TRY(mark_current(context_, paths_.blocks, boot_key_));
        return mark_current(context_, paths_.boot_manager, boot_key_);
    }

    Result<void> make_image()
    {
        const DiskContent content{.boot_manager = paths_.boot_manager,
                                  .uki = paths_.uki,
                                  .root = paths_.root,
                                  .hash = paths_.hash};
        TRY_ASSIGN(built_.warnings, check_sizes(variant_, content));
        Key key;
        const auto& sizes = variant_.partitions;
        key.add(boot_key_).add(std::format("{} {} {} {} {}", sizes.efi, sizes.boot, sizes.root,
                                           sizes.hash, sizes.private_));
        image_key_ = key.hex();
        if (is_current(context_, paths_.image, image_key_)) {
            return {};
        }
        TRY(remake({paths_.image}));
        const Step step(context_, "write the disk image (GPT)");
        TRY(make_disk(context_, variant_, release_, content, paths_.work, paths_.image));
        return mark_current(context_, paths_.image, image_key_);
    }

    Result<Json> describe_file(const fs::path& file)
    {
        TRY_ASSIGN(const auto hash, crypto::sha256_of_file(file));
        std::error_code error;
        return Json{{"name", file.filename().native()},
                    {"size", fs::file_size(file, error)},
                    {"sha256", hash.hex()}};
    }

    std::uint64_t archive_bytes() const
    {
        std::uint64_t bytes = 0;
        for (const auto& [name, archive] : archives_) {
            bytes += fs::file_size(archive);
        }
        return bytes;
    }

    Result<void> write_documents()
    {
        const auto epoch =
            std::chrono::sys_seconds(std::chrono::seconds(std::stoll(context_.source_date_epoch)));
        const auto sbom =
            to_pretty_text(make_sbom(variant_, release_, packages_.packages, contained_,
                                     std::format("{:%Y-%m-%dT%H:%M:%SZ}", epoch)));
        const auto update_root = update_root_hash(context_);
        Key key;
        key.add(builder_version).add(image_key_).add(sbom).add(to_text(update_root));
        const auto documents_key = key.hex();
        if (is_current(context_, paths_.manifest, documents_key)) {
            return {};
        }
        TRY(remake({paths_.manifest}));
        const Step step(context_, "write the manifest and the SBOM");
        TRY(io::replace_file(context_.system.files, paths_.sbom, sbom + "\n"));
        Json files = Json::array();
        for (const auto& file :
             {paths_.image, paths_.uki, paths_.root, paths_.hash, paths_.blocks, paths_.sbom}) {
            TRY_ASSIGN(auto entry, describe_file(file));
            files.push_back(std::move(entry));
        }
        Json containers = Json::object();
        for (const auto& [name, packages] : contained_) {
            containers[name] = {{"packages", versions_of(packages)}};
        }
        TRY_ASSIGN(const auto migrations, context_.system.files.read(paths_.migrations));
        TRY_ASSIGN(const auto carried, parse_json(migrations));
        std::error_code error;
        const Json manifest{{"name", built_.prefix},
                            {"variant", variant_.name},
                            {"architecture", release_.architecture},
                            {"version", release_.version},
                            {"commit", release_.commit8},
                            {"kernel", packages_.kernel_version},
                            {"verity", to_json(verity_)},
                            {"files", files},
                            {"partitions", partition_bytes(variant_.partitions)},
                            {"migrations", carried},
                            {"update-root", update_root},
                            {"sizes",
                             {{"initrd", fs::file_size(paths_.initrd, error)},
                              {"container-images", archive_bytes()},
                              {"boot-manager", fs::file_size(paths_.boot_manager, error)}}},
                            {"packages", versions_of(packages_.packages)},
                            {"containers", containers}};
        TRY(io::replace_file(context_.system.files, paths_.manifest,
                             to_pretty_text(manifest) + "\n"));
        return mark_current(context_, paths_.manifest, documents_key);
    }

    std::vector<fs::path> published_files() const
    {
        return {paths_.image,  paths_.uki,  paths_.root,    paths_.hash,
                paths_.blocks, paths_.sbom, paths_.manifest};
    }

    fs::path link_to(const fs::path& file) const
    {
        return built_.folder / ("latest" + file.filename().native().substr(built_.prefix.size()));
    }

    Result<void> link_latest()
    {
        // All away first: links are of one build, or missing.
        for (const auto& file : published_files()) {
            TRY(context_.system.files.remove(link_to(file)));
        }
        for (const auto& file : published_files()) {
            std::error_code error;
            fs::create_symlink(file.filename(), link_to(file), error);
            if (error) {
                return fail_errno(std::format("linking {}", link_to(file).native()), error.value());
            }
        }
        return {};
    }

    Context& context_;
    const Variant& variant_;
    Release release_;
    Built built_;
    Paths paths_;
    SigningKeys keys_;
    std::string package_index_;
    PackageTree packages_;
    std::map<std::string, fs::path> archives_;
    ContainerPackages contained_;
    Verity verity_;
    std::string root_key_;
    std::string boot_key_;
    std::string image_key_;
};

} // namespace

Result<Release> release_of(Context& context)
{
    auto version = context.version;
    if (version.empty()) {
        TRY_ASSIGN(version, context.system.files.read(context.checkout / "VERSION"));
    }
    return Release{.version = std::string(trimmed(version)),
                   .commit8 = context.commit8,
                   .architecture = "x86_64"};
}

Result<Built> build_variant(Context& context, const Variant& variant)
{
    TRY_ASSIGN(auto release, release_of(context));
    Built built{.folder = context.output / variant.name,
                .prefix = std::format("holdfast-{}-{}-{}-{}", variant.name, release.architecture,
                                      release.version, release.commit8),
                .warnings = {}};
    return placed(variant, Build(context, variant, std::move(release), std::move(built)).run());
}

} // namespace holdfast::image
