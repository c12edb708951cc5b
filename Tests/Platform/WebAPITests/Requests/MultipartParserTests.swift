import NIOCore
import Testing

@testable import WebAPI

@Suite("Cutting a form that arrives in pieces")
struct MultipartParserTests {
    @Test("however long a file is, no more of it is held than a few pieces")
    func memory() throws {
        var parser = try MultipartParser(contentType: "multipart/form-data; boundary=cut")
        parser.append(
            ByteBuffer(string: "--cut\r\nContent-Disposition: form-data; name=file; filename=a.pdf\r\n\r\n"))
        var (length, most) = (0, 0)
        // Each piece ends with what may be the beginning of a boundary.
        let piece = ByteBuffer(bytes: [UInt8](repeating: 0x41, count: 65_530) + Array("\r\n--cu".utf8))
        for _ in 0..<100 {
            parser.append(piece)
            while case .content(let bytes)? = try next(&parser) { length += bytes.readableBytes }
            most = max(most, parser.heldBytes)
        }
        #expect(length > 99 * 65_536)
        #expect(most <= 256 << 10)
    }

    /// Passes over the head of the part.
    private func next(_ parser: inout MultipartParser) throws -> MultipartParser.Piece? {
        guard let piece = try parser.next() else { return nil }
        if case .part = piece { return try parser.next() }
        return piece
    }
}
