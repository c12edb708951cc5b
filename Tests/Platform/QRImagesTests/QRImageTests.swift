import Foundation
import Testing

@testable import QRImages

@Suite("QR codes")
struct QRImageTests {
    /// The pattern readers look for in three of the corners.
    private static let finder = [
        "#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######",
    ]

    private static func rows(_ image: QRImage, _ top: Int, _ left: Int) -> [String] {
        (0..<7).map { row in
            String((0..<7).map { image.modules[(top + row) * image.side + left + $0] ? "#" : "." })
        }
    }

    @Test("a code has finder patterns in three corners and grows with its text")
    func finders() throws {
        let image = try QRImage("otpauth://totp/CareSync:asha?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        #expect(image.side % 4 == 1)
        #expect(Self.rows(image, 0, 0) == Self.finder)
        #expect(Self.rows(image, 0, image.side - 7) == Self.finder)
        #expect(Self.rows(image, image.side - 7, 0) == Self.finder)
        #expect(try QRImage("short").side == 21)
        #expect(try QRImage("short") != QRImage("shorn"))
    }

    @Test("the drawing has as many dark modules as the code")
    func svg() throws {
        let image = try QRImage("short")
        let runs = image.svg.matches(of: /M\d+ \d+h(\d+)v1/).compactMap { Int($0.output.1) }
        #expect(runs.reduce(0, +) == image.modules.filter { $0 }.count)
        #expect(image.svg.contains(#"viewBox="0 0 29 29""#))
        #expect(image.svgDataURI.hasPrefix("data:image/svg+xml;base64,PHN2Zy"))
    }

    @Test("the picture is a PNG of the code with its margin")
    func png() throws {
        let bytes = try QRImage("short").png(scale: 3)
        #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        let width = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
        #expect(width == 29 * 3)
        #expect(try QRImage("short").pngDataURI().hasPrefix("data:image/png;base64,iVBOR"))
    }

    @Test("a text that no code holds is refused")
    func tooLong() {
        #expect(throws: QRFailure()) { try QRImage(String(repeating: "x", count: 2_332)) }
    }
}
