// What judges where no model is named, neither in the command nor by $MORES_MODEL.
#ifndef MORES_APP_DEFAULT_JUDGE_H_
#define MORES_APP_DEFAULT_JUDGE_H_

#include <string>

#include "app/run.h"
#include "base/error.h"

namespace mores::app {

// models/small where the base that it is an adapter of is here, else models/mini: each in the
// current folder, or where it came with the executable (FindModel).
struct DefaultJudge {
  std::string path;
  std::string note;  // which it is and why, for people; empty where there is no models/small
};
// kMissing where there is neither; any other error of models/small is returned.
Expected<DefaultJudge> FindDefaultJudge();

// The model that a judge is opened from, as FindModel takes it: `given`, or the default's path
// where neither it nor $MORES_MODEL names one; then `told`, where it isn't null, is given the note.
Expected<std::string> JudgeModel(const std::string& given, const Watch* told = nullptr);

}  // namespace mores::app

#endif  // MORES_APP_DEFAULT_JUDGE_H_
