/// Places the blocks of one document on pages and draws them, on one thread.
final class PDFComposer {
    private let document: PDFDocument
    private let surface: PDFSurface
    private var pages = PDFPages()
    private var missingGlyphs = 0

    private static let headingSizes = [16.0, 13.0, 11.0]
    /// Below paragraphs and tables.
    private static let gap = 6.0
    /// A heading is not left alone at the foot of a page.
    private static let roomBelowHeading = 48.0

    init(_ document: PDFDocument, library: PangoLibrary) throws(PDFError) {
        self.document = document
        surface = try PDFSurface(library: library, width: PDFPages.width, height: PDFPages.height)
    }

    func file() throws(PDFError) -> PDFFile {
        surface.describe(document)
        for block in document.blocks { try place(block) }
        let count = pages.pages.count
        surface.library.beginTag(surface.context, "Document", "")
        for (index, page) in pages.pages.enumerated() {
            try draw(page)
            try drawFooter("\(index + 1) / \(count)")
            surface.library.showPage(surface.context)
        }
        surface.library.endTag(surface.context, "Document")
        return PDFFile(bytes: try surface.finish(), pageCount: count, missingGlyphs: missingGlyphs)
    }

    // MARK: Placing

    private func place(_ block: PDFBlock) throws(PDFError) {
        switch block {
        case .heading(let text, let level):
            let level = min(max(level, 1), Self.headingSizes.count)
            if pages.room < Self.roomBelowHeading { try breakPage() }
            try place(
                PDFText(text, size: Self.headingSizes[level - 1], isBold: true), as: pages.newTag("H\(level)"))
        case .paragraph(let text): try place(text, as: pages.newTag("P"))
        case .table(let table):
            try place(table)
        case .image(let image):
            let picture = try picture(image, within: PDFPages.contentWidth)
            if pages.room < picture.height { try breakPage() }
            pages.add(.picture(picture.picture, width: picture.width), x: PDFPages.margin, y: pages.y)
            pages.advance(by: picture.height + Self.gap)
        case .rule:
            pages.add(
                .stroke(toX: PDFPages.margin + PDFPages.contentWidth, toY: pages.y), x: PDFPages.margin, y: pages.y)
            pages.advance(by: Self.gap)
        case .space(let height): pages.advance(by: min(max(height, 0), pages.room))
        case .pageBreak: try breakPage()
        }
    }

    private func place(_ text: PDFText, as tag: PDFPages.Tag) throws(PDFError) {
        let text = try layout(text, PDFPages.contentWidth)
        for line in text.lines {
            if pages.room < line.height, !pages.isAtTop { try breakPage() }
            pages.add(.line(text, line), x: PDFPages.margin, y: pages.y, tags: [tag])
            pages.advance(by: line.height)
        }
        pages.advance(by: Self.gap)
    }

    /// The header of the table whose rows are being placed, repeated on each new page.
    private var header: PDFTableRow?

    private func place(_ table: PDFTable) throws(PDFError) {
        let rows = try PDFTableRows(table, tag: pages.newTag("Table"), measure: layout, picture: picture).all
        header = rows.first.flatMap { $0.isHeader ? $0 : nil }
        // A header does not stand alone at the foot of a page.
        let start = rows.prefix(header == nil ? 1 : 2).reduce(0) { $0 + $1.height }
        if start > pages.room, start <= PDFPages.bottom - PDFPages.margin, !pages.isAtTop { try breakPage() }
        for row in rows { try place(row, of: table) }
        pages.advance(by: Self.gap)
    }

    private func place(_ row: PDFTableRow, of table: PDFTable) throws(PDFError) {
        let headerHeight = row.isHeader ? 0 : header?.height ?? 0
        if row.height > pages.room, row.height + headerHeight <= PDFPages.bottom - PDFPages.margin, !pages.isAtTop {
            try continueTable(above: row)
        }
        var rest = row
        while true {
            let (slice, more) = rest.split(at: pages.room, forcing: pages.isAtTop)
            if let slice { draw(slice, hasLines: table.hasLines) }
            guard let more else { return }
            rest = more
            try continueTable(above: row)
        }
    }

    private func continueTable(above row: PDFTableRow) throws(PDFError) {
        try breakPage()
        // A header that takes half a page would leave no room for rows.
        guard !row.isHeader, let header, header.height < (PDFPages.bottom - PDFPages.margin) / 2 else { return }
        draw(header, hasLines: true)
    }

    private func draw(_ row: PDFTableRow, hasLines: Bool) {
        let top = pages.y
        if row.isHeader {
            pages.add(
                .shade(width: PDFPages.contentWidth, height: row.height), x: PDFPages.margin, y: top)
        }
        for cell in row.cells {
            var y = top + PDFTableRow.padding
            for part in cell.parts {
                switch part {
                case .line(let layout, let line):
                    pages.add(.line(layout, line), x: cell.x + PDFTableRow.padding, y: y, tags: cell.tags)
                case .picture(let picture, let width, _):
                    pages.add(.picture(picture, width: width), x: cell.x + PDFTableRow.padding, y: y)
                }
                y += part.height
            }
        }
        if hasLines { frame(row, top: top) }
        pages.advance(by: row.height)
    }

    private func frame(_ row: PDFTableRow, top: Double) {
        let (left, right) = (PDFPages.margin, PDFPages.margin + PDFPages.contentWidth)
        for y in [top, top + row.height] { pages.add(.stroke(toX: right, toY: y), x: left, y: y) }
        for x in row.cells.map(\.x) + [right] {
            pages.add(.stroke(toX: x, toY: top + row.height), x: x, y: top)
        }
    }

    private func breakPage() throws(PDFError) {
        try pages.breakPage()
    }

    private func layout(_ text: PDFText, _ width: Double) throws(PDFError) -> PDFTextLayout {
        let layout = try PDFTextLayout(text, width: width, on: surface)
        missingGlyphs += layout.missingGlyphs
        return layout
    }

    private func picture(
        _ image: PDFImage, within limit: Double
    ) throws(PDFError) -> (picture: PDFPicture, width: Double, height: Double) {
        let picture = try PDFPicture(image, library: surface.library)
        let tallest = (PDFPages.bottom - PDFPages.margin - 2 * PDFTableRow.padding) * picture.width / picture.height
        let width = min(max(image.width, 1), limit, tallest)
        return (picture, width, width * picture.height / picture.width)
    }
}

// MARK: - Drawing

extension PDFComposer {
    /// Opens and closes the tags as the pieces change them; none stays open beyond its page. Decoration comes first, so that
    /// it parts no tag, and lies below the texts.
    private func draw(_ page: [PDFPages.Piece]) throws(PDFError) {
        for piece in page where piece.tags.isEmpty { draw(piece) }
        var open: [PDFPages.Tag] = []
        func close(to count: Int) {
            while open.count > count { surface.library.endTag(surface.context, open.removeLast().name) }
        }
        for piece in page where !piece.tags.isEmpty {
            let shared = zip(open, piece.tags).prefix { $0 == $1 }.count
            close(to: shared)
            for tag in piece.tags.dropFirst(shared) {
                surface.library.beginTag(surface.context, tag.name, "")
                open.append(tag)
            }
            draw(piece)
        }
        close(to: 0)
    }

    private func draw(_ piece: PDFPages.Piece) {
        let (library, context) = (surface.library, surface.context)
        switch piece.content {
        case .line(let layout, let line):
            library.setColor(context, 0, 0, 0)
            layout.draw(line, on: surface, x: piece.x, y: piece.y)
        case .picture(let picture, let width): picture.draw(on: surface, x: piece.x, y: piece.y, width: width)
        case .stroke(let toX, let toY):
            library.setColor(context, 0.6, 0.6, 0.6)
            library.setLineWidth(context, 0.5)
            library.moveTo(context, piece.x, piece.y)
            library.lineTo(context, toX, toY)
            library.stroke(context)
        case .shade(let width, let height):
            library.setColor(context, 0.93, 0.93, 0.93)
            library.rectangle(context, piece.x, piece.y, width, height)
            library.fill(context)
        }
    }

    private func drawFooter(_ number: String) throws(PDFError) {
        let y = PDFPages.bottom + PDFPages.footerHeight / 2
        let texts = [
            PDFText(document.footer ?? "", size: 8), PDFText(number, size: 8, alignment: .end),
        ]
        for text in texts where !text.text.isEmpty {
            // Room for the number is left at the end of the line.
            let width = text.alignment == .end ? PDFPages.contentWidth : PDFPages.contentWidth - 60
            let layout = try layout(text, width)
            guard let line = layout.lines.first else { continue }
            draw(PDFPages.Piece(content: .line(layout, line), x: PDFPages.margin, y: y, tags: []))
        }
    }
}
