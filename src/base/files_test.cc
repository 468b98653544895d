#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace mores {
namespace {

using ::testing::HasSubstr;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mores-files-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~FilesTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  void Put(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::vector<std::string> Lines(const std::string& bytes) const {
    Put("lines", bytes);
    std::vector<std::string> lines;
    auto reader = LineReader::Open(Path("lines"));
    std::string line;
    while ((*reader)->Next(line).value()) {
      lines.push_back(line);
      EXPECT_EQ((*reader)->line_number(), static_cast<int64_t>(lines.size()));
    }
    EXPECT_FALSE((*reader)->Next(line).value()) << "the end stays the end";
    return lines;
  }
  size_t EntryCount() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_)) {
      ++count;
    }
    return count;
  }

  std::string directory_;
};

TEST_F(FilesTest, ReadFileGivesTheBytes) {
  const std::string bytes("a\0b\r\n\xFF", 6);
  Put("f", bytes);
  EXPECT_EQ(ReadFile(Path("f")).value(), bytes);
  Put("empty", "");
  EXPECT_EQ(ReadFile(Path("empty")).value(), "");
}

TEST_F(FilesTest, ReadFileNamesWhatIsMissing) {
  const auto missing = ReadFile(Path("none"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(missing.error().message, HasSubstr(Path("none")));
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
  const auto directory = ReadFile(directory_);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().kind, ErrorKind::kIo);
  EXPECT_THAT(directory.error().message, HasSubstr("directory"));
}

TEST_F(FilesTest, MappedFileMovesAndMapsEmptyFiles) {
  Put("f", "weights");
  auto file = MappedFile::Open(Path("f"));
  ASSERT_TRUE(file);
  MappedFile moved = std::move(*file);
  EXPECT_EQ(moved.bytes(), "weights");
  EXPECT_EQ(file->bytes(), "");
  Put("empty", "");
  moved = MappedFile::Open(Path("empty")).value();
  EXPECT_EQ(moved.bytes(), "");
  EXPECT_EQ(MappedFile::Open(Path("none")).error().kind, ErrorKind::kMissing);
  EXPECT_EQ(MappedFile::Open(directory_).error().kind, ErrorKind::kIo);
}

TEST_F(FilesTest, AtomicFileShowsNothingBeforeCommit) {
  Put("out", "old");
  auto file = AtomicFile::Create(Path("out")).value();
  ASSERT_TRUE(file->Write("new "));
  ASSERT_TRUE(file->Write("content"));
  EXPECT_EQ(ReadFile(Path("out")).value(), "old");
  ASSERT_TRUE(file->Commit());
  EXPECT_EQ(ReadFile(Path("out")).value(), "new content");
  file.reset();
  EXPECT_EQ(ReadFile(Path("out")).value(), "new content");
  EXPECT_EQ(EntryCount(), 1u);
}

TEST_F(FilesTest, AtomicFileWithoutCommitLeavesNothing) {
  {
    auto file = AtomicFile::Create(Path("out")).value();
    ASSERT_TRUE(file->Write("half"));
  }
  EXPECT_EQ(EntryCount(), 0u);
}

TEST_F(FilesTest, AtomicFileKeepsModeAndLink) {
  Put("real", "old");
  chmod(Path("real").c_str(), 0640);
  std::filesystem::create_symlink(Path("real"), Path("link"));
  ASSERT_TRUE(WriteFileAtomically(Path("link"), "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(ReadFile(Path("real")).value(), "new");
  struct stat info {};
  stat(Path("real").c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(FilesTest, AtomicFileWritesThroughToADevice) {
  ASSERT_TRUE(WriteFileAtomically("/dev/null", "gone"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  const Status full = WriteFileAtomically("/dev/full", "bytes");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::kIo);
  EXPECT_THAT(full.error().message, HasSubstr("/dev/full"));
  EXPECT_THAT(full.error().message, HasSubstr("No space left"));
}

TEST_F(FilesTest, UnwritablePlacesAreErrors) {
  const Status nowhere = WriteFileAtomically(Path("none/out"), "x");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(nowhere.error().message, HasSubstr(Path("none/out")));
  EXPECT_FALSE(WriteFileAtomically(directory_, "x"));
  EXPECT_FALSE(AppendFile::Open(Path("none/out")));
  EXPECT_FALSE(WriteFileAtomically("/proc/mores-out", "x")) << "unwritable for root too";
}

TEST_F(FilesTest, AReadOnlyDirectoryIsAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write in any directory";
  chmod(directory_.c_str(), 0555);
  const Status denied = WriteFileAtomically(Path("out"), "x");
  chmod(directory_.c_str(), 0755);
  ASSERT_FALSE(denied);
  EXPECT_THAT(denied.error().message, HasSubstr("Permission denied"));
}

TEST_F(FilesTest, AppendKeepsWhatWasThere) {
  Put("log", "one\n");
  auto file = AppendFile::Open(Path("log")).value();
  ASSERT_TRUE(file->Append("two\n"));
  EXPECT_EQ(ReadFile(Path("log")).value(), "one\ntwo\n") << "visible without Sync";
  ASSERT_TRUE(file->Append("three\n"));
  ASSERT_TRUE(file->Sync());
  EXPECT_EQ(ReadFile(Path("log")).value(), "one\ntwo\nthree\n");
}

TEST_F(FilesTest, AppendToAFullDiskIsAnError) {
  auto file = AppendFile::Open("/dev/full").value();
  const Status full = file->Append("record\n");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::kIo);
  EXPECT_THAT(full.error().message, HasSubstr("No space left"));
}

TEST_F(FilesTest, LinesInEveryDress) {
  using Strings = std::vector<std::string>;
  EXPECT_EQ(Lines(""), Strings{});
  EXPECT_EQ(Lines("\n"), Strings{""});
  EXPECT_EQ(Lines("a\nb\n"), (Strings{"a", "b"}));
  EXPECT_EQ(Lines("a\nb"), (Strings{"a", "b"})) << "no final newline";
  EXPECT_EQ(Lines("a\r\n\r\nb\r\n"), (Strings{"a", "", "b"}));
  EXPECT_EQ(Lines("a\rb\n"), Strings{"a\rb"}) << "a lone CR is content";
  EXPECT_EQ(Lines("a\r\r\n"), Strings{"a\r"});
  EXPECT_EQ(Lines("torn\r"), Strings{"torn\r"});
  EXPECT_EQ(Lines("\xEF\xBB\xBF{}\n\xEF\xBB\xBF\n"), (Strings{"{}", "\xEF\xBB\xBF"}));
  EXPECT_EQ(Lines("\xEF\xBB\xBF"), Strings{});
  EXPECT_EQ(Lines(std::string("a\0b\n", 4)), Strings{std::string("a\0b", 3)});
}

TEST_F(FilesTest, LinesAcrossReads) {
  const std::vector<std::string> lines = {std::string(262143, 'x'), "y", std::string(700000, 'z'),
                                          "", std::string(262144, 'w')};
  std::string bytes;
  for (const std::string& line : lines) bytes += line + "\r\n";
  EXPECT_EQ(Lines(bytes), lines);
}

TEST_F(FilesTest, ALineBeyondTheLimitIsAnErrorNotMemory) {
  Put("huge", "first\n");
  std::filesystem::resize_file(Path("huge"), LineReader::kMaxLine + 100);  // NUL bytes, sparse
  auto reader = LineReader::Open(Path("huge")).value();
  std::string line;
  ASSERT_TRUE(reader->Next(line).value());
  const auto result = reader->Next(line);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kInput);
  EXPECT_THAT(result.error().message, HasSubstr(Path("huge") + ":2"));
}

TEST_F(FilesTest, LineReaderRefusesWhatIsNoFile) {
  EXPECT_EQ(LineReader::Open(Path("none")).error().kind, ErrorKind::kMissing);
  EXPECT_EQ(LineReader::Open(directory_).error().kind, ErrorKind::kIo);
}

TEST_F(FilesTest, DirectoriesAndFilesAreToldApart) {
  Put("f", "");
  EXPECT_TRUE(FileExists(Path("f")));
  EXPECT_FALSE(DirectoryExists(Path("f")));
  EXPECT_FALSE(FileExists(directory_));
  EXPECT_TRUE(DirectoryExists(directory_));
  ASSERT_TRUE(MakeDirectories(Path("a/b/c")));
  ASSERT_TRUE(MakeDirectories(Path("a/b/c"))) << "again is fine";
  EXPECT_TRUE(DirectoryExists(Path("a/b/c")));
  const Status blocked = MakeDirectories(Path("f/sub"));
  ASSERT_FALSE(blocked);
  EXPECT_THAT(blocked.error().message, HasSubstr(Path("f/sub")));
}

TEST_F(FilesTest, ALinkThatLeadsNowhereMakesItsTarget) {
  std::filesystem::create_directory(Path("far"));
  std::filesystem::create_symlink("far/target", Path("second"));
  std::filesystem::create_symlink("second", Path("first"));
  ASSERT_TRUE(CheckWritable(Path("first")));
  ASSERT_TRUE(WriteFileAtomically(Path("first"), "text"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("first")));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("second")));
  EXPECT_EQ(ReadFile(Path("far/target")).value(), "text");
  std::filesystem::create_symlink("none/target", Path("lost"));
  EXPECT_THAT(CheckWritable(Path("lost")).error().message, HasSubstr("there is no folder"));
  EXPECT_FALSE(WriteFileAtomically(Path("lost"), "text"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("lost")));
}

TEST_F(FilesTest, LinksInACircleAreAnError) {
  std::filesystem::create_symlink("b", Path("a"));
  std::filesystem::create_symlink("a", Path("b"));
  EXPECT_THAT(CheckWritable(Path("a")).error().message, HasSubstr("symbolic links"));
  EXPECT_THAT(WriteFileAtomically(Path("a"), "x").error().message, HasSubstr("symbolic links"));
}

TEST_F(FilesTest, WhatCannotBeWrittenIsSaidBefore) {
  EXPECT_TRUE(CheckWritable(Path("new.jsonl")));
  EXPECT_TRUE(CheckWritable("-"));
  EXPECT_TRUE(CheckWritable("/dev/null"));
  std::filesystem::create_directory(Path("folder"));
  EXPECT_THAT(CheckWritable(Path("folder")).error().message,
              HasSubstr("the output is a directory"));
  EXPECT_THAT(CheckWritable(Path("folder/")).error().message,
              HasSubstr("the output is a directory"));
  EXPECT_THAT(CheckWritable(Path("none/new")).error().message, HasSubstr("there is no folder"));
  const std::string longest(255, 'n');
  EXPECT_TRUE(CheckWritable(Path(longest)));
  EXPECT_TRUE(WriteFileAtomically(Path(longest), "text"));
  EXPECT_THAT(CheckWritable(Path(longest + "n")).error().message, HasSubstr("too long"));
  EXPECT_THAT(CheckWritable(Path(std::string(220, 'n')), {std::string(40, 'b')}).error().message,
              HasSubstr("too long"));
  EXPECT_TRUE(CheckWritable(Path(std::string(210, 'n')), {".part"}));
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  Put("kept", "");
  chmod(Path("kept").c_str(), 0400);
  EXPECT_THAT(CheckWritable(Path("kept")).error().message, HasSubstr("Permission denied"));
  chmod(Path("folder").c_str(), 0500);
  EXPECT_THAT(CheckWritable(Path("folder/new")).error().message, HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace mores
