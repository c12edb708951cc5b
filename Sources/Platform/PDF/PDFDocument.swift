package import CareSyncCore

/// A document of A4 pages: blocks one below the other, in any script.
package struct PDFDocument: Sendable {
    package var title: String
    package var author: String?
    /// When it was made, as the file says.
    package var createdAt: Instant
    /// Stands at the foot of every page, beside its number.
    package var footer: String?
    package var blocks: [PDFBlock]

    package init(title: String, author: String? = nil, createdAt: Instant, footer: String? = nil, blocks: [PDFBlock]) {
        self.title = title
        self.author = author
        self.createdAt = createdAt
        self.footer = footer
        self.blocks = blocks
    }
}

package enum PDFBlock: Sendable {
    /// Levels are 1 to 3; a heading stays with what follows it.
    case heading(String, level: Int)
    case paragraph(PDFText)
    case table(PDFTable)
    case image(PDFImage)
    /// A thin line from margin to margin.
    case rule
    /// An empty space of so many points.
    case space(Double)
    case pageBreak
}

/// A text in one style. Line feeds begin new lines; other control characters are left out.
package struct PDFText: Sendable, ExpressibleByStringInterpolation {
    package enum Alignment: Sendable { case start, center, end }

    package var text: String
    /// In points.
    package var size: Double
    package var isBold: Bool
    /// `start` is the right side for a text in Arabic.
    package var alignment: Alignment

    package init(_ text: String, size: Double = 10, isBold: Bool = false, alignment: Alignment = .start) {
        self.text = text
        self.size = size
        self.isBold = isBold
        self.alignment = alignment
    }

    package init(stringLiteral text: String) {
        self.init(text)
    }
}

/// Rows of cells. A row that does not fit goes to the next page, under a repeated header; one that fits on no page is cut
/// between lines.
package struct PDFTable: Sendable {
    /// How wide the columns are, each in proportion to the others.
    package var columns: [Double]
    package var header: [String]
    package var rows: [[PDFCell]]
    package var hasLines: Bool

    package init(columns: [Double], header: [String] = [], rows: [[PDFCell]], hasLines: Bool = true) {
        self.columns = columns
        self.header = header
        self.rows = rows
        self.hasLines = hasLines
    }
}

package enum PDFCell: Sendable, ExpressibleByStringInterpolation {
    case text(PDFText)
    case image(PDFImage)

    package init(stringLiteral text: String) {
        self = .text(PDFText(text))
    }
}

/// A PNG picture; it is made smaller when there is no room.
package struct PDFImage: Sendable {
    package var png: [UInt8]
    /// In points.
    package var width: Double

    package init(png: [UInt8], width: Double) {
        self.png = png
        self.width = width
    }
}

/// A finished document.
package struct PDFFile: Sendable {
    package let bytes: [UInt8]
    package let pageCount: Int
    /// Characters that no installed font has, which show as boxes.
    package let missingGlyphs: Int
}

package enum PDFError: FailureCatalogue, CaseIterable {
    /// pango or cairo is not installed.
    case unavailable
    /// The document is beyond ``PDFLimits``.
    case tooLarge
    /// Many documents are waiting.
    case busy
    /// A picture cannot be read, or memory ran out.
    case failed

    package var problem: Problem {
        switch self {
        case .unavailable:
            Problem(.failedDependency, "PDF_UNAVAILABLE", "PDF documents cannot be made on this server.")
        case .tooLarge: Problem(.unprocessable, "PDF_TOO_LARGE", "The document is too large for a PDF.")
        case .busy: Problem.unavailable
        case .failed: Problem.fault
        }
    }
}

/// What one document may hold, so that making it takes a bounded time and memory.
enum PDFLimits {
    static let blocks = 2_000
    static let columns = 12
    static let cells = 10_000
    static let characters = 200_000
    static let images = 16
    static let imageBytes = 512 << 10
    static let imageSide = 4_096
    static let pages = 200
    static let bytes = 16 << 20

    static func check(_ document: PDFDocument) throws(PDFError) {
        var (cells, characters, images) = (0, document.title.utf8.count, [PDFImage]())
        characters += (document.footer?.utf8.count ?? 0) + (document.author?.utf8.count ?? 0)
        for block in document.blocks {
            switch block {
            case .heading(let text, _): characters += text.utf8.count
            case .paragraph(let text): characters += text.text.utf8.count
            case .image(let image): images.append(image)
            case .rule, .space, .pageBreak: break
            case .table(let table):
                let fits = (1...columns).contains(table.columns.count) && table.columns.allSatisfy { $0 > 0 }
                guard fits, table.rows.allSatisfy({ $0.count <= table.columns.count }) else { throw .tooLarge }
                characters += table.header.reduce(0) { $0 + $1.utf8.count }
                for cell in table.rows.joined() {
                    cells += 1
                    switch cell {
                    case .text(let text): characters += text.text.utf8.count
                    case .image(let image): images.append(image)
                    }
                }
            }
        }
        // Three bytes a character leave room for every script of India.
        guard document.blocks.count <= blocks, cells <= Self.cells, characters <= 3 * Self.characters,
            images.count <= Self.images, images.allSatisfy({ $0.png.count <= imageBytes })
        else { throw .tooLarge }
    }
}
