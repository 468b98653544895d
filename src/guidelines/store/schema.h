// The migrations of schema/*.sql, embedded by the build (cmake/EmbedFiles.cmake).
#ifndef MORES_GUIDELINES_STORE_SCHEMA_H_
#define MORES_GUIDELINES_STORE_SCHEMA_H_

#include <string_view>

namespace mores::guidelines {

extern const std::string_view kSchema1, kSchema2, kSchema3;

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_STORE_SCHEMA_H_
