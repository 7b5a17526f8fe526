#define VALIJSON_USE_EXCEPTIONS 1  // as the package's own CMake file has it

#include "schema.hpp"

#include "draft7.hpp"
#include "json_place.hpp"
#include "member_table.hpp"
#include "schema_document.hpp"

#include <hookd/protocol/json_text.hpp>

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/constraints/constraint_visitor.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

// The only source that sees valijson: its parser makes constraints of a schema, the visitor here holds a JSON text against them. valijson's own
// validator wants a document of the value, copies a path for each part of it, gathers every fault, and runs std::regex, which overflows the
// stack on a long string.
namespace hookd::catalogs {

using protocol::json_cursor;
using protocol::json_kind;
using protocol::json_string;
using valijson::Subschema;
namespace constraints = valijson::constraints;

namespace {

struct out_of_steps {};

std::string_view string_in(std::string_view value) noexcept { return value.substr(1, value.size() - 2); }

/// The beginning of well-formed UTF-8, of whole characters.
std::string beginning(std::string_view text, std::size_t longest) {
    if (text.size() <= longest) {
        return std::string{text};
    }
    while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0U) == 0x80U) {
        --longest;
    }
    return std::string{text.substr(0, longest)} + "…";
}

std::string shown(std::string_view name) {
    constexpr std::size_t longest = 64;
    std::string text;
    protocol::append_json_string(text, beginning(name, longest));
    return text;
}

std::string_view kind_name(json_kind kind) noexcept {
    switch (kind) {
    case json_kind::object: return "an object";
    case json_kind::array: return "an array";
    case json_kind::string: return "a string";
    case json_kind::number: return "a number";
    case json_kind::boolean: return "a boolean";
    case json_kind::null: return "null";
    }
    return "";
}

/// Where a value stands: on the stack of the check, made to a pointer only where there is something to report.
struct place {
    const place* in = nullptr;
    std::string_view name{};  // of a member, decoded; null for an element
    std::size_t index = 0;

    void append_to(std::string& pointer) const {
        if (in == nullptr) {
            return;
        }
        in->append_to(pointer);
        append_pointer(pointer, name.data() != nullptr ? name : std::to_string(index));
    }
};

/// What all parts of one check share.
struct check_run {
    const schema_document& schema;
    std::size_t steps;
    std::optional<violation> found{};
    int attempts = 0;  // within anyOf and the like: what fails there is no fault yet

    void spend(std::size_t count) {
        if (count > steps) {
            throw out_of_steps{};
        }
        steps -= count;
    }
};

struct element {
    std::size_t index = 0;
    std::string_view value{};
};

/// The elements of a JSON array, one after the other: none is kept, since there may be millions.
class element_walk {
public:
    element_walk(check_run& run, std::string_view array) : run_(run), cursor_(array) { run_.spend(array.size() / 64); }

    [[nodiscard]] std::optional<element> next() {
        const auto found = cursor_.next();
        if (!found) {
            return std::nullopt;
        }
        run_.spend(1);
        return element{index_++, found->value};
    }

private:
    check_run& run_;
    json_cursor cursor_;
    std::size_t index_ = 0;
};

/// Holds one value against the constraints of subschemas.
class checker final : public constraints::ConstraintVisitor {
public:
    checker(check_run& run, std::string_view value, const place& at)
        : run_(run), value_(value), kind_(protocol::kind_of(value)), at_(at) {}

    bool check(const Subschema& subschema) {
        run_.spend(1);
        if (subschema.getAlwaysInvalid()) {
            return fail("false", "is not allowed there");
        }
        Subschema::ApplyFunction apply = [this](const constraints::Constraint& each) { return each.accept(*this); };
        return subschema.applyStrict(apply);
    }

    bool check(const value_rules& rules) {
        run_.spend(1);
        if (kind_ == json_kind::number && !check_number(rules)) {
            return false;
        }
        if (rules.allowed && !is_one_of(*rules.allowed)) {
            return fail("enum", "must be one of " + rules.allowed->shown);
        }
        if (rules.constant && !is_one_of(*rules.constant)) {
            return fail("const", "must be " + rules.constant->shown);
        }
        constexpr std::size_t longest_shown_pattern = 256;
        if (rules.text_pattern && kind_ == json_kind::string && !matches(*rules.text_pattern, text())) {
            return fail("pattern", "must match the pattern " + beginning(rules.pattern_shown, longest_shown_pattern));
        }
        return true;
    }

    // What a value must be as a whole.

    bool visit(const AllOfConstraint& constraint) override {
        bool all = true;
        constraint.applyToSubschemas([&](unsigned, const Subschema* each) { return all = check(*each); });
        return all;
    }
    bool visit(const AnyOfConstraint& constraint) override {
        bool any = false;
        constraint.applyToSubschemas([&](unsigned, const Subschema* each) { return !(any = would_pass(*each)); });
        return any || fail("anyOf", "must match one of the schemas of anyOf");
    }
    bool visit(const OneOfConstraint& constraint) override {
        unsigned count = 0;
        constraint.applyToSubschemas([&](unsigned, const Subschema* each) {
            count += would_pass(*each) ? 1 : 0;
            return count < 2;
        });
        return count == 1 || fail("oneOf", count == 0 ? "must match one of the schemas of oneOf, but matches none"
                                                      : "must match one of the schemas of oneOf only, but matches more");
    }
    bool visit(const NotConstraint& constraint) override {
        return !would_pass(*constraint.getSubschema()) || fail("not", "must not match the schema of not");
    }
    bool visit(const ConditionalConstraint& constraint) override {
        const auto* const then = would_pass(*constraint.getIfSubschema()) ? constraint.getThenSubschema() : constraint.getElseSubschema();
        return then == nullptr || check(*then);
    }
    bool visit(const TypeConstraint& constraint) override {
        bool matched = false;
        std::string wanted;
        constraint.applyToNamedTypes([&](TypeConstraint::JsonType type) {
            matched = is(type);
            wanted += (wanted.empty() ? "" : " or ") + std::string{name_of(type)};
            return !matched;
        });
        if (matched) {
            return true;
        }
        constexpr std::size_t longest_shown = 32;
        const bool says_enough = kind_ == json_kind::number && value_.size() <= longest_shown;
        return fail("type", "must be " + wanted + ", not " + std::string{says_enough ? value_ : kind_name(kind_)});
    }

    // Strings.

    bool visit(const MinLengthConstraint& constraint) override {
        return kind_ != json_kind::string || length() >= constraint.getMinLength() ||
               fail("minLength", "must have at least " + std::to_string(constraint.getMinLength()) + " characters");
    }
    bool visit(const MaxLengthConstraint& constraint) override {
        return kind_ != json_kind::string || length() <= constraint.getMaxLength() ||
               fail("maxLength", "must have at most " + std::to_string(constraint.getMaxLength()) + " characters");
    }

    // Arrays.

    bool visit(const MinItemsConstraint& constraint) override {
        return kind_ != json_kind::array || has_elements(constraint.getMinItems()) ||
               fail("minItems", "must have at least " + std::to_string(constraint.getMinItems()) + " elements");
    }
    bool visit(const MaxItemsConstraint& constraint) override {
        return kind_ != json_kind::array || !has_elements(constraint.getMaxItems() + 1) ||
               fail("maxItems", "must have at most " + std::to_string(constraint.getMaxItems()) + " elements");
    }
    bool visit(const UniqueItemsConstraint&) override {
        if (kind_ != json_kind::array) {
            return true;
        }
        constexpr std::size_t to_keep_one = 8;  // it takes much more memory than a short element of the text
        std::vector<std::pair<std::string, std::size_t>> sorted;
        for (element_walk elements{run_, value_}; const auto each = elements.next();) {
            run_.spend(to_keep_one);
            sorted.emplace_back(canonical(each->value), each->index);
        }
        std::sort(sorted.begin(), sorted.end());
        const auto twice = std::adjacent_find(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
        return twice == sorted.end() || fail("uniqueItems", "must have no element twice: " + std::to_string(twice->second) + " and " +
                                                                std::to_string(std::next(twice)->second) + " are equal");
    }
    bool visit(const SingularItemsConstraint& constraint) override {
        if (kind_ != json_kind::array) {
            return true;
        }
        for (element_walk elements{run_, value_}; const auto each = elements.next();) {
            if (!check_element(*each, *constraint.getItemsSubschema())) {
                return false;
            }
        }
        return true;
    }
    bool visit(const LinearItemsConstraint& constraint) override {
        if (kind_ != json_kind::array) {
            return true;
        }
        element_walk elements{run_, value_};
        bool all = true;
        bool over = false;
        const auto check_next = [&](const Subschema& subschema) {
            const auto each = elements.next();
            over = !each;
            all = over || check_element(*each, subschema);
            return all && !over;
        };
        constraint.applyToItemSubschemas([&](unsigned, const Subschema* each) { return check_next(*each); });
        const auto* const more = constraint.getAdditionalItemsSubschema();
        while (more != nullptr && all && !over) {
            (void)check_next(*more);
        }
        return all;
    }
    bool visit(const ContainsConstraint& constraint) override {
        if (kind_ != json_kind::array) {
            return true;
        }
        ++run_.attempts;
        bool any = false;
        for (element_walk elements{run_, value_}; const auto each = any ? std::nullopt : elements.next();) {
            any = check_element(*each, *constraint.getSubschema());
        }
        --run_.attempts;
        return any || fail("contains", "must have an element that matches the schema of contains");
    }

    // Objects.

    bool visit(const RequiredConstraint& constraint) override {
        if (kind_ != json_kind::object) {
            return true;
        }
        bool all = true;
        constraint.applyToRequiredProperties([&](const auto& name) {
            run_.spend(1);
            all = members().has(std::string_view{name}) || fail("required", "must have the member " + shown(std::string_view{name}));
            return all;
        });
        return all;
    }
    bool visit(const MinPropertiesConstraint& constraint) override {
        return kind_ != json_kind::object || members().names() >= constraint.getMinProperties() ||
               fail("minProperties", "must have at least " + std::to_string(constraint.getMinProperties()) + " members");
    }
    bool visit(const MaxPropertiesConstraint& constraint) override {
        return kind_ != json_kind::object || members().names() <= constraint.getMaxProperties() ||
               fail("maxProperties", "must have at most " + std::to_string(constraint.getMaxProperties()) + " members");
    }
    bool visit(const PropertiesConstraint& constraint) override {
        if (kind_ != json_kind::object) {
            return true;
        }
        std::vector<bool> known(members().all().size(), false);
        bool all = true;
        constraint.applyToProperties([&](const auto& name, const Subschema* each) {
            run_.spend(1);
            const auto [begin, end] = members().named(std::string_view{name});
            for (const auto* found = begin; all && found != end; ++found) {
                known[static_cast<std::size_t>(found - members().all().data())] = true;
                all = check_member(*found, *each);
            }
            return all;
        });
        constraint.applyToPatternProperties([&](const auto& name, const Subschema* each) {
            const auto& names = run_.schema.name_patterns.find(std::string_view{name})->second;
            for (std::size_t i = 0; all && i < known.size(); ++i) {
                if (matches(names, members().all()[i].name)) {
                    known[i] = true;
                    all = check_member(members().all()[i], *each);
                }
            }
            return all;
        });
        for (std::size_t i = 0; all && i < known.size(); ++i) {
            all = known[i] || check_additional(members().all()[i], constraint.getAdditionalPropertiesSubschema());
        }
        return all;
    }
    bool visit(const PropertyNamesConstraint& constraint) override {
        if (kind_ != json_kind::object) {
            return true;
        }
        for (const auto& each : members().all()) {
            std::string name;
            protocol::append_json_string(name, each.name);
            const place there{&at_, each.name};
            if (!checker{run_, name, there}.check(*constraint.getSubschema())) {
                if (run_.found) {
                    run_.found->detail = "has a name that " + run_.found->detail;
                }
                return false;
            }
        }
        return true;
    }
    bool visit(const DependenciesConstraint& constraint) override {
        if (kind_ != json_kind::object) {
            return true;
        }
        bool all = true;
        constraint.applyToPropertyDependencies([&](const auto& name, const auto& needed) {
            for (const auto& each : needed) {
                run_.spend(1);
                if (all && members().has(std::string_view{name}) && !members().has(std::string_view{each})) {
                    all = fail("dependencies", "must have the member " + shown(std::string_view{each}) + ", since it has " +
                                                   shown(std::string_view{name}));
                }
            }
            return all;
        });
        constraint.applyToSchemaDependencies([&](const auto& name, const Subschema* each) {
            run_.spend(1);
            return all = all && (!members().has(std::string_view{name}) || check(*each));
        });
        return all;
    }

    // Read out of the schema before valijson saw it (value_rules), or annotations.

    bool visit(const ConstConstraint&) override { return true; }
    bool visit(const EnumConstraint&) override { return true; }
    bool visit(const FormatConstraint&) override { return true; }
    bool visit(const MaximumConstraint&) override { return true; }
    bool visit(const MinimumConstraint&) override { return true; }
    bool visit(const MultipleOfDoubleConstraint&) override { return true; }
    bool visit(const MultipleOfIntConstraint&) override { return true; }
    bool visit(const PatternConstraint&) override { return true; }
    bool visit(const constraints::PolyConstraint&) override { return true; }

    [[nodiscard]] const check_run& run() const noexcept { return run_; }

private:
    bool fail(std::string_view rule, std::string detail) {
        if (run_.attempts == 0 && !run_.found) {
            run_.found.emplace();
            at_.append_to(run_.found->pointer);
            run_.found->rule = rule;
            run_.found->detail = std::move(detail);
        }
        return false;
    }

    bool would_pass(const Subschema& subschema) {
        ++run_.attempts;
        const bool passes = check(subschema);
        --run_.attempts;
        return passes;
    }

    bool check_element(const element& which, const Subschema& subschema) {
        const place there{&at_, {}, which.index};
        return checker{run_, which.value, there}.check(subschema);
    }

    /// Whether there are so many, or more.
    [[nodiscard]] bool has_elements(std::uint64_t count) {
        element_walk elements{run_, value_};
        while (count > 0 && elements.next()) {
            --count;
        }
        return count == 0;
    }

    bool check_member(const member& which, const Subschema& subschema) {
        const place there{&at_, which.name};
        return checker{run_, which.value, there}.check(subschema);
    }

    bool check_additional(const member& which, const Subschema* subschema) {
        if (subschema != nullptr && !subschema->getAlwaysInvalid()) {
            return check_member(which, *subschema);
        }
        const place there{&at_, which.name};
        return checker{run_, which.value, there}.fail("additionalProperties", "is a member that the schema does not know");
    }

    bool check_number(const value_rules& rules) {
        if (rules.maxima.empty() && rules.minima.empty() && !rules.divisor) {
            return true;
        }
        run_.spend(value_.size() / 16);
        const decimal number{value_};
        for (const auto& each : rules.maxima) {
            if (number > each.limit.value || (each.exclusive && number == each.limit.value)) {
                return fail(each.exclusive ? "exclusiveMaximum" : "maximum",
                            std::string{each.exclusive ? "must be less than " : "must be at most "} + each.limit.shown);
            }
        }
        for (const auto& each : rules.minima) {
            if (number < each.limit.value || (each.exclusive && number == each.limit.value)) {
                return fail(each.exclusive ? "exclusiveMinimum" : "minimum",
                            std::string{each.exclusive ? "must be more than " : "must be at least "} + each.limit.shown);
            }
        }
        return !rules.divisor || number.is_multiple_of(rules.divisor->value) ||
               fail("multipleOf", "must be a multiple of " + rules.divisor->shown);
    }

    [[nodiscard]] bool is_one_of(const value_rules::choice& values) {
        return std::binary_search(values.canonical.begin(), values.canonical.end(), canonical(value_));
    }

    [[nodiscard]] std::string canonical(std::string_view value) {
        return canonical_json(value, [this](std::size_t count) { run_.spend(count); });
    }

    [[nodiscard]] bool matches(const pattern& wanted, std::string_view subject) {
        constexpr std::size_t cheaper = 8;  // than a step of ours
        auto left = run_.steps * cheaper;
        const auto found = wanted.found_in(subject, left);
        run_.steps = left / cheaper;
        if (!found) {
            throw out_of_steps{};
        }
        return *found;
    }

    [[nodiscard]] bool is(TypeConstraint::JsonType type) {
        switch (type) {
        case TypeConstraint::kArray: return kind_ == json_kind::array;
        case TypeConstraint::kBoolean: return kind_ == json_kind::boolean;
        case TypeConstraint::kInteger:
            if (kind_ != json_kind::number) {
                return false;
            }
            run_.spend(value_.size() / 16);
            return decimal{value_}.is_integer();
        case TypeConstraint::kNull: return kind_ == json_kind::null;
        case TypeConstraint::kNumber: return kind_ == json_kind::number;
        case TypeConstraint::kObject: return kind_ == json_kind::object;
        case TypeConstraint::kString: return kind_ == json_kind::string;
        case TypeConstraint::kAny: break;
        }
        return true;
    }

    [[nodiscard]] static std::string_view name_of(TypeConstraint::JsonType type) noexcept {
        switch (type) {
        case TypeConstraint::kArray: return kind_name(json_kind::array);
        case TypeConstraint::kBoolean: return kind_name(json_kind::boolean);
        case TypeConstraint::kInteger: return "an integer";
        case TypeConstraint::kNull: return kind_name(json_kind::null);
        case TypeConstraint::kNumber: return kind_name(json_kind::number);
        case TypeConstraint::kObject: return kind_name(json_kind::object);
        case TypeConstraint::kString: return kind_name(json_kind::string);
        case TypeConstraint::kAny: break;
        }
        return "anything";
    }

    [[nodiscard]] const member_table& members() {
        if (!members_) {
            run_.spend(value_.size() / 64);
            members_.emplace(value_, [this](std::size_t count) { run_.spend(count); });
        }
        return *members_;
    }

    // The string, decoded.
    [[nodiscard]] std::string_view text() {
        const json_string raw{string_in(value_)};
        if (!raw.has_escapes()) {
            return raw.raw;
        }
        if (!decoded_) {
            run_.spend(value_.size() / 64);
            decoded_ = raw.decode();
        }
        return *decoded_;
    }

    [[nodiscard]] std::size_t length() {
        const auto string = text();
        run_.spend(string.size() / 64);
        return static_cast<std::size_t>(
            std::count_if(string.begin(), string.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    }

    check_run& run_;
    std::string_view value_;
    json_kind kind_;
    const place& at_;
    std::optional<member_table> members_{};
    std::optional<std::string> decoded_{};
};

/// Leads from valijson's constraints to the rules that are ours.
struct own_constraint final : constraints::Constraint {
    explicit own_constraint(std::size_t index) : rules(index) {}

    bool accept(constraints::ConstraintVisitor& visitor) const override {
        auto& with = static_cast<checker&>(visitor);  // there is no other visitor here
        return with.check(with.run().schema.rules[rules]);
    }

    OwningPointer clone(CustomAlloc allocate, CustomFree free) const override {
        void* const memory = allocate(sizeof(own_constraint));
        if (memory == nullptr) {
            throw std::bad_alloc{};
        }
        return OwningPointer{::new (memory) own_constraint{rules}, free};
    }

    std::size_t rules;
};

struct own_constraint_builder final : valijson::ConstraintBuilder {
    constraints::Constraint* make(const valijson::adapters::Adapter& index) const override {
        return new own_constraint{static_cast<std::size_t>(index.asInteger())};
    }
};

}  // namespace

struct schema::compiled {
    schema_document document{};
    valijson::Schema constraints{};

    explicit compiled(std::string_view text) : document(read_schema(text)) {
        valijson::SchemaParser parser{valijson::SchemaParser::kDraft7};
        parser.addConstraintBuilder(schema_document::own_keyword, new own_constraint_builder);
        parser.populateSchema(valijson::adapters::BoostJsonAdapter{document.document}, constraints);
        document.document = nullptr;
    }

    [[nodiscard]] std::optional<violation> check(std::string_view value) const {
        // A long text has more to check than a short one, and whoever sends it has paid for that.
        const auto most = most_steps + value.size() * steps_a_byte;
        check_run run{document, most};
        try {
            (void)checker{run, trimmed_json(value), place{}}.check(constraints);
        } catch (const out_of_steps&) {
            return violation{{}, {}, "takes more than " + std::to_string(most) + " steps to check: send less"};
        }
        return std::move(run.found);
    }
};

schema::schema(std::string_view text) {
    static const compiled meta_schema{draft7};
    if (const auto wrong = meta_schema.check(text)) {
        throw invalid_schema(wrong->pointer, "this is no JSON Schema of draft 7: " + (wrong->pointer.empty() ? "it" : wrong->pointer) + " " +
                                                 wrong->detail);
    }
    try {
        compiled_ = std::make_unique<const compiled>(text);
    } catch (const invalid_schema&) {
        throw;
    } catch (const std::runtime_error& failure) {
        throw invalid_schema("", std::string{"this schema cannot be used: "} + failure.what());
    }
}

schema::schema(schema&&) noexcept = default;
schema& schema::operator=(schema&&) noexcept = default;
schema::~schema() = default;

bool schema::allows_everything() const noexcept { return compiled_->document.allows_everything; }

std::optional<violation> schema::check(std::string_view value) const { return compiled_->check(value); }

}  // namespace hookd::catalogs
