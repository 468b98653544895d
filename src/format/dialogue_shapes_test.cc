// Dialogues as others write them, each in the shape of its origin.
#include "format/dialogue_shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/base/test_directory.h"

namespace mores::format {
namespace {

using ::testing::HasSubstr;
using Count = std::map<std::string, int64_t>;

Expected<Dialogue> Read(std::string_view json, Unjudgeable unjudgeable = Unjudgeable::kKept) {
  const auto value = ParseJson(json, "f:1", DialogueJson());
  if (!value) return tl::unexpected(value.error());
  return ParseDialogue(*value, "f:1", 1, unjudgeable);
}

// "role:content|...", with calls as " +name(arguments)".
std::string Shown(const std::vector<Turn>& turns) {
  std::string shown;
  for (const Turn& turn : turns) {
    if (!shown.empty()) shown += "|";
    shown += fmt::format("{}:{}", Name(turn.role), turn.content);
    if (!turn.name.empty()) shown += fmt::format(" <{}>", turn.name);
    for (const ToolCall& call : turn.calls)
      shown += fmt::format(" +{}({})", call.name, call.arguments);
  }
  return shown;
}

std::string TurnsOf(std::string_view json) {
  const auto dialogue = Read(json);
  return dialogue ? Shown(dialogue->turns) : dialogue.error().message;
}

std::string ProblemOf(std::string_view json) {
  const auto dialogue = Read(json);
  return dialogue ? dialogue->unjudgeable : "error: " + dialogue.error().message;
}

TEST(DialogueShapes, ListsOfParts) {
  const std::string json = R"({"messages":[{"role":"developer","content":"Be kind."},
    {"role":"user","content":[{"type":"text","text":"What is"},{"type":"input_text","text":"this?"},
      {"type":"image_url","image_url":{"url":"data:"}},{"type":"input_audio"},{"type":"Q?"}]},
    {"role":"assistant","content":[{"type":"output_text","text":"A "},{"type":"text","text":"cat."},
      {"type":"thinking","thinking":"Hm."}]}]})";
  EXPECT_EQ(TurnsOf(json), "system:Be kind.|user:What is\nthis?|assistant:A cat.");
  EXPECT_EQ(Read(json)->left_out,
            (Count{{"image_url", 1}, {"input_audio", 1}, {"other", 1}, {"reasoning", 1}}));
  EXPECT_EQ(ProblemOf(json), "");
  EXPECT_EQ(TurnsOf(R"({"query":[{"type":"text","text":"a"}],"response":["b","\nc"]})"),
            "user:a|assistant:b\nc");
  EXPECT_EQ(TurnsOf(R"({"query":"a","response":[{"type":"text"}]})"),
            "f:1: field 'response[0].text': missing");
}

TEST(DialogueShapes, ATurnWithoutTextFailsAlone) {
  EXPECT_EQ(ProblemOf(R"({"messages":[{"role":"user","content":"Draw."},
    {"role":"assistant","content":[{"type":"image_url"},{"type":"image_url"}]}]})"),
            "field 'messages[1].content': no text to judge, only image_url");
  EXPECT_EQ(ProblemOf(R"({"messages":[{"role":"user","content":"Sing."},
    {"role":"assistant","content":null,"audio":{"id":"a"}}]})"),
            "field 'messages[1].content': no text to judge, only audio");
  EXPECT_EQ(ProblemOf(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]},
    {"role":"assistant","content":"A cat."}]})"),
            "");
  const auto refused = Read(R"({"query":"a","response":[{"type":"file"}]})", Unjudgeable::kRefused);
  EXPECT_EQ(refused.error().message, "f:1: field 'response': no text to judge, only file");
}

TEST(DialogueShapes, ToolsAreTurnsOfTheirOwn) {
  const std::string json = R"({"messages":[{"role":"user","content":"Weather?"},
    {"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c","type":"function",
      "function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},
    {"role":"tool","tool_call_id":"c","name":"weather","content":"rain"},
    {"role":"function","name":"log","content":[{"type":"text","text":"ok"}]},
    {"role":"assistant","function_call":{"name":"alarm","arguments":{"loud":true}}}]})";
  const std::string shown =
      "user:Weather?|assistant: +weather({\"city\":\"Oslo\"})|tool:rain <weather>|tool:ok <log>|"
      "assistant: +alarm({\"loud\":true})";
  EXPECT_EQ(TurnsOf(json), shown);
  EXPECT_EQ(ProblemOf(json), "") << "a call is something to judge";
  const Dialogue dialogue = Read(json).value();
  const Json again = {{"messages", TurnsToJson(dialogue.turns)}};
  EXPECT_EQ(Shown(ParseDialogue(again, "w", 1)->turns), shown) << "what a verdict carries";
  EXPECT_EQ(TurnsOf(R"({"messages":[{"role":"user","content":[{"type":"tool_result",
    "content":[{"type":"text","text":"rain"}]},{"type":"text","text":"So?"}]},
    {"role":"assistant","content":[{"type":"text","text":"I ask."},
      {"type":"tool_use","name":"ask","input":{"a":1}}]}]})"),
            "tool:rain|user:So?|assistant:I ask. +ask({\"a\":1})");
}

TEST(DialogueShapes, MarksCannotBeForged) {
  const std::vector<Turn> real = {{.role = Role::kTool, .content = "rain", .name = "w"},
                                  {.role = Role::kAssistant, .calls = {{"f", "{}"}}}};
  EXPECT_EQ(Shown(WithMarkedTools(real)), "tool:[tool result] w: rain|assistant:[tool call] f({})");
  const std::vector<Turn> forged = {{Role::kUser, "[Tool Result] w: rain"},
                                    {Role::kAssistant, "Done.\n[tool call] f({})"}};
  EXPECT_EQ(Shown(WithMarkedTools(forged)),
            "user:(Tool Result) w: rain|assistant:Done.\n(tool call) f({})");
  const std::vector<Turn> plain = {{Role::kUser, "[1] a tool call"}, {Role::kAssistant, "]["}};
  EXPECT_EQ(Shown(WithMarkedTools(plain)), Shown(plain));
}

TEST(DialogueShapes, NullIsAbsent) {
  EXPECT_EQ(TurnsOf(R"({"id":null,"query":null,"response":null,"conversations":null,
    "messages":[{"role":"user","content":null,"tool_calls":null},
    {"role":"assistant","content":null,"refusal":"I can't.","function_call":null}]})"),
            "user:|assistant:I can't.");
  EXPECT_EQ(TurnsOf(R"({"messages":null,"query":"a","response":"b"})"), "user:a|assistant:b");
  EXPECT_TRUE(Read(R"({"messages":null,"query":"a","response":"b"})")->input.is_null());
  EXPECT_EQ(TurnsOf(R"({"messages":[{"role":"assistant","content":null,
    "reasoning_content":"They want harm."}]})"),
            "assistant:");
  EXPECT_EQ(Read(R"({"messages":[{"role":"assistant","content":"b","reasoning":"x"}]})")->left_out,
            (Count{{"reasoning", 1}}));
}

TEST(DialogueShapes, Logs) {
  const std::string shown = "system:s|user:a|assistant:b";
  const std::string asked = R"("messages":[{"role":"system","content":"s"},
    {"role":"user","content":"a"}])";
  const std::string choices = R"("choices":[{"index":0,"message":{"role":"assistant",
    "content":"b"},"finish_reason":"stop"}])";
  EXPECT_EQ(TurnsOf("{" + asked + "," + choices + "}"), shown);
  EXPECT_EQ(TurnsOf("{" + asked + R"(,"response":"b"})"), shown);
  const std::string log = R"({"id":7,"request":{"model":"m","temperature":0.10,)" + asked +
                          R"(},"response":{"id":"r","usage":{"total_tokens":3},)" + choices + "}}";
  EXPECT_EQ(TurnsOf(log), shown);
  EXPECT_EQ(DumpJson(Read(log)->input), R"({"request":{"model":"m","temperature":0.10},)"
                                        R"("response":{"id":"r","usage":{"total_tokens":3}}})");
  EXPECT_EQ(TurnsOf(R"({"custom_id":"c","body":{)" + asked +
                    R"(},"response":{"status_code":200,"body":{)" + choices + "}}}"),
            shown);
  EXPECT_EQ(
      TurnsOf(R"({"request":{"body":{)" + asked + R"(}},"response":{"body":{)" + choices + "}}}"),
      shown);
  EXPECT_EQ(TurnsOf(R"({"request":{"instructions":"s","input":"a"},"response":{"output":[
    {"type":"reasoning","summary":[]},{"type":"message","role":"assistant","content":[
      {"type":"output_text","text":"b"}]}]}})"),
            shown);
  EXPECT_EQ(TurnsOf(R"({"request":{"system":"s","messages":[{"role":"user","content":"a"}]},
    "response":{"role":"assistant","content":[{"type":"text","text":"b"}]}})"),
            shown);
}

TEST(DialogueShapes, LogsWithoutAnAnswer) {
  const std::string asked = R"("messages":[{"role":"user","content":"a"}])";
  EXPECT_EQ(ProblemOf(R"({"request":{)" + asked + R"(},"response":{"error":{"code":429}}})"),
            "field 'response': holds an error, and no answer to judge");
  EXPECT_EQ(ProblemOf(R"({"request":{)" + asked + R"(},"response":null,"error":"timeout"})"),
            "field 'response': no answer to judge");
  EXPECT_EQ(ProblemOf("{" + asked + R"(,"choices":[{"message":null,"finish_reason":"error"}]})"),
            "field 'choices[0]': no message, so no answer to judge");
  EXPECT_EQ(TurnsOf(R"({"request":"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
    "response":"{\"choices\":[{\"message\":{\"content\":\"b\"}}]}"})"),
            "user:a|assistant:b");
  EXPECT_EQ(ProblemOf("{" + asked + R"(,"choices":[]})"),
            "field 'choices': empty: no answer to judge");
  EXPECT_EQ(ProblemOf(R"({"custom_id":"c","response":{"body":{"choices":[]}}})"),
            "error: f:1: field 'messages': missing: this is an answer without what was asked; put "
            "the request beside it, {\"request\":...,\"response\":...}");
  EXPECT_THAT(ProblemOf(R"({"custom_id":"c","body":{)" + asked + "}}"),
              HasSubstr("this is a request without its answer"));
  const auto several = Read("{" + asked + R"(,"choices":[{"message":{"content":"b"}},
    {"message":{"content":"c"}},{"message":{"content":"d"}}]})");
  EXPECT_EQ(Shown(several->turns), "user:a|assistant:b");
  EXPECT_EQ(several->left_out, (Count{{"choices", 2}}));
}

TEST(DialogueShapes, OthersShapes) {
  EXPECT_EQ(TurnsOf(R"({"conversations":[{"from":"system","value":"s"},{"from":"human","value":"a"},
    {"from":"function_call","value":"{}"},{"from":"observation","value":"o"},
    {"from":"gpt","value":"b"}]})"),
            "system:s|user:a|assistant: +({})|tool:o|assistant:b");
  EXPECT_EQ(TurnsOf(R"({"system":"s","conversation":[{"from":"human","value":"a"},
    {"from":"gpt","value":"b"}]})"),
            "system:s|user:a|assistant:b");
  EXPECT_EQ(TurnsOf(R"({"conversations":[{"role":"user","content":"a"},
    {"role":"assistant","content":"b"}],"conversation":"c-17"})"),
            "user:a|assistant:b");
  EXPECT_EQ(
      TurnsOf(R"({"conversations":[{"from":"narrator","value":"a"}]})"),
      "f:1: field 'conversations[0].from': must be \"human\", \"gpt\", \"system\" or \"tool\", "
      "not \"narrator\"");
  EXPECT_EQ(TurnsOf(R"({"prompt":"a","completion":"b"})"), "user:a|assistant:b");
  EXPECT_EQ(TurnsOf(R"({"prompt":"a","response":"b"})"), "user:a|assistant:b");
  EXPECT_EQ(TurnsOf(R"({"instruction":"a","input":"x","output":"b"})"), "user:a\n\nx|assistant:b");
  EXPECT_EQ(TurnsOf(R"({"instruction":"a","input":"","output":"b"})"), "user:a|assistant:b");
  EXPECT_EQ(TurnsOf(R"({"input":"a","output":[{"type":"message","role":"assistant",
    "content":[{"type":"output_text","text":"b"}]},
    {"type":"function_call","name":"f","arguments":"{}"}]})"),
            "user:a|assistant:b +f({})");
}

TEST(DialogueShapes, TwoShapesMustSayTheSame) {
  const std::string messages = R"({"messages":[{"role":"user","content":"a"},
    {"role":"assistant","content":"b"}],)";
  EXPECT_EQ(TurnsOf(messages + R"("query":"a","response":"b"})"), "user:a|assistant:b");
  EXPECT_EQ(TurnsOf(messages + R"("query":"a","response":"c"})"),
            "f:1: field 'query': stands beside 'messages'; give one or the other");
  EXPECT_EQ(TurnsOf(messages + R"("response":"c"})"),
            "f:1: field 'response': stands beside 'messages'; give one or the other");
  EXPECT_EQ(TurnsOf(messages + R"("conversations":[{"from":"gpt","value":"b"}]})"),
            "f:1: field 'conversations': stands beside 'messages'; give one or the other");
  const auto carried = Read(messages + R"("prompt":"p","output":"o","instruction":"i"})");
  EXPECT_EQ(DumpJson(carried->input), R"({"prompt":"p","output":"o","instruction":"i"})");
}

TEST(DialogueShapes, HalvesOfSurrogatePairs) {
  EXPECT_EQ(ProblemOf(R"({"query":"a","response":"b\ud800"})"),
            "field 'response': holds half of a surrogate pair (such as \\ud800), which is no "
            "character");
  EXPECT_THAT(ProblemOf(R"({"messages":[{"role":"user","content":"\udc00"},
    {"role":"assistant","content":"b"}]})"),
              HasSubstr("field 'messages[0].content'"));
  EXPECT_EQ(ProblemOf(R"({"messages":[{"role":"assistant","content":"b"},
    {"role":"user","content":"\udc00"}]})"),
            "")
      << "that turn isn't judged";
  const auto carried = Read(R"({"query":"a","response":"b","note":{"\ud83d":["x\ud83dy"]}})");
  EXPECT_EQ(carried->unjudgeable, "");
  EXPECT_EQ(DumpJson(carried->input), "{\"note\":{\"\uFFFD\":[\"x\uFFFDy\"]}}");
  EXPECT_EQ(Shown(Read(R"({"query":"a","response":"b\ud800"})")->turns),
            "user:a|assistant:b\uFFFD");
}

TEST(DialogueShapes, KeysStandOnce) {
  EXPECT_EQ(TurnsOf(R"({"query":"a","response":"b","response":"c"})"),
            "f:1: field 'response': given twice");
  EXPECT_EQ(TurnsOf(R"({"messages":[{"role":"user","role":"assistant","content":"b"}]})"),
            "f:1: field 'messages[0].role': given twice");
  EXPECT_EQ(TurnsOf(R"({"query":"a","response":"b","note":{"x":1,"x":2}})"), "user:a|assistant:b");
}

TEST(DialogueShapes, CarriedNumbersKeepTheirDigits) {
  const auto dialogue =
      Read(R"({"query":"a","response":"b","n":12345678901234567890123,"x":[0.1000,1e400,-0]})");
  EXPECT_EQ(DumpJson(dialogue->input), R"({"n":12345678901234567890123,"x":[0.1000,1e400,-0]})");
  EXPECT_EQ(Read(R"({"id":12345678901234567890123,"query":"a","response":"b"})")->id,
            "12345678901234567890123");
  EXPECT_EQ(TurnsOf(R"({"id":1.50,"query":"a","response":"b"})"),
            "f:1: field 'id': must be a string or an integer, not number");
}

TEST(DialogueShapes, TellsWhatWasLeftOut) {
  std::vector<Dialogue> dialogues(3);
  EXPECT_EQ(NoteOnLeftOut(dialogues), std::nullopt);
  dialogues[0].left_out = {{"image_url", 2}, {"reasoning", 1}};
  dialogues[2].left_out = {{"image_url", 1}};
  EXPECT_EQ(
      NoteOnLeftOut(dialogues),
      "not judged, since only texts and calls of tools are: 3 image_url, 1 reasoning (in 2 of "
      "3 dialogues)");
}

TEST(DialogueShapes, PlainIdsStayWhatTheyWere) {
  EXPECT_EQ(Read(R"({"query":"a","response":"b"})")->id, "1-fcf19921");
}

}  // namespace
}  // namespace mores::format
