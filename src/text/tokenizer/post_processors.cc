#include "text/tokenizer/post_processors.h"

#include "text/tokenizer/component_fields.h"
#include "text/tokenizer/subword_model.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

Expected<std::vector<int32_t>> IdsOf(const Component& component, const std::string& name) {
  const Json& tokens = component.json().value("special_tokens", Json());
  const auto found = tokens.is_object() ? tokens.find(name) : tokens.end();
  const std::string field = fmt::format("special_tokens['{}']", FitColumns(name, 40));
  if (found == tokens.end() || !found->is_object()) {
    return component.Corrupt(field.c_str(), "an object");
  }
  const Json ids = found->value("ids", Json());
  if (!ids.is_array()) return component.Corrupt(field.c_str(), "ids");
  std::vector<int32_t> result;
  for (const Json& id : ids) {
    if (!id.is_number_unsigned() ||
        id.get<uint64_t>() >= static_cast<uint64_t>(Vocabulary::kMaxIds)) {
      return component.Corrupt(field.c_str(), "ids in range");
    }
    result.push_back(id.get<int32_t>());
  }
  return result;
}

Expected<Frame> TemplateFrame(const Component& component) {
  MORES_ASSIGN_OR_RETURN(const Json* const pieces, component.Array("single"));
  Frame frame;
  int texts = 0;
  for (const Json& piece : *pieces) {
    const bool is_text = piece.is_object() && piece.contains("Sequence");
    const bool is_token = piece.is_object() && piece.contains("SpecialToken");
    if (!is_text && !is_token) return component.Corrupt("single", "Sequence and SpecialToken");
    const Json& value = piece[is_text ? "Sequence" : "SpecialToken"];
    const Json id = value.is_object() ? value.value("id", Json()) : Json();
    if (!id.is_string()) return component.Corrupt("single", "members with an id");
    if (is_text) {
      if (id != "A" || ++texts > 1) return component.Corrupt("single", "the text A once");
      continue;
    }
    MORES_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, IdsOf(component, id));
    std::vector<int32_t>& side = texts == 0 ? frame.before : frame.after;
    side.insert(side.end(), ids.begin(), ids.end());
  }
  if (texts != 1) return component.Corrupt("single", "the text A once");
  return frame;
}

Expected<Frame> MakeFramePart(const Json& value, const std::string& where, int depth) {
  MORES_ASSIGN_OR_RETURN(const Component component, Component::From(value, where));
  const std::string& type = component.type();
  if (type == "ByteLevel") return Frame{};
  if (type == "TemplateProcessing") return TemplateFrame(component);
  if (type != "Sequence") return component.NotSupported();
  MORES_ASSIGN_OR_RETURN(std::vector<Frame> members,
                         MakeParts(component, "processors", depth, &MakeFramePart));
  Frame frame;
  for (size_t i = 0; i < members.size(); ++i) {
    const bool adds = !members[i].before.empty() || !members[i].after.empty();
    if (adds && (!frame.before.empty() || !frame.after.empty())) {
      return MakeError(ErrorKind::kUnsupported, "{}.processors[{}]: a second one that adds tokens",
                       where, i);
    }
    if (adds) frame = std::move(members[i]);
  }
  return frame;
}

}  // namespace

Expected<Frame> MakeFrame(const Json& value, const std::string& where) {
  if (value.is_null()) return Frame{};
  return MakeFramePart(value, where, /*depth=*/0);
}

}  // namespace mores::text
