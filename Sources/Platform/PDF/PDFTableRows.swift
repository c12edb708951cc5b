/// A row of a table that was measured, or the part of it that fits on a page.
struct PDFTableRow {
    static let padding = 3.0

    enum Part {
        case line(PDFTextLayout, PDFTextLayout.Line)
        case picture(PDFPicture, width: Double, height: Double)

        var height: Double {
            switch self {
            case .line(_, let line): line.height
            case .picture(_, _, let height): height
            }
        }
    }

    struct Cell {
        let x: Double
        let tags: [PDFPages.Tag]
        var parts: [Part]
    }

    let isHeader: Bool
    var cells: [Cell]

    var height: Double {
        let tallest = cells.map { $0.parts.reduce(0) { $0 + $1.height } }.max() ?? 0
        return tallest + 2 * Self.padding
    }

    /// What fits into a height, and what is left. The first part of each cell is taken in any case when it is forced,
    /// because no page has more room.
    func split(at limit: Double, forcing: Bool) -> (slice: PDFTableRow?, rest: PDFTableRow?) {
        if height <= limit { return (self, nil) }
        var (slice, rest) = (self, self)
        for index in cells.indices {
            var used = 2 * Self.padding
            let parts = cells[index].parts
            var count = 0
            while count < parts.count, used + parts[count].height <= limit {
                used += parts[count].height
                count += 1
            }
            if count == 0, forcing { count = min(1, parts.count) }
            slice.cells[index].parts = Array(parts.prefix(count))
            rest.cells[index].parts = Array(parts.dropFirst(count))
        }
        let isEmpty = slice.cells.allSatisfy(\.parts.isEmpty)
        let isDone = rest.cells.allSatisfy(\.parts.isEmpty)
        return (isEmpty ? nil : slice, isDone ? nil : rest)
    }
}

/// The rows of a table, the header first, with every text broken into lines.
struct PDFTableRows {
    private(set) var all: [PDFTableRow] = []

    typealias Measure = (PDFText, _ width: Double) throws(PDFError) -> PDFTextLayout
    typealias Picture =
        (PDFImage, _ within: Double) throws(PDFError) -> (picture: PDFPicture, width: Double, height: Double)

    init(_ table: PDFTable, tag whole: PDFPages.Tag, measure: Measure, picture: Picture) throws(PDFError) {
        let total = table.columns.reduce(0, +)
        let widths = table.columns.map { $0 / total * PDFPages.contentWidth }
        var number = 0
        func row(_ cells: [PDFCell], isHeader: Bool) throws(PDFError) -> PDFTableRow {
            number += 1
            let tag = PDFPages.Tag(name: "TR", number: number)
            var (x, made) = (PDFPages.margin, [PDFTableRow.Cell]())
            for (column, width) in widths.enumerated() {
                let tags = [whole, tag, PDFPages.Tag(name: isHeader ? "TH" : "TD", number: column)]
                var parts: [PDFTableRow.Part] = []
                if column < cells.count {
                    let inner = max(width - 2 * PDFTableRow.padding, 8)
                    switch cells[column] {
                    case .text(let text):
                        let layout = try measure(text, inner)
                        parts = layout.lines.map { .line(layout, $0) }
                    case .image(let image):
                        let found = try picture(image, inner)
                        parts = [.picture(found.picture, width: found.width, height: found.height)]
                    }
                }
                made.append(PDFTableRow.Cell(x: x, tags: tags, parts: parts))
                x += width
            }
            return PDFTableRow(isHeader: isHeader, cells: made)
        }
        if !table.header.isEmpty {
            all.append(
                try row(table.header.map { .text(PDFText($0, size: 9, isBold: true)) }, isHeader: true))
        }
        for cells in table.rows { all.append(try row(cells, isHeader: false)) }
    }
}
