// Does a compressed strip or tile of a TIFF unpack to as many bytes as it must?
//
// The decoder beneath leaves what is missing black without a word. PackBits, LZW and Deflate are
// walked; of other compressions nothing is said. Cost: less than unpacking (LZW keeps lengths
// only). Source: TIFF Revision 6.0, sections 9 and 13.
#pragma once

#include <cstdint>
#include <string_view>

namespace assay::imaging {

// `compression`: the TIFF tag's value. True also where the compression is not walked.
bool unpacks_to(std::string_view strip, std::uint64_t compression, std::uint64_t wanted_bytes);

}  // namespace assay::imaging
