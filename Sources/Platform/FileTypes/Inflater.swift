import CZlib

/// Unpacks what zlib has packed, piece by piece.
final class Inflater {
    private var stream = z_stream()
    private(set) var isAtEnd = false

    /// `nil` without memory.
    init?() {
        guard caresync_inflate_init(&stream) == Z_OK else { return nil }
    }

    deinit { inflateEnd(&stream) }

    /// - Parameter take: gets what was unpacked; `false` ends it.
    /// - Returns: how many bytes were used; `nil` when they are not packed, or `take` has ended it.
    func read(_ bytes: ArraySlice<UInt8>, _ take: ([UInt8]) -> Bool) -> Int? {
        var input = Array(bytes)
        let count = input.count
        var output = [UInt8](repeating: 0, count: 64 << 10)
        return input.withUnsafeMutableBufferPointer { input -> Int? in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(count)
            while stream.avail_in > 0, !isAtEnd {
                let (result, room) = output.withUnsafeMutableBufferPointer { output in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    return (inflate(&stream, Z_NO_FLUSH), Int(stream.avail_out))
                }
                guard result == Z_OK || result == Z_STREAM_END else { return nil }
                isAtEnd = result == Z_STREAM_END
                if room < output.count, !take(Array(output[..<(output.count - room)])) { return nil }
            }
            return count - Int(stream.avail_in)
        }
    }
}
