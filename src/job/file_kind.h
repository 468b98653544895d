// What a file is, by its first bytes: before something is written over it.
#ifndef MORES_JOB_FILE_KIND_H_
#define MORES_JOB_FILE_KIND_H_

#include <string>
#include <string_view>

#include "base/error.h"

namespace mores::job {

enum class FileKind {
  kNothing,    // no such file, an empty one, a device or a pipe
  kJsonLine,   // one line of JSON: a document or a line, nothing tells which
  kJsonLines,  // an object a line, such as verdicts or dialogues
  kJson,       // one document
  kPage,       // HTML
  kXml,
  kDatabase,  // of SQLite
  kText,
  kBytes,  // none of these
};

FileKind KindOf(std::string_view beginning);  // of what a file begins with, some kilobytes of it
FileKind KindOfFile(const std::string& path);
// "JSON lines", "a page": for errors.
std::string_view Describe(FileKind kind);

// kUsage where something of another kind than `wanted` stands at `path`, a document that isn't one
// of ours, or a file of a model, and where it is the manifest's place of an output that is there:
// no command writes over that, whatever its options. Of which kind ours is: CheckDocument.
Status CheckReplaces(const std::string& path, FileKind wanted);

}  // namespace mores::job

#endif  // MORES_JOB_FILE_KIND_H_
