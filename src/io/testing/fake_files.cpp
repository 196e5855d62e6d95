#include "io/testing/fake_files.hpp"

#include <algorithm>
#include <set>

namespace holdfast::io {

using std::filesystem::path;

/// Stays usable when its file is renamed or replaced meanwhile, as a descriptor does.
class FakeFiles::OpenFile final : public File {
public:
    OpenFile(FakeFiles& disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}

    Result<void> write_all(std::string_view content) override
    {
        const bool was_on = !disk_.is_off_;
        auto step = disk_.take_step();
        if (step.has_value()) {
            const auto room = disk_.space_left();
            node_->content += content.substr(0, room);
            if (content.size() > room) {
                return fail(Errc::no_space, "writing: No space left on device");
            }
        } else if (was_on) {
            node_->content += content.substr(0, content.size() / 2);
        }
        return step;
    }

    Result<void> flush() override
    {
        TRY(disk_.take_step());
        node_->durable_content = node_->content;
        return {};
    }

private:
    FakeFiles& disk_;
    std::shared_ptr<Node> node_; ///< Shared with the directory that names it.
};

FakeFiles::FakeFiles(std::initializer_list<Content> files)
{
    put_directory("/");
    for (const auto& [name, content] : files) {
        put(name, content);
    }
}

Result<void> FakeFiles::check_power() const
{
    if (is_off_) {
        return fail(Errc::io, "the power is off");
    }
    return {};
}

Result<void> FakeFiles::take_step()
{
    TRY(check_power());
    if (steps_left_ && (*steps_left_)-- == 0) {
        is_off_ = true;
        return fail(Errc::io, "the power went");
    }
    return {};
}

std::size_t FakeFiles::space_used() const
{
    std::set<std::shared_ptr<Node>> files; // Two names of a file take its room once.
    for (const auto& [name, node] : names_) {
        if (node->kind == Node::Kind::file) {
            files.insert(node);
        }
    }
    std::size_t bytes = 0;
    for (const auto& file : files) {
        bytes += file->content.size();
    }
    return bytes;
}

std::size_t FakeFiles::space_left() const
{
    if (!space_) {
        return std::string_view::npos;
    }
    return *space_ - std::min(*space_, space_used());
}

path FakeFiles::resolve(const path& name, Last last) const
{
    check(name.is_absolute(), "paths are absolute");
    path resolved = "/";
    path rest = name.lexically_normal().relative_path();
    for (int steps = 0; !rest.empty(); ++steps) {
        check(steps < 1000, "symbolic links end somewhere");
        const auto part = *rest.begin();
        const auto beyond = rest.lexically_relative(part);
        rest = beyond == "." ? path() : beyond;
        if (part == "..") {
            resolved = resolved.parent_path();
            continue;
        }
        if (part.empty()) {
            continue;
        }
        const auto node = find(resolved / part);
        const bool follow = node && node->kind == Node::Kind::link &&
                            (!rest.empty() || last == Last::follow);
        if (!follow) {
            resolved /= part;
            continue;
        }
        const path target = node->content;
        rest = target.relative_path() / rest;
        if (target.is_absolute()) {
            resolved = "/";
        }
    }
    return resolved;
}

std::shared_ptr<FakeFiles::Node> FakeFiles::find(const path& resolved) const
{
    const auto found = names_.find(resolved);
    return found == names_.end() ? nullptr : found->second;
}

Result<std::shared_ptr<FakeFiles::Node>> FakeFiles::get(const path& name) const
{
    TRY(check_power());
    auto node = find(resolve(name, Last::follow));
    if (!node) {
        return fail(Errc::not_found, "{}: No such file or directory", name.native());
    }
    return node;
}

Result<std::string> FakeFiles::read(const path& name, std::size_t limit)
{
    TRY_ASSIGN(const auto node, get(name));
    if (node->kind == Node::Kind::directory) {
        return fail(Errc::io, "reading {}: Is a directory", name.native());
    }
    if (node->content.size() > limit) {
        return fail(Errc::too_large, "{} is longer than {} bytes", name.native(), limit);
    }
    return node->content;
}

Result<void> FakeFiles::overwrite(const path& name, std::string_view lines)
{
    TRY_ASSIGN(const auto node, get(name));
    TRY(take_step());
    node->content = lines;
    return {};
}

Result<std::unique_ptr<File>> FakeFiles::create(const path& name, Mode mode)
{
    const auto resolved = resolve(name, Last::keep);
    if (!find(resolved.parent_path())) {
        return fail(Errc::not_found, "creating {}: No such file or directory", name.native());
    }
    TRY(take_step());
    auto& node = names_[resolved];
    if (node) {
        return fail(Errc::io, "creating {}: File exists", name.native());
    }
    node = std::make_shared<Node>(Node{.mode = mode});
    return std::make_unique<OpenFile>(*this, node);
}

Result<void> FakeFiles::write_into(const path& name, std::string_view text)
{
    return overwrite(name, text);
}

Result<void> FakeFiles::rename(const path& from, const path& to)
{
    const auto source = resolve(from, Last::keep);
    const auto target = resolve(to, Last::keep);
    if (!find(source) || !find(target.parent_path())) {
        return fail(Errc::not_found, "renaming {} to {}: No such file or directory", from.native(),
                    to.native());
    }
    TRY(take_step());
    Names moved;
    std::erase_if(names_, [&](const auto& entry) {
        const auto relative = entry.first.lexically_relative(source);
        const bool is_inside = !relative.empty() && *relative.begin() != "..";
        if (is_inside) {
            moved[relative == "." ? target : target / relative] = entry.second;
        }
        return is_inside;
    });
    for (auto& [name, node] : moved) {
        names_[name] = node;
    }
    return {};
}

Result<void> FakeFiles::flush_directory(const path& name)
{
    TRY(get(name));
    TRY(take_step());
    const auto directory = resolve(name, Last::follow);
    const auto is_in_it = [&](const auto& entry) {
        return entry.first.parent_path() == directory && entry.first != directory;
    };
    std::erase_if(durable_names_, is_in_it);
    std::ranges::copy_if(names_, std::inserter(durable_names_, durable_names_.end()), is_in_it);
    return {};
}

Result<void> FakeFiles::remove(const path& name)
{
    TRY(take_step());
    const auto resolved = resolve(name, Last::keep);
    const bool is_used = std::ranges::any_of(names_, [&](const auto& entry) {
        return entry.first.parent_path() == resolved && entry.first != resolved;
    });
    if (is_used) {
        return fail(Errc::io, "removing {}: Directory not empty", name.native());
    }
    names_.erase(resolved);
    return {};
}

Result<void> FakeFiles::create_directories(const path& name, Mode mode)
{
    TRY(check_power());
    if (exists(name)) {
        return {};
    }
    TRY(create_directories(name.parent_path(), 0755));
    TRY(take_step());
    names_[resolve(name, Last::follow)] =
        std::make_shared<Node>(Node{.kind = Node::Kind::directory, .mode = mode});
    return {};
}

Result<void> FakeFiles::set_mode(const path& name, Mode mode)
{
    TRY_ASSIGN(const auto node, get(name));
    TRY(take_step());
    node->mode = mode;
    return {};
}

bool FakeFiles::exists(const path& name)
{
    return !is_off_ && find(resolve(name, Last::follow)) != nullptr;
}

bool FakeFiles::is_directory(const path& name)
{
    const auto node = is_off_ ? nullptr : find(resolve(name, Last::follow));
    return node && node->kind == Node::Kind::directory;
}

Result<std::vector<std::string>> FakeFiles::list(const path& name)
{
    TRY_ASSIGN(const auto node, get(name));
    if (node->kind != Node::Kind::directory) {
        return fail(Errc::io, "listing {}: Not a directory", name.native());
    }
    const auto directory = resolve(name, Last::follow);
    std::vector<std::string> names;
    for (const auto& [child, unused] : names_) {
        if (child.parent_path() == directory && child != directory) {
            names.push_back(child.filename());
        }
    }
    std::ranges::sort(names);
    return names;
}

Result<path> FakeFiles::read_link(const path& name)
{
    TRY(check_power());
    const auto node = find(resolve(name, Last::keep));
    if (!node) {
        return fail(Errc::not_found, "{}: No such file or directory", name.native());
    }
    if (node->kind != Node::Kind::link) {
        return fail(Errc::invalid, "{} is not a symbolic link", name.native());
    }
    return path(node->content);
}

void FakeFiles::restart(Unflushed unflushed)
{
    if (unflushed == Unflushed::all_lost) {
        names_ = durable_names_;
        // A file in a directory that was never made durable cannot be reached.
        std::erase_if(names_, [this](const auto& entry) {
            return !names_.contains(entry.first.parent_path());
        });
    }
    for (auto& [name, node] : names_) {
        if (node->kind == Node::Kind::file) {
            node->content = node->durable_content;
        }
    }
    durable_names_ = names_;
    steps_left_.reset();
    is_off_ = false;
}

void FakeFiles::put_node(const path& name, Node node)
{
    const auto resolved = resolve(name, Last::keep);
    if (resolved != resolved.parent_path()) {
        put_directory(resolved.parent_path());
    }
    node.durable_content = node.content;
    names_[resolved] = std::make_shared<Node>(std::move(node));
    durable_names_[resolved] = names_[resolved];
}

void FakeFiles::put(const path& name, std::string content, Mode mode)
{
    put_node(name, {.mode = mode, .content = std::move(content)});
}

void FakeFiles::put_directory(const path& name, Mode mode)
{
    const auto node = find(resolve(name, Last::follow));
    if (!node) {
        put_node(name, {.kind = Node::Kind::directory, .mode = mode});
    }
}

void FakeFiles::put_link(const path& name, const path& target)
{
    put_node(name, {.kind = Node::Kind::link, .mode = 0777, .content = target.native()});
}

std::optional<Mode> FakeFiles::mode(const path& name)
{
    const auto node = find(resolve(name, Last::follow));
    return node ? std::optional(node->mode) : std::nullopt;
}

std::function<std::string()> FakeFiles::held(const path& name)
{
    const auto node = find(resolve(name, Last::follow));
    check(node != nullptr, "only a file that is there can be held");
    return [node] { return node->content; };
}

} // namespace holdfast::io
