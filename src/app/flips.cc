#include "app/flips.h"

#include <utility>
#include <vector>

#include "base/files.h"
#include "base/version.h"
#include "format/guideline_triple.h"
#include "judge/places/guideline_flips.h"

namespace mores::app {

Expected<FlipsResult> MeasureFlips(const FlipsJob& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckOutput(options.triples, options.output));
  MORES_ASSIGN_OR_RETURN(const std::vector<format::GuidelineTriple> triples,
                         format::ReadGuidelineTriples(options.triples));
  JudgeOptions judging = options.judge;
  judging.chat.stop = watch.stop;
  MORES_ASSIGN_OR_RETURN(const auto judge, OpenJudge(judging, options.output));
  MORES_ASSIGN_OR_RETURN(Json figures, judge::MeasureFlips(*judge, triples,
                                                           {.bootstrap = {.seed = options.seed},
                                                            .stop = watch.stop,
                                                            .progress = watch.progress,
                                                            .on_failure = watch.on_failure}));
  MORES_ASSIGN_OR_RETURN(figures["input"], job::DescribeInput(options.triples));
  figures["prompt_hash"] = judge->prompt_hash();
  figures["mores"] = Version();
  MORES_RETURN_IF_ERROR(WriteFileAtomically(options.output, figures.dump(2) + "\n"));
  const auto failed = figures["failed"].get<size_t>();
  return FlipsResult{.figures = std::move(figures),
                     .triples = triples.size(),
                     .failed = failed,
                     .notes = NotesOnBaseline(*judge, Asked::kInPlaces)};
}

}  // namespace mores::app
