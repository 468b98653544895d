// The task files of tasks/, embedded by the build (cmake/EmbedFiles.cmake).
#ifndef MORES_CHAT_SHIPPED_TASKS_H_
#define MORES_CHAT_SHIPPED_TASKS_H_

#include <string_view>

namespace mores::chat {

extern const std::string_view kAiuExtraction, kAiuPrecision, kAiuRecall, kCritique,
    kGuidelineGeneration, kGuidelineValidation, kGuidelineVariation, kJudge, kJudgeCritiqueFirst,
    kJudgePlace, kQueryAugmentation, kRevision;

}  // namespace mores::chat

#endif  // MORES_CHAT_SHIPPED_TASKS_H_
