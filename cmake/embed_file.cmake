file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
# Chunks keep each string literal short; adjacent literals join.
string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f]))" "\\1\"\n\"" bytes "${bytes}")
file(SIZE ${IN} size)
file(WRITE ${OUT} "#include <string_view>\nnamespace assay::embedded {\nextern const std::string_view ${NAME};\nconst std::string_view ${NAME}{\"${bytes}\", ${size}};\n}\n")
