import CPNG
import CQREncode
import Foundation

/// A text cannot become a QR code: it is longer than the largest one holds, or memory ran out.
package struct QRFailure: Error, Equatable {}

/// A QR code as rows of dark and light modules (ISO/IEC 18004, error correction level M).
package struct QRImage: Sendable, Equatable {
    /// Light modules around the code, which readers need.
    static let margin = 4

    /// Modules of one side, without the margin.
    package let side: Int
    /// Row by row; `true` is dark.
    let modules: [Bool]

    /// - Parameter text: at most 2,331 bytes.
    package init(_ text: String) throws(QRFailure) {
        guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) else { throw QRFailure() }
        defer { QRcode_free(code) }
        side = Int(code.pointee.width)
        modules = (0..<side * side).map { code.pointee.data[$0] & 1 == 1 }
    }

    private var fullSide: Int { side + 2 * Self.margin }

    /// A drawing that scales to any size, as UTF-8 text.
    package var svg: String {
        var path = ""
        for row in 0..<side {
            var column = 0
            while column < side {
                let start = column
                while column < side, modules[row * side + column] { column += 1 }
                if column > start {
                    path += "M\(start + Self.margin) \(row + Self.margin)h\(column - start)v1h-\(column - start)z"
                }
                column += 1
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(fullSide) \(fullSide)" \
            shape-rendering="crispEdges"><path fill="#fff" d="M0 0h\(fullSide)v\(fullSide)H0z"/>\
            <path d="\(path)"/></svg>
            """
    }

    /// A greyscale picture.
    ///
    /// - Parameter scale: pixels of a module's side, 1 to 32.
    package func png(scale: Int = 6) throws(QRFailure) -> [UInt8] {
        let width = fullSide * scale
        var pixels = [UInt8](repeating: 255, count: width * width)
        for row in 0..<side * scale {
            for column in 0..<side * scale where modules[row / scale * side + column / scale] {
                pixels[(row + Self.margin * scale) * width + column + Self.margin * scale] = 0
            }
        }
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        image.width = UInt32(width)
        image.height = UInt32(width)
        image.format = 0  // PNG_FORMAT_GRAY
        defer { png_image_free(&image) }
        var size = 0
        guard png_image_write_to_memory(&image, nil, &size, 0, pixels, 0, nil) != 0 else { throw QRFailure() }
        var bytes = [UInt8](repeating: 0, count: size)
        guard png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, nil) != 0 else { throw QRFailure() }
        return Array(bytes.prefix(size))
    }
}

extension QRImage {
    /// The drawing as an address that an `img` element shows.
    package var svgDataURI: String { "data:image/svg+xml;base64," + Data(svg.utf8).base64EncodedString() }

    package func pngDataURI() throws(QRFailure) -> String {
        "data:image/png;base64," + Data(try png()).base64EncodedString()
    }
}
