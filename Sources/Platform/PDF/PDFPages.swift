/// What stands where: the pages of a document before they are drawn, because a page number tells of how many.
struct PDFPages {
    /// The size of A4 in points.
    static let (width, height) = (595.28, 841.89)
    static let margin = 48.0
    static let footerHeight = 24.0
    static let contentWidth = width - 2 * margin
    /// Where content ends.
    static let bottom = height - margin - footerHeight

    /// A part of the document's structure, by which readers that speak find their way.
    struct Tag: Equatable {
        /// As PDF names it: `P`, `H1`, `Table`, `TR`, `TD`.
        let name: String
        let number: Int
    }

    struct Piece {
        enum Content {
            case line(PDFTextLayout, PDFTextLayout.Line)
            case picture(PDFPicture, width: Double)
            case stroke(toX: Double, toY: Double)
            case shade(width: Double, height: Double)
        }

        let content: Content
        let x: Double
        let y: Double
        /// From the outermost on; empty for decoration and for pictures, in whose tags cairo 1.16 fails.
        let tags: [Tag]
    }

    private(set) var pages: [[Piece]] = [[]]
    private(set) var y = margin
    private var lastTag = 0

    /// How much room is left on the page.
    var room: Double { Self.bottom - y }
    var isAtTop: Bool { y <= Self.margin }

    mutating func newTag(_ name: String) -> Tag {
        lastTag += 1
        return Tag(name: name, number: lastTag)
    }

    mutating func add(_ content: Piece.Content, x: Double, y: Double, tags: [Tag] = []) {
        pages[pages.count - 1].append(Piece(content: content, x: x, y: y, tags: tags))
    }

    mutating func advance(by height: Double) {
        y += height
    }

    mutating func breakPage() throws(PDFError) {
        guard pages.count < PDFLimits.pages else { throw .tooLarge }
        pages.append([])
        y = Self.margin
    }
}
