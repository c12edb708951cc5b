/// A text broken into lines of a width, as pango shapes it.
final class PDFTextLayout {
    /// A line with its place below the top of the text.
    struct Line {
        let line: OpaquePointer
        let x: Double
        let height: Double
        /// From the top of the line.
        let baseline: Double
    }

    let lines: [Line]
    let missingGlyphs: Int
    private let library: PangoLibrary
    private let layout: OpaquePointer

    /// Further scripts are found by fontconfig. Naming the second font makes it draw the signs that Indic scripts share.
    private static let family = "Noto Sans,Noto Sans Devanagari"
    /// Of a point.
    private static let units = 1024.0

    init(_ text: PDFText, width: Double, on surface: PDFSurface) throws(PDFError) {
        library = surface.library
        guard let layout = library.createLayout(surface.context) else { throw .failed }
        self.layout = layout
        let name = "\(Self.family)\(text.isBold ? " Bold" : "") \(text.size)"
        guard let font = library.parseFont(name) else {
            library.releaseObject(layout)
            throw .failed
        }
        library.setFont(layout, font)
        library.freeFont(font)
        library.setWidth(layout, Int32(width * Self.units))
        library.setWrap(layout, Self.wrapsAnywhere)
        library.setAlignment(layout, Self.number(of: text.alignment))
        let printable = Self.printable(text.text)
        library.setText(layout, printable, Int32(printable.utf8.count))
        missingGlyphs = Int(library.unknownGlyphs(layout))
        lines = Self.lines(of: layout, library)
    }

    deinit { library.releaseObject(layout) }

    func draw(_ line: Line, on surface: PDFSurface, x: Double, y: Double) {
        library.moveTo(surface.context, x + line.x, y + line.baseline)
        library.showLine(surface.context, line.line)
    }

    /// Without control characters, but line feeds and tabs. Codes that stand for no character, which cairo refuses, become
    /// the replacement character.
    static func printable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
            if (0xFDD0...0xFDEF).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE {
                result.append("\u{FFFD}")
            } else if scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control {
                result.append(scalar)
            }
        }
        return String(result)
    }

    private static func lines(of layout: OpaquePointer, _ library: PangoLibrary) -> [Line] {
        guard let iterator = library.lines(layout) else { return [] }
        defer { library.freeLines(iterator) }
        var lines: [Line] = []
        repeat {
            guard let line = library.line(iterator) else { continue }
            var place: [Int32] = [0, 0, 0, 0]
            library.lineExtents(iterator, nil, &place)
            let top = Double(place[1])
            lines.append(
                Line(
                    line: line, x: Double(place[0]) / units, height: Double(place[3]) / units,
                    baseline: (Double(library.baseline(iterator)) - top) / units))
        } while library.nextLine(iterator) != 0
        return lines
    }

    /// Of pango's ways to wrap: between words, and inside a word that is longer than the line.
    private static let wrapsAnywhere: Int32 = 2

    private static func number(of alignment: PDFText.Alignment) -> Int32 {
        switch alignment {
        case .start: 0
        case .center: 1
        case .end: 2
        }
    }
}
